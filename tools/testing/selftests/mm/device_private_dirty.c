// SPDX-License-Identifier: GPL-2.0
/*
 * What a device has written is not thrown away as clean.
 *
 * MADV_FREE makes pages clean and lets reclaim drop them unless they are written
 * to again; a page that has been read in from swap is clean and may be dropped for
 * its copy there. The CPU makes the entry in the page table dirty when it writes. A
 * device does not, neither one that owns the page nor one that reaches it in system
 * memory through HMM. Each test has a device write, reclaims the memory and
 * compares every byte. A bait, pages that are lazily freed and that nobody writes
 * to, shows that something has been reclaimed.
 */
#include "device_private.h"

#include <sched.h>
#include <linux/loop.h>
#include <sys/mount.h>
#include <sys/stat.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE	0x08
#endif

#define RECLAIM_TRIES	20

struct dirty {
	struct dp dp;
	char *bait;
	char root[32];		/* where the control groups are mounted */
	bool swap;
};

FIXTURE(device_private_dirty)
{
	struct dirty d;
};

FIXTURE_VARIANT(device_private_dirty)
{
	bool huge;
	bool memcg;		/* memory.reclaim, not MADV_PAGEOUT */
	bool swap;
};

FIXTURE_VARIANT_ADD(device_private_dirty, pte_pageout)
{
	.huge = false,
};

FIXTURE_VARIANT_ADD(device_private_dirty, pmd_pageout)
{
	.huge = true,
};

FIXTURE_VARIANT_ADD(device_private_dirty, pte_pageout_swap)
{
	.huge = false,
	.swap = true,
};

FIXTURE_VARIANT_ADD(device_private_dirty, pmd_pageout_swap)
{
	.huge = true,
	.swap = true,
};

FIXTURE_VARIANT_ADD(device_private_dirty, pte_memcg)
{
	.huge = false,
	.memcg = true,
};

FIXTURE_VARIANT_ADD(device_private_dirty, pmd_memcg)
{
	.huge = true,
	.memcg = true,
};

/* Write @text to the file @name of the directory @root. */
static bool put(const char *root, const char *name, const char *text)
{
	char path[128];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	ret = write(fd, text, strlen(text));
	close(fd);
	return ret == (ssize_t)strlen(text);
}

/* Move to a control group of one's own. False, with nothing left behind. */
static bool enter_cgroup(char *root, size_t size)
{
	char group[64], pid[16];

	snprintf(root, size, "/tmp/dp_cgroup.XXXXXX");
	if (!mkdtemp(root)) {
		*root = 0;
		return false;
	}
	snprintf(group, sizeof(group), "%s/dp", root);
	snprintf(pid, sizeof(pid), "%d", getpid());
	if (!mount("cgroup2", root, "cgroup2", 0, NULL)) {
		put(root, "cgroup.subtree_control", "+memory");
		if (!mkdir(group, 0755)) {
			if (put(root, "dp/cgroup.procs", pid) &&
			    !access(strcat(group, "/memory.reclaim"), W_OK))
				return true;
			put(root, "cgroup.procs", pid);
			*strrchr(group, '/') = 0;
			rmdir(group);
		}
		umount2(root, MNT_DETACH);
	}
	rmdir(root);
	*root = 0;
	return false;
}

static void leave_cgroup(const char *root)
{
	char group[64], pid[16];

	snprintf(group, sizeof(group), "%s/dp", root);
	snprintf(pid, sizeof(pid), "%d", getpid());
	put(root, "cgroup.procs", pid);
	rmdir(group);
	umount2(root, MNT_DETACH);
	rmdir(root);
}

FIXTURE_SETUP(device_private_dirty)
{
	struct dp *dp = &self->d.dp;
	const char *why;
	cpu_set_t cpu;

	/* Batches of the LRU are per CPU. */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	ASSERT_EQ(sched_setaffinity(0, sizeof(cpu), &cpu), 0);

	/* Memory is charged to where it is touched first. */
	if (variant->memcg && !enter_cgroup(self->d.root, sizeof(self->d.root)))
		SKIP(return, "no control group with memory.reclaim");
	if (!dp_setup(_metadata, dp, variant->huge))
		return;
	if (variant->swap) {
		why = swap_on(dp);
		if (why)
			SKIP(return, "%s", why);
		self->d.swap = true;
	}
	self->d.bait = dp->buf + 3 * dp->unit;
}

FIXTURE_TEARDOWN(device_private_dirty)
{
	dp_teardown(&self->d.dp);
	if (self->d.swap)
		swapoff(SWAP_DEVICE);
	if (*self->d.root)
		leave_cgroup(self->d.root);
}

/* Free pages lazily. The second call drains the batch that the first has filled. */
static int free_lazily(const struct dp *dp, void *addr, unsigned long n)
{
	return madvise(addr, n * dp->page, MADV_FREE) ?:
	       madvise(addr, n * dp->page, MADV_FREE);
}

/* Pages of the buffer that reclaim may drop. */
static unsigned long lazily_free(const struct dp *dp)
{
	return smaps_kb(dp->buf, "LazyFree:") * 1024 / dp->page;
}

/* Write a pattern by the CPU and free it lazily. */
static void fill_and_free(struct __test_metadata *_metadata, const struct dp *dp)
{
	const unsigned long before = lazily_free(dp);

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(lazily_free(dp), before + dp->n);
}

/* As above, and give the pages to device 0, as clean as they are. */
static void give_clean(struct __test_metadata *_metadata, const struct dp *dp)
{
	fill_and_free(_metadata, dp);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
}

static bool populated(const struct dp *dp, const char *addr, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		if (pagemap_get_entry(dp->pagemap, (char *)addr + i * dp->page) &
		    (PM_PRESENT | PM_SWAP))
			return true;
	return false;
}

/* Reclaim @n pages at @addr, until the bait is gone; is it? */
static bool reclaim_until_gone(struct __test_metadata *_metadata,
			       const struct dirty *d, void *addr, unsigned long n)
{
	const struct dp *dp = &d->dp;

	fill(dp, d->bait, dp->n, 9);
	EXPECT_EQ(free_lazily(dp, d->bait, dp->n), 0);
	for (int i = 0; i < RECLAIM_TRIES; i++) {
		if (*d->root) {
			/* May do less than it is told to. */
			put(d->root, "dp/memory.reclaim", "16M");
		} else {
			madvise(addr, n * dp->page, MADV_PAGEOUT);
			madvise(d->bait, dp->n * dp->page, MADV_PAGEOUT);
			/* A page that is found dirty goes the next time. */
			madvise(addr, n * dp->page, MADV_PAGEOUT);
		}
		if (!populated(dp, d->bait, dp->n))
			return true;
	}
	TH_LOG("the bait is still there");
	return false;
}

/* Reclaim; is the pattern there still? */
static bool kept(struct __test_metadata *_metadata, const struct dirty *d, void *addr,
		 unsigned long n, unsigned int seed)
{
	EXPECT_TRUE(reclaim_until_gone(_metadata, d, addr, n));
	return right(&d->dp, addr, n, seed) == n;
}

/* Ways for memory of device 0 to get back to the system. */
enum way {
	CPU_READ, CPU_WRITE, TO_SYSTEM, OTHER_READ, OTHER_WRITE, RELEASE, SPLIT,
	NR_WAYS
};

/* Take that way; the pattern that is there then. */
static unsigned int come_back(struct __test_metadata *_metadata, struct dp *dp,
			      enum way way, unsigned int seed)
{
	switch (way) {
	case CPU_READ:
	case SPLIT:
		/* No large folio is to be had, which needs a large one to matter. */
		if (way == SPLIT)
			ASSERT_EQ(device(dp, 0, HMM_DMIRROR_FLAGS, NULL, NULL,
					 HMM_DMIRROR_FLAG_FAIL_ALLOC), 0);
		EXPECT_EQ(right(dp, dp->buf, dp->n, seed), dp->n);
		break;
	case CPU_WRITE:
		seed++;
		fill(dp, dp->buf, dp->n, seed);
		break;
	case TO_SYSTEM:
		ASSERT_EQ(to_sys(dp, 0, dp->buf, dp->n), dp->pmd ? 1 : dp->n);
		break;
	case OTHER_READ:
		ASSERT_EQ(dev_read(dp, 1, dp->buf, dp->n), dp->n);
		EXPECT_EQ(right(dp, dp->data, dp->n, seed), dp->n);
		break;
	case OTHER_WRITE:
		seed++;
		ASSERT_EQ(dev_write(dp, 1, dp->buf, dp->n, seed), dp->n);
		break;
	case RELEASE:
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL,
				 dp->n), 0);
		break;
	case NR_WAYS:
		break;
	}
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	return seed;
}

/* Map the buffer anew. A page table that is left over would keep huge pages out. */
static void map_anew(struct __test_metadata *_metadata, const struct dp *dp)
{
	ASSERT_EQ(munmap(dp->buf, dp->unit), 0);
	ASSERT_EQ(mmap(dp->buf, dp->unit, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
		       -1, 0), dp->buf);
	/* Fails without THP. */
	madvise(dp->buf, dp->unit, dp->pmd ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* Freed lazily, then migrated, and written to by the device. */
TEST_F(device_private_dirty, freed_before)
{
	struct dp *dp = &self->d.dp;

	for (enum way way = 0; way < NR_WAYS; way++) {
		unsigned int seed;

		TH_LOG("way %d", way);
		give_clean(_metadata, dp);
		ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
		seed = come_back(_metadata, dp, way, 2);
		EXPECT_EQ(lazily_free(dp), 0);
		EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, seed));
		map_anew(_metadata, dp);
	}
}

/* As above, but nobody has written: what is there is as it was, or zeroes. */
TEST_F(device_private_dirty, freed_and_not_written)
{
	struct dp *dp = &self->d.dp;

	give_clean(_metadata, dp);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_TRUE(reclaim_until_gone(_metadata, &self->d, dp->buf, dp->n));
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(right_from(dp, at(dp, i), i, 1,
				     *(uint64_t *)at(dp, i) ? 1 : 0), 1);
}

/* Entries that the device may only read: nobody knows any more what it wrote. */
TEST_F(device_private_dirty, written_then_readonly)
{
	struct dp *dp = &self->d.dp;

	give_clean(_metadata, dp);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 2));
}

/* Freed lazily where the device has it: what it writes later is kept. */
TEST_F(device_private_dirty, freed_on_device)
{
	struct dp *dp = &self->d.dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(madvise(dp->buf, dp->n * dp->page, MADV_COLD), 0);
	ASSERT_EQ(madvise(dp->buf, dp->n * dp->page, MADV_PAGEOUT), 0);
	ASSERT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 2));
}

/*
 * Freed lazily when the device had it before: that works as ever, and ends with
 * the first write by a device, owner or not.
 */
TEST_F(device_private_dirty, freed_after)
{
	struct dp *dp = &self->d.dp;

	for (int writer = 0; writer < 2; writer++) {
		give(_metadata, dp, 0, dp->buf, dp->n, 1);
		ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
		ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
		ASSERT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
		ASSERT_EQ(lazily_free(dp), dp->n);

		ASSERT_EQ(dev_write(dp, writer, dp->buf, dp->n, 3), dp->n);
		EXPECT_EQ(lazily_free(dp), 0);
		EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 3));
		map_anew(_metadata, dp);
	}

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 0));
}

/* Memory that the device touched first. */
TEST_F(device_private_dirty, hole)
{
	struct dp *dp = &self->d.dp;

	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 2));
}

/* One process frees lazily what another one has, too. */
TEST_F(device_private_dirty, shared_hole)
{
	struct dp *dp = &self->d.dp;
	pid_t pid;
	int gate;

	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, dp->buf, dp->n, 2) != dp->n);

	EXPECT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	EXPECT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
	EXPECT_TRUE(reclaim_until_gone(_metadata, &self->d, dp->buf, dp->n));
	EXPECT_EQ(finish(pid, gate), 0);
}

/* Both ends of a fork have what the device wrote. */
TEST_F(device_private_dirty, fork)
{
	struct dp *dp = &self->d.dp;
	pid_t pid;
	int gate;

	give_clean(_metadata, dp);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, dp->buf, dp->n, 2) != dp->n);

	/* Some pages are copied, others stay shared. */
	for (unsigned long i = 0; i < dp->n; i += 2)
		*(uint64_t *)at(dp, i) = pattern(2, i, 0);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 2));
	EXPECT_EQ(finish(pid, gate), 0);
	EXPECT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* A part of what was migrated as a whole is left. */
TEST_F(device_private_dirty, half_unmapped)
{
	struct dp *dp = &self->d.dp;
	const unsigned long half = dp->n / 2;

	give_clean(_metadata, dp);
	ASSERT_EQ(munmap(at(dp, half), half * dp->page), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, half, 2), half);
	ASSERT_EQ(right(dp, dp->buf, half, 2), half);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, half, 2));
}

/* Every other page is written to by the device, the rest by nobody. */
TEST_F(device_private_dirty, every_other)
{
	struct dp *dp = &self->d.dp;

	give_clean(_metadata, dp);
	for (unsigned long i = 0; i < dp->n; i += 2) {
		fill_from(dp, dp->data, i, 1, 2);
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_WRITE, at(dp, i), dp->data, 1), 1);
	}
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(right_from(dp, at(dp, i), i, 1, i % 2 ? 1 : 2), 1);
	ASSERT_TRUE(reclaim_until_gone(_metadata, &self->d, dp->buf, dp->n));
	for (unsigned long i = 0; i < dp->n; i += 2)
		ASSERT_EQ(right_from(dp, at(dp, i), i, 1, 2), 1);
}

/* A device that has pages for itself may write to them at any time. */
TEST_F(device_private_dirty, exclusive)
{
	struct dp *dp = &self->d.dp;

	fill_and_free(_metadata, dp);
	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_EXCLUSIVE, dp->buf, dp->data, dp->n),
		  dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(free_lazily(dp, dp->buf, dp->n), 0);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 1));
}

/* The device writes to system memory, which nobody else has made dirty. */
TEST_F(device_private_dirty, ram_freed)
{
	struct dp *dp = &self->d.dp;

	fill_and_free(_metadata, dp);
	/* It can be written to, but only by way of a fault. */
	EXPECT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RO | dp->pmd), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	EXPECT_EQ(lazily_free(dp), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	EXPECT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
	EXPECT_EQ(lazily_free(dp), 0);
	EXPECT_TRUE(kept(_metadata, &self->d, dp->buf, dp->n, 2));
}

/*
 * Swap on a loop device: what is read in from a RAM disk leaves swap at once.
 * NULL, or why not; @loop is closed to give the device back after swapoff().
 */
static const char *swap_on_loop(const struct dp *dp, char *path, size_t size, int *loop)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int control, nr = -1;
	const char *why;

	control = open("/dev/loop-control", O_RDWR);
	if (control >= 0) {
		nr = ioctl(control, LOOP_CTL_GET_FREE);
		close(control);
	}
	snprintf(path, size, "/dev/loop%d", nr);
	*loop = nr < 0 ? -1 : open(path, O_RDWR);
	if (*loop < 0)
		return "no loop device";

	config.fd = memfd_create("swap", 0);
	if (config.fd < 0 || ftruncate(config.fd, 8 * dp->unit) ||
	    ioctl(*loop, LOOP_CONFIGURE, &config))
		why = "no file for the loop device";
	else
		why = swap_on_device(dp, path);
	close(config.fd);
	if (why)
		close(*loop);
	return why;
}

/* The device writes to memory that has been read in from swap, and is there still. */
TEST_F(device_private_dirty, ram_swapped_in)
{
	struct dp *dp = &self->d.dp;
	const char *why;
	char path[32];
	int loop;

	if (*self->d.root || self->d.swap)
		SKIP(return, "with swap of its own");
	why = swap_on_loop(dp, path, sizeof(path), &loop);
	if (why)
		SKIP(return, "%s", why);

	fill(dp, dp->buf, dp->n, 1);
	EXPECT_TRUE(swap_out(dp, dp->buf, dp->n));
	EXPECT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	EXPECT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RO), dp->n);
	EXPECT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	EXPECT_TRUE(swap_out(dp, dp->buf, dp->n));
	EXPECT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	EXPECT_EQ(swapoff(path), 0);
	close(loop);
}

/* The device writes to memory of tmpfs that has only been read. */
TEST_F(device_private_dirty, ram_shared)
{
	struct dp *dp = &self->d.dp;
	char *shared;

	if (variant->huge)
		SKIP(return, "tmpfs has no huge pages unless it is told to");

	shared = mmap(NULL, dp->n * dp->page, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(shared, MAP_FAILED);
	ASSERT_EQ(right(dp, shared, dp->n, 0), dp->n);
	ASSERT_EQ(dev_write(dp, 0, shared, dp->n, 2), dp->n);
	EXPECT_TRUE(kept(_metadata, &self->d, shared, dp->n, 2));
	ASSERT_EQ(munmap(shared, dp->n * dp->page), 0);
}

/* The memory of a coherent device: entries have a dirty bit, which the CPU sets. */
TEST_F(device_private_dirty, coherent)
{
	struct dp dp = self->d.dp;
	struct dp *coherent = &dp;

	coherent->fd[0] = open("/dev/hmm_dmirror2", O_RDWR);
	if (coherent->fd[0] < 0)
		SKIP(return, "no device with coherent memory");
	if (variant->huge) {
		close(coherent->fd[0]);
		SKIP(return, "coherent memory has no large folios");
	}

	fill_and_free(_metadata, coherent);
	EXPECT_EQ(to_dev(coherent, 0, dp.buf, dp.n), dp.n);
	EXPECT_EQ(where(coherent, 0, dp.buf, dp.n,
			HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL | HMM_DMIRROR_PROT_READ), dp.n);
	EXPECT_EQ(dev_write(coherent, 0, dp.buf, dp.n, 2), dp.n);
	EXPECT_EQ(to_sys(coherent, 0, dp.buf, dp.n), dp.n);
	close(coherent->fd[0]);
	EXPECT_EQ(right(coherent, dp.buf, dp.n, 2), dp.n);
	EXPECT_TRUE(kept(_metadata, &self->d, dp.buf, dp.n, 2));
}

/*
 * Memory that may be dropped at any time is never in swap. The device's pages
 * were used for other memory before.
 */
TEST_F(device_private_dirty, reused_for_droppable)
{
	struct dp *dp = &self->d.dp;
	unsigned long swapped = 0;
	char *drop;

	if (variant->huge)
		SKIP(return, "no need to do it again with huge pages");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(madvise(dp->buf, dp->n * dp->page, MADV_DONTNEED), 0);

	drop = mmap(NULL, dp->n * dp->page, PROT_READ | PROT_WRITE,
		    MAP_ANONYMOUS | MAP_DROPPABLE, -1, 0);
	if (drop == MAP_FAILED)
		SKIP(return, "MAP_DROPPABLE: %s", strerror(errno));
	fill(dp, drop, dp->n, 2);
	ASSERT_EQ(to_dev(dp, 0, drop, dp->n), dp->n);
	ASSERT_EQ(right(dp, drop, dp->n, 2), dp->n);
	EXPECT_TRUE(reclaim_until_gone(_metadata, &self->d, drop, dp->n));
	for (unsigned long i = 0; i < dp->n; i++)
		swapped += pagemap_is_swapped(dp->pagemap, drop + i * dp->page);
	EXPECT_EQ(swapped, 0);
	ASSERT_EQ(munmap(drop, dp->n * dp->page), 0);
}

TEST_HARNESS_MAIN

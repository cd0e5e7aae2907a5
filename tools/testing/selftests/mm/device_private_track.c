// SPDX-License-Identifier: GPL-2.0
/*
 * Trackers of memory and device private memory: userfaultfd write protection,
 * asynchronous with PAGEMAP_SCAN, userfaultfd protection against any access (RWP),
 * the soft-dirty bit, and NUMA balancing.
 *
 * What a tracker says of a page must not depend on where the page is or on who
 * accesses it, a CPU or a device. Each test is about one way that changes an entry
 * in the page table, with the buffer mapped by PTEs and by a PMD.
 */
#include "device_private.h"

#include <poll.h>
#include <linux/userfaultfd.h>

FIXTURE(device_private_track)
{
	struct dp dp;
	int uffd;
};

FIXTURE_VARIANT(device_private_track)
{
	bool huge;
};

FIXTURE_VARIANT_ADD(device_private_track, pte)
{
	.huge = false,
};

FIXTURE_VARIANT_ADD(device_private_track, pmd)
{
	.huge = true,
};

FIXTURE_SETUP(device_private_track)
{
	self->uffd = -1;
	dp_setup(_metadata, &self->dp, variant->huge);
}

FIXTURE_TEARDOWN(device_private_track)
{
	close(self->uffd);
	dp_teardown(&self->dp);
}

/* Have userfaultfd track the first two units; -1 if the kernel cannot do that. */
static int track(const struct dp *dp, uint64_t features, uint64_t mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register reg = {
		.range = { (uintptr_t)dp->buf, 2 * dp->unit },
		.mode = mode,
	};
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd >= 0 && !ioctl(uffd, UFFDIO_API, &api) &&
	    !ioctl(uffd, UFFDIO_REGISTER, &reg))
		return uffd;
	close(uffd);
	return -1;
}

static int track_writes(const struct dp *dp)
{
	return track(dp, UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED,
		     UFFDIO_REGISTER_MODE_WP);
}

static int track_accesses(const struct dp *dp)
{
	return track(dp, UFFD_FEATURE_RWP | UFFD_FEATURE_RWP_ASYNC,
		     UFFDIO_REGISTER_MODE_RWP);
}

static int wp(int uffd, const void *addr, unsigned long size, bool protect)
{
	struct uffdio_writeprotect arg = {
		.range = { (uintptr_t)addr, size },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &arg);
}

static int rwp(int uffd, const void *addr, unsigned long size, bool protect)
{
	struct uffdio_rwprotect arg = {
		.range = { (uintptr_t)addr, size },
		.mode = protect ? UFFDIO_RWPROTECT_MODE_RWP : 0,
	};

	return ioctl(uffd, UFFDIO_RWPROTECT, &arg);
}

/* How many pages a scan finds that are all of @mask, of which it returns @result. */
static long scan_for(const struct dp *dp, const void *addr, unsigned long n,
		     uint64_t flags, uint64_t mask, uint64_t result)
{
	struct page_region regions[n];
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = (uintptr_t)addr,
		.end = (uintptr_t)addr + n * dp->page,
		.vec = (uintptr_t)regions,
		.vec_len = n,
		.category_mask = mask,
		.return_mask = result,
	};
	long ret = ioctl(dp->pagemap, PAGEMAP_SCAN, &arg), pages = 0;

	for (long i = 0; i < ret; i++)
		pages += (regions[i].end - regions[i].start) / dp->page;
	return ret < 0 ? -errno : pages;
}

/* How many pages have been written to. */
static long written(const struct dp *dp, const void *addr, unsigned long n)
{
	return scan_for(dp, addr, n, 0, PAGE_IS_WRITTEN, PAGE_IS_WRITTEN);
}

/* The same, and protect them, so that the next call tells of later writes. */
static long take_written(const struct dp *dp, const void *addr, unsigned long n)
{
	return scan_for(dp, addr, n, PM_SCAN_WP_MATCHING, PAGE_IS_WRITTEN,
			PAGE_IS_WRITTEN);
}

/* How many pages have been accessed. */
static long accessed(const struct dp *dp, const void *addr, unsigned long n)
{
	return scan_for(dp, addr, n, 0, PAGE_IS_ACCESSED, PAGE_IS_ACCESSED);
}

/* How many pages are soft-dirty. */
static long dirty(struct __test_metadata *_metadata, const void *addr, unsigned long n)
{
	uint64_t entries[n];
	long pages = 0;

	pagemap_of(_metadata, addr, n, entries);
	for (unsigned long i = 0; i < n; i++)
		pages += !!(entries[i] & PM_SOFT_DIRTY);
	return pages;
}

/* What is protected and on the device: nothing is written until the device writes. */
static void check_protected(struct __test_metadata *_metadata, const struct dp *dp,
			    const void *addr, unsigned long n, unsigned char pmd)
{
	ASSERT_EQ(written(dp, addr, n), 0);
	ASSERT_EQ(where(dp, 0, addr, n, LOCAL_RO | pmd), n);
	ASSERT_EQ(dev_read(dp, 0, addr, n), n);
	ASSERT_EQ(written(dp, addr, n), 0);
	ASSERT_EQ(where(dp, 0, addr, n, LOCAL_RO | pmd), n);

	ASSERT_EQ(dev_write(dp, 0, addr, n, 9), n);
	ASSERT_EQ(written(dp, addr, n), n);
	ASSERT_EQ(right(dp, addr, n, 9), n);
}

/* A scan that asks for what is written, and protects it. */
TEST_F(device_private_track, wp_scan)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* A scan that asks for more than that, and takes another path. */
TEST_F(device_private_track, wp_scan_categories)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(scan_for(dp, dp->buf, dp->n, PM_SCAN_WP_MATCHING,
			   PAGE_IS_WRITTEN | PAGE_IS_SWAPPED,
			   PAGE_IS_WRITTEN | PAGE_IS_SWAPPED), dp->n);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* A scan that only protects. */
TEST_F(device_private_track, wp_scan_no_output)
{
	struct dp *dp = &self->dp;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.flags = PM_SCAN_WP_MATCHING,
		.start = (uintptr_t)dp->buf,
		.end = (uintptr_t)at(dp, dp->n),
	};

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(ioctl(dp->pagemap, PAGEMAP_SCAN, &arg), 0);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* A scan of a half, for which a PMD is split. */
TEST_F(device_private_track, wp_scan_half)
{
	struct dp *dp = &self->dp;
	const unsigned long half = dp->n / 2;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, at(dp, half), half), half);
	ASSERT_EQ(written(dp, dp->buf, dp->n), half);
	ASSERT_EQ(where(dp, 0, dp->buf, half, LOCAL_RW), half);
	check_protected(_metadata, dp, at(dp, half), half, 0);
}

/* UFFDIO_WRITEPROTECT, there and back. */
TEST_F(device_private_track, wp_ioctl)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(wp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(written(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(wp(self->uffd, dp->buf, dp->unit, false), 0);
	ASSERT_EQ(written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(wp(self->uffd, dp->buf, dp->unit, true), 0);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* Changing the protection of the VMA there and back. */
TEST_F(device_private_track, wp_mprotect)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* A child that comes and goes. */
TEST_F(device_private_track, wp_fork)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, dp->buf, dp->n, 1) != dp->n);
	ASSERT_EQ(written(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(finish(pid, gate), 0);

	/* The child has had its pages brought to system memory. */
	ASSERT_EQ(written(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 9), dp->n);
	ASSERT_EQ(written(dp, dp->buf, dp->n), dp->n);
}

/* Protected in system memory, then migrated. */
TEST_F(device_private_track, wp_migrate)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	check_protected(_metadata, dp, dp->buf, dp->n, dp->pmd);
}

/* Protected on the device, then migrated back. */
TEST_F(device_private_track, wp_migrate_back)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	ASSERT_GT(to_sys(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(written(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RO | dp->pmd), dp->n);
	*at(dp, 3) = 2;
	ASSERT_EQ(written(dp, dp->buf, 3), 0);
	ASSERT_EQ(written(dp, at(dp, 3), 1), 1);
	ASSERT_EQ(written(dp, at(dp, 4), dp->n - 4), 0);
}

/* Protected, then split because a page goes. */
TEST_F(device_private_track, wp_split)
{
	struct dp *dp = &self->dp;
	const unsigned long n = dp->n - 1;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(madvise(at(dp, n), dp->page, MADV_DONTNEED), 0);
	check_protected(_metadata, dp, dp->buf, n, 0);
}

/* A zero page that is protected is no hole for a page of the device to fill. */
TEST_F(device_private_track, wp_zero)
{
	struct dp *dp = &self->dp;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	ASSERT_EQ(right(dp, dp->buf, dp->n, 0), dp->n);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	/* Fails, as there is nothing to migrate. */
	to_dev(dp, 0, dp->buf, dp->n);
	ASSERT_EQ(written(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 9), dp->n);
	ASSERT_EQ(written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 9), dp->n);
}

struct mover {
	struct dp *dp;
	bool stop;
};

/* Migrate the buffer back and forth. */
static void *move(void *arg)
{
	struct mover *mover = arg;
	struct dp dp = *mover->dp;

	dp.data = malloc(dp.n * dp.page);
	while (dp.data && !__atomic_load_n(&mover->stop, __ATOMIC_RELAXED)) {
		to_dev(&dp, 0, dp.buf, dp.n);
		to_sys(&dp, 0, dp.buf, dp.n);
	}
	free(dp.data);
	return NULL;
}

/* What a scan has protected stays so, though it be under migration. */
TEST_F_TIMEOUT(device_private_track, wp_race_migrate, 120)
{
	struct dp *dp = &self->dp;
	const time_t end = time(NULL) + 20;
	struct mover mover = { .dp = dp };
	long again = 0, lost = 0;
	pthread_t thread;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, move, &mover), 0);
	for (unsigned int round = 0; round < 300 && time(NULL) < end; round++) {
		char *page = at(dp, round % dp->n);

		take_written(dp, dp->buf, dp->n);
		again += written(dp, dp->buf, dp->n);
		*page += 1;
		lost += written(dp, page, 1) != 1;
	}
	__atomic_store_n(&mover.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(lost, 0);
	ASSERT_EQ(again, 0);
}

/* Nor is a write of the device lost, to a page that a scan met under migration. */
TEST_F_TIMEOUT(device_private_track, wp_race_dev_write, 120)
{
	struct dp *dp = &self->dp;
	const time_t end = time(NULL) + 20;
	struct mover mover = { .dp = dp };
	char *page = at(dp, dp->n / 2);
	unsigned long done = 0;
	pthread_t thread;
	long lost = 0;

	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, move, &mover), 0);
	for (unsigned int round = 0; round < 500 && time(NULL) < end; round++) {
		take_written(dp, page, 1);
		/* May give up against the migrations. */
		if (dev_write(dp, 0, page, 1, round) != 1)
			continue;
		lost += written(dp, page, 1) != 1;
		done++;
	}
	__atomic_store_n(&mover.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_GT(done, 0);
	ASSERT_EQ(lost, 0);
}

/* An access that the device makes counts. */
TEST_F(device_private_track, rwp_dev_read)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, NOTHING), dp->n);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* So does a write. */
TEST_F(device_private_track, rwp_dev_write)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* Another device. */
TEST_F(device_private_track, rwp_foreign)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(dev_read(dp, 1, dp->buf, dp->n), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* The CPU. */
TEST_F(device_private_track, rwp_cpu)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
}

/* Protected on the device, and still when the pages have been migrated back. */
TEST_F(device_private_track, rwp_migrate_back)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_GT(to_sys(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, NOTHING), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* Protected, then split because a page goes, and migrated back. */
TEST_F(device_private_track, rwp_split)
{
	struct dp *dp = &self->dp;
	const unsigned long n = dp->n - 1;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(madvise(at(dp, n), dp->page, MADV_DONTNEED), 0);
	ASSERT_EQ(accessed(dp, dp->buf, n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, n, NOTHING), n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, n / 2), n / 2);
	ASSERT_EQ(accessed(dp, dp->buf, n), n / 2);
	ASSERT_EQ(right(dp, dp->data, n / 2, 1), n / 2);
}

/* Protection that is lifted leaves the pages where they are. */
TEST_F(device_private_track, rwp_lift)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, false), 0);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* The protection survives a change of the VMA's there and back. */
TEST_F(device_private_track, rwp_mprotect)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
}

/* A page that is to fault on any access is not mapped by a device unasked. */
TEST_F(device_private_track, rwp_stays)
{
	struct dp *dp = &self->dp;

	self->uffd = track_accesses(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous RWP");

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	/* Fails, as there is nothing to migrate. */
	to_dev(dp, 0, dp->buf, dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(accessed(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);

	/* Once accessed it can go. */
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
}

/* Whoever reads userfaultfd: lifts the protection, and counts the events. */
struct handler {
	const struct dp *dp;
	int uffd;
	int stop[2];
	unsigned long events;
};

static void *handle(void *arg)
{
	struct handler *handler = arg;
	struct pollfd fds[2] = {
		{ .fd = handler->uffd, .events = POLLIN },
		{ .fd = handler->stop[0], .events = POLLIN },
	};
	struct uffd_msg msg;

	while (poll(fds, 2, -1) > 0 && !(fds[1].revents & POLLIN)) {
		if (read(handler->uffd, &msg, sizeof(msg)) != sizeof(msg))
			continue;
		if (msg.event == UFFD_EVENT_PAGEFAULT &&
		    msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_RWP)
			handler->events++;
		rwp(handler->uffd,
		    (void *)(uintptr_t)(msg.arg.pagefault.address &
					-handler->dp->page),
		    handler->dp->page, false);
	}
	return NULL;
}

/* Synchronous: each page that the device or the CPU reads first gives an event. */
TEST_F(device_private_track, rwp_sync)
{
	struct dp *dp = &self->dp;
	struct handler handler = { .dp = dp };
	const unsigned long n = 16;
	pthread_t thread;

	self->uffd = track(dp, UFFD_FEATURE_RWP, UFFDIO_REGISTER_MODE_RWP);
	if (self->uffd < 0)
		SKIP(return, "no RWP");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(rwp(self->uffd, dp->buf, dp->unit, true), 0);
	handler.uffd = self->uffd;
	ASSERT_EQ(pipe(handler.stop), 0);
	ASSERT_EQ(pthread_create(&thread, NULL, handle, &handler), 0);

	memset(dp->data, 0xee, n * dp->page);
	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_READ_UNLOCKED, dp->buf, dp->data, n), n);
	EXPECT_EQ(right(dp, dp->data, n, 1), n);
	EXPECT_EQ(right_from(dp, at(dp, n), n, n, 1), n);

	ASSERT_EQ(write(handler.stop[1], "", 1), 1);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	close(handler.stop[0]);
	close(handler.stop[1]);
	EXPECT_EQ(handler.events, 2 * n);
	EXPECT_EQ(accessed(dp, dp->buf, dp->n), 2 * n);
}

/* After clear_refs the device's writes are seen, and its reads change nothing. */
TEST_F(device_private_track, soft_dirty)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	clear_softdirty();
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);

	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(scan_for(dp, dp->buf, dp->n, 0, PAGE_IS_SOFT_DIRTY,
			   PAGE_IS_SOFT_DIRTY), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* One page of many. */
TEST_F(device_private_track, soft_dirty_one)
{
	struct dp *dp = &self->dp;
	const unsigned long one = dp->n / 2;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	clear_softdirty();
	ASSERT_EQ(dev_write(dp, 0, at(dp, one), 1, 2), 1);
	ASSERT_EQ(dirty(_metadata, at(dp, one), 1), 1);
	/* Of a PMD in system memory it would be all. */
	if (!dp->pmd)
		ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), 1);
}

/* The CPU's writes, to pages that come back from the device. */
TEST_F(device_private_track, soft_dirty_cpu)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	clear_softdirty();
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), 0);
	fill(dp, dp->buf, dp->n, 2);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* Written before, and mprotect() there and back. */
TEST_F(device_private_track, soft_dirty_mprotect)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	fill(dp, dp->buf, dp->n, 1);
	clear_softdirty();
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* Written before, and UFFDIO_WRITEPROTECT. */
TEST_F(device_private_track, soft_dirty_wp)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");
	self->uffd = track_writes(dp);
	if (self->uffd < 0)
		SKIP(return, "no asynchronous write protection");

	fill(dp, dp->buf, dp->n, 1);
	clear_softdirty();
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(take_written(dp, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(wp(self->uffd, dp->buf, dp->unit, false), 0);
	ASSERT_EQ(wp(self->uffd, dp->buf, dp->unit, true), 0);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* Written before, and fork(): for parent and child. */
TEST_F(device_private_track, soft_dirty_fork)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	fill(dp, dp->buf, dp->n, 1);
	clear_softdirty();
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(dirty(_metadata, dp->buf, dp->n) != dp->n);
	EXPECT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(finish(pid, gate), 0);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/*
 * What is at a new address is dirty. If a whole table of PTEs can be moved there,
 * mremap() does not look at them.
 */
TEST_F(device_private_track, soft_dirty_mremap)
{
	struct dp *dp = &self->dp;
	char *new = dp->buf + 2 * dp->unit + (dp->pmd ? 0 : dp->page);

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	clear_softdirty();
	ASSERT_EQ(mremap(dp->buf, dp->unit, dp->unit, MREMAP_MAYMOVE | MREMAP_FIXED,
			 new), new);
	ASSERT_EQ(how_many_local(dp, 0, new, dp->n), dp->n);
	ASSERT_EQ(dirty(_metadata, new, dp->n), dp->n);
	ASSERT_EQ(right(dp, new, dp->n, 1), dp->n);
	ASSERT_EQ(dirty(_metadata, new, dp->n), dp->n);
}

/* Written before, then split because a page goes. */
TEST_F(device_private_track, soft_dirty_split)
{
	struct dp *dp = &self->dp;
	const unsigned long n = dp->n - 1;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	fill(dp, dp->buf, dp->n, 1);
	clear_softdirty();
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(madvise(at(dp, n), dp->page, MADV_DONTNEED), 0);
	ASSERT_EQ(dirty(_metadata, dp->buf, n), n);

	clear_softdirty();
	ASSERT_EQ(where(dp, 0, dp->buf, n, LOCAL_RO), n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, n / 2, 3), n / 2);
	ASSERT_EQ(dirty(_metadata, dp->buf, n), n / 2);
}

/* Pages that the device touches first. */
TEST_F(device_private_track, soft_dirty_new)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	/* Or all of the VMA were dirty. */
	clear_softdirty();
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), 0);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	EXPECT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* In place of zero pages. */
TEST_F(device_private_track, soft_dirty_zero)
{
	struct dp *dp = &self->dp;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	ASSERT_EQ(right(dp, dp->buf, dp->n, 0), dp->n);
	clear_softdirty();
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(dirty(_metadata, dp->buf, dp->n), dp->n);
}

/* A write of the CPU is not lost when clear_refs meets migration entries. */
TEST_F_TIMEOUT(device_private_track, soft_dirty_race_migrate, 120)
{
	struct dp *dp = &self->dp;
	const time_t end = time(NULL) + 20;
	struct mover mover = { .dp = dp };
	pthread_t thread;
	long lost = 0;

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, move, &mover), 0);
	for (unsigned int round = 0; round < 300 && time(NULL) < end; round++) {
		char *page = at(dp, round % dp->n);

		clear_softdirty();
		*page += 1;
		lost += dirty(_metadata, page, 1) != 1;
	}
	__atomic_store_n(&mover.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(lost, 0);
}

/* Do something to some pages; reproducible. */
static void disturb(struct __test_metadata *_metadata, const struct dp *dp,
		    unsigned int *seed)
{
	unsigned long first = rand_r(seed) % dp->n;
	unsigned long n = 1 + rand_r(seed) % (dp->n - first);
	unsigned int value = 1 + rand_r(seed) % 0x7fff;
	pid_t pid;

	switch (rand_r(seed) % 8) {
	case 0:
		fill_from(dp, at(dp, first), first, n, value);
		break;
	case 1:
	case 2:
		ASSERT_EQ(dev_write(dp, 0, at(dp, first), n, value), n);
		break;
	case 3:
		/* Not all of them may be there to go. */
		to_dev(dp, 0, dp->buf, dp->n);
		break;
	case 4:
		to_sys(dp, 0, at(dp, first), n);
		break;
	case 5:
		ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
		ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
		break;
	case 6:
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid)
			_exit(0);
		ASSERT_EQ(waitpid(pid, NULL, 0), pid);
		break;
	case 7:
		ASSERT_EQ(madvise(at(dp, first), dp->page, MADV_DONTNEED), 0);
		break;
	}
}

/*
 * An incremental dump: what is dirty is copied, what is not is taken from the dump
 * before, and the result is what is in memory. A page that is neither present nor
 * on the device is one of zeroes.
 */
TEST_F_TIMEOUT(device_private_track, soft_dirty_dump, 120)
{
	struct dp *dp = &self->dp;
	char *dump = calloc(dp->n, dp->page);
	uint64_t entries[dp->n];
	unsigned int seed = 1;
	long stale = 0;

	ASSERT_NE(dump, NULL);
	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	for (unsigned int round = 0; round < 20; round++) {
		clear_softdirty();
		for (int i = 0; i < 4; i++)
			disturb(_metadata, dp, &seed);
		pagemap_of(_metadata, dp->buf, dp->n, entries);
		for (unsigned long i = 0; i < dp->n; i++) {
			char *page = dump + i * dp->page;

			if (!(entries[i] & (PM_PRESENT | PM_SWAP)))
				memset(page, 0, dp->page);
			else if (entries[i] & PM_SOFT_DIRTY)
				memcpy(page, at(dp, i), dp->page);
		}
		for (unsigned long i = 0; i < dp->n; i++)
			stale += !!memcmp(dump + i * dp->page, at(dp, i), dp->page);
	}
	free(dump);
	ASSERT_EQ(stale, 0);
}

/* How often NUMA balancing has scanned all of the process. */
static long numa_scans(void)
{
	FILE *file = fopen("/proc/self/sched", "r");
	char line[256], *colon;
	long scans = -1;

	while (file && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (colon && !strncmp(line, "mm->numa_scan_seq", 17))
			scans = atol(colon + 1);
	}
	if (file)
		fclose(file);
	return scans;
}

/* Make NUMA balancing of new processes scan as often as it can; what was set before. */
static void numa_speed(const unsigned long *set, unsigned long *was)
{
	static const char * const names[] = {
		"scan_period_min_ms", "scan_period_max_ms", "scan_delay_ms",
	};
	char path[80];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/debug/sched/numa_balancing/%s", names[i]);
		if (access(path, W_OK))
			continue;
		if (was)
			was[i] = number_in(path, "");
		write_num(path, set[i]);
	}
}

/* In a process of its own: 0, or what is wrong; -1 if there was no scan. */
static int numa_scanned(struct __test_metadata *_metadata, bool huge)
{
	const time_t end = time(NULL) + 60;
	const long before = numa_scans();
	struct dp dp;

	dp_setup(_metadata, &dp, huge);
	fill(&dp, dp.buf, dp.n, 1);
	clear_softdirty();
	give(_metadata, &dp, 0, dp.buf, dp.n, 1);
	while (numa_scans() < before + 3 && time(NULL) < end)
		for (int i = 0; i < 100000; i++)
			asm volatile("" ::: "memory");
	if (numa_scans() < before + 3)
		return -1;

	if (where(&dp, 0, dp.buf, dp.n, LOCAL_RW | dp.pmd) != dp.n)
		return 1;
	if (softdirty_supported() && dirty(_metadata, dp.buf, dp.n) != dp.n)
		return 2;
	if (dev_write(&dp, 0, dp.buf, dp.n, 2) != dp.n)
		return 3;
	if (where(&dp, 0, dp.buf, dp.n, LOCAL_RW | dp.pmd) != dp.n)
		return 4;
	return 0;
}

/* NUMA balancing leaves device memory where and as it is. */
TEST_F_TIMEOUT(device_private_track, numa_scan, 120)
{
	const unsigned long fast[] = { 10, 20, 10 };
	unsigned long was[ARRAY_SIZE(fast)];
	int status;
	pid_t pid;

	if (numa_scans() < 0 || access("/sys/devices/system/node/node1", F_OK) ||
	    number_in("/proc/sys/kernel/numa_balancing", "") <= 0)
		SKIP(return, "no NUMA balancing, or only one node");

	numa_speed(fast, was);
	pid = fork();
	if (!pid)
		_exit(numa_scanned(_metadata, variant->huge));
	/* The child takes over the speed when it runs for the first time. */
	if (pid > 0 && waitpid(pid, &status, 0) != pid)
		pid = -1;
	numa_speed(was, NULL);
	ASSERT_GT(pid, 0);
	ASSERT_TRUE(WIFEXITED(status));
	if (WEXITSTATUS(status) == 255)
		SKIP(return, "no scan within a minute");
	ASSERT_EQ(WEXITSTATUS(status), 0);
}

TEST_HARNESS_MAIN

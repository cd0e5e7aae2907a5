// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU keeps folios in batches, with a reference each, until a batch is full or
 * somebody drains it. A folio of a device must not be in one: its driver would
 * wait for it, and nothing that the driver does drains the batches of other CPUs.
 *
 * So one CPU does what could put the memory of a device into a batch, another one
 * releases all memory of the device and must not have to wait.
 */
#include "device_private.h"

#include <sched.h>
#include <signal.h>

#define LIMIT_MS	10000	/* for the release, which takes a second at most */
#define EXTRA_MS	10000	/* for the same after the batches were drained */

/* Something that ends with device memory in a batch, if it may be in one. */
struct way {
	const char *name;
	bool (*do_it)(const struct dp *dp, char *mem, size_t size);
};

FIXTURE(device_private_batch)
{
	struct dp dp;
	int busy;	/* CPU with the batches */
	int other;	/* CPU that releases */
};

FIXTURE_VARIANT(device_private_batch)
{
	bool huge;
	bool coherent;
};

FIXTURE_VARIANT_ADD(device_private_batch, pte)
{
	.huge = false,
	.coherent = false,
};

FIXTURE_VARIANT_ADD(device_private_batch, pmd)
{
	.huge = true,
	.coherent = false,
};

/* Memory that the CPU can access, but that a driver has just as well. */
FIXTURE_VARIANT_ADD(device_private_batch, coherent)
{
	.huge = false,
	.coherent = true,
};

static bool run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

FIXTURE_SETUP(device_private_batch)
{
	struct dp *dp = &self->dp;
	cpu_set_t set;

	dp_setup(_metadata, dp, variant->huge);
	if (!mended(dp, HMM_DMIRROR_MENDED_BATCH))
		SKIP(return, "this kernel would wait for ever");
	if (variant->coherent) {
		close(dp->fd[0]);
		dp->fd[0] = open("/dev/hmm_dmirror2", O_RDWR);
		if (dp->fd[0] < 0)
			SKIP(return, "no coherent device");
	}
	self->busy = -1;
	self->other = -1;
	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (self->other < 0)
			self->other = cpu;
		else if (self->busy < 0)
			self->busy = cpu;
	}
	if (self->busy < 0)
		SKIP(return, "only one CPU");
}

FIXTURE_TEARDOWN(device_private_batch)
{
	dp_teardown(&self->dp);
}

/* Have an address space of one's own mirrored. The descriptor stays the same. */
static bool reopen(const struct dp *dp, bool coherent)
{
	int fd = open(coherent ? "/dev/hmm_dmirror2" : "/dev/hmm_dmirror0", O_RDWR);
	bool ok = fd >= 0 && dup2(fd, dp->fd[0]) == dp->fd[0];

	close(fd);
	return ok;
}

static bool give_all(const struct dp *dp, char *mem, size_t size)
{
	const unsigned long n = size / dp->page;

	return to_dev(dp, 0, mem, n) == (long)n;
}

static bool nothing(const struct dp *dp, char *mem, size_t size)
{
	return give_all(dp, mem, size);
}

static bool unmapped(const struct dp *dp, char *mem, size_t size)
{
	return give_all(dp, mem, size) && !munmap(mem, size);
}

static bool locked(const struct dp *dp, char *mem, size_t size)
{
	return !mlock(mem, size) && give_all(dp, mem, size);
}

static bool locked_unmapped(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) && !munmap(mem, size);
}

static bool locked_half_unmapped(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) && !munmap(mem, size / 2);
}

static bool locked_discarded(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) && !madvise(mem, size, MADV_DONTNEED_LOCKED);
}

static bool locked_unlocked(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) && !munlock(mem, size);
}

static bool locked_touched(const struct dp *dp, char *mem, size_t size)
{
	if (!locked(dp, mem, size))
		return false;
	memset(mem, 2, size);
	return true;
}

static bool locked_moved(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) &&
	       mremap(mem, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		      mem + 2 * dp->unit) != MAP_FAILED;
}

static bool locked_protected(const struct dp *dp, char *mem, size_t size)
{
	return locked(dp, mem, size) && !mprotect(mem, dp->page, PROT_READ);
}

static bool locked_later(const struct dp *dp, char *mem, size_t size)
{
	return give_all(dp, mem, size) && !mlock2(mem, size, MLOCK_ONFAULT);
}

static bool locked_later_unmapped(const struct dp *dp, char *mem, size_t size)
{
	return locked_later(dp, mem, size) && !munmap(mem, size);
}

static bool advise(const struct dp *dp, char *mem, size_t size, int advice)
{
	return give_all(dp, mem, size) && !madvise(mem, size, advice);
}

static bool cold(const struct dp *dp, char *mem, size_t size)
{
	return advise(dp, mem, size, MADV_COLD);
}

static bool pageout(const struct dp *dp, char *mem, size_t size)
{
	return advise(dp, mem, size, MADV_PAGEOUT);
}

static bool lazyfree(const struct dp *dp, char *mem, size_t size)
{
	return advise(dp, mem, size, MADV_FREE);
}

static bool lazyfree_before(const struct dp *dp, char *mem, size_t size)
{
	return !madvise(mem, size, MADV_FREE) && give_all(dp, mem, size);
}

static bool half_unmapped(const struct dp *dp, char *mem, size_t size)
{
	return give_all(dp, mem, size) && !munmap(mem, size / 2);
}

static const struct way ways[] = {
	{ "migrated", nothing },
	{ "unmapped", unmapped },
	{ "half unmapped", half_unmapped },
	{ "MADV_COLD", cold },
	{ "MADV_PAGEOUT", pageout },
	{ "MADV_FREE", lazyfree },
	{ "MADV_FREE before it", lazyfree_before },
	{ "mlocked", locked },
	{ "mlocked, unmapped", locked_unmapped },
	{ "mlocked, half unmapped", locked_half_unmapped },
	{ "mlocked, discarded", locked_discarded },
	{ "mlocked, munlocked", locked_unlocked },
	{ "mlocked, touched", locked_touched },
	{ "mlocked, moved", locked_moved },
	{ "mlocked, protected", locked_protected },
	{ "mlocked on the device", locked_later },
	{ "mlocked on the device, unmapped", locked_later_unmapped },
};

/* Wait for a child, if it takes no longer than @ms. */
static bool ended(pid_t pid, int ms)
{
	int status;

	for (; ms > 0; ms -= 10) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && !WEXITSTATUS(status);
		usleep(10000);
	}
	return false;
}

/* Release the memory on the other CPU: does it end by itself? */
static bool releases(const struct dp *dp, int busy, int other)
{
	pid_t pid = fork();
	bool ok;

	if (!pid)
		_exit(!run_on(other) ||
		      device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, dp->data, 1));
	if (pid < 0)
		return false;
	ok = ended(pid, LIMIT_MS);
	if (!ok) {
		/* Leave no device behind that nobody can use: this drains. */
		char *mem = mmap(NULL, dp->page, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		run_on(busy);
		madvise(mem, dp->page, MADV_COLD);
		ended(pid, EXTRA_MS);
	}
	return ok;
}

/* Forked from the test, so that all starts with an address space of its own. */
static int one_way(const struct dp *dp, const struct way *way, bool coherent, int busy,
		   int other)
{
	const size_t size = dp->n * dp->page;

	if (!run_on(busy) || !reopen(dp, coherent))
		return 2;
	fill(dp, dp->buf, dp->n, 1);
	if (!way->do_it(dp, dp->buf, size))
		return 3;
	return !releases(dp, busy, other);
}

TEST_F_TIMEOUT(device_private_batch, release, 600)
{
	struct dp *dp = &self->dp;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int status;
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid)
			_exit(one_way(dp, &ways[i], variant->coherent, self->busy,
				      self->other));
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(status, 0)
			TH_LOG("%s: %s", ways[i].name,
			       WEXITSTATUS(status) == 1 ? "the release waits" :
							  "cannot be done");
	}
}

/*
 * A process that ends unmaps all, too. The last to close the device is not the
 * process but we, for that drains the batches.
 */
TEST_F_TIMEOUT(device_private_batch, exit, 60)
{
	struct dp *dp = &self->dp;
	int status, pidfd, fd;
	pid_t pid;

	ASSERT_TRUE(run_on(self->other));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (!run_on(self->busy) || !reopen(dp, variant->coherent))
			_exit(2);
		fill(dp, dp->buf, dp->n, 1);
		if (!locked(dp, dp->buf, dp->n * dp->page))
			_exit(3);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	ASSERT_TRUE(WIFSTOPPED(status));
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	fd = syscall(SYS_pidfd_getfd, pidfd, dp->fd[0], 0);
	ASSERT_GE(fd, 0);
	kill(pid, SIGCONT);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	ASSERT_TRUE(releases(dp, self->busy, self->other));
	close(fd);
	close(pidfd);
}

TEST_HARNESS_MAIN

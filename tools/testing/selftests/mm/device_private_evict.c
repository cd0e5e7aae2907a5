// SPDX-License-Identifier: GPL-2.0
/*
 * Eviction: a device goes away, or wants its memory back, whatever its pages are
 * used for at that moment. All data is in RAM afterwards, nothing waits for ever.
 *
 * HMM_DMIRROR_RELEASE evicts and removes the memory of a device of lib/test_hmm.c;
 * to close a file of the device evicts it.
 */
#include "device_private.h"

#include <signal.h>

#define WORKERS		4
#define RACE_SECONDS	2
#define LIMIT_SECONDS	60

FIXTURE(device_private_evict)
{
	struct dp dp;
};

FIXTURE_VARIANT(device_private_evict)
{
	bool huge;
};

FIXTURE_VARIANT_ADD(device_private_evict, pte)
{
	.huge = false,
};

FIXTURE_VARIANT_ADD(device_private_evict, pmd)
{
	.huge = true,
};

FIXTURE_SETUP(device_private_evict)
{
	struct hmm_dmirror_cmd cmd = { .npages = 1 };

	dp_setup(_metadata, &self->dp, variant->huge);
	if (ioctl(self->dp.fd[0], HMM_DMIRROR_MENDED, &cmd) ||
	    !(cmd.cpages & HMM_DMIRROR_MENDED_EVICT))
		SKIP(return, "eviction can hang this kernel");
}

FIXTURE_TEARDOWN(device_private_evict)
{
	dp_teardown(&self->dp);
}

static long release(const struct dp *dp)
{
	return device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, 1);
}

static void sleep_ms(unsigned long ms)
{
	const struct timespec time = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000,
	};

	nanosleep(&time, NULL);
}

/* The exit status of a child, -1 if it does not end in time. It is killed then. */
static int status_within(pid_t pid, unsigned int seconds)
{
	int status;

	for (unsigned int i = 0; i < 20 * seconds; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) :
						   128 + WTERMSIG(status);
		sleep_ms(50);
	}
	kill(pid, SIGKILL);
	return -1;
}

/* Each way to evict. */
static void evict(struct __test_metadata *_metadata, struct dp *dp, bool close_file)
{
	int fd;

	if (!close_file) {
		ASSERT_EQ(release(dp), 0);
		return;
	}
	fd = open("/dev/hmm_dmirror0", O_RDWR);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(close(fd), 0);
}

/* What is mapped once, twice, in part, by PTEs of a large folio, and not at all. */
static void check_states(struct __test_metadata *_metadata, struct dp *dp,
			 bool close_file)
{
	char *shared = dp->buf, *part = dp->buf + dp->unit;
	char *split = dp->buf + 2 * dp->unit, *moved = dp->buf + 3 * dp->unit;
	unsigned long half = dp->n / 2;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, shared, dp->n, 1);
	give(_metadata, dp, 0, part, dp->n, 2);
	give(_metadata, dp, 0, split, dp->n, 3);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, shared, dp->n, 1) != dp->n ||
		      right(dp, part, dp->n, 2) != dp->n ||
		      right(dp, split, dp->n, 3) != dp->n);

	ASSERT_EQ(munmap(part + half * dp->page, half * dp->page), 0);
	ASSERT_EQ(mprotect(split, half * dp->page, PROT_READ), 0);
	ASSERT_EQ(mremap(shared, dp->n * dp->page, dp->n * dp->page,
			 MREMAP_MAYMOVE | MREMAP_FIXED, moved), moved);

	evict(_metadata, dp, close_file);
	ASSERT_EQ(how_many_local(dp, 0, moved, dp->n), 0);
	ASSERT_EQ(how_many_local(dp, 0, part, half), 0);
	ASSERT_EQ(how_many_local(dp, 0, split, dp->n), 0);
	ASSERT_EQ(right(dp, moved, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, part, half, 2), half);
	ASSERT_EQ(right(dp, split, dp->n, 3), dp->n);
	ASSERT_EQ(finish(pid, gate), 0);

	/* The device works on, or again. */
	give(_metadata, dp, 0, moved, dp->n, 4);
	ASSERT_EQ(right(dp, moved, dp->n, 4), dp->n);
}

TEST_F(device_private_evict, states_release)
{
	check_states(_metadata, &self->dp, false);
}

TEST_F(device_private_evict, states_close)
{
	check_states(_metadata, &self->dp, true);
}

/* One worker: migrates to the device, again and again, and does something else. */
static int work(struct dp *dp, unsigned int nr, unsigned long seconds)
{
	const unsigned int seed = nr + 1;
	time_t end = time(NULL) + seconds;
	unsigned long rounds = 0;
	int status;
	pid_t pid;
	int fd;

	/* A file, and so a mirror, of its own. */
	fd = open("/dev/hmm_dmirror0", O_RDWR);
	if (fd < 0)
		return 10;
	dp->fd[0] = fd;

	while (time(NULL) < end || !rounds) {
		long ret;

		rounds++;
		fill(dp, dp->buf, dp->n, seed);
		/* Not an error: the device is without memory now and then. */
		ret = to_dev(dp, 0, dp->buf, dp->n);
		if (ret < 0 && ret != -ENOENT && ret != -ENOMEM) {
			fprintf(stderr, "# to_dev: %ld\n", ret);
			return 11;
		}

		switch (nr % 4) {
		case 0:
			break;
		case 1:
			pid = fork();
			if (pid < 0)
				return 12;
			if (!pid)
				_exit(right(dp, dp->buf, dp->n, seed) != dp->n);
			if (waitpid(pid, &status, 0) != pid || status)
				return 13;
			break;
		case 2:
			/* Exit with the memory on the device. */
			pid = fork();
			if (pid < 0)
				return 14;
			if (!pid)
				_exit(0);
			waitpid(pid, &status, 0);
			if (madvise(dp->buf, dp->unit / 2, MADV_DONTNEED))
				return 15;
			fill(dp, dp->buf, dp->unit / dp->page / 2, seed);
			break;
		case 3:
			ret = dev_read(dp, 0, dp->buf, dp->n);
			if (ret != (long)dp->n)
				return 16;
			if (right(dp, dp->data, dp->n, seed) != dp->n)
				return 17;
			break;
		}
		if (right(dp, dp->buf, dp->n, seed) != dp->n)
			return 18;
	}
	return 0;
}

/*
 * Release against migration, faults, fork and exit: no deadlock. Who migrates
 * holds pages and wants memory of the device; who releases waits for the pages.
 */
TEST_F_TIMEOUT(device_private_evict, race, 2 * (RACE_SECONDS + LIMIT_SECONDS))
{
	struct dp *dp = &self->dp;
	time_t end = time(NULL) + RACE_SECONDS;
	unsigned long rounds = 0;
	pid_t pids[WORKERS + 1];
	int i;

	fflush(NULL);
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i])
			_exit(work(dp, i, RACE_SECONDS));
	}
	pids[i] = fork();
	ASSERT_GE(pids[i], 0);
	if (!pids[i]) {
		while (time(NULL) < end) {
			if (release(dp))
				_exit(1);
			rounds++;
			sleep_ms(1);
		}
		fprintf(stderr, "# released %lu times\n", rounds);
		_exit(0);
	}

	for (i = 0; i <= WORKERS; i++)
		EXPECT_EQ(status_within(pids[i], RACE_SECONDS + LIMIT_SECONDS), 0);
}

/* The same, with everybody in one address space, and their mmap_lock. */
struct thread_arg {
	struct dp *dp;
	bool stop;
	long errors;
	unsigned long rounds;
};

static void *toucher(void *param)
{
	struct thread_arg *arg = param;
	struct dp *dp = arg->dp;

	while (!__atomic_load_n(&arg->stop, __ATOMIC_RELAXED)) {
		if (right(dp, dp->buf, dp->n, 1) != dp->n)
			arg->errors++;
		arg->rounds++;
	}
	return NULL;
}

static void *migrator(void *param)
{
	struct thread_arg *arg = param;
	struct dp *dp = arg->dp;
	void *data = malloc(dp->n * dp->page);

	while (!__atomic_load_n(&arg->stop, __ATOMIC_RELAXED)) {
		device(dp, 0, HMM_DMIRROR_MIGRATE_TO_DEV, dp->buf, data, dp->n);
		arg->rounds++;
	}
	free(data);
	return NULL;
}

TEST_F_TIMEOUT(device_private_evict, race_threads, 2 * (RACE_SECONDS + LIMIT_SECONDS))
{
	struct dp *dp = &self->dp;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct thread_arg args[3] = { { dp }, { dp }, { dp } };
		time_t end = time(NULL) + RACE_SECONDS;
		unsigned long rounds = 0;
		pthread_t threads[3];

		dp->fd[0] = open("/dev/hmm_dmirror0", O_RDWR);
		fill(dp, dp->buf, dp->n, 1);
		for (int i = 0; i < 3; i++)
			if (pthread_create(&threads[i], NULL,
					   i ? toucher : migrator, &args[i]))
				_exit(1);
		while (time(NULL) < end) {
			if (release(dp))
				_exit(2);
			rounds++;
			sleep_ms(1);
		}
		for (int i = 0; i < 3; i++)
			__atomic_store_n(&args[i].stop, true, __ATOMIC_RELAXED);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		fprintf(stderr, "# released %lu times, migrated %lu, touched %lu\n",
			rounds, args[0].rounds, args[1].rounds + args[2].rounds);
		_exit(args[1].errors || args[2].errors ? 3 : 0);
	}
	EXPECT_EQ(status_within(pid, RACE_SECONDS + LIMIT_SECONDS), 0);
}

/* Who is killed while it releases ends, and leaves a device that works. */
TEST_F_TIMEOUT(device_private_evict, killed, 2 * (RACE_SECONDS + LIMIT_SECONDS))
{
	struct dp *dp = &self->dp;

	for (unsigned int round = 0; round < 10; round++) {
		pid_t pid;

		fill(dp, dp->buf, dp->n, 1);
		ASSERT_GE(to_dev(dp, 0, dp->buf, dp->n), 0);
		fflush(NULL);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			for (;;)
				release(dp);
		}
		sleep_ms(1 + 3 * round);
		kill(pid, SIGKILL);
		ASSERT_EQ(status_within(pid, LIMIT_SECONDS), 128 + SIGKILL);
		ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	}
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(release(dp), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

TEST_HARNESS_MAIN

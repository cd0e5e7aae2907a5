// SPDX-License-Identifier: GPL-2.0
/*
 * What operations on memory cost, per page of the base size.
 *
 *	bench [-n] [-x LOOPS] [OPERATION...]
 *
 * Where QEMU counts instructions (-icount shift=0) the time stamp counter does, too.
 * With -n the unit is the nanosecond. Each operation is done in several rounds; for each
 * it prints
 *
 *	bench: NAME MIN MEDIAN MAX
 *
 * An OPERATION stands for all whose names start so. With -x every page costs so many turns
 * of an empty loop more: what reads the figures has to see that.
 *
 * With the devices of test_hmm it runs on any kernel that has device private memory. On
 * one without them it does what needs no device.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <lib/test_hmm_uapi.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define ROUNDS		9
#define HUGE_BYTES	(2UL << 20)
#define DATA_BYTES	(80UL << 20)
#define CHUNK_BYTES	(256UL << 20)	/* what test_hmm adds to its device at a time */
#define SWAP_DEVICE	"/dev/ram0"

enum place { NOWHERE, RAM, DEVICE, SWAPPED };

struct op {
	const char *name;
	enum place place;	/* where the pages are before */
	bool huge;
	unsigned long pages;	/* 0: the operation is on a chunk of the device */
	uint64_t (*run)(char *mem, size_t bytes);
};

static int own, foreign;
static size_t page;
static bool nanoseconds;
static unsigned long planted;
static unsigned char *seen;

static void die(const char *what)
{
	printf("bench: error: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

#ifdef __x86_64__
	if (!nanoseconds)
		return __builtin_ia32_rdtsc();
#endif
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void device(int fd, unsigned long request, char *mem, size_t bytes, const char *what)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)mem, .ptr = (uintptr_t)seen, .npages = bytes / page,
	};

	while (ioctl(fd, request, &cmd))
		if (errno != EINTR)
			die(what);
}

/* --- operations: what they return is what they took --- */

static uint64_t snapshot(int fd, char *mem, size_t bytes)
{
	uint64_t start = now();

	device(fd, HMM_DMIRROR_SNAPSHOT, mem, bytes, "snapshot");
	return now() - start;
}

static uint64_t snapshot_own(char *mem, size_t bytes)
{
	return snapshot(own, mem, bytes);
}

static uint64_t snapshot_foreign(char *mem, size_t bytes)
{
	return snapshot(foreign, mem, bytes);
}

/* One entry per mapping; on a kernel that cannot do that an entry per page. */
static uint64_t snapshot_sparse(char *mem, size_t bytes)
{
	uint64_t took;

	device(own, HMM_DMIRROR_FLAGS, mem, HMM_DMIRROR_FLAG_SPARSE * page, "flags");
	took = snapshot(own, mem, bytes);
	/* No flags at all are refused: one without a meaning. */
	device(own, HMM_DMIRROR_FLAGS, mem, 4 * page, "flags");
	return took;
}

static uint64_t to_device(char *mem, size_t bytes)
{
	uint64_t start = now();

	device(own, HMM_DMIRROR_MIGRATE_TO_DEV, mem, bytes, "migrate to the device");
	return now() - start;
}

static uint64_t to_ram(char *mem, size_t bytes)
{
	uint64_t start = now();

	device(own, HMM_DMIRROR_MIGRATE_TO_SYS, mem, bytes, "migrate to RAM");
	return now() - start;
}

static uint64_t read_all(char *mem, size_t bytes)
{
	uint64_t start = now();

	for (size_t i = 0; i < bytes; i += page)
		*(volatile char *)(mem + i);
	return now() - start;
}

static uint64_t write_all(char *mem, size_t bytes)
{
	uint64_t start = now();

	for (size_t i = 0; i < bytes; i += page)
		*(volatile char *)(mem + i) = 1;
	return now() - start;
}

static uint64_t unmap(char *mem, size_t bytes)
{
	uint64_t start = now();

	if (munmap(mem, bytes))
		die("munmap");
	return now() - start;
}

static uint64_t protect(char *mem, size_t bytes)
{
	uint64_t start = now();

	if (mprotect(mem, bytes, PROT_READ) || mprotect(mem, bytes, PROT_READ | PROT_WRITE))
		die("mprotect");
	return now() - start;
}

static char *align(char *mem)
{
	return (char *)(((uintptr_t)mem + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
}

static void move_to(char *to, char *mem, size_t bytes)
{
	if (mremap(mem, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		die("mremap");
}

static uint64_t move(char *mem, size_t bytes)
{
	char *to = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start, end;

	start = now();
	move_to(align(to), mem, bytes);
	end = now();
	munmap(to, bytes + HUGE_BYTES);
	return end - start;
}

/*
 * What test_hmm remembers of a process it drops page by page when the process changes the
 * mappings, at a cost that hides what the kernel does. Let it drop all before.
 */
static void forget(char *mem, size_t bytes)
{
	char *to = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	move_to(align(to), mem, bytes);
	move_to(mem, align(to), bytes);
	munmap(to, bytes + HUGE_BYTES);
}

/* One base page less: a huge mapping is split. */
static uint64_t split(char *mem, size_t bytes)
{
	uint64_t start = now();

	for (size_t i = 0; i < bytes; i += HUGE_BYTES)
		if (munmap(mem + i, page))
			die("munmap");
	return now() - start;
}

static void wait_for(pid_t child)
{
	if (waitpid(child, NULL, 0) != child)
		die("waitpid");
}

/* A child that ends when @gate is closed. */
static pid_t fork_waiting(int *gate)
{
	int go[2];
	pid_t child;

	if (pipe(go))
		die("pipe");
	child = fork();
	if (!child) {
		close(go[1]);
		_exit(read(go[0], go, 1));
	}
	if (child < 0)
		die("fork");
	close(go[0]);
	*gate = go[1];
	return child;
}

/* A child that ran to its end would have its exit counted here. */
static uint64_t fork_alone(char *mem, size_t bytes)
{
	uint64_t start = now(), took;
	int gate;
	pid_t child = fork_waiting(&gate);

	took = now() - start;
	close(gate);
	wait_for(child);
	return took;
}

static uint64_t cow(char *mem, size_t bytes)
{
	int gate;
	pid_t child = fork_waiting(&gate);
	uint64_t took = write_all(mem, bytes);

	close(gate);
	wait_for(child);
	return took;
}

/* The child of a fork ends: its page tables are torn down. */
static uint64_t exit_of_child(char *mem, size_t bytes)
{
	int gate;
	pid_t child = fork_waiting(&gate);
	uint64_t start;

	sched_yield();
	start = now();
	close(gate);
	wait_for(child);
	return now() - start;
}

/* The device has no memory until the first page comes. */
static uint64_t populate(char *mem, size_t bytes)
{
	device(own, HMM_DMIRROR_RELEASE, mem, page, "release the device's memory");
	return to_device(mem, page);
}

static uint64_t release(char *mem, size_t bytes)
{
	uint64_t start;

	to_device(mem, page);
	start = now();
	device(own, HMM_DMIRROR_RELEASE, mem, page, "release the device's memory");
	return now() - start;
}

#define SMALL(name, place, run)	{ name, place, false, 8192, run }
#define HUGE(name, place, run)	{ name, place, true, 16384, run }
#define CHUNK(name, run)	{ name, RAM, false, 0, run }

static const struct op ops[] = {
	SMALL("snapshot-own-4K", DEVICE, snapshot_own),
	SMALL("snapshot-foreign-4K", DEVICE, snapshot_foreign),
	SMALL("snapshot-RAM-4K", RAM, snapshot_own),
	HUGE("snapshot-own-2M", DEVICE, snapshot_own),
	HUGE("snapshot-own-2M-sparse", DEVICE, snapshot_sparse),
	HUGE("snapshot-foreign-2M", DEVICE, snapshot_foreign),
	HUGE("snapshot-RAM-2M", RAM, snapshot_own),
	SMALL("fork-device-4K", DEVICE, fork_alone),
	HUGE("fork-device-2M", DEVICE, fork_alone),
	SMALL("exit-device-4K", DEVICE, exit_of_child),
	HUGE("exit-device-2M", DEVICE, exit_of_child),
	SMALL("munmap-device-4K", DEVICE, unmap),
	HUGE("munmap-device-2M", DEVICE, unmap),
	SMALL("mprotect-device-4K", DEVICE, protect),
	HUGE("mprotect-device-2M", DEVICE, protect),
	SMALL("mremap-device-4K", DEVICE, move),
	HUGE("mremap-device-2M", DEVICE, move),
	SMALL("fault-back-4K", DEVICE, read_all),
	HUGE("fault-back-2M", DEVICE, read_all),
	SMALL("to-device-4K", RAM, to_device),
	HUGE("to-device-2M", RAM, to_device),
	SMALL("to-RAM-4K", DEVICE, to_ram),
	HUGE("to-RAM-2M", DEVICE, to_ram),
	HUGE("split-device-2M", DEVICE, split),
	CHUNK("populate-device", populate),
	CHUNK("release-device", release),
	{ "fork-swap-4K", SWAPPED, false, 4096, fork_alone },
	{ "swap-in-4K", SWAPPED, false, 4096, read_all },
	SMALL("fault-RAM-4K", NOWHERE, write_all),
	HUGE("fault-RAM-2M", NOWHERE, write_all),
	SMALL("fork-RAM-4K", RAM, fork_alone),
	SMALL("cow-RAM-4K", RAM, cow),
	SMALL("exit-RAM-4K", RAM, exit_of_child),
	SMALL("mprotect-RAM-4K", RAM, protect),
	SMALL("mremap-RAM-4K", RAM, move),
	SMALL("munmap-RAM-4K", RAM, unmap),
	HUGE("munmap-RAM-2M", RAM, unmap),
};

/* A swap area on a RAM disk: mkswap and swapon. */
static bool swap_on(void)
{
	static bool on;
	uint32_t info[3] = { 1 };	/* version, last page, bad pages */
	off_t bytes;
	int fd;

	if (on)
		return true;
	fd = open(SWAP_DEVICE, O_RDWR);
	if (fd < 0)
		return false;
	bytes = lseek(fd, 0, SEEK_END);
	info[1] = bytes / page - 1;
	if (pwrite(fd, info, sizeof(info), 1024) != sizeof(info) ||
	    pwrite(fd, "SWAPSPACE2", 10, page - 10) != 10 || fsync(fd))
		die(SWAP_DEVICE);
	close(fd);
	on = !swapon(SWAP_DEVICE, 0);
	return on;
}

/* A figure says nothing if the pages are somewhere else. */
static void check_swapped(char *mem, size_t bytes)
{
	uint64_t entries[bytes / page];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, entries, sizeof(entries), (uintptr_t)mem / page * 8) !=
		      (ssize_t)sizeof(entries))
		die("/proc/self/pagemap");
	close(fd);
	for (size_t i = 0; i < bytes / page; i++) {
		if (entries[i] & 1ULL << 62)
			continue;
		printf("bench: error: page %zu of %zu is not swapped out: is " SWAP_DEVICE
		       " too small?\n", i, bytes / page);
		exit(1);
	}
}

static void check_on_device(char *mem, size_t bytes)
{
	device(own, HMM_DMIRROR_SNAPSHOT, mem, bytes, "snapshot");
	for (size_t i = 0; i < bytes / page; i++) {
		if ((seen[i] & 0xf0) == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL)
			continue;
		printf("bench: error: page %zu of %zu is not on the device (%#x)\n", i,
		       bytes / page, seen[i]);
		exit(1);
	}
}

static char *area;	/* of a round, with room to align it */

static char *prepare(const struct op *op, size_t bytes)
{
	char *mem;

	area = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		die("mmap");
	mem = align(area);
	madvise(mem, bytes, op->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	if (op->place != NOWHERE)
		write_all(mem, bytes);
	if (op->place == DEVICE) {
		to_device(mem, bytes);
		check_on_device(mem, bytes);
		forget(mem, bytes);
	}
	if (op->place == SWAPPED) {
		madvise(mem, bytes, MADV_PAGEOUT);
		check_swapped(mem, bytes);
	}
	return mem;
}

static uint64_t round_of(const struct op *op, size_t bytes)
{
	char *mem = prepare(op, bytes);
	uint64_t took = op->run(mem, bytes);
	uint64_t start = now();

	for (volatile unsigned long i = 0; i < planted * (bytes / page); i++)
		;
	took += now() - start;
	munmap(area, bytes + HUGE_BYTES);
	return took;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What is there without the pages is not theirs. */
static double per_page(const struct op *op)
{
	/* The host's clock is read natively: medians even out what few pages blur. */
	const unsigned long pages = nanoseconds ? op->pages / 8 : op->pages;
	double little, much;

	if (!op->pages)
		return (double)round_of(op, HUGE_BYTES) / (CHUNK_BYTES / page);
	little = round_of(op, HUGE_BYTES);
	much = round_of(op, pages * page + HUGE_BYTES);
	return (much - little) / pages;
}

static void measure(const struct op *op)
{
	double took[ROUNDS];

	per_page(op);
	for (int i = 0; i < ROUNDS; i++)
		took[i] = per_page(op);
	qsort(took, ROUNDS, sizeof(*took), compare);
	printf("bench: %s %.2f %.2f %.2f\n", op->name, took[0], took[ROUNDS / 2],
	       took[ROUNDS - 1]);
}

static bool wanted(const struct op *op, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strncmp(op->name, *names, strlen(*names)))
			return true;
	return false;
}

static bool uses_device(const struct op *op)
{
	return op->place == DEVICE || !op->pages || op->run == to_device ||
	       op->run == snapshot_own;
}

static void run_op(const struct op *op)
{
	if (own < 0 && uses_device(op))
		printf("bench: %s skipped: no device\n", op->name);
	else if (op->place == SWAPPED && !swap_on())
		printf("bench: %s skipped: no swap\n", op->name);
	else
		measure(op);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "nx:")) != -1) {
		if (opt == 'n') {
			nanoseconds = true;
		} else if (opt == 'x') {
			planted = strtoul(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: bench [-n] [-x LOOPS] [OPERATION...]\n");
			return 2;
		}
	}
	page = sysconf(_SC_PAGESIZE);
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* What a device migrates it copies there, too. */
	seen = mmap(NULL, DATA_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (seen == MAP_FAILED)
		die("mmap");
	own = open("/dev/hmm_dmirror0", O_RDWR);
	foreign = open("/dev/hmm_dmirror1", O_RDWR);
	if ((own < 0 || foreign < 0) && errno != ENOENT)
		die("/dev/hmm_dmirror0");
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (wanted(&ops[i], argv + optind))
			run_op(&ops[i]);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the selftests of device private memory have in common: a buffer that is
 * mapped by PTEs or by a PMD, the devices of lib/test_hmm.c, and functions that
 * move the buffer, compare its bytes, and ask where it is.
 */
#ifndef DEVICE_PRIVATE_H
#define DEVICE_PRIVATE_H

#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Private to test_hmm, so not exported in include/uapi. */
#include <lib/test_hmm_uapi.h>
#include <mm/vm_util.h>

#define NR_PTES		64UL		/* most pages of a buffer mapped by PTEs */
#define MAX_PMD_SIZE	(32UL << 20)	/* test_hmm has chunks of 256 MiB */

/* What a snapshot says. */
#define RAM_RW		HMM_DMIRROR_PROT_WRITE
#define RAM_RO		HMM_DMIRROR_PROT_READ
#define LOCAL_RW	(HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL | HMM_DMIRROR_PROT_WRITE)
#define LOCAL_RO	(HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL | HMM_DMIRROR_PROT_READ)
#define NOTHING		HMM_DMIRROR_PROT_NONE
#define REFUSED		HMM_DMIRROR_PROT_ERROR

/* /proc/PID/pagemap: bits 0-54 are swap type (5 bits) and offset of the entry. */
#define PM_FRAME	(BIT_ULL(55) - 1)
#define PM_TYPE_BITS	5

struct dp {
	int fd[2];		/* the devices */
	int pagemap;		/* /proc/self/pagemap */
	unsigned long page;	/* sizes in bytes */
	unsigned long unit;
	char *buf;		/* 4 units of memory, nothing populated */
	unsigned long n;	/* pages of a unit that the test uses */
	unsigned char pmd;	/* HMM_DMIRROR_PROT_PMD if mapped by a PMD */
	void *data;		/* what devices read and write */
};

/* Returns: false if the test is skipped. */
static inline bool dp_setup(struct __test_metadata *_metadata, struct dp *dp, bool huge)
{
	unsigned long pmd_size = read_private_pmd_pagesize();
	char path[32], *area;

	dp->fd[0] = -1;
	dp->fd[1] = -1;
	dp->pagemap = -1;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", i);
		dp->fd[i] = open(path, O_RDWR);
		if (dp->fd[i] < 0)
			SKIP(return false, "%s: %s (CONFIG_TEST_HMM)", path,
			     strerror(errno));
	}
	if (huge && (!pmd_size || pmd_size > MAX_PMD_SIZE))
		SKIP(return false, "no transparent huge pages, or too large ones");

	dp->pagemap = open("/proc/self/pagemap", O_RDONLY);
	ASSERT_GE(dp->pagemap, 0);

	dp->page = psize();
	dp->unit = pmd_size && pmd_size <= MAX_PMD_SIZE ? pmd_size : 2UL << 20;
	dp->n = dp->unit / dp->page;
	if (!huge && dp->n > NR_PTES)
		dp->n = NR_PTES;
	dp->pmd = huge ? HMM_DMIRROR_PROT_PMD : 0;
	dp->data = malloc(4 * dp->n * dp->page);
	ASSERT_NE(dp->data, NULL);

	area = mmap(NULL, 5 * dp->unit, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(area, MAP_FAILED);
	dp->buf = (char *)(((uintptr_t)area + dp->unit - 1) & ~(dp->unit - 1));
	if (dp->buf != area)
		ASSERT_EQ(munmap(area, dp->buf - area), 0);
	if (!huge) {
		/* Fails without THP, when there is nothing to forbid. */
		madvise(dp->buf, 4 * dp->unit, MADV_NOHUGEPAGE);
		return true;
	}

	ASSERT_EQ(madvise(dp->buf, 4 * dp->unit, MADV_HUGEPAGE), 0);
	*dp->buf = 1;
	if (!check_huge_anon(dp->buf, 4 * dp->unit, 1, dp->unit))
		SKIP(return false, "no huge page to be had");
	ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_DONTNEED), 0);
	return true;
}

static inline void dp_teardown(struct dp *dp)
{
	close(dp->fd[0]);
	close(dp->fd[1]);
	close(dp->pagemap);
	free(dp->data);
}

/* As pread() and pwrite(), which refuse the upper half of the addresses. */
static inline ssize_t mem_read(int fd, void *buf, size_t size, const char *at)
{
	lseek(fd, (off_t)(uintptr_t)at, SEEK_SET);
	return read(fd, buf, size);
}

static inline ssize_t mem_write(int fd, const void *buf, size_t size, const char *at)
{
	lseek(fd, (off_t)(uintptr_t)at, SEEK_SET);
	return write(fd, buf, size);
}

/* The address of a page of the buffer. */
static inline char *at(const struct dp *dp, unsigned long page)
{
	return dp->buf + page * dp->page;
}

/* Word @word of page @page in the pattern with that seed; no two are the same. */
static inline uint64_t pattern(unsigned int seed, unsigned long page, unsigned long word)
{
	return (uint64_t)seed << 48 | (uint64_t)page << 16 | word;
}

/* Write pages @first to @first + @n - 1 of a pattern to @mem. */
static inline void fill_from(const struct dp *dp, void *mem, unsigned long first,
			     unsigned long n, unsigned int seed)
{
	const unsigned long words = dp->page / sizeof(uint64_t);
	uint64_t *p = mem;

	for (unsigned long page = first; page < first + n; page++)
		for (unsigned long word = 0; word < words; word++)
			*p++ = pattern(seed, page, word);
}

static inline void fill(const struct dp *dp, void *mem, unsigned long n,
			unsigned int seed)
{
	fill_from(dp, mem, 0, n, seed);
}

/*
 * How many pages at @mem are right, up to the first one that is not. Seed 0
 * stands for pages of zeroes.
 */
static inline unsigned long right_from(const struct dp *dp, const void *mem,
				       unsigned long first, unsigned long n,
				       unsigned int seed)
{
	const unsigned long words = dp->page / sizeof(uint64_t);
	const uint64_t *p = mem;

	for (unsigned long page = first; page < first + n; page++) {
		for (unsigned long word = 0; word < words; word++, p++) {
			uint64_t want = seed ? pattern(seed, page, word) : 0;

			if (*p == want)
				continue;
			fprintf(stderr, "# page %lu word %lu is %llx, not %llx\n",
				page, word, (unsigned long long)*p,
				(unsigned long long)want);
			return page - first;
		}
	}
	return n;
}

static inline unsigned long right(const struct dp *dp, const void *mem, unsigned long n,
				  unsigned int seed)
{
	return right_from(dp, mem, 0, n, seed);
}

/* An ioctl of device @dev: the number of pages it was done for, or -errno. */
static inline long device(const struct dp *dp, int dev, unsigned long request,
			  const void *addr, void *data, unsigned long n)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)data,
		.npages = n,
	};

	while (ioctl(dp->fd[dev], request, &cmd))
		if (errno != EINTR)
			return -errno;
	return cmd.cpages;
}

/* Has the kernel been mended of all of HMM_DMIRROR_MENDED_* that @what has? */
static inline bool mended(const struct dp *dp, uint64_t what)
{
	struct hmm_dmirror_cmd cmd = { .npages = 1 };

	return !ioctl(dp->fd[0], HMM_DMIRROR_MENDED, &cmd) &&
	       (cmd.cpages & what) == what;
}

/*
 * Where the id of the space is in the offset of an entry, see
 * Documentation/mm/device_private.rst, and how many bits it has. False from a
 * kernel that does not tell.
 */
static inline bool id_bits(const struct dp *dp, unsigned int *shift, unsigned int *bits)
{
	struct hmm_dmirror_cmd cmd = { .npages = 1 };

	if (ioctl(dp->fd[0], HMM_DMIRROR_ID_BITS, &cmd))
		return false;
	*shift = cmd.cpages;
	*bits = cmd.faults;
	return true;
}

static inline long to_dev(const struct dp *dp, int dev, const void *addr, unsigned long n)
{
	return device(dp, dev, HMM_DMIRROR_MIGRATE_TO_DEV, addr, dp->data, n);
}

static inline long to_sys(const struct dp *dp, int dev, const void *addr, unsigned long n)
{
	return device(dp, dev, HMM_DMIRROR_MIGRATE_TO_SYS, addr, dp->data, n);
}

/* The device reads to @dp->data. */
static inline long dev_read(const struct dp *dp, int dev, const void *addr,
			    unsigned long n)
{
	memset(dp->data, 0xee, n * dp->page);
	return device(dp, dev, HMM_DMIRROR_READ, addr, dp->data, n);
}

/* The device writes a pattern. */
static inline long dev_write(const struct dp *dp, int dev, const void *addr,
			     unsigned long n, unsigned int seed)
{
	fill(dp, dp->data, n, seed);
	return device(dp, dev, HMM_DMIRROR_WRITE, addr, dp->data, n);
}

/*
 * How many pages are where @want says, as seen by device @dev and without
 * touching them; up to the first one that is not, or -errno.
 */
static inline long where(const struct dp *dp, int dev, const void *addr,
			 unsigned long n, unsigned char want)
{
	unsigned char seen[n];
	long ret;

	ret = device(dp, dev, HMM_DMIRROR_SNAPSHOT, addr, seen, n);
	for (long i = 0; i < ret; i++) {
		if (seen[i] == want)
			continue;
		fprintf(stderr, "# page %ld is at 0x%x, not 0x%x\n", i, seen[i],
			want);
		return i;
	}
	return ret;
}

/* How many pages device @dev has, wherever they are in the range; or -errno. */
static inline long how_many_local(const struct dp *dp, int dev, const void *addr,
				  unsigned long n)
{
	unsigned char seen[n];
	long ret, local = 0;

	ret = device(dp, dev, HMM_DMIRROR_SNAPSHOT, addr, seen, n);
	for (long i = 0; i < ret; i++)
		local += (seen[i] & 0xf0) == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL;
	return ret < 0 ? ret : local;
}

/* Write a pattern by the CPU and give the pages to a device. */
static inline void give(struct __test_metadata *_metadata, const struct dp *dp, int dev,
			void *addr, unsigned long n, unsigned int seed)
{
	fill(dp, addr, n, seed);
	ASSERT_EQ(to_dev(dp, dev, addr, n), n);
	ASSERT_EQ(right(dp, dp->data, n, seed), n);
	ASSERT_EQ(where(dp, dev, addr, n, LOCAL_RW | dp->pmd), n);
}

/* The pagemap entries of a range in the calling process. */
static inline void pagemap_of(struct __test_metadata *_metadata, const void *addr,
			      unsigned long n, uint64_t *entries)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	size_t size = n * sizeof(*entries);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(pread(fd, entries, size,
			(uintptr_t)addr / psize() * sizeof(*entries)), size);
	close(fd);
}

/* The number in a page table entry that is not present: swap offset or index. */
static inline uint64_t entry_offset(uint64_t entry)
{
	return (entry & PM_FRAME) >> PM_TYPE_BITS;
}

/* As pagemap_of(), but only the offsets, of entries that must not be present. */
static inline void offsets_of(struct __test_metadata *_metadata, const void *addr,
			      unsigned long n, uint64_t *offsets)
{
	pagemap_of(_metadata, addr, n, offsets);
	for (unsigned long i = 0; i < n; i++) {
		ASSERT_EQ(offsets[i] & (PM_PRESENT | PM_SWAP), PM_SWAP);
		offsets[i] = entry_offset(offsets[i]);
	}
}

/*
 * fork() a child that waits until it is let go. Returns 0 in the child once that
 * has happened.
 */
static inline pid_t fork_waiting(int *gate)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid) {
		close(ends[0]);
		*gate = ends[1];
		return pid;
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) != 1)
		_exit(1);
	close(ends[0]);
	return 0;
}

/* Let a child go and wait for its end; its exit status. */
static inline int finish(pid_t pid, int gate)
{
	int status;

	if (write(gate, "", 1) != 1)
		return -1;
	close(gate);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

#define SWAP_DEVICE	"/dev/ram0"

/* Use a block device for swap, unless somebody uses it. NULL, or why not. */
static inline const char *swap_on_device(const struct dp *dp, const char *device)
{
	static const char magic[] = "SWAPSPACE2";
	uint32_t header[3] = { 1 };	/* version, last page, bad pages */
	static char reason[128];
	const char *what = NULL;
	char first[dp->page];
	int fd;

	fd = open(device, O_RDWR | O_EXCL);
	if (fd < 0) {
		what = strerror(errno);
		goto out;
	}
	if (pread(fd, first, dp->page, 0) != dp->page) {
		what = "cannot be read";
		goto out;
	}
	if (memcmp(first + dp->page - 10, magic, 10))
		for (unsigned long i = 0; i < dp->page; i++)
			if (first[i])
				what = "is in use";
	if (what)
		goto out;
	header[1] = lseek(fd, 0, SEEK_END) / dp->page - 1;
	if (pwrite(fd, header, sizeof(header), 1024) != sizeof(header) ||
	    pwrite(fd, magic, 10, dp->page - 10) != 10 || fsync(fd))
		what = "cannot be written";
out:
	if (fd >= 0)
		close(fd);
	if (!what && swapon(device, 0))
		what = strerror(errno);
	if (!what)
		return NULL;
	snprintf(reason, sizeof(reason), "swap on %s: %s", device, what);
	return reason;
}

/* The same with a RAM disk. */
static inline const char *swap_on(const struct dp *dp)
{
	return swap_on_device(dp, SWAP_DEVICE);
}

/* Swap pages out, for which the kernel may take more than one go, and time. */
static inline bool swap_out(const struct dp *dp, void *addr, unsigned long n)
{
	unsigned long i;

	for (int tries = 0; tries < 10; tries++) {
		madvise(addr, n * dp->page, MADV_PAGEOUT);
		for (i = 0; i < n; i++)
			if (!pagemap_is_swapped(dp->pagemap, addr + i * dp->page))
				break;
		if (i == n)
			return true;
		usleep(1000 << tries);
	}
	return false;
}

/* A number that a file, or the line of it that starts with @key, holds. */
static inline long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	long value = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = atol(line + strlen(key));
		break;
	}
	if (file)
		fclose(file);
	return value;
}

/* A figure, in kB, from the entry in smaps of the VMA that starts at @addr. */
static inline long smaps_kb(const void *addr, const char *key)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[256], start[32];
	bool inside = false;
	long value = -1;

	snprintf(start, sizeof(start), "%08lx-", (unsigned long)addr);
	while (file && fgets(line, sizeof(line), file)) {
		if (!inside) {
			inside = !strncmp(line, start, strlen(start));
		} else if (!strncmp(line, key, strlen(key))) {
			value = atol(line + strlen(key));
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

/* Read a file to its end. */
static inline bool readable(const char *path)
{
	int fd = open(path, O_RDONLY);
	char buf[4096];
	ssize_t ret;

	do {
		ret = read(fd, buf, sizeof(buf));
	} while (ret > 0);
	close(fd);
	return fd >= 0 && !ret;
}

#endif /* DEVICE_PRIVATE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Shows device-private memory on real page tables: a buffer, part of it in
 * RAM and part of it on a device, and what hmm_range_fault() says of each
 * range to the device that owns the pages and to another one. The last line
 * sums up; the exit status is 0 only if everything was as expected.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

#define SMALL_PAGES	16			/* migrated page by page */
#define PAGE		4096UL
#define HUGE		(2UL << 20)		/* migrated as one 2 MiB page */
#define HUGE_PAGES	(HUGE / PAGE)
#define MAX_PAGES	HUGE_PAGES

/* Where x86-64 has the parts of a page's name, see device_private.rst. */
#define ID_SHIFT	37
#define INDEX_BITS	34

static unsigned int held, broken;

/* One expectation; the demo goes on, so that the table shows what is wrong. */
static void expect(int ok, const char *what)
{
	if (ok) {
		held++;
		return;
	}
	broken++;
	printf("NOT AS EXPECTED: %s\n", what);
}

static int open_device(int number)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/hmm_dmirror%d", number);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		printf("demo: cannot open %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

/* One request to a device; the number of pages it dealt with, or -errno. */
static long command(int device, unsigned long request, void *addr,
		    void *data, unsigned long pages)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)data,
		.npages = pages,
	};

	while (ioctl(device, request, &cmd)) {
		if (errno != EINTR)
			return -errno;
	}
	return cmd.cpages;
}

static const char *kind_name(unsigned char kind)
{
	if (kind == HMM_DMIRROR_PROT_ERROR)
		return "error";
	switch (kind & 0xf0) {
	case HMM_DMIRROR_PROT_ZERO:
		return "zero page";
	case HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL:
		return "device-private, own";
	case HMM_DMIRROR_PROT_DEV_PRIVATE_REMOTE:
		return "device-private, foreign";
	}
	return kind & (HMM_DMIRROR_PROT_READ | HMM_DMIRROR_PROT_WRITE) ?
		"system RAM" : "nothing";
}

/* A number out of a file of lines "NAME VALUE" or "NAME : VALUE". */
static unsigned long number_from(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	unsigned long value = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const size_t length = strlen(name);

		if (!strncmp(line, name, length)) {
			value = strtoul(line + length + strspn(line + length, "\t :"),
					NULL, 10);
			break;
		}
	}
	if (file)
		fclose(file);
	return value;
}

/* The offset that /proc/self/pagemap shows for a page that is not present. */
static uint64_t pagemap_offset(const void *addr)
{
	const int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, sizeof(entry),
			    (uintptr_t)addr / PAGE * sizeof(entry)) != sizeof(entry))
		expect(0, "/proc/self/pagemap can be read");
	close(fd);
	return entry >> 63 ? 0 : entry << 9 >> (9 + 5);
}

/* What page table entry there is for a device-private page. */
static void show_entry(const unsigned char *page)
{
	const uint64_t name = pagemap_offset(page);

	printf("  %-14s entry names space %llu, index %llu\n", "",
	       (unsigned long long)(name >> ID_SHIFT),
	       (unsigned long long)(name & ((1ULL << INDEX_BITS) - 1)));
	expect(name >> ID_SHIFT, "the entry names a space");
	expect(pagemap_offset(page + PAGE) != name &&
	       pagemap_offset(page + PAGE) >> ID_SHIFT == name >> ID_SHIFT,
	       "the next page has another index in the same space");
}

/* The end of the run of equal entries that starts at @from. */
static unsigned long run_end(const unsigned char *kinds, unsigned long from,
			     unsigned long pages)
{
	unsigned long to = from + 1;

	while (to < pages && kinds[to] == kinds[from])
		to++;
	return to;
}

/* A table of what a device is told about the range, without faulting. */
static void show(const char *who, int device, void *addr, unsigned long pages,
		 unsigned char *kinds)
{
	memset(kinds, 0, pages);
	expect(command(device, HMM_DMIRROR_SNAPSHOT, addr, kinds, pages) == (long)pages,
	       "a snapshot covers every page");
	for (unsigned long at = 0, to; at < pages; at = to) {
		to = run_end(kinds, at, pages);
		printf("  %-14s pages %3lu-%-3lu  %s%s%s\n", who, at, to - 1,
		       kind_name(kinds[at]),
		       kinds[at] != HMM_DMIRROR_PROT_ERROR &&
		       kinds[at] & HMM_DMIRROR_PROT_WRITE ? ", writable" : "",
		       kinds[at] != HMM_DMIRROR_PROT_ERROR &&
		       kinds[at] & HMM_DMIRROR_PROT_PMD ? ", mapped by a PMD" : "");
	}
}

static int all_are(const unsigned char *kinds, unsigned long from,
		   unsigned long to, const char *name)
{
	while (from < to)
		if (strcmp(kind_name(kinds[from++]), name))
			return 0;
	return 1;
}

static void fill(unsigned char *buffer, unsigned long pages)
{
	for (unsigned long i = 0; i < pages * PAGE; i++)
		buffer[i] = i * 7 + i / PAGE;
}

static int intact(const unsigned char *buffer, unsigned long pages)
{
	for (unsigned long i = 0; i < pages * PAGE; i++)
		if (buffer[i] != (unsigned char)(i * 7 + i / PAGE))
			return 0;
	return 1;
}

/* Half of a buffer goes to the device and comes back when the CPU reads it. */
static void migrate_and_touch(const char *title, unsigned char *buffer,
			      unsigned long pages, unsigned long first)
{
	static unsigned char kinds[MAX_PAGES];
	int owner = open_device(0), other = open_device(1);

	printf("%s\n", title);
	fill(buffer, pages);
	expect(command(owner, HMM_DMIRROR_MIGRATE_TO_DEV, buffer + first * PAGE,
		       malloc((pages - first) * PAGE), pages - first) ==
	       (long)(pages - first), "every page asked for migrates");
	show("to the owner:", owner, buffer, pages, kinds);
	expect(all_are(kinds, 0, first, "system RAM"), "the first part stays in RAM");
	expect(all_are(kinds, first, pages, "device-private, own"),
	       "the owner sees its own pages");
	show_entry(buffer + first * PAGE);
	show("to another:", other, buffer, pages, kinds);
	expect(!all_are(kinds, first, first + 1, "device-private, own"),
	       "another device does not take them for its own");

	expect(intact(buffer, pages), "the CPU reads back what it wrote");
	printf("  after the CPU has read it all:\n");
	show("to the owner:", owner, buffer, pages, kinds);
	expect(all_are(kinds, 0, pages, "system RAM"), "all of it is in RAM again");
	close(owner);
	close(other);
}

/* @size bytes at an address that is a multiple of @align. */
static unsigned char *map_aligned(unsigned long size, unsigned long align)
{
	uintptr_t raw = (uintptr_t)mmap(NULL, size + align, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return (unsigned char *)((raw + align - 1) & ~(align - 1));
}

/* A device larger than what the CPU can address comes into being, and is used. */
static void large_device(unsigned char *buffer, unsigned long pages)
{
	const unsigned long gib = number_from("/sys/module/test_hmm/parameters/private_gib", "");
	const unsigned long bits = number_from("/proc/cpuinfo", "address sizes");
	struct timespec from, to;
	unsigned long backing;
	int device = open_device(0);

	printf("A device with %lu GiB of memory, on a CPU with %lu physical address bits (%lu GiB):\n",
	       gib, bits, 1UL << (bits - 30));
	expect(gib > 1UL << (bits - 30), "the device is larger than the address space");

	fill(buffer, pages);
	expect(command(device, HMM_DMIRROR_RELEASE, buffer, NULL, 1) >= 0,
	       "the device's pagemap is unregistered");
	backing = number_from("/proc/vmstat", "nr_memmap_pages ");
	clock_gettime(CLOCK_MONOTONIC, &from);
	expect(command(device, HMM_DMIRROR_MIGRATE_TO_DEV, buffer,
		       malloc(pages * PAGE), pages) == (long)pages,
	       "every page asked for migrates");
	clock_gettime(CLOCK_MONOTONIC, &to);
	backing = number_from("/proc/vmstat", "nr_memmap_pages ") - backing;
	printf("  registered, 256 MiB of it populated, %lu KiB migrated in %.1f ms\n",
	       pages * PAGE >> 10, (to.tv_sec - from.tv_sec) * 1e3 +
				   (to.tv_nsec - from.tv_nsec) / 1e6);
	printf("  memory for struct pages: %lu KiB, of %lu MiB if all of it had one\n",
	       backing * PAGE >> 10, gib << (30 - 12) >> (20 - 6));
	expect(backing && backing * PAGE <= 8UL << 20,
	       "there are struct pages for what is populated only");
	show_entry(buffer);
	expect(intact(buffer, pages), "the CPU reads back what it wrote");
	close(device);
}

int main(void)
{
	unsigned char *small = map_aligned(SMALL_PAGES * PAGE, PAGE);
	unsigned char *huge = map_aligned(HUGE, HUGE);

	setlinebuf(stdout);
	madvise(small, SMALL_PAGES * PAGE, MADV_NOHUGEPAGE);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	migrate_and_touch("64 KiB in 4 KiB pages, the second half migrated:",
			  small, SMALL_PAGES, SMALL_PAGES / 2);
	migrate_and_touch("2 MiB in one page, all of it migrated:",
			  huge, HUGE_PAGES, 0);

	large_device(small, SMALL_PAGES);

	printf("demo: %u expectations held, %u did not\n", held, broken);
	return broken != 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * P2P aliases of device private memory: a page of an exporter is accessed by DMA
 * of another device, where it is if that device can reach it, and in system memory
 * if it cannot.
 *
 * Needs the drivers of CONFIG_TEST_P2P_ALIAS and the devices they drive, which
 * QEMU has: an ivshmem-plain with at least 4 MiB of memory (8 MiB, for the test of
 * p2pmem) and an edu behind one PCIe switch ("near"), another edu behind another
 * host bridge ("far"). What a far one can reach depends on the CPU, see
 * cpu_supports_p2pdma(). The near one, the first that has the exporter's host bridge,
 * may also be behind another root port of it, or behind none. That is what an IOMMU
 * wants: QEMU lets it translate what one device behind a switch sends another, which a
 * real switch passes on as it is.
 *
 * Every test compares the bytes at both ends and asks where the pages are.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/mman.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* Private to the drivers, so not exported in include/uapi. */
#include <lib/test_hmm_uapi.h>
#include <lib/test_p2p_uapi.h>
#include <mm/vm_util.h>

#define BUF_PMDS	3
#define NR_PAGES	8UL	/* of the buffer that most tests use */
#define RACE_BYTES	64UL	/* of each page, in a transfer of the race */
#define UNBIND_ROUNDS	20
#define LONG_MS		100000	/* no page is thrown out of the window */
#define DRIVER		"/sys/bus/pci/drivers/test_p2p_exporter/"
/* Of PCIe's access control services, in the port that a device is behind. */
#define ACS_CAPABILITY	0x0d
#define ACS_CONTROL	6
#define ACS_REQUEST_REDIRECT 0x04
#define PARAMETERS	"/sys/module/test_p2p_exporter/parameters/"

#define ALIAS_RW	(P2P_TYPE_ALIAS | P2P_TYPE_WRITE)
#define LARGE_RW	(ALIAS_RW | P2P_TYPE_LARGE)
#define PRIVATE_RW	(P2P_TYPE_PRIVATE | P2P_TYPE_WRITE)
#define PRIVATE_RO	P2P_TYPE_PRIVATE
#define P2PMEM_RW	(P2P_TYPE_P2PMEM | P2P_TYPE_WRITE)
#define RAM_RW		(P2P_TYPE_RAM | P2P_TYPE_WRITE)

struct p2p {
	int exporter;
	int importer[2];	/* near, far */
	unsigned int nr[2];	/* bus number << 8 | devfn of these */
	unsigned char near_map;	/* how the near one reaches the exporter */
	bool far_reaches;
	unsigned long page;
	unsigned long pmd;
	unsigned char *buf;	/* aligned to a PMD, BUF_PMDS of them long */
	unsigned char *data;	/* NR_PAGES pages, for the device */
	unsigned char types[1024], maps[1024];
};

enum { NEAR, FAR };

/* The byte that a test expects at @offset of the buffer. */
static unsigned char pattern(unsigned long offset, unsigned char seed)
{
	return (offset * 7 + (offset >> 12) * 31 + seed) & 0xff;
}

static void fill(unsigned char *to, unsigned long bytes, unsigned char seed)
{
	for (unsigned long i = 0; i < bytes; i++)
		to[i] = pattern(i, seed);
}

static bool holds(const unsigned char *from, unsigned long bytes, unsigned char seed)
{
	for (unsigned long i = 0; i < bytes; i++)
		if (from[i] != pattern(i, seed))
			return false;
	return true;
}

/* Do all of the @n bytes have the value? */
static bool all(const unsigned char *bytes, unsigned long n, unsigned char value)
{
	for (unsigned long i = 0; i < n; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

/* The host bridge and the root port of a misc device's parent. */
static bool place_of(const char *name, char *place)
{
	char link[64], path[PATH_MAX], *slash = path;

	snprintf(link, sizeof(link), "/sys/class/misc/%s/device", name);
	if (!realpath(link, path))
		return false;
	for (int i = 0; i < 5 && slash; i++)	/* /sys/devices/BRIDGE/PORT/ */
		slash = strchr(slash + (i > 0), '/');
	if (slash)
		*slash = 0;
	strcpy(place, path);
	return true;
}

/* Bus number and devfn of a misc device's parent. */
static unsigned int pci_nr(const char *name)
{
	unsigned int bus, slot, function;
	char link[64], path[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/class/misc/%s/device", name);
	if (!realpath(link, path) ||
	    sscanf(strrchr(path, '/'), "/%*x:%x:%x.%x", &bus, &slot, &function) != 3)
		return 0;
	return bus << 8 | slot << 3 | function;
}

/* Are two such places below one host bridge, /sys/devices/BRIDGE/? */
static bool same_bridge(const char *one, const char *other)
{
	static const char devices[] = "/sys/devices/";
	const size_t n = strcspn(one + strlen(devices), "/") + 1;

	return !strncmp(one, other, strlen(devices) + n);
}

/* The pci_p2pdma allow list of CPUs, as far as QEMU has them. */
static bool cpu_allows_any_bridge(void)
{
	FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
	bool amd = false, found = false;
	char line[256];
	int family;

	while (cpuinfo && fgets(line, sizeof(line), cpuinfo)) {
		if (strstr(line, "AuthenticAMD"))
			amd = true;
		if (sscanf(line, "cpu family : %d", &family) == 1)
			found = amd && family >= 0x17;
	}
	if (cpuinfo)
		fclose(cpuinfo);
	return found;
}

static const char *near_place(const struct p2p *p)
{
	return p->near_map == P2P_MAP_BUS ? "same switch" : "other root port";
}

static void table(const char *test, unsigned char type, unsigned char map,
		  unsigned long bytes, const char *place)
{
	static const char * const types[] = { "none", "error", "RAM", "private",
					      "alias", "p2pmem" };
	static const char * const maps[] = { "-", "memory", "host bridge",
					     "bus address" };

	printf("# p2p: %-36s| %-8s| %-12s| %6lu | %s\n", test,
	       types[type & P2P_TYPE_MASK], maps[map], bytes, place);
}

/* What a file below the device of a misc device says, without the newline. */
static bool says(const char *name, const char *file, char *text, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/misc/%s/device/%s", name, file);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(text, size, f))
		*text = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(f);
	return true;
}

/* The number of the IOMMU group, -1 if there is none. */
static int group_of(const char *name)
{
	char link[128], path[PATH_MAX];

	snprintf(link, sizeof(link), "/sys/class/misc/%s/device/iommu_group", name);
	return realpath(link, path) ? atoi(strrchr(path, '/') + 1) : -1;
}

/* Does the port above send requests between devices up to the host bridge? */
static const char *acs_redirect(const char *name)
{
	unsigned int header, at = 0x100, next;
	char link[128], path[PATH_MAX];
	const char *found = "-";
	uint16_t control;
	int fd;

	snprintf(link, sizeof(link), "/sys/class/misc/%s/device", name);
	if (!realpath(link, path))
		return found;
	strcpy(strrchr(path, '/'), "/config");
	fd = open(path, O_RDONLY);
	for (; pread(fd, &header, sizeof(header), at) == sizeof(header); at = next) {
		next = header >> 20;
		if ((header & 0xffff) == ACS_CAPABILITY &&
		    pread(fd, &control, sizeof(control), at + ACS_CONTROL) == sizeof(control))
			found = control & ACS_REQUEST_REDIRECT ? "on" : "off";
		if (next <= at)
			break;
	}
	close(fd);
	return found;
}

FIXTURE(p2p)
{
	struct p2p p2p;
};

static int import(struct p2p *p, int who, unsigned long first, unsigned long n,
		  unsigned int flags, unsigned int bytes)
{
	struct p2p_access access = {
		.addr = (uintptr_t)p->buf + first * p->page,
		.npages = n,
		.data = bytes ? (uintptr_t)p->data : 0,
		.types = (uintptr_t)p->types,
		.maps = (uintptr_t)p->maps,
		.bytes = bytes,
		.flags = flags,
	};

	memset(p->types, 0xff, sizeof(p->types));
	memset(p->maps, 0xff, sizeof(p->maps));
	return ioctl(p->importer[who], P2P_IMPORTER_ACCESS, &access) ? -errno : 0;
}

static int export(struct p2p *p, unsigned long cmd, unsigned long first,
		  unsigned long n, unsigned long *done)
{
	struct p2p_range range = {
		.addr = (uintptr_t)p->buf + first * p->page,
		.npages = n,
		.types = (uintptr_t)p->types,
	};
	int ret = ioctl(p->exporter, cmd, &range) ? -errno : 0;

	if (done)
		*done = range.done;
	return ret;
}

/* What the owner is told: where the pages are. */
static bool owner_sees(struct p2p *p, unsigned long first, unsigned long n,
		       unsigned char type)
{
	return !export(p, P2P_EXPORTER_TYPES, first, n, NULL) &&
	       all(p->types, n, type);
}

static int configure(struct p2p *p, unsigned int mode, unsigned int window,
		     unsigned int ms)
{
	struct p2p_exporter_config config = {
		.mode = mode, .window_pages = window, .residency_ms = ms,
	};

	return ioctl(p->exporter, P2P_EXPORTER_CONFIG, &config) ? -errno : 0;
}

static struct p2p_exporter_info info(struct p2p *p)
{
	struct p2p_exporter_info info = {};

	ioctl(p->exporter, P2P_EXPORTER_INFO, &info);
	return info;
}

static int open_misc(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", name);
	return open(path, O_RDWR);
}

/* The exporter, and the importers by their place. */
static bool open_devices(struct p2p *p)
{
	char there[PATH_MAX], here[PATH_MAX], name[32];

	p->importer[NEAR] = -1;
	p->importer[FAR] = -1;
	p->exporter = open_misc("p2p_exporter0");
	if (p->exporter < 0 || !place_of("p2p_exporter0", there))
		return false;
	for (int i = 0; i < 2; i++) {
		int who;

		snprintf(name, sizeof(name), "p2p_importer%d", i);
		if (!place_of(name, here))
			return false;
		who = same_bridge(here, there) && p->importer[NEAR] < 0 ? NEAR : FAR;
		if (who == NEAR)
			p->near_map = strcmp(here, there) ? P2P_MAP_MMIO : P2P_MAP_BUS;
		p->importer[who] = open_misc(name);
		p->nr[who] = pci_nr(name);
	}
	return p->importer[NEAR] >= 0 && p->importer[FAR] >= 0;
}

FIXTURE_SETUP(p2p)
{
	struct p2p *p = &self->p2p;
	struct p2p_range range;
	char *area;

	if (!open_devices(p))
		SKIP(return, "no exporter, or no two importers (CONFIG_TEST_P2P_ALIAS)");
	p->far_reaches = cpu_allows_any_bridge();
	if (p->near_map == P2P_MAP_MMIO && !p->far_reaches)
		SKIP(return, "no importer that this kernel lets reach the exporter");
	p->page = psize();
	p->pmd = read_pmd_pagesize();
	ASSERT_NE(p->pmd, 0);
	ASSERT_LE(p->pmd / p->page, sizeof(p->types));
	p->data = malloc(NR_PAGES * p->page);
	ASSERT_NE(p->data, NULL);

	area = mmap(NULL, (BUF_PMDS + 1) * p->pmd, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(area, MAP_FAILED);
	p->buf = (void *)(((uintptr_t)area + p->pmd - 1) & ~(p->pmd - 1));
	ASSERT_EQ(madvise(p->buf, BUF_PMDS * p->pmd, MADV_NOHUGEPAGE), 0);

	range = (struct p2p_range){
		.addr = (uintptr_t)p->buf, .npages = BUF_PMDS * p->pmd / p->page,
	};
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(ioctl(p->importer[i], P2P_IMPORTER_REGISTER, &range), 0);
	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, LONG_MS), 0);
}

FIXTURE_TEARDOWN(p2p)
{
	struct p2p *p = &self->p2p;
	const struct p2p_exporter_info now = info(p);

	/* The exporter has been told of every address that is free. */
	EXPECT_EQ(now.unmaps, now.maps - now.mapped_pages);
	configure(p, P2P_MAP_NORMAL, 0, 0);
	close(p->importer[NEAR]);
	close(p->importer[FAR]);
	close(p->exporter);
	free(p->data);
}

/* Fill @n pages of the buffer and migrate them to the exporter. */
static bool to_device(struct p2p *p, unsigned long n, unsigned char seed)
{
	unsigned long done = 0;

	fill(p->buf, n * p->page, seed);
	if (export(p, P2P_EXPORTER_MIGRATE, 0, n, &done) || done != n) {
		ksft_print_msg("%lu of %lu pages migrated\n", done, n);
		return false;
	}
	return owner_sees(p, 0, n, PRIVATE_RW);
}

/* Does the importer get the buffer by this type, map and data? */
static bool imported(struct p2p *p, int who, unsigned long n, unsigned int flags,
		     unsigned char type, unsigned char map, unsigned char seed)
{
	int err = import(p, who, 0, n, flags, p->page);

	if (!err && all(p->types, n, type) && all(p->maps, n, map) &&
	    holds(p->data, n * p->page, seed))
		return true;
	ksft_print_msg("import: %d, first page of type %u, map %u\n", err,
		       p->types[0], p->maps[0]);
	return false;
}

/* Tell what is between the devices; the other tests tell what comes of it. */
TEST_F(p2p, path)
{
	const int exporter = group_of("p2p_exporter0");
	struct p2p *p = &self->p2p;
	char there[PATH_MAX], here[PATH_MAX], name[32], domain[32];

	ASSERT_TRUE(place_of("p2p_exporter0", there));
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "p2p_importer%d", i);
		ASSERT_TRUE(place_of(name, here));
		if (!says(name, "iommu_group/type", domain, sizeof(domain)))
			strcpy(domain, "none");
		printf("# p2p: path: %s | %s | %s | %s\n",
		       same_bridge(here, there) ? near_place(p) : "other host bridge",
		       domain, acs_redirect(name),
		       group_of(name) < 0 ? "-" : group_of(name) == exporter ? "one" : "two");
	}
}

TEST_F(p2p, near_read)
{
	struct p2p *p = &self->p2p;
	unsigned long maps = info(p).maps;
	char test[64];

	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 1));
	snprintf(test, sizeof(test), "read, %s", near_place(p));
	table(test, p->types[0], p->maps[0], NR_PAGES * p->page,
	      "stayed on the device");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	ASSERT_EQ(info(p).maps, maps + NR_PAGES);

	/* A second time: nothing is mapped anew. */
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 1));
	ASSERT_EQ(info(p).maps, maps + NR_PAGES);
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 1));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	ASSERT_EQ(info(p).mapped_pages, 0);
	ASSERT_EQ(info(p).used_pages, 0);
}

TEST_F(p2p, near_write)
{
	struct p2p *p = &self->p2p;
	char test[64];

	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	fill(p->data, NR_PAGES * p->page, 2);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, ALIAS_RW));
	ASSERT_TRUE(all(p->maps, NR_PAGES, p->near_map));
	snprintf(test, sizeof(test), "write, %s", near_place(p));
	table(test, p->types[0], p->maps[0], NR_PAGES * p->page,
	      "stayed on the device");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 2));
}

TEST_F(p2p, near_with_mmap_lock)
{
	struct p2p *p = &self->p2p;

	ASSERT_TRUE(to_device(p, NR_PAGES, 3));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, P2P_ACCESS_LOCKED, ALIAS_RW, p->near_map, 3));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
}

TEST_F(p2p, no_opt_in)
{
	struct p2p *p = &self->p2p;
	unsigned long maps = info(p).maps;

	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, P2P_ACCESS_NO_ALIAS, RAM_RW, P2P_MAP_MEMORY, 1));
	table("read, importer did not opt in", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "moved to RAM");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	ASSERT_EQ(info(p).maps, maps);
}

TEST_F(p2p, other_host_bridge)
{
	struct p2p *p = &self->p2p;
	unsigned long maps = info(p).maps;

	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	if (p->far_reaches) {
		ASSERT_TRUE(imported(p, FAR, NR_PAGES, 0, ALIAS_RW, P2P_MAP_MMIO, 1));
		ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
		fill(p->data, NR_PAGES * p->page, 2);
		ASSERT_EQ(import(p, FAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
		ASSERT_TRUE(all(p->maps, NR_PAGES, P2P_MAP_MMIO));
		table("write, other host bridge", p->types[0], p->maps[0],
		      NR_PAGES * p->page, "stayed on the device");
		ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
		ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 2));
		return;
	}
	ASSERT_TRUE(imported(p, FAR, NR_PAGES, 0, RAM_RW, P2P_MAP_MEMORY, 1));
	table("read, other host bridge (refused)", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "moved to RAM");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	/* The exporter was not asked. */
	ASSERT_EQ(info(p).maps, maps);
}

TEST_F(p2p, importer_without_pci)
{
	struct hmm_dmirror_cmd cmd = {};
	struct p2p *p = &self->p2p;
	int fd = open("/dev/hmm_dmirror0", O_RDWR);

	if (fd < 0)
		SKIP(return, "/dev/hmm_dmirror0: %s (CONFIG_TEST_HMM)", strerror(errno));
	ASSERT_TRUE(to_device(p, NR_PAGES, 4));
	cmd.addr = (uintptr_t)p->buf;
	cmd.ptr = (uintptr_t)p->data;
	cmd.npages = NR_PAGES;
	ASSERT_EQ(ioctl(fd, HMM_DMIRROR_READ, &cmd), 0);
	ASSERT_TRUE(holds(p->data, NR_PAGES * p->page, 4));
	table("read, importer that is not PCI", P2P_TYPE_RAM, P2P_MAP_MEMORY,
	      NR_PAGES * p->page, "moved to RAM");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	close(fd);
}

/* The exporter has done its part, and yet DMA is not possible. */
TEST_F(p2p, cannot_map)
{
	struct p2p *p = &self->p2p;

	ASSERT_TRUE(to_device(p, NR_PAGES, 28));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, P2P_ACCESS_CANNOT_MAP, RAM_RW,
			     P2P_MAP_MEMORY, 28));
	table("read, alias cannot be mapped", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "moved to RAM");
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	ASSERT_EQ(info(p).mapped_pages, 0);
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 28));
}

/* Nothing is faulted and the exporter is not asked; an alias there is, is told. */
TEST_F(p2p, snapshot)
{
	struct p2p *p = &self->p2p;
	unsigned long maps = info(p).maps;

	ASSERT_TRUE(to_device(p, NR_PAGES, 5));
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, P2P_TYPE_NONE));
	ASSERT_EQ(info(p).maps, maps);

	ASSERT_EQ(import(p, NEAR, 0, 2, 0, 0), 0);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	ASSERT_TRUE(all(p->types, 2, ALIAS_RW));
	ASSERT_TRUE(all(p->types + 2, NR_PAGES - 2, P2P_TYPE_NONE));
	/* It is an alias for who can reach it only. */
	ASSERT_EQ(import(p, FAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	ASSERT_TRUE(all(p->types, 2, p->far_reaches ? ALIAS_RW : P2P_TYPE_NONE));
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT |
			 P2P_ACCESS_NO_ALIAS, 0), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, P2P_TYPE_NONE));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
}

TEST_F(p2p, exporter_refuses)
{
	static const struct {
		unsigned int mode;
		const char *row;
	} cases[] = {
		{ P2P_MAP_ENOSPC, "read, exporter has no room" },
		{ P2P_MAP_EOPNOTSUPP, "read, exporter does not support it" },
		{ P2P_MAP_GARBAGE, "read, exporter gives no address" },
		{ P2P_MAP_OTHER_BAR, "read, exporter gives another BAR" },
		{ P2P_MAP_NOTHING, "read, exporter maps no page" },
		{ P2P_MAP_TOO_MANY, "read, exporter maps too many" },
	};
	struct p2p *p = &self->p2p;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_TRUE(to_device(p, NR_PAGES, 10 + i));
		ASSERT_EQ(configure(p, cases[i].mode, 0, 0), 0);
		ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, RAM_RW, P2P_MAP_MEMORY, 10 + i));
		table(cases[i].row, p->types[0], p->maps[0], NR_PAGES * p->page,
		      "moved to RAM");
		ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
		ASSERT_EQ(info(p).mapped_pages, 0);
	}
	/* It can change its mind. */
	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, LONG_MS), 0);
	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 1));
}

/* Neither an alias nor a copy: nothing happens until the exporter can. */
TEST_F(p2p, exporter_later)
{
	struct p2p *p = &self->p2p;

	ASSERT_TRUE(to_device(p, NR_PAGES, 31));
	ASSERT_EQ(configure(p, P2P_MAP_EAGAIN, 0, LONG_MS), 0);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, 0, p->page), -EAGAIN);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_LOCKED, p->page), -EAGAIN);
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	table("read, exporter says later", P2P_TYPE_NONE, P2P_MAP_NONE, 0,
	      "stayed on the device");
	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, LONG_MS), 0);
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 31));

	/* An importer that did not opt in gets it, and so does the CPU. */
	ASSERT_EQ(export(p, P2P_EXPORTER_REVOKE, 0, NR_PAGES, NULL), 0);
	ASSERT_EQ(configure(p, P2P_MAP_EAGAIN, 0, LONG_MS), 0);
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, P2P_ACCESS_NO_ALIAS, RAM_RW,
			     P2P_MAP_MEMORY, 31));
}

/* Window of half the buffer, and nobody is thrown out: the rest goes to RAM. */
TEST_F(p2p, window_exhausted)
{
	struct p2p *p = &self->p2p;
	const unsigned long half = NR_PAGES / 2;

	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, half, LONG_MS), 0);
	ASSERT_TRUE(to_device(p, NR_PAGES, 6));
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, 0, p->page), 0);
	ASSERT_TRUE(all(p->types, half, ALIAS_RW));
	ASSERT_TRUE(all(p->maps, half, p->near_map));
	ASSERT_TRUE(all(p->types + half, half, RAM_RW));
	ASSERT_TRUE(all(p->maps + half, half, P2P_MAP_MEMORY));
	ASSERT_TRUE(holds(p->data, NR_PAGES * p->page, 6));
	table("read, window exhausted: first half", p->types[0], p->maps[0],
	      half * p->page, "stayed on the device");
	table("read, window exhausted: other half", p->types[half], p->maps[half],
	      half * p->page, "moved to RAM");
	ASSERT_TRUE(owner_sees(p, 0, half, PRIVATE_RW));
	ASSERT_TRUE(owner_sees(p, half, half, RAM_RW));
}

/* The same window, and pages are thrown out: what the device wrote is kept. */
TEST_F(p2p, window_reclaimed)
{
	struct p2p *p = &self->p2p;
	const unsigned long half = NR_PAGES / 2;
	unsigned long revokes = info(p).revokes;

	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, half, 0), 0);
	ASSERT_TRUE(to_device(p, NR_PAGES, 7));
	fill(p->data, NR_PAGES * p->page, 8);
	ASSERT_EQ(import(p, NEAR, 0, half, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_TRUE(all(p->types, half, ALIAS_RW));

	ASSERT_EQ(import(p, NEAR, half, half, 0, p->page), 0);
	ASSERT_TRUE(all(p->types, half, ALIAS_RW));
	ASSERT_TRUE(all(p->maps, half, p->near_map));
	ASSERT_EQ(info(p).revokes, revokes + half);
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	table("read, window reclaimed", ALIAS_RW, p->near_map, half * p->page,
	      "stayed on the device");

	ASSERT_EQ(import(p, NEAR, 0, half, P2P_ACCESS_SNAPSHOT, 0), 0);
	ASSERT_TRUE(all(p->types, half, P2P_TYPE_NONE));
	ASSERT_EQ(import(p, NEAR, 0, half, 0, p->page), 0);
	ASSERT_TRUE(all(p->types, half, ALIAS_RW));
	ASSERT_TRUE(holds(p->data, half * p->page, 8));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
}

/*
 * The same window, and no page stays in it: pages of one request throw out each
 * other. The request comes to an end for all that, whether it is the importer
 * that repeats it or hmm_range_fault_unlocked_timeout(). What it asked an
 * exporter for and did not get is moved to RAM.
 */
TEST_F(p2p, window_without_residency)
{
	static const unsigned int locked[] = { P2P_ACCESS_LOCKED, 0 };
	struct p2p *p = &self->p2p;

	for (unsigned int i = 0; i < ARRAY_SIZE(locked); i++) {
		ASSERT_EQ(configure(p, P2P_MAP_NORMAL, NR_PAGES / 2, 0), 0);
		ASSERT_TRUE(to_device(p, NR_PAGES, 11));
		ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, locked[i], p->page), 0);
		for (unsigned long page = 0; page < NR_PAGES; page++)
			ASSERT_TRUE(p->types[page] == ALIAS_RW ||
				    p->types[page] == RAM_RW);
		ASSERT_NE(memchr(p->types, RAM_RW, NR_PAGES), NULL);
		ASSERT_TRUE(holds(p->data, NR_PAGES * p->page, 11));
	}
}

TEST_F(p2p, revoke)
{
	struct p2p *p = &self->p2p;
	unsigned long done;

	ASSERT_TRUE(to_device(p, NR_PAGES, 1));
	fill(p->data, NR_PAGES * p->page, 9);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_EQ(info(p).mapped_pages, NR_PAGES);
	ASSERT_EQ(export(p, P2P_EXPORTER_REVOKE, 0, NR_PAGES, &done), 0);
	ASSERT_EQ(done, NR_PAGES);
	ASSERT_EQ(info(p).mapped_pages, 0);

	/* The importer has lost its mapping, the page is where it was. */
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, P2P_TYPE_NONE));
	ASSERT_TRUE(all(p->maps, NR_PAGES, P2P_MAP_NONE));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 9));
	table("read, after revoke", p->types[0], p->maps[0], NR_PAGES * p->page,
	      "stayed on the device");
}

/* Nanoseconds that an access of @n pages takes which moves no data. */
static unsigned long cost(struct p2p *p, unsigned long n, unsigned int flags)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (import(p, NEAR, 0, n, flags, 0))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
}

/*
 * What it costs to fault a page and to map it for DMA. Where the clock counts
 * instructions, as QEMU's does with -icount shift=0, a nanosecond is one.
 */
TEST_F(p2p, costs)
{
	const unsigned long n = 256;
	struct p2p *p = &self->p2p;
	unsigned long miss, alias, fallback, ram, done;

	/* The second time the caches are warm. */
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, 0), 0);
		ASSERT_TRUE(to_device(p, n, 21));
		miss = cost(p, n, 0);
		ASSERT_TRUE(all(p->types, n, ALIAS_RW));
		alias = cost(p, n, 0);
		ASSERT_TRUE(all(p->types, n, ALIAS_RW));
		ASSERT_EQ(export(p, P2P_EXPORTER_REVOKE, 0, n, &done), 0);
		ASSERT_EQ(done, n);
		ASSERT_EQ(configure(p, P2P_MAP_ENOSPC, 0, 0), 0);
		fallback = cost(p, n, 0);
		ASSERT_TRUE(all(p->types, n, RAM_RW));
		ram = cost(p, n, 0);
		ASSERT_TRUE(all(p->types, n, RAM_RW));
	}
	TH_LOG("ns per page: alias %lu, alias after a miss %lu, fallback to RAM %lu, RAM %lu",
	       alias / n, miss / n, fallback / n, ram / n);
}

/* As to_device(), and neighbours are not neighbours in the exporter's memory. */
static bool to_device_backwards(struct p2p *p, unsigned long n, unsigned char seed)
{
	unsigned long done;

	fill(p->buf, n * p->page, seed);
	for (unsigned long i = n; i--;)
		if (export(p, P2P_EXPORTER_MIGRATE, i, 1, &done) || done != 1)
			return false;
	return owner_sees(p, 0, n, PRIVATE_RW);
}

/* Nanoseconds per page to give @n pages an alias: the shortest of three tries. */
static unsigned long first_touch(struct p2p *p, unsigned long n, unsigned int flags,
				 bool backwards)
{
	unsigned long done, best = ULONG_MAX;

	for (int i = 0; i < 3; i++) {
		unsigned long ns;

		if (!(backwards ? to_device_backwards : to_device)(p, n, 24))
			return 0;
		ns = cost(p, n, flags);
		if (!ns || !all(p->types, n, ALIAS_RW) ||
		    export(p, P2P_EXPORTER_REVOKE, 0, n, &done) || done != n)
			return 0;
		best = ns < best ? ns : best;
	}
	return best / n;
}

/*
 * What a page costs should not depend on how many there are: a walk that dropped out
 * to have aliases made does not start over. That is printed, for a clock counts what
 * others do, too; impatient fails if it is not so.
 */
TEST_F(p2p, first_touch)
{
	struct p2p *p = &self->p2p;
	unsigned long n = sizeof(p->types), few, many;

	if (n > info(p).window_pages)
		n = info(p).window_pages;
	for (int i = 0; i < 4; i++) {
		const unsigned int flags = i & 1 ? P2P_ACCESS_LOCKED : 0;

		few = first_touch(p, 16, flags, i & 2);
		many = first_touch(p, n, flags, i & 2);
		TH_LOG("mmap_lock %s, migrated %s: ns per page of 16: %lu, of %lu: %lu",
		       i & 1 ? "held" : "not held", i & 2 ? "one by one" : "together",
		       few, n, many);
		ASSERT_GT(few, 0);
		ASSERT_GT(many, 0);
	}
}

/*
 * A window that is too small, and no page stays in it: pages take the aliases of
 * those in front of them. The request comes to an end for all that.
 */
TEST_F(p2p, window_taken_back)
{
	static const unsigned int locked[] = { P2P_ACCESS_LOCKED, 0 };
	const unsigned long n = 8 * NR_PAGES;
	struct p2p *p = &self->p2p;

	for (unsigned int i = 0; i < ARRAY_SIZE(locked); i++) {
		ASSERT_EQ(configure(p, P2P_MAP_NORMAL, NR_PAGES, 0), 0);
		ASSERT_TRUE(to_device_backwards(p, n, 26));
		ASSERT_EQ(import(p, NEAR, 0, n, locked[i], 0), 0);
		for (unsigned long page = 0; page < n; page++)
			ASSERT_TRUE(p->types[page] == ALIAS_RW ||
				    p->types[page] == RAM_RW);
		ASSERT_NE(memchr(p->types, RAM_RW, n), NULL);
		ASSERT_TRUE(holds(p->buf, n * p->page, 26));
	}
}

/*
 * Faulting takes longer than an importer that gives up after a tick has patience, and
 * all of it invalidates the range. But it is progress.
 */
TEST_F(p2p, impatient)
{
	const unsigned int flags = P2P_ACCESS_NO_ALIAS | P2P_ACCESS_IMPATIENT;
	struct p2p *p = &self->p2p;
	unsigned long n = sizeof(p->types);

	if (n > info(p).memory_pages)
		n = info(p).memory_pages;
	ASSERT_TRUE(to_device(p, n, 25));
	ASSERT_EQ(import(p, NEAR, 0, n, flags, 0), 0);
	ASSERT_TRUE(all(p->types, n, RAM_RW));
	ASSERT_TRUE(holds(p->buf, n * p->page, 25));
}

/* Hole, RAM, pages of the exporter: each keeps its kind. */
TEST_F(p2p, mixed_range)
{
	struct p2p *p = &self->p2p;
	unsigned long done;

	fill(p->buf + 2 * p->page, 4 * p->page, 11);
	ASSERT_EQ(export(p, P2P_EXPORTER_MIGRATE, 4, 2, &done), 0);
	ASSERT_EQ(done, 2);
	ASSERT_EQ(import(p, NEAR, 0, 6, P2P_ACCESS_WRITE, 0), 0);
	ASSERT_TRUE(all(p->types, 4, RAM_RW));
	ASSERT_TRUE(all(p->maps, 4, P2P_MAP_MEMORY));
	ASSERT_TRUE(all(p->types + 4, 2, ALIAS_RW));
	ASSERT_TRUE(all(p->maps + 4, 2, p->near_map));
	ASSERT_TRUE(owner_sees(p, 0, 4, RAM_RW));
	ASSERT_TRUE(owner_sees(p, 4, 2, PRIVATE_RW));
	ASSERT_TRUE(holds(p->buf + 2 * p->page, 4 * p->page, 11));
}

/* Permission first: a page that is read only is not written through its alias. */
TEST_F(p2p, copy_on_write)
{
	struct p2p *p = &self->p2p;
	int ready[2], go[2], status;
	char byte = 0;
	pid_t child;

	ASSERT_EQ(pipe(ready), 0);
	ASSERT_EQ(pipe(go), 0);
	ASSERT_TRUE(to_device(p, NR_PAGES, 12));
	child = fork();
	if (!child) {
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(!holds(p->buf, NR_PAGES * p->page, 12));
	}
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RO));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, P2P_TYPE_ALIAS, p->near_map, 12));
	ASSERT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RO));

	fill(p->data, NR_PAGES * p->page, 13);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, RAM_RW));
	table("write, read-only page of a fork", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "copied to RAM");
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 13));
	ASSERT_EQ(write(go[1], &byte, 1), 1);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_EQ(status, 0);
}

TEST_F(p2p, unmap)
{
	struct p2p *p = &self->p2p;

	ASSERT_TRUE(to_device(p, NR_PAGES, 14));
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 14));
	ASSERT_EQ(info(p).mapped_pages, NR_PAGES);
	ASSERT_EQ(munmap(p->buf, NR_PAGES * p->page), 0);
	ASSERT_EQ(info(p).mapped_pages, 0);
	ASSERT_EQ(info(p).used_pages, 0);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, 0, 0), -EFAULT);
}

/*
 * Memory of the exporter that has PFNs and that a process has mapped. It is no
 * alias and cannot move to RAM: who cannot reach it is told so, once.
 */
TEST_F(p2p, p2pmem)
{
	struct p2p *p = &self->p2p;
	char path[PATH_MAX + 32], test[64];
	void *addr;
	int fd;

	ASSERT_NE(realpath("/sys/class/misc/p2p_exporter0/device", path), NULL);
	strcat(path, "/p2pmem/allocate");
	fd = open(path, O_RDWR);
	if (fd < 0)
		SKIP(return, "%s: %s (ivshmem of 8 MiB)", path, strerror(errno));
	addr = mmap(p->buf, NR_PAGES * p->page, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, fd, 0);
	ASSERT_EQ(addr, p->buf);

	fill(p->buf, NR_PAGES * p->page, 22);
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, P2PMEM_RW, p->near_map, 22));
	snprintf(test, sizeof(test), "read, p2pmem, %s", near_place(p));
	table(test, p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	fill(p->data, NR_PAGES * p->page, 23);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 23));

	if (p->far_reaches) {
		ASSERT_TRUE(imported(p, FAR, NR_PAGES, 0, P2PMEM_RW, P2P_MAP_MMIO, 23));
	} else {
		ASSERT_EQ(import(p, FAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
		ASSERT_TRUE(all(p->types, NR_PAGES, P2PMEM_RW));
		ASSERT_TRUE(all(p->maps, NR_PAGES, P2P_MAP_NONE));
		ASSERT_EQ(import(p, FAR, 0, NR_PAGES, 0, p->page), -EFAULT);
		ASSERT_EQ(import(p, FAR, 0, NR_PAGES, P2P_ACCESS_LOCKED, p->page),
			  -EFAULT);
		table("read, p2pmem, other host bridge", P2P_TYPE_P2PMEM,
		      P2P_MAP_NONE, 0, "refused");
	}
	ASSERT_TRUE(holds(p->buf, NR_PAGES * p->page, 23));
	ASSERT_EQ(munmap(p->buf, NR_PAGES * p->page), 0);
	close(fd);
}

/* A folio of a PMD's size: aliases for all of it, and for the rest when split. */
/* As to_device(), of one folio: a PMD. False if there is no huge page. */
static bool huge_to_device(struct p2p *p, unsigned char seed)
{
	unsigned long n = p->pmd / p->page, done = 0;

	if (madvise(p->buf, p->pmd, MADV_HUGEPAGE))
		return false;
	fill(p->buf, p->pmd, seed);
	return check_huge_anon(p->buf, 2 * p->pmd, 1, p->pmd) &&
	       !export(p, P2P_EXPORTER_MIGRATE, 0, n, &done) && done == n &&
	       owner_sees(p, 0, n, PRIVATE_RW);
}

/* The exporter maps a folio piece by piece. */
TEST_F(p2p, huge_in_parts)
{
	struct p2p *p = &self->p2p;
	const unsigned long n = p->pmd / p->page;

	if (!huge_to_device(p, 30))
		SKIP(return, "no huge page to be had");
	ASSERT_EQ(configure(p, P2P_MAP_PART, 0, LONG_MS), 0);
	ASSERT_EQ(import(p, NEAR, 0, n, 0, 0), 0);
	ASSERT_TRUE(all(p->types, n, ALIAS_RW));
	ASSERT_TRUE(all(p->maps, n, p->near_map));
	ASSERT_EQ(info(p).mapped_pages, n);
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 30));
	table("read, exporter maps part by part", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	ASSERT_EQ(munmap(p->buf, p->pmd), 0);
	ASSERT_EQ(info(p).mapped_pages, 0);
}

TEST_F(p2p, huge)
{
	struct p2p *p = &self->p2p;
	const unsigned long n = p->pmd / p->page;

	if (!huge_to_device(p, 15))
		SKIP(return, "no huge page to be had");

	/* The middle of it. */
	ASSERT_EQ(import(p, NEAR, 3, 2, 0, 0), 0);
	ASSERT_TRUE(all(p->types, 2, ALIAS_RW));
	ASSERT_EQ(info(p).mapped_pages, 2);
	/* All of it; data of some. */
	ASSERT_EQ(import(p, NEAR, 0, n, 0, 0), 0);
	ASSERT_TRUE(all(p->types, n, ALIAS_RW));
	ASSERT_TRUE(all(p->maps, n, p->near_map));
	ASSERT_EQ(info(p).mapped_pages, n);
	ASSERT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 15));
	table("read, large folio", p->types[0], p->maps[0], NR_PAGES * p->page,
	      "stayed on the device");
	ASSERT_TRUE(owner_sees(p, 0, n, PRIVATE_RW));

	/* The CPU gets a part of it: split. */
	ASSERT_EQ(munmap(p->buf, p->page), 0);
	ASSERT_TRUE(holds(p->buf + p->pmd / 2, p->pmd / 2,
			  pattern(p->pmd / 2, 15)));
	ASSERT_EQ(import(p, NEAR, 1, n - 1, 0, 0), 0);
	ASSERT_TRUE(holds(p->buf + p->page, p->pmd - p->page,
			  pattern(p->page, 15)));
	ASSERT_EQ(munmap(p->buf, p->pmd), 0);
	ASSERT_EQ(info(p).mapped_pages, 0);
	ASSERT_EQ(info(p).used_pages, 0);
}

static void *import_all(void *p)
{
	import(p, NEAR, 0, NR_PAGES, 0, 0);
	return NULL;
}

/*
 * An exporter that never comes back from the first page holds up its importer until
 * that is killed, but not who wants the other pages.
 */
TEST_F(p2p, killed_while_mapping)
{
	struct p2p *p = &self->p2p;
	int status, ready[2];
	pid_t child;
	char byte;

	ASSERT_EQ(pipe(ready), 0);
	child = fork();
	if (!child) {
		struct p2p_range range = {
			.addr = (uintptr_t)p->buf, .npages = NR_PAGES,
		};
		struct p2p other = *p;
		pthread_t thread;

		if (!open_devices(&other) ||
		    ioctl(other.importer[NEAR], P2P_IMPORTER_REGISTER, &range))
			_exit(1);
		fill(p->buf, NR_PAGES * p->page, 16);
		if (export(p, P2P_EXPORTER_MIGRATE, 0, NR_PAGES, NULL) ||
		    configure(p, P2P_MAP_SLEEP, 0, 0) ||
		    pthread_create(&thread, NULL, import_all, &other))
			_exit(2);
		usleep(200000);
		for (unsigned long i = p->page; i < NR_PAGES * p->page; i++)
			if (p->buf[i] != pattern(i, 16))
				_exit(3);
		if (write(ready[1], "", 1) != 1)
			_exit(4);
		pthread_join(thread, NULL);
		_exit(5);
	}
	close(ready[1]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	usleep(200000);
	ASSERT_EQ(waitpid(child, &status, WNOHANG), 0);
	ASSERT_EQ(kill(child, SIGKILL), 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(info(p).used_pages, 0);
	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, 0), 0);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The name that the PCI bus has for the exporter. */
static bool exporter_name(char *name)
{
	char path[PATH_MAX];

	if (!realpath("/sys/class/misc/p2p_exporter0/device", path))
		return false;
	strcpy(name, strrchr(path, '/') + 1);
	return true;
}

/* The exporter goes while its pages are mapped: they end up in RAM. */
TEST_F(p2p, exporter_unbound)
{
	struct p2p *p = &self->p2p;
	char name[NAME_MAX];

	ASSERT_TRUE(exporter_name(name));
	ASSERT_TRUE(to_device(p, NR_PAGES, 17));
	fill(p->data, NR_PAGES * p->page, 18);
	ASSERT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	ASSERT_TRUE(all(p->types, NR_PAGES, ALIAS_RW));

	ASSERT_EQ(write_text(DRIVER "unbind", name), 0);
	EXPECT_EQ(export(p, P2P_EXPORTER_TYPES, 0, NR_PAGES, NULL), -ENODEV);
	EXPECT_EQ(import(p, NEAR, 0, NR_PAGES, 0, p->page), 0);
	EXPECT_TRUE(all(p->types, NR_PAGES, RAM_RW));
	EXPECT_TRUE(holds(p->data, NR_PAGES * p->page, 18));
	EXPECT_TRUE(holds(p->buf, NR_PAGES * p->page, 18));
	table("read, exporter unbound", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "moved to RAM");
	ASSERT_EQ(write_text(DRIVER "bind", name), 0);
}

/*
 * Bind the exporter anew, with all of its memory in its BAR, or with a say in who the
 * importer is, or as it was. The parameters are for this one time.
 */
static bool bind_exporter(struct p2p *p, const char *parameter)
{
	char name[NAME_MAX], path[128] = PARAMETERS;
	const bool linear = parameter && !strcmp(parameter, "linear");

	if (parameter)
		strcat(path, parameter);
	if (!exporter_name(name) || (parameter && write_text(path, "Y")) ||
	    write_text(DRIVER "unbind", name) || write_text(DRIVER "bind", name) ||
	    (parameter && write_text(path, "N")))
		return false;
	close(p->exporter);
	p->exporter = open_misc("p2p_exporter0");
	return p->exporter >= 0 &&
	       (info(p).window_pages == info(p).memory_pages) == linear;
}

/* The index of a page tells its alias: there is nothing to ask the exporter. */
TEST_F(p2p, linear)
{
	struct p2p *p = &self->p2p;

	ASSERT_TRUE(bind_exporter(p, "linear"));
	EXPECT_TRUE(to_device(p, NR_PAGES, 24));
	EXPECT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	EXPECT_TRUE(all(p->types, NR_PAGES, ALIAS_RW));
	EXPECT_EQ(import(p, FAR, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0), 0);
	EXPECT_TRUE(all(p->types, NR_PAGES, p->far_reaches ? ALIAS_RW : P2P_TYPE_NONE));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 24));
	table("read, linear exporter", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	fill(p->data, NR_PAGES * p->page, 25);
	EXPECT_EQ(import(p, NEAR, 0, NR_PAGES, P2P_ACCESS_WRITE, p->page), 0);
	EXPECT_TRUE(all(p->maps, NR_PAGES, p->near_map));
	table("write, linear exporter", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	EXPECT_TRUE(owner_sees(p, 0, NR_PAGES, PRIVATE_RW));
	EXPECT_EQ(export(p, P2P_EXPORTER_REVOKE, 0, 1, NULL), -EOPNOTSUPP);
	EXPECT_EQ(info(p).maps, 0);
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, P2P_ACCESS_NO_ALIAS, RAM_RW,
			     P2P_MAP_MEMORY, 25));
	EXPECT_TRUE(holds(p->buf, NR_PAGES * p->page, 25));

	/* It goes while the pages are mapped. */
	EXPECT_TRUE(to_device(p, NR_PAGES, 26));
	EXPECT_EQ(import(p, NEAR, 0, NR_PAGES, 0, 0), 0);
	EXPECT_TRUE(all(p->types, NR_PAGES, ALIAS_RW));
	ASSERT_TRUE(bind_exporter(p, NULL));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, RAM_RW, P2P_MAP_MEMORY, 26));
}

/* Refuse an importer, by what pci_nr() said; 0: none. */
static int refuse(struct p2p *p, unsigned int nr)
{
	struct p2p_exporter_config config = {
		.residency_ms = LONG_MS, .refused = nr,
	};

	return ioctl(p->exporter, P2P_EXPORTER_CONFIG, &config) ? -errno : 0;
}

/* What an importer is told without a fault. */
static bool told(struct p2p *p, int who, unsigned char type)
{
	return !import(p, who, 0, NR_PAGES, P2P_ACCESS_SNAPSHOT, 0) &&
	       all(p->types, NR_PAGES, type);
}

/* The alias that one importer has serves no other. */
TEST_F(p2p, per_importer)
{
	struct p2p *p = &self->p2p;
	unsigned long maps;

	ASSERT_TRUE(bind_exporter(p, "per_importer"));
	EXPECT_EQ(refuse(p, p->nr[NEAR]), 0);
	EXPECT_TRUE(to_device(p, NR_PAGES, 32));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, RAM_RW, P2P_MAP_MEMORY, 32));
	table("read, exporter refuses the importer", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "moved to RAM");
	EXPECT_TRUE(owner_sees(p, 0, NR_PAGES, RAM_RW));
	EXPECT_EQ(info(p).maps, 0);
	if (!p->far_reaches)
		goto out;

	/* One is refused, the other one has an alias. */
	EXPECT_EQ(refuse(p, p->nr[FAR]), 0);
	EXPECT_TRUE(to_device(p, NR_PAGES, 33));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 33));
	EXPECT_TRUE(told(p, FAR, P2P_TYPE_NONE));
	EXPECT_TRUE(told(p, NEAR, ALIAS_RW));
	EXPECT_TRUE(imported(p, FAR, NR_PAGES, 0, RAM_RW, P2P_MAP_MEMORY, 33));
	EXPECT_TRUE(told(p, NEAR, RAM_RW));

	/* Both may, and each has to ask. */
	EXPECT_EQ(refuse(p, 0), 0);
	EXPECT_TRUE(to_device(p, NR_PAGES, 34));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 34));
	maps = info(p).maps;
	EXPECT_TRUE(told(p, FAR, P2P_TYPE_NONE));
	EXPECT_TRUE(imported(p, FAR, NR_PAGES, 0, ALIAS_RW, P2P_MAP_MMIO, 34));
	table("read, two importers, each its alias", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	EXPECT_TRUE(told(p, NEAR, ALIAS_RW));
	EXPECT_EQ(info(p).maps, maps);

	/* What is revoked is so for both. */
	EXPECT_EQ(export(p, P2P_EXPORTER_REVOKE, 0, NR_PAGES, NULL), 0);
	EXPECT_EQ(info(p).mapped_pages, 0);
	EXPECT_TRUE(told(p, NEAR, P2P_TYPE_NONE));
	EXPECT_TRUE(told(p, FAR, P2P_TYPE_NONE));
	EXPECT_TRUE(imported(p, FAR, NR_PAGES, 0, ALIAS_RW, P2P_MAP_MMIO, 34));
out:
	EXPECT_TRUE(holds(p->buf, NR_PAGES * p->page, p->far_reaches ? 34 : 32));
	ASSERT_TRUE(bind_exporter(p, NULL));
}

/* A large folio has one alias; the parts of one that is split have some each. */
TEST_F(p2p, linear_huge)
{
	struct p2p *p = &self->p2p;
	const unsigned long n = p->pmd / p->page;

	ASSERT_EQ(madvise(p->buf, p->pmd, MADV_HUGEPAGE), 0);
	fill(p->buf, p->pmd, 27);
	if (!check_huge_anon(p->buf, 2 * p->pmd, 1, p->pmd))
		SKIP(return, "no huge page to be had");
	ASSERT_TRUE(bind_exporter(p, "linear"));
	EXPECT_EQ(export(p, P2P_EXPORTER_MIGRATE, 0, n, NULL), 0);
	EXPECT_TRUE(owner_sees(p, 0, n, PRIVATE_RW));

	EXPECT_EQ(import(p, NEAR, 0, n, 0, 0), 0);
	EXPECT_TRUE(all(p->types, n, LARGE_RW));
	EXPECT_TRUE(all(p->maps, n, p->near_map));
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, LARGE_RW, p->near_map, 27));
	table("read, linear exporter, large folio", p->types[0], p->maps[0],
	      NR_PAGES * p->page, "stayed on the device");
	EXPECT_TRUE(owner_sees(p, 0, n, PRIVATE_RW));

	/* The page table, and at the next fault the folio. */
	EXPECT_EQ(munmap(p->buf + p->pmd - p->page, p->page), 0);
	EXPECT_TRUE(imported(p, NEAR, NR_PAGES, 0, ALIAS_RW, p->near_map, 27));
	EXPECT_TRUE(holds(p->buf, p->page, 27));
	EXPECT_EQ(import(p, NEAR, 0, n - 1, 0, 0), 0);
	EXPECT_TRUE(all(p->types, 1, RAM_RW));
	EXPECT_TRUE(holds(p->buf, p->pmd - p->page, 27));
	ASSERT_TRUE(bind_exporter(p, NULL));
}

TEST_F(p2p, bad_input)
{
	struct p2p *p = &self->p2p;
	struct p2p_exporter_config config = { .mode = P2P_MAP_NR };

	ASSERT_EQ(ioctl(p->exporter, P2P_EXPORTER_CONFIG, &config), -1);
	ASSERT_EQ(errno, EINVAL);
	ASSERT_EQ(import(p, NEAR, BUF_PMDS * p->pmd / p->page, 1, 0, 0), -EINVAL);
	ASSERT_EQ(import(p, NEAR, 0, 0, 0, 0), -EINVAL);
	ASSERT_EQ(import(p, NEAR, 0, 1, 0, p->page + 1), -EINVAL);
	ASSERT_EQ(export(p, P2P_EXPORTER_MIGRATE, 0, 0, NULL), -EINVAL);
}

/*
 * Everybody at once: the exporter revokes and has a window that is too small, two
 * importers map and access, the CPU faults, pages migrate back, children are
 * forked, another part is unmapped, a large folio is split. The contents of the
 * pages never change, and whoever reads them must see that.
 */
struct race {
	struct p2p *p;
	bool stop;
	unsigned long wrong, rounds, splits;
};

struct racer {
	struct race *race;
	int who;
	struct p2p mine;	/* its own arrays */
	pthread_t thread;
};

static bool stopped(struct race *race)
{
	return __atomic_load_n(&race->stop, __ATOMIC_RELAXED);
}

static void count(unsigned long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static void *race_import(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;

	while (!stopped(racer->race)) {
		/* A transfer takes QEMU's edu 100 ms: one page, and not always. */
		const unsigned int bytes = rand() % 4 ? 0 : RACE_BYTES;
		const unsigned long first = bytes ? rand() % NR_PAGES : 0;
		unsigned int flags = rand() % 2 ? P2P_ACCESS_WRITE : 0;

		flags |= rand() % 2 ? P2P_ACCESS_LOCKED : 0;
		/* What it writes is what is there. */
		for (unsigned long j = 0; j < bytes; j++)
			p->data[j] = flags & P2P_ACCESS_WRITE ?
				     pattern(first * p->page + j, 20) : 0;
		if (import(p, racer->who, first, bytes ? 1 : NR_PAGES, flags, bytes))
			count(&racer->race->wrong);
		for (unsigned long j = 0; j < bytes; j++)
			if (p->data[j] != pattern(first * p->page + j, 20))
				count(&racer->race->wrong);
		count(&racer->race->rounds);
	}
	return NULL;
}

static void *race_export(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;

	while (!stopped(racer->race)) {
		export(p, P2P_EXPORTER_MIGRATE, 0, NR_PAGES, NULL);
		export(p, P2P_EXPORTER_REVOKE, rand() % NR_PAGES, 1, NULL);
		usleep(rand() % 2000);
	}
	return NULL;
}

static void *race_cpu(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;

	while (!stopped(racer->race)) {
		unsigned long page = rand() % NR_PAGES;
		pid_t child;

		for (unsigned long i = page * p->page; i < (page + 1) * p->page;
		     i += 64)
			if (__atomic_load_n(&p->buf[i], __ATOMIC_RELAXED) !=
			    pattern(i, 20))
				count(&racer->race->wrong);
		child = fork();
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		usleep(rand() % 2000);
	}
	return NULL;
}

/* The second half of the buffer comes and goes. */
static void *race_unmap(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;
	const unsigned long first = p->pmd / p->page;

	while (!stopped(racer->race)) {
		void *addr = p->buf + p->pmd;

		memset(addr, 1, NR_PAGES * p->page);
		export(p, P2P_EXPORTER_MIGRATE, first, NR_PAGES, NULL);
		import(p, NEAR, first, NR_PAGES, 0, 0);
		if (mmap(addr, NR_PAGES * p->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr)
			count(&racer->race->wrong);
	}
	return NULL;
}

/* The third part is a large folio, which is split while it has aliases. */
static void *race_split(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;
	const unsigned long first = 2 * p->pmd / p->page;
	unsigned char *addr = p->buf + 2 * p->pmd;

	while (!stopped(racer->race)) {
		unsigned long done = 0;

		if (mmap(addr, p->pmd, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_FIXED, -1, 0) != addr ||
		    madvise(addr, p->pmd, MADV_HUGEPAGE))
			count(&racer->race->wrong);
		memset(addr, 1, p->pmd);
		export(p, P2P_EXPORTER_MIGRATE, first, p->pmd / p->page, &done);
		import(p, NEAR, first + 3, 2, 0, 0);
		/* The page table, by what is unmapped; then the folio, by a fault. */
		madvise(addr, p->page, MADV_DONTNEED);
		if (!all(addr + 3 * p->page, p->page, 1))
			count(&racer->race->wrong);
		import(p, NEAR, first + 3, 2, 0, 0);
		if (!all(addr + p->page, p->pmd - p->page, 1))
			count(&racer->race->wrong);
		if (done == p->pmd / p->page)
			count(&racer->race->splits);
	}
	return NULL;
}

static void *race_import_large(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;
	const unsigned long n = p->pmd / p->page;

	while (!stopped(racer->race)) {
		const unsigned long page = rand() % 2 ? 3 : rand() % n;

		if (import(p, racer->who, 2 * n + page, 1,
			   rand() % 2 ? P2P_ACCESS_LOCKED : 0, 0))
			count(&racer->race->wrong);
	}
	return NULL;
}

static void *race_revoke(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;

	while (!stopped(racer->race)) {
		unsigned long done = 0;

		export(p, P2P_EXPORTER_REVOKE, 0, 1, &done);
		/* It has moved to RAM. */
		if (!done)
			export(p, P2P_EXPORTER_MIGRATE, 0, 1, NULL);
	}
	return NULL;
}

/* An invalidation has to wait for the end of a transfer. */
static void *race_transfer(void *arg)
{
	struct racer *racer = arg;
	struct p2p *p = &racer->mine;

	while (!stopped(racer->race))
		import(p, NEAR, 0, 1, 0, RACE_BYTES);
	return NULL;
}

#define MAX_RACERS 7

static bool start_race(struct race *race, struct racer *racers,
		       void *(* const *what)(void *))
{
	struct p2p *p = race->p;

	fill(p->buf, NR_PAGES * p->page, 20);
	for (unsigned int i = 0; i < MAX_RACERS && what[i]; i++) {
		racers[i] = (struct racer){ .race = race, .who = i % 2,
					    .mine = *p };
		racers[i].mine.data = malloc(NR_PAGES * p->page);
		if (!racers[i].mine.data ||
		    pthread_create(&racers[i].thread, NULL, what[i], &racers[i]))
			return false;
	}
	return true;
}

/* Did nobody see anything wrong? */
static bool end_race(struct race *race, struct racer *racers,
		     void *(* const *what)(void *))
{
	struct p2p *p = race->p;

	__atomic_store_n(&race->stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < MAX_RACERS && what[i]; i++) {
		pthread_join(racers[i].thread, NULL);
		free(racers[i].mine.data);
	}
	ksft_print_msg("%lu rounds, %lu folios split, %llu pages mapped, %llu revokes, %lu wrong\n",
		       race->rounds, race->splits,
		       (unsigned long long)info(p).maps,
		       (unsigned long long)info(p).revokes, race->wrong);
	return !race->wrong && race->rounds && holds(p->buf, NR_PAGES * p->page, 20);
}

static bool run_race(struct p2p *p)
{
	static void *(* const what[MAX_RACERS])(void *) = {
		race_import, race_import, race_export, race_cpu, race_unmap,
		race_split, race_import_large,
	};
	const char *seconds = getenv("P2P_RACE_SECONDS");
	struct race race = { .p = p };
	struct racer racers[MAX_RACERS];

	if (!start_race(&race, racers, what))
		return false;
	sleep(seconds ? atoi(seconds) : 5);
	/* What takes longest is to come round once. */
	while (!__atomic_load_n(&race.splits, __ATOMIC_RELAXED))
		sleep(1);
	return end_race(&race, racers, what);
}

TEST_F_TIMEOUT(p2p, race, 3600)
{
	ASSERT_EQ(configure(&self->p2p, P2P_MAP_NORMAL, NR_PAGES / 2, 0), 0);
	ASSERT_TRUE(run_race(&self->p2p));
}

/* As race, but nothing is revoked, and no page lacks its alias. */
TEST_F_TIMEOUT(p2p, race_linear, 3600)
{
	ASSERT_TRUE(bind_exporter(&self->p2p, "linear"));
	EXPECT_TRUE(run_race(&self->p2p));
	ASSERT_TRUE(bind_exporter(&self->p2p, NULL));
}

/* As race, and each importer has aliases of its own. */
TEST_F_TIMEOUT(p2p, race_per_importer, 3600)
{
	ASSERT_TRUE(bind_exporter(&self->p2p, "per_importer"));
	ASSERT_EQ(configure(&self->p2p, P2P_MAP_NORMAL, NR_PAGES / 2, 0), 0);
	EXPECT_TRUE(run_race(&self->p2p));
	ASSERT_TRUE(bind_exporter(&self->p2p, NULL));
}

/*
 * An alias that is revoked while somebody asks for the page: that is told of the
 * alias or gets the page in RAM. It was once possible to be told of neither. A race
 * against the revocation, which is between hiding the alias and invalidating the
 * importer for as long as another importer, which was registered earlier, takes for a
 * transfer. Nothing is to be seen of it where CPUs take turns.
 */
TEST_F_TIMEOUT(p2p, race_revoke, 3600)
{
	static void *(* const what[MAX_RACERS])(void *) = {
		race_revoke, race_transfer,
	};
	const char *seconds = getenv("P2P_RACE_SECONDS");
	struct race race = { .p = &self->p2p };
	struct racer racers[MAX_RACERS];
	struct p2p *p = race.p, mine = *p;
	struct p2p_range range = {
		.addr = (uintptr_t)p->buf, .npages = NR_PAGES,
	};
	unsigned long nothing = 0;
	time_t end;

	ASSERT_TRUE(open_devices(&mine));
	ASSERT_EQ(ioctl(mine.importer[NEAR], P2P_IMPORTER_REGISTER, &range), 0);
	ASSERT_EQ(configure(p, P2P_MAP_NORMAL, 0, 0), 0);
	ASSERT_TRUE(start_race(&race, racers, what));
	for (end = time(NULL) + (seconds ? atoi(seconds) : 10); time(NULL) < end;) {
		if (import(&mine, NEAR, 0, 1, 0, 0))
			count(&race.wrong);
		else if (mine.types[0] != ALIAS_RW && mine.types[0] != RAM_RW)
			nothing++;
		count(&race.rounds);
	}
	EXPECT_TRUE(end_race(&race, racers, what));
	EXPECT_EQ(nothing, 0);
	close(mine.importer[NEAR]);
	close(mine.importer[FAR]);
	close(mine.exporter);
}

/* The exporter goes and comes back while its pages are mapped and accessed. */
TEST_F_TIMEOUT(p2p, race_unbind, 600)
{
	static void *(* const what[MAX_RACERS])(void *) = {
		race_import, race_import, race_cpu,
	};
	struct race race = { .p = &self->p2p };
	struct racer racers[MAX_RACERS];
	struct p2p *p = race.p;
	char name[NAME_MAX];

	ASSERT_TRUE(exporter_name(name));
	ASSERT_TRUE(start_race(&race, racers, what));
	for (int i = 0; i < UNBIND_ROUNDS; i++) {
		export(p, P2P_EXPORTER_MIGRATE, 0, NR_PAGES, NULL);
		usleep(rand() % 20000);
		EXPECT_EQ(write_text(DRIVER "unbind", name), 0);
		EXPECT_EQ(write_text(DRIVER "bind", name), 0);
		close(p->exporter);
		p->exporter = open_misc("p2p_exporter0");
		EXPECT_GE(p->exporter, 0);
	}
	ASSERT_TRUE(end_race(&race, racers, what));
}

TEST_HARNESS_MAIN

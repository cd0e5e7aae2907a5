// SPDX-License-Identifier: GPL-2.0
/*
 * What watches memory, or reads and moves it, must not care whether a page of it is
 * in RAM or on a device. This test crosses
 *
 *	trackers	userfaultfd, soft-dirty, NUMA balancing, reclaim, core dumps...
 *	sizes		how the page is mapped
 *	touchers	who accesses the page
 *	events		what else happens to it, before that access or after it
 *
 * and runs each cell of that table twice: once the page stays in RAM, once it is
 * on a device. Both runs end in a short text that says what was observed. The texts
 * must be the same, or the cell is one of the intended differences[], which are
 * listed with their reasons in Documentation/mm/device_private.rst. The bytes of
 * the memory are compared in every run.
 *
 * usage: device_private_trackers [-v] [TRACKER]...
 *
 * -v prints the texts of all cells. Needs root and the devices of lib/test_hmm.c, and
 * for access by P2P alias those of CONFIG_TEST_P2P_ALIAS.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* Private to the drivers, so not exported in include/uapi. */
#include <lib/test_hmm_uapi.h>
#include <lib/test_p2p_uapi.h>
#include <mm/vm_util.h>

#define NR_SMALL	8UL	/* pages of a buffer that is mapped by small pages */
#define NR_TOUCHED	4UL	/* pages that are accessed, in the middle of the buffer */
#define MAX_PMD_SIZE	(32UL << 20)
#define MAX_CELLS	128
#define MAX_BATCH	16	/* cells that are prepared and observed together */
#define SLOT_UNITS	4UL	/* address space of a run: PMDs */
#define TIME_LIMIT	240	/* seconds for one tracker and one size */
#define SWAP_DEVICE	"/dev/ram0"
#define CORE_FILE	"/tmp/device_private_trackers.core"

enum {
	WP, WP_ASYNC, RWP, RWP_ASYNC, SOFT_DIRTY, NUMA, IDLE, DAMON_VADDR, FREE, COLD, PAGEOUT,
	MLOCK, MEMCG, CORE, PROC_MEM, VM_READV, MISSING, MOVE, COPY, ZEROPAGE, WRITEPROTECT,
	CONTINUE, NR_TRACKERS
};

enum size { SMALL, HUGE, SPLIT, HALF, NR_SIZES };

enum toucher {
	NOBODY, CPU_READ, CPU_WRITE, OWN_READ, OWN_WRITE, FAULT_READ, FAULT_WRITE,
	ALIAS_READ, ALIAS_WRITE, NR_TOUCHERS
};

enum event { NOTHING, FORK, MPROTECT, MREMAP, TO_DEVICE, BACK, SWAP, NR_EVENTS };

/* The event is before the access, or after it. */
enum order { FIRST, THEN, NR_ORDERS };

enum side { RAM, DEVICE, NR_SIDES };

static const char * const sizes[] = { "PTE", "PMD", "split", "half" };

static const char * const touchers[] = {
	"nobody", "cpu-r", "cpu-w", "own-r", "own-w", "fault-r", "fault-w", "alias-r",
	"alias-w",
};

static const char * const events[] = {
	"nothing", "fork", "mprotect", "mremap", "to device", "back", "swap neighbour",
};

#define BIT_OF(x)	(1UL << (x))
#define OWN		(BIT_OF(OWN_READ) | BIT_OF(OWN_WRITE))
#define FAULT		(BIT_OF(FAULT_READ) | BIT_OF(FAULT_WRITE))
#define ALIAS		(BIT_OF(ALIAS_READ) | BIT_OF(ALIAS_WRITE))

/* Those that do something to the memory at the end, and do not mind who read it. */
#define ACTORS	(BIT_OF(COLD) | BIT_OF(PAGEOUT) | BIT_OF(MLOCK) | BIT_OF(MEMCG) |	\
		 BIT_OF(CORE) | BIT_OF(PROC_MEM) | BIT_OF(VM_READV) | BIT_OF(MOVE) |	\
		 BIT_OF(COPY) | BIT_OF(ZEROPAGE) | BIT_OF(WRITEPROTECT) | BIT_OF(CONTINUE))
#define READS	(BIT_OF(CPU_READ) | BIT_OF(OWN_READ) | BIT_OF(FAULT_READ) | BIT_OF(ALIAS_READ))
#define WRITES	(BIT_OF(CPU_WRITE) | BIT_OF(OWN_WRITE) | BIT_OF(FAULT_WRITE) | \
		 BIT_OF(ALIAS_WRITE))

struct cell {
	enum size size;
	enum toucher toucher;
	enum event event;
	enum order order;
};

/* One side of a cell. Lies in shared memory, for the parent to read. */
struct run {
	struct cell cell;
	enum side side;
	char *slot;		/* address space of this run */
	char *buf;		/* where the memory is in it */
	unsigned long n;	/* pages */
	unsigned long populated;/* those that are not holes */
	unsigned long first;	/* touched page */
	unsigned long moved;	/* pages that userfaultfd has moved to @other */
	char *other;
	bool written;		/* by the toucher: a touched page has pattern 2 */
	bool written_page[NR_TOUCHED];
	bool may_be_zero;	/* what was not written */
	bool batch_is_over;
	unsigned long kept;	/* for NUMA balancing */
	int cgroup;
	long charged;		/* to it */
	int faults;		/* events that userfaultfd has told */
	int stray;		/* of these, outside of the touched pages */
	int bad_child;
	int bad_read;
	int touch_errno;
	int touch_errors;
	char text[160];
};

struct tracker {
	const char *name;
	bool lasts;		/* what it records outlives the access */
	bool in_one_go;		/* all cells are one batch */
	const char *(*available)(enum size size);
	bool (*begin)(void);	/* a batch */
	void (*enter)(struct run *run);
	bool (*arm)(struct run *run);
	void (*armed)(void);
	void (*touched)(void);
	void (*observe)(struct run *run);
	void (*finish)(struct run *run);/* the bytes have been compared */
	void (*collect)(void);	/* in the parent, when the child is dead */
	void (*end)(void);
};

static struct shared {
	int nr_cells;
	bool complete;
	char problem[128];
	struct run runs[MAX_CELLS][NR_SIDES];
} *shared;

static const struct tracker *tracker;
static unsigned long tracker_bit;
static bool verbose, have_alias, have_swap;
static int own = -1, foreign = -1, exporter = -1, importer = -1, pagemap = -1;
static unsigned long page, unit;
static char *arena;
static unsigned char *data;	/* a unit, for the devices */

/* The runs of the batch. */
static struct run *batch[MAX_CELLS * NR_SIDES];
static int nr_batch;

static __printf(1, 2) bool problem(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(shared->problem, sizeof(shared->problem), fmt, args);
	va_end(args);
	return false;
}

static __printf(2, 3) void say(struct run *run, const char *fmt, ...)
{
	size_t len = strlen(run->text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(run->text + len, sizeof(run->text) - len, fmt, args);
	va_end(args);
}

/* --- files --- */

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool read_from(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[len > 0 ? len : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return len > 0;
}

/* A setting that is put back at the end. */
static struct setting {
	const char *path;
	char old[64];
	bool changed;
} settings[] = {
	/* Nobody else may make huge pages of what was split. */
	{ "/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs" },
	{ "/sys/kernel/debug/sched/numa_balancing/scan_delay_ms" },
	{ "/sys/kernel/debug/sched/numa_balancing/scan_period_min_ms" },
	{ "/sys/kernel/debug/sched/numa_balancing/scan_period_max_ms" },
	{ "/proc/sys/kernel/numa_balancing" },
	{ "/proc/sys/kernel/core_pattern" },
};

static bool set(const char *path, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		struct setting *setting = &settings[i];

		if (strcmp(setting->path, path))
			continue;
		if (!setting->changed)
			setting->changed = read_from(path, setting->old, sizeof(setting->old));
		return setting->changed && write_to(path, value);
	}
	return false;
}

static void put_settings_back(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].changed)
			write_to(settings[i].path, settings[i].old);
}

/* The number that follows @key in a file. */
static long number_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	long value = -1;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		value = atol(line + strlen(key) + strspn(line + strlen(key), " \t:"));
		break;
	}
	if (file)
		fclose(file);
	return value;
}

/* The sum of a figure over all VMAs of a range in smaps, in pages. */
static long smaps_pages(const char *from, unsigned long n, const char *key)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool inside = false;
	char line[256];
	long kb = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start >= (uintptr_t)from &&
				 end <= (uintptr_t)from + n * page;
		else if (inside && !strncmp(line, key, strlen(key)))
			kb += atol(line + strlen(key));
	}
	if (file)
		fclose(file);
	return kb * 1024 / (long)page;
}

/* --- memory --- */

static char *at(const struct run *run, unsigned long i)
{
	return (i < run->moved ? run->other : run->buf) + i * page;
}

static uint64_t pattern(unsigned int seed, unsigned long i)
{
	return (uint64_t)seed << 32 | (i + 1);
}

/* Accesses by the CPU, which the compiler must not leave out. */
static uint64_t get(const void *addr)
{
	return __atomic_load_n((const uint64_t *)addr, __ATOMIC_RELAXED);
}

static void put(void *addr, uint64_t value)
{
	__atomic_store_n((uint64_t *)addr, value, __ATOMIC_RELAXED);
}

static bool is_touched(const struct run *run, unsigned long i)
{
	return i >= run->first && i < run->first + NR_TOUCHED;
}

/* The page after the last touched one that is no hole. */
static unsigned long touched_end(const struct run *run)
{
	return run->populated < run->first + NR_TOUCHED ? run->populated :
							  run->first + NR_TOUCHED;
}

/* What the first word of a page must be. */
static uint64_t expected(const struct run *run, unsigned long i)
{
	if (is_touched(run, i) && run->written_page[i - run->first])
		return pattern(2, i);
	return i < run->populated ? pattern(1, i) : 0;
}

static bool by_alias(const struct run *run)
{
	return BIT_OF(run->cell.toucher) & ALIAS;
}

static bool writes(const struct run *run)
{
	return BIT_OF(run->cell.toucher) & WRITES;
}

static int device(int fd, unsigned long request, const void *addr, void *ptr,
		  unsigned long n)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr, .ptr = (uintptr_t)ptr, .npages = n,
	};

	while (ioctl(fd, request, &cmd))
		if (errno != EINTR)
			return -errno;
	return cmd.cpages;
}

/* What a device sees of a page, HMM_DMIRROR_PROT_*. */
static unsigned char sees(int fd, const struct run *run, unsigned long i)
{
	unsigned char seen = HMM_DMIRROR_PROT_ERROR;

	device(fd, HMM_DMIRROR_SNAPSHOT, at(run, i), &seen, 1);
	return seen;
}

static int ask_exporter(unsigned long request, const struct run *run, unsigned long i,
			unsigned long n, void *types)
{
	struct p2p_range range = {
		.addr = (uintptr_t)at(run, i), .npages = n, .types = (uintptr_t)types,
	};

	return ioctl(exporter, request, &range) ? -errno : (int)range.done;
}

static bool on_device(const struct run *run, unsigned long i)
{
	unsigned char type = 0;

	if (!by_alias(run))
		return (sees(own, run, i) & 0xf0) == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL;
	ask_exporter(P2P_EXPORTER_TYPES, run, i, 1, &type);
	return (type & P2P_TYPE_MASK) == P2P_TYPE_PRIVATE;
}

static void to_device(const struct run *run)
{
	if (by_alias(run))
		ask_exporter(P2P_EXPORTER_MIGRATE, run, 0, run->populated, NULL);
	else
		device(own, HMM_DMIRROR_MIGRATE_TO_DEV, run->buf, data, run->populated);
}

static uint64_t entry(const void *addr)
{
	uint64_t value = 0;

	if (pread(pagemap, &value, sizeof(value),
		  (uintptr_t)addr / page * sizeof(value)) != sizeof(value))
		return 0;
	return value;
}

/* How many pages have a bit in pagemap: "touched+others". */
static void say_bits(struct run *run, const char *name, uint64_t bit)
{
	uint64_t entries[run->n];
	int count[2] = { 0 };

	memset(entries, 0, sizeof(entries));
	if (pread(pagemap, entries, sizeof(entries),
		  (uintptr_t)run->buf / page * sizeof(*entries)) < 0)
		say(run, "pagemap: %s ", strerror(errno));
	for (unsigned long i = 0; i < run->n; i++)
		count[!is_touched(run, i)] += !!(entries[i] & bit);
	say(run, "%s=%d+%d ", name, count[0], count[1]);
}

static char *neighbour(const struct run *run)
{
	return run->slot + (run->cell.size == SMALL ? 2 * NR_SMALL * page : unit);
}

static void map_at(void *addr, unsigned long bytes, int advice)
{
	if (mmap(addr, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != addr)
		problem("mmap: %s", strerror(errno));
	/* Fails without huge pages, when there is nothing to forbid. */
	madvise(addr, bytes, advice);
	madvise(addr, bytes, MADV_DONTFORK);
}

/* Make the memory of a run, which is mapped as the cell says. */
static void make(struct run *run)
{
	const bool small = run->cell.size == SMALL;

	run->buf = run->slot;
	run->n = small ? NR_SMALL : unit / page;
	run->first = run->n / 2 - NR_TOUCHED / 2;
	run->populated = run->n;
	run->cgroup = -1;

	if (tracker->enter)
		tracker->enter(run);
	map_at(run->buf, run->n * page, small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	map_at(neighbour(run), page, MADV_NOHUGEPAGE);
	put(neighbour(run), pattern(3, 0));
	for (unsigned long i = 0; i < run->n; i++)
		put(at(run, i), pattern(1, i));
	if (!small && !(sees(own, run, 0) & HMM_DMIRROR_PROT_PMD))
		say(run, "no huge page ");

	if (run->side == DEVICE && run->cell.event != TO_DEVICE) {
		to_device(run);
		if (!on_device(run, 0) || !on_device(run, run->n - 1))
			say(run, "not on the device ");
		if (!small && !by_alias(run) && !(sees(own, run, 0) & HMM_DMIRROR_PROT_PMD))
			say(run, "not as a huge page ");
	}
	if (run->cell.size == SPLIT) {
		mprotect(run->buf, page, PROT_READ);
		mprotect(run->buf, page, PROT_READ | PROT_WRITE);
	}
	if (run->cell.size == HALF) {
		run->populated = run->n / 2;
		madvise(at(run, run->populated), run->populated * page, MADV_DONTNEED);
	}
}

static void unmake(struct run *run)
{
	mmap(run->slot, SLOT_UNITS * unit, PROT_NONE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

/*
 * Compare the memory: pages that are wrong. The touched ones come back by faults of
 * the CPU, the others all at a time, which is faster.
 */
static int wrong(const struct run *run, int *zeroes)
{
	int bad = 0;

	*zeroes = 0;
	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++)
		get(at(run, i));
	if (run->side == DEVICE && run->n > NR_SMALL && !run->moved && !by_alias(run))
		device(own, HMM_DMIRROR_MIGRATE_TO_SYS, run->buf, data, run->n);
	for (unsigned long i = 0; i < run->n; i++) {
		uint64_t want = expected(run, i), have = get(at(run, i));

		if (have == want)
			continue;
		if (!have && run->may_be_zero && want == pattern(1, i))
			(*zeroes)++;
		else
			bad++;
	}
	return bad;
}

/* --- what happens to the memory --- */

static pid_t child;
static int gate;

static bool forks(const struct run *run, enum order order)
{
	return run->cell.event == FORK && run->cell.order == order;
}

/* The child sees the memory as it was when it was forked. */
static void check_in_child(enum order order)
{
	for (int i = 0; i < nr_batch; i++) {
		struct run *run = batch[i];

		if (!forks(run, order))
			continue;
		for (unsigned long p = 0; p < run->n; p++) {
			uint64_t want = p < run->populated ? pattern(1, p) : 0;

			if (p && p < run->n - 1 && !is_touched(run, p))
				continue;
			if (order == THEN)
				want = expected(run, p);
			if (get(run->slot + p * page) != want)
				run->bad_child++;
		}
	}
}

/* One child for all runs of the batch that have this event. */
static void fork_batch(enum order order)
{
	int ends[2];
	bool any = false;
	char c;

	for (int i = 0; i < nr_batch; i++) {
		if (!forks(batch[i], order))
			continue;
		any = true;
		madvise(batch[i]->buf, batch[i]->n * page, MADV_DOFORK);
	}
	if (!any || child || pipe(ends))
		return;
	child = fork();
	if (!child) {
		/* The last one to close a device takes all memory off it. */
		close(own);
		close(foreign);
		close(exporter);
		close(importer);
		close(ends[1]);
		if (read(ends[0], &c, 1) == 1)
			check_in_child(order);
		_exit(0);
	}
	close(ends[0]);
	gate = ends[1];
	for (int i = 0; i < nr_batch; i++)
		if (forks(batch[i], order))
			madvise(batch[i]->buf, batch[i]->n * page, MADV_DONTFORK);
}

static void finish_child(void)
{
	int status;

	if (!child)
		return;
	if (write(gate, "", 1) != 1)
		problem("the forked child is dead");
	close(gate);
	waitpid(child, &status, 0);
	child = 0;
}

static void happen(struct run *run)
{
	char *new = run->slot + 2 * unit;
	unsigned long len = run->n * page;

	switch (run->cell.event) {
	case MPROTECT:
		if (mprotect(run->buf, len, PROT_READ) ||
		    mprotect(run->buf, len, PROT_READ | PROT_WRITE))
			say(run, "mprotect: %s ", strerror(errno));
		break;
	case MREMAP:
		if (mremap(run->buf, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, new) != new)
			say(run, "mremap: %s ", strerror(errno));
		else
			run->buf = new;
		break;
	case TO_DEVICE:
		if (run->side != DEVICE)
			break;
		to_device(run);
		if (run->cell.order == FIRST && !on_device(run, 0))
			say(run, "not on the device ");
		break;
	case BACK:
		if (run->side != DEVICE)
			break;
		device(own, HMM_DMIRROR_MIGRATE_TO_SYS, run->buf, data, run->populated);
		if (on_device(run, 0))
			say(run, "still on the device ");
		break;
	case SWAP:
		for (int i = 0; i < 10 && !(entry(neighbour(run)) & PM_SWAP); i++)
			madvise(neighbour(run), page, MADV_PAGEOUT);
		break;
	default:
		break;
	}
}

static bool moves_data(const struct run *run, unsigned long i)
{
	return !by_alias(run) || (run->cell.event == NOTHING && i == run->first &&
				  !(tracker_bit & ACTORS));
}

static void end_uffd(void);

static int import(struct run *run, unsigned long i, uint64_t *value, bool write)
{
	struct p2p_access access = {
		.addr = (uintptr_t)at(run, i), .npages = 1,
		.flags = write ? P2P_ACCESS_WRITE : 0,
	};

	/* The engine takes 200 ms for an access: most cells only map the page for it. */
	if (moves_data(run, i)) {
		access.data = (uintptr_t)value;
		access.bytes = sizeof(*value);
	}
	return ioctl(importer, P2P_IMPORTER_ACCESS, &access) ? -errno : 0;
}

/* Access one page; the value that was read, or is written, or -errno. */
static int touch_page(struct run *run, unsigned long i, uint64_t *value)
{
	/* The handler of userfaultfd cannot be waited for with mmap_lock held. */
	const bool unlocked = tracker->end == end_uffd;
	const int fd = BIT_OF(run->cell.toucher) & OWN ? own : foreign;
	int ret;

	switch (run->cell.toucher) {
	case CPU_READ:
		*value = get(at(run, i));
		return 0;
	case CPU_WRITE:
		put(at(run, i), *value);
		return 0;
	case OWN_READ:
	case FAULT_READ:
		ret = device(fd, unlocked ? HMM_DMIRROR_READ_UNLOCKED : HMM_DMIRROR_READ,
			     at(run, i), data, 1);
		*value = *(uint64_t *)data;
		return ret < 0 ? ret : 0;
	case OWN_WRITE:
	case FAULT_WRITE:
		memset(data, 0, page);
		*(uint64_t *)data = *value;
		ret = device(fd, unlocked ? HMM_DMIRROR_WRITE_UNLOCKED : HMM_DMIRROR_WRITE,
			     at(run, i), data, 1);
		return ret < 0 ? ret : 0;
	case ALIAS_READ:
	case ALIAS_WRITE:
		return import(run, i, value, run->cell.toucher == ALIAS_WRITE);
	default:
		return 0;
	}
}

static void touch(struct run *run)
{
	if (run->cell.toucher == NOBODY)
		return;
	for (unsigned long i = 0; i < NR_TOUCHED; i++) {
		unsigned long p = run->first + i;
		uint64_t value = pattern(2, p);
		int ret = touch_page(run, p, &value);

		if (ret) {
			run->touch_errno = -ret;
			run->touch_errors++;
		} else if (!moves_data(run, p)) {
			continue;
		} else if (writes(run)) {
			run->written_page[i] = true;
		} else if (value != expected(run, p)) {
			run->bad_read++;
		}
	}
}

/* What every run says. */
static void conclude(struct run *run)
{
	int zeroes, bad = wrong(run, &zeroes);

	if (run->may_be_zero)
		say(run, "freed=%d ", zeroes);
	if (run->touch_errors)
		say(run, "refused=%d (%s) ", run->touch_errors,
		    strerrorname_np(run->touch_errno) ?: "?");
	if (run->bad_read)
		say(run, "wrong to the reader=%d ", run->bad_read);
	if (run->cell.event == SWAP &&
	    get(neighbour(run)) != pattern(3, 0))
		say(run, "neighbour wrong ");
	if (bad)
		say(run, "data wrong=%d", bad);
	else
		say(run, "data ok");
}

/* Prepare, watch and observe the runs of a batch, in that order for all of them. */
static bool run_batch(void)
{
	if (tracker->begin && !tracker->begin())
		return false;
	for (int i = 0; i < nr_batch; i++) {
		batch[i]->slot = arena + i * SLOT_UNITS * unit;
		make(batch[i]);
		if (tracker->arm && !tracker->arm(batch[i]))
			return false;
	}
	if (tracker->armed)
		tracker->armed();

	for (enum order order = FIRST; order < NR_ORDERS; order++) {
		fork_batch(order);
		for (int i = 0; i < nr_batch; i++) {
			struct run *run = batch[i];

			if (tracker->enter)
				tracker->enter(run);
			if (run->cell.order == order)
				happen(run);
			if (order == FIRST)
				touch(run);
		}
	}
	if (tracker->touched)
		tracker->touched();

	for (int i = 0; i < nr_batch; i++) {
		if (tracker->enter)
			tracker->enter(batch[i]);
		tracker->observe(batch[i]);
		conclude(batch[i]);
		if (tracker->finish)
			tracker->finish(batch[i]);
		if (!forks(batch[i], FIRST) && !forks(batch[i], THEN))
			unmake(batch[i]);
	}
	finish_child();
	for (int i = 0; i < nr_batch; i++) {
		if (batch[i]->bad_child)
			say(batch[i], ", wrong in the child=%d", batch[i]->bad_child);
		unmake(batch[i]);
	}
	if (tracker->end)
		tracker->end();
	return true;
}

/* --- userfaultfd --- */

static int uffd = -1, stop_pipe[2];
static pthread_t handler;
static uint64_t uffd_mode;

/* The run that has an address of its slot. */
static struct run *run_of(uint64_t addr)
{
	uint64_t i = (addr - (uintptr_t)arena) / (SLOT_UNITS * unit);

	return addr >= (uintptr_t)arena && i < (uint64_t)nr_batch ? batch[i] : NULL;
}

static int protect(uint64_t addr, unsigned long n, uint64_t mode)
{
	struct uffdio_writeprotect wp = {
		.range = { addr, n * page }, .mode = mode,
	};
	struct uffdio_rwprotect rwp = {
		.range = { addr, n * page },
		.mode = mode ? UFFDIO_RWPROTECT_MODE_RWP : 0,
	};
	int ret;

	do {
		if (uffd_mode == UFFDIO_REGISTER_MODE_RWP)
			ret = ioctl(uffd, UFFDIO_RWPROTECT, &rwp);
		else
			ret = ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);
	} while (ret && errno == EAGAIN);
	return ret ? -errno : 0;
}

static void resolve(const struct uffd_msg *msg)
{
	const uint64_t flags = msg->arg.pagefault.flags;
	uint64_t addr = msg->arg.pagefault.address & ~(uint64_t)(page - 1);
	struct run *run = run_of(addr);
	struct uffdio_zeropage zero = { .range = { addr, page } };

	if (run) {
		unsigned long i = (addr - (uintptr_t)run->slot) / page;

		/* mremap() takes the memory two units further. */
		i %= 2 * unit / page;
		run->faults++;
		run->stray += !is_touched(run, i);
	}
	if (flags & (UFFD_PAGEFAULT_FLAG_WP | UFFD_PAGEFAULT_FLAG_RWP))
		protect(addr, 1, 0);
	else
		while (ioctl(uffd, UFFDIO_ZEROPAGE, &zero) && errno == EAGAIN)
			;
}

static void *handle(void *arg)
{
	struct pollfd fds[2] = {
		{ .fd = uffd, .events = POLLIN }, { .fd = stop_pipe[0], .events = POLLIN },
	};
	struct uffd_msg msg;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			return arg;
		if (read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			resolve(&msg);
	}
}

static int open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool begin_uffd(uint64_t features, uint64_t mode)
{
	/* The registration goes along with mremap(). */
	uffd = open_uffd(features | UFFD_FEATURE_EVENT_REMAP);
	uffd_mode = mode;
	if (uffd < 0 || pipe(stop_pipe) || pthread_create(&handler, NULL, handle, NULL))
		return problem("userfaultfd: %s", strerror(errno));
	return true;
}

static void end_uffd(void)
{
	if (write(stop_pipe[1], "", 1) == 1)
		pthread_join(handler, NULL);
	close(stop_pipe[0]);
	close(stop_pipe[1]);
	close(uffd);
}

static int register_at(const void *addr, unsigned long n, uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)addr, n * page }, .mode = mode,
	};

	return ioctl(uffd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

static bool arm_registered(struct run *run)
{
	int ret = register_at(run->buf, run->n, uffd_mode);

	return ret ? problem("UFFDIO_REGISTER: %s", strerror(-ret)) : true;
}

static bool arm_protected(struct run *run)
{
	int ret;

	if (!arm_registered(run))
		return false;
	ret = protect((uintptr_t)run->buf, run->n, UFFDIO_WRITEPROTECT_MODE_WP);
	return ret ? problem("protection: %s", strerror(-ret)) : true;
}

static void observe_events(struct run *run)
{
	say(run, "events=%d+%d ", run->faults - run->stray, run->stray);
	if (uffd_mode != UFFDIO_REGISTER_MODE_MISSING)
		say_bits(run, "protected", PM_UFFD_WP);
}

/* Ask PAGEMAP_SCAN for pages of a category: "touched+others". */
static int scan(struct run *run, const char *name, uint64_t category, uint64_t flags)
{
	struct page_region regions[64];
	struct pm_scan_arg arg = {
		.size = sizeof(arg), .flags = flags,
		.start = (uintptr_t)run->buf, .end = (uintptr_t)run->buf + run->n * page,
		.vec = (uintptr_t)regions, .vec_len = ARRAY_SIZE(regions),
		.category_mask = category, .return_mask = category,
	};
	int found = ioctl(pagemap, PAGEMAP_SCAN, &arg), count[2] = { 0 };

	if (found < 0) {
		if (name)
			say(run, "%s: %s ", name, strerrorname_np(errno));
		return -errno;
	}
	for (int i = 0; i < found; i++)
		for (uint64_t a = regions[i].start; a < regions[i].end; a += page)
			count[!is_touched(run, (a - (uintptr_t)run->buf) / page)]++;
	if (name)
		say(run, "%s=%d+%d ", name, count[0], count[1]);
	return 0;
}

static bool begin_wp(void)
{
	return begin_uffd(UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
}

#define SCAN_AND_PROTECT	(PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC)

static bool begin_wp_async(void)
{
	return begin_uffd(UFFD_FEATURE_WP_ASYNC, UFFDIO_REGISTER_MODE_WP);
}

static bool arm_wp_async(struct run *run)
{
	int ret;

	if (!arm_registered(run))
		return false;
	ret = scan(run, NULL, PAGE_IS_WRITTEN, SCAN_AND_PROTECT);
	return ret ? problem("PAGEMAP_SCAN: %s", strerror(-ret)) : true;
}

static void observe_wp_async(struct run *run)
{
	scan(run, "written", PAGE_IS_WRITTEN, SCAN_AND_PROTECT);
	scan(run, "again", PAGE_IS_WRITTEN, SCAN_AND_PROTECT);
}

static const char *need_rwp(enum size size)
{
	int fd = open_uffd(UFFD_FEATURE_RWP | UFFD_FEATURE_RWP_ASYNC);

	if (fd < 0)
		return "no UFFD_FEATURE_RWP (CONFIG_USERFAULTFD_RWP)";
	close(fd);
	return NULL;
}

static bool begin_rwp(void)
{
	return begin_uffd(UFFD_FEATURE_RWP, UFFDIO_REGISTER_MODE_RWP);
}

static bool begin_rwp_async(void)
{
	return begin_uffd(UFFD_FEATURE_RWP | UFFD_FEATURE_RWP_ASYNC,
			  UFFDIO_REGISTER_MODE_RWP);
}

static void observe_rwp_async(struct run *run)
{
	scan(run, "accessed", PAGE_IS_ACCESSED, 0);
}

static bool begin_missing(void)
{
	return begin_uffd(0, UFFDIO_REGISTER_MODE_MISSING);
}

/* Count the results of an ioctl for each touched page. */
struct tally {
	int done, error, errors;
};

static void count(struct tally *tally, int ret)
{
	if (!ret) {
		tally->done++;
	} else {
		tally->error = errno;
		tally->errors++;
	}
}

static void say_tally(struct run *run, const char *name, const struct tally *tally)
{
	say(run, "%s=%d ", name, tally->done);
	if (tally->errors)
		say(run, "%s=%d ", strerrorname_np(tally->error), tally->errors);
}

static void observe_copy(struct run *run)
{
	struct tally tally = {};

	memset(data, 0, page);
	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++) {
		struct uffdio_copy copy = {
			.dst = (uintptr_t)at(run, i), .src = (uintptr_t)data, .len = page,
		};

		count(&tally, ioctl(uffd, UFFDIO_COPY, &copy));
	}
	say_tally(run, "copied", &tally);
}

static void observe_zeropage(struct run *run)
{
	struct tally tally = {};

	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++) {
		struct uffdio_zeropage zero = { .range = { (uintptr_t)at(run, i), page } };

		count(&tally, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	}
	say_tally(run, "zeroed", &tally);
}

static void observe_continue(struct run *run)
{
	struct tally tally = {};
	int ret;

	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++) {
		struct uffdio_continue cont = { .range = { (uintptr_t)at(run, i), page } };

		count(&tally, ioctl(uffd, UFFDIO_CONTINUE, &cont));
	}
	say_tally(run, "continued", &tally);
	ret = register_at(run->buf, run->n, UFFDIO_REGISTER_MODE_MINOR);
	say(run, "register=%s ", ret ? strerrorname_np(-ret) : "ok");
}

/* On for all pages, off for the touched ones. */
static void observe_writeprotect(struct run *run)
{
	int ret = protect((uintptr_t)run->buf, run->n, UFFDIO_WRITEPROTECT_MODE_WP);

	if (ret)
		say(run, "%s ", strerrorname_np(-ret));
	say_bits(run, "on", PM_UFFD_WP);
	ret = protect((uintptr_t)at(run, run->first), NR_TOUCHED, 0);
	if (ret)
		say(run, "%s ", strerrorname_np(-ret));
	say_bits(run, "off", PM_UFFD_WP);
}

/* Until the ioctl exists, no kernel is mended. */
#ifndef HMM_DMIRROR_MENDED
#define HMM_DMIRROR_MENDED		_IOWR('H', 0x0a, struct hmm_dmirror_cmd)
#endif
#ifndef HMM_DMIRROR_MENDED_UFFD_MOVE
#define HMM_DMIRROR_MENDED_UFFD_MOVE	BIT_ULL(0)
#endif

static const char *need_move(enum size size)
{
	struct hmm_dmirror_cmd cmd = { .npages = 1 };
	int fd = open_uffd(UFFD_FEATURE_MOVE);

	if (fd < 0)
		return "no UFFD_FEATURE_MOVE";
	close(fd);
	if (size == HUGE && (ioctl(own, HMM_DMIRROR_MENDED, &cmd) ||
			     !(cmd.cpages & HMM_DMIRROR_MENDED_UFFD_MOVE)))
		return "UFFDIO_MOVE would never return on this kernel";
	return NULL;
}

/* Pages of a range that were moved, or -errno. */
static long move(const char *dst, const char *src, unsigned long n)
{
	struct uffdio_move move;
	unsigned long done = 0;

	/* -EAGAIN: a page was locked, or a part of the range was done. */
	for (int tries = 0; tries < 20 && done < n; tries++) {
		move = (struct uffdio_move) {
			.dst = (uintptr_t)dst + done * page,
			.src = (uintptr_t)src + done * page,
			.len = (n - done) * page,
			.mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
		};
		if (!ioctl(uffd, UFFDIO_MOVE, &move))
			return n;
		if (move.move > 0)
			done += move.move / page;
		else if (errno != EAGAIN)
			return done ? (long)done : -errno;
	}
	return done ? (long)done : -EAGAIN;
}

static void observe_move(struct run *run)
{
	char *dst = run->slot + 3 * unit, *src = run->slot + unit + 2 * page;
	struct tally tally = {};
	long moved;

	/* On top of what is there. */
	map_at(src, page, MADV_NOHUGEPAGE);
	*src = 1;
	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++) {
		long ret;

		if (i >= run->populated && !(entry(at(run, i)) & (PM_PRESENT | PM_SWAP)))
			continue;
		ret = move(at(run, i), src, 1);
		errno = ret < 0 ? -ret : 0;
		count(&tally, ret < 0);
	}
	say_tally(run, "onto", &tally);

	/* And away. */
	map_at(dst, run->n * page, run->cell.size == SMALL ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	if (register_at(dst, run->n, uffd_mode))
		say(run, "register: %s ", strerror(errno));
	moved = move(dst, run->buf, run->n);
	if (moved < 0) {
		say(run, "away=%s ", strerrorname_np(-moved));
		return;
	}
	say(run, "away=%ld ", moved);
	run->moved = moved;
	run->other = dst;
}

/* --- soft-dirty --- */

static const char *need_soft_dirty(enum size size)
{
	return softdirty_supported() ? NULL : "no soft-dirty bit";
}

static void clear_soft_dirty(void)
{
	write_to("/proc/self/clear_refs", "4");
}

static void observe_soft_dirty(struct run *run)
{
	say_bits(run, "soft-dirty", PM_SOFT_DIRTY);
}

/* --- NUMA balancing --- */

#define NUMA_BALANCING	"/proc/sys/kernel/numa_balancing"
#define SCHED_NUMA	"/sys/kernel/debug/sched/numa_balancing/"

static const char *need_numa(enum size size)
{
	if (access("/sys/devices/system/node/node1", F_OK))
		return "one node only";
	if (!set(NUMA_BALANCING, "1"))
		return "no " NUMA_BALANCING " (CONFIG_NUMA_BALANCING)";
	if (number_in("/proc/self/sched", "mm->numa_scan_seq") < 0)
		return "/proc/self/sched does not tell about scans";
	if (!set(SCHED_NUMA "scan_delay_ms", "1") ||
	    !set(SCHED_NUMA "scan_period_min_ms", "10") ||
	    !set(SCHED_NUMA "scan_period_max_ms", "10"))
		return "no " SCHED_NUMA;
	return NULL;
}

/* Where the pages are: bit per touched page. */
static unsigned long places(const struct run *run)
{
	unsigned long seen = 0;

	for (unsigned long i = 0; i < NR_TOUCHED; i++)
		seen |= (unsigned long)on_device(run, run->first + i) << i;
	return seen;
}

/*
 * The scans count up in /proc/self/sched. The one after the next has passed over all
 * memory. No more are waited for: then they come to one VMA at a time.
 */
static void wait_for_scans(void)
{
	static const char file[] = "/proc/self/sched", key[] = "mm->numa_scan_seq";
	long first = number_in(file, key);
	time_t end = time(NULL) + 30;

	for (int i = 0; i < nr_batch; i++)
		batch[i]->kept = places(batch[i]);
	while (number_in(file, key) < first + 2) {
		for (int i = 0; i < 5000000; i++)
			__asm__ __volatile__("" : : : "memory");
		if (time(NULL) > end) {
			problem("NUMA balancing does not scan");
			break;
		}
	}
	write_to(NUMA_BALANCING, "0");
	for (int i = 0; i < nr_batch; i++)
		batch[i]->kept = NR_TOUCHED -
				 __builtin_popcountl(batch[i]->kept ^ places(batch[i]));
}

/*
 * So that no page in RAM is on another node, and is moved. And so that none waits in
 * another CPU's batch to get on an LRU list, where reclaim and trackers find it.
 */
static bool begin_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	return !sched_setaffinity(0, sizeof(here), &here) ||
	       problem("sched_setaffinity: %s", strerror(errno));
}

static void observe_numa(struct run *run)
{
	int writable = 0;

	for (unsigned long i = 0; i < NR_TOUCHED; i++)
		writable += !!(sees(own, run, run->first + i) & HMM_DMIRROR_PROT_WRITE);
	say(run, "kept=%lu ", run->kept);
	if (run->cell.toucher != NOBODY && !by_alias(run))
		say(run, "writable=%d ", writable);
	say_bits(run, "soft-dirty", PM_SOFT_DIRTY);
}

/* --- who accessed it: idle page bitmap, DAMON --- */

#define IDLE_BITMAP	"/sys/kernel/mm/page_idle/bitmap"

static const char *need_idle(enum size size)
{
	return access(IDLE_BITMAP, R_OK | W_OK) ?
	       "no idle page bitmap (CONFIG_IDLE_PAGE_TRACKING)" : NULL;
}

/* The word of the bitmap, and the bit in it, for a page that has a frame. */
static bool idle_place(const struct run *run, unsigned long i, off_t *pos, uint64_t *bit)
{
	uint64_t e = entry(at(run, i)), pfn = e & (BIT_ULL(55) - 1);

	if (!(e & PM_PRESENT))
		return false;
	*pos = pfn / 64 * 8;
	*bit = BIT_ULL(pfn % 64);
	return true;
}

/* A large folio has one bit, that of its first page. */
static unsigned long first_asked(const struct run *run)
{
	return run->cell.size == SMALL ? run->first : 0;
}

static unsigned long nr_asked(const struct run *run)
{
	return run->cell.size == SMALL ? NR_TOUCHED : 1;
}

static bool arm_idle(struct run *run)
{
	int fd = open(IDLE_BITMAP, O_WRONLY);
	uint64_t bit;
	off_t pos;

	/* Puts the pages on their LRU lists. */
	madvise(neighbour(run), page, MADV_COLD);
	for (unsigned long i = 0; i < nr_asked(run); i++)
		if (idle_place(run, first_asked(run) + i, &pos, &bit) &&
		    pwrite(fd, &bit, sizeof(bit), pos) != sizeof(bit))
			problem(IDLE_BITMAP ": %s", strerror(errno));
	close(fd);
	return fd >= 0;
}

static void observe_idle(struct run *run)
{
	int fd = open(IDLE_BITMAP, O_RDONLY), frames = 0, idle = 0;
	uint64_t bit, bits;
	off_t pos;

	madvise(neighbour(run), page, MADV_COLD);
	for (unsigned long i = 0; i < nr_asked(run); i++) {
		if (!idle_place(run, first_asked(run) + i, &pos, &bit))
			continue;
		frames++;
		if (pread(fd, &bits, sizeof(bits), pos) == sizeof(bits) && bits & bit)
			idle++;
	}
	close(fd);
	say(run, "frames=%d idle=%d ", frames, idle);
}

#define DAMON		"/sys/kernel/mm/damon/admin/kdamonds/"
#define DAMON_CONTEXT	DAMON "0/contexts/0/"

static bool damon_set(const char *path, const char *fmt, unsigned long value)
{
	char text[32];

	snprintf(text, sizeof(text), fmt, value);
	return write_to(path, text);
}

static const char *need_damon(enum size size)
{
	return access(DAMON "nr_kdamonds", W_OK) ?
	       "no DAMON (CONFIG_DAMON_VADDR, CONFIG_DAMON_SYSFS)" : NULL;
}

/* One region per run, of touched pages only: DAMON takes samples. */
static bool start_damon(void)
{
	static const char targets[] = DAMON_CONTEXT "targets/0/";
	static const char attrs[] = DAMON_CONTEXT "monitoring_attrs/";
	static const char scheme[] = DAMON_CONTEXT "schemes/0/";
	char path[512];
	bool ok;

	ok = write_to(DAMON "nr_kdamonds", "1") &&
	     write_to(DAMON "0/contexts/nr_contexts", "1") &&
	     write_to(DAMON_CONTEXT "operations", "fvaddr") &&
	     write_to(DAMON_CONTEXT "targets/nr_targets", "1") &&
	     write_to(DAMON_CONTEXT "schemes/nr_schemes", "1");

#define IN(dir, file)	(snprintf(path, sizeof(path), "%s%s", dir, file), path)
	ok = ok && damon_set(IN(targets, "pid_target"), "%lu", getpid()) &&
	     damon_set(IN(targets, "regions/nr_regions"), "%lu", nr_batch) &&
	     write_to(IN(attrs, "intervals/sample_us"), "5000") &&
	     write_to(IN(attrs, "intervals/aggr_us"), "100000") &&
	     damon_set(IN(attrs, "nr_regions/min"), "%lu", nr_batch + 3) &&
	     damon_set(IN(attrs, "nr_regions/max"), "%lu", nr_batch + 3) &&
	     write_to(IN(scheme, "action"), "stat") &&
	     damon_set(IN(scheme, "access_pattern/sz/max"), "%lu", ~0UL) &&
	     write_to(IN(scheme, "access_pattern/nr_accesses/min"), "1") &&
	     damon_set(IN(scheme, "access_pattern/nr_accesses/max"), "%lu", ~0U) &&
	     damon_set(IN(scheme, "access_pattern/age/max"), "%lu", ~0U);
	for (int i = 0; ok && i < nr_batch; i++) {
		char dir[256];

		snprintf(dir, sizeof(dir), "%sregions/%d/", targets, i);
		ok = damon_set(IN(dir, "start"), "%lu",
			       (uintptr_t)at(batch[i], batch[i]->first)) &&
		     damon_set(IN(dir, "end"), "%lu",
			       (uintptr_t)at(batch[i], touched_end(batch[i])));
	}
#undef IN
	return ok && write_to(DAMON "0/state", "on");
}

static bool stop_touching;

static void *touch_all(void *arg)
{
	while (!__atomic_load_n(&stop_touching, __ATOMIC_RELAXED))
		for (int i = 0; i < nr_batch; i++)
			touch(batch[i]);
	return arg;
}

/* Let DAMON watch while the memory is accessed again and again. */
static void watch_by_damon(void)
{
	pthread_t thread;

	if (!start_damon()) {
		problem("DAMON: %s", strerror(errno));
		return;
	}
	stop_touching = false;
	pthread_create(&thread, NULL, touch_all, NULL);
	usleep(300000);
	if (!write_to(DAMON "0/state", "update_schemes_tried_regions"))
		problem("DAMON: tried regions: %s", strerror(errno));
	__atomic_store_n(&stop_touching, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	write_to(DAMON "0/state", "off");
}

static void observe_damon(struct run *run)
{
	bool accessed = false;
	char path[256], text[32];

	for (int i = 0; ; i++) {
		unsigned long start;

		snprintf(path, sizeof(path), DAMON_CONTEXT "schemes/0/tried_regions/%d/start", i);
		if (!read_from(path, text, sizeof(text)))
			break;
		start = strtoul(text, NULL, 0);
		if (start >= (uintptr_t)run->buf &&
		    start < (uintptr_t)run->buf + run->n * page)
			accessed = true;
	}
	say(run, "accessed=%s ", accessed ? "yes" : "no");
}

static void end_damon(void)
{
	write_to(DAMON "nr_kdamonds", "0");
}

/* --- reclaim, mlock, accounting --- */

static bool arm_free(struct run *run)
{
	run->may_be_zero = true;
	if (madvise(run->buf, run->n * page, MADV_FREE))
		return problem("MADV_FREE: %s", strerror(errno));
	return true;
}

static bool any_present(const struct run *run)
{
	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++)
		if (entry(at(run, i)) & PM_PRESENT)
			return true;
	return false;
}

static void page_out(struct run *run)
{
	/* May take more than one go. */
	for (int i = 0; i < 3 && (!i || any_present(run)); i++)
		if (madvise(run->buf, run->n * page, MADV_PAGEOUT))
			say(run, "MADV_PAGEOUT: %s ", strerrorname_np(errno));
}

/* The CPU reads what the device wrote; then the kernel wants the memory. */
static void observe_free(struct run *run)
{
	for (unsigned long i = 0; i < run->n; i++)
		get(at(run, i));
	page_out(run);
}

static void observe_cold(struct run *run)
{
	int ret = madvise(run->buf, run->n * page, MADV_COLD);

	say(run, "madvise=%s referenced=%ld ", ret ? strerrorname_np(errno) : "ok",
	    smaps_pages(run->buf, run->n, "Referenced:"));
}

static const char *need_swap(enum size size)
{
	return have_swap ? NULL : "no swap on " SWAP_DEVICE;
}

static void observe_pageout(struct run *run)
{
	int out = 0;

	page_out(run);
	for (unsigned long i = run->first; i < run->first + NR_TOUCHED; i++)
		out += (entry(at(run, i)) & PM_SWAP) && !on_device(run, i);
	say(run, "swapped=%d ", out);
}

static bool arm_mlock(struct run *run)
{
	if (mlock2(run->buf, run->n * page, MLOCK_ONFAULT))
		return problem("mlock2: %s", strerror(errno));
	return true;
}

static long nr_mlock(void)
{
	write_to("/proc/sys/vm/stat_refresh", "1");
	return number_in("/proc/vmstat", "nr_mlock ");
}

static void observe_mlock(struct run *run)
{
	long before;
	int ret;

	say(run, "locked=%ld ", smaps_pages(run->buf, run->n, "Locked:"));
	ret = mlock(run->buf, run->n * page);
	if (ret)
		say(run, "mlock: %s ", strerrorname_np(errno));
	say(run, "all=%ld ", smaps_pages(run->buf, run->n, "Locked:"));
	say_bits(run, "present", PM_PRESENT);
	before = nr_mlock();
	munlock(run->buf, run->n * page);
	say(run, "unlocked=%ld ", before - nr_mlock());
}

static char cgroups[64];	/* where the hierarchy is mounted */
static bool cgroups_are_ours;

static void cgroup_path(char *path, size_t size, int cgroup, const char *file)
{
	if (cgroup < 0)
		snprintf(path, size, "%s/%s", cgroups, file);
	else
		snprintf(path, size, "%s/trackers%d/%s", cgroups, cgroup, file);
}

static const char *need_memcg(enum size size)
{
	char path[128];

	if (!*cgroups) {
		strcpy(cgroups, "/tmp/device_private_trackers.cgroup");
		mkdir(cgroups, 0700);
		if (mount("cgroup2", cgroups, "cgroup2", 0, NULL)) {
			rmdir(cgroups);
			*cgroups = 0;
			return "no cgroup v2";
		}
		cgroups_are_ours = true;
	}
	cgroup_path(path, sizeof(path), -1, "cgroup.subtree_control");
	return write_to(path, "+memory") ? NULL : "no memory controller in cgroup v2";
}

static void enter_cgroup(int cgroup)
{
	char path[128];

	cgroup_path(path, sizeof(path), cgroup, "cgroup.procs");
	if (!write_to(path, "0"))
		problem("%s: %s", path, strerror(errno));
}

static void enter_memcg(struct run *run)
{
	char path[128];

	if (run->cgroup < 0) {
		run->cgroup = (run->slot - arena) / (SLOT_UNITS * unit);
		cgroup_path(path, sizeof(path), run->cgroup, "");
		mkdir(path, 0700);
	}
	enter_cgroup(run->cgroup);
}

/* The figures are up to date after as many changes as there are here. */
static void churn(void)
{
	const size_t size = 64 * (sysconf(_SC_NPROCESSORS_ONLN) + 2) * page;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	madvise(mem, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += page)
		put(mem + i, 1);
	munmap(mem, size);
}

static long anon_of(const struct run *run)
{
	char path[128];

	churn();
	cgroup_path(path, sizeof(path), run->cgroup, "memory.stat");
	return number_in(path, "anon ") / (long)page;
}

/*
 * The memory of the test itself is charged, too, when it is first written after a
 * fork. That comes before the figures are taken.
 */
static void populate_own_memory(void)
{
	const char *end = arena + MAX_BATCH * SLOT_UNITS * unit;
	FILE *file = fopen("/proc/self/maps", "r");
	char line[256], *from, *to;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%p-%p", &from, &to) == 2 && strstr(line, " rw-p ") &&
		    (to <= arena || from >= end) &&
		    madvise(from, to - from, MADV_POPULATE_WRITE))
			problem("populate %p-%p: %s", from, to, strerror(errno));
	if (file)
		fclose(file);
}

static void observe_memcg(struct run *run)
{
	populate_own_memory();
	if (run->cell.event == SWAP)
		get(neighbour(run));
	run->charged = anon_of(run);
}

/* What goes with the buffer; the rest is memory of the test itself. */
static void finish_memcg(struct run *run)
{
	madvise(run->buf, run->n * page, MADV_DONTNEED);
	say(run, ", charged=%ld", run->charged - anon_of(run));
	enter_cgroup(-1);
}

static void end_memcg(void)
{
	char path[128];

	for (int i = 0; i < nr_batch; i++) {
		cgroup_path(path, sizeof(path), batch[i]->cgroup, "");
		if (rmdir(path))
			problem("%s: %s", path, strerror(errno));
	}
}

/* --- readers of another process's memory --- */

static void observe_proc_mem(struct run *run)
{
	int fd = open("/proc/self/mem", O_RDWR);
	struct tally reads = {}, written = {};

	for (unsigned long i = 0; i < run->n; i++) {
		uint64_t value = 0;

		if (i && i < run->n - 1 && !is_touched(run, i))
			continue;
		count(&reads, pread(fd, &value, sizeof(value), (uintptr_t)at(run, i)) !=
		      sizeof(value) || value != expected(run, i));
		if (!is_touched(run, i))
			continue;
		value = pattern(2, i);
		count(&written, pwrite(fd, &value, sizeof(value), (uintptr_t)at(run, i)) !=
		      sizeof(value));
		run->written_page[i - run->first] = true;
	}
	close(fd);
	say_tally(run, "read", &reads);
	say_tally(run, "written", &written);
}

static void observe_vm_readv(struct run *run)
{
	struct tally reads = {}, written = {};

	for (unsigned long i = 0; i < run->n; i++) {
		uint64_t value = 0;
		struct iovec here = { &value, sizeof(value) };
		struct iovec there = { at(run, i), sizeof(value) };

		if (i && i < run->n - 1 && !is_touched(run, i))
			continue;
		count(&reads, process_vm_readv(getpid(), &here, 1, &there, 1, 0) !=
		      sizeof(value) || value != expected(run, i));
		if (!is_touched(run, i))
			continue;
		value = pattern(2, i);
		count(&written, process_vm_writev(getpid(), &here, 1, &there, 1, 0) !=
		      sizeof(value));
		run->written_page[i - run->first] = true;
	}
	say_tally(run, "read", &reads);
	say_tally(run, "written", &written);
}

static const char *need_core(enum size size)
{
	return set("/proc/sys/kernel/core_pattern", CORE_FILE) ?
	       NULL : "no core dumps (CONFIG_COREDUMP)";
}

static void dump_core(void)
{
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

	prctl(PR_SET_DUMPABLE, 1);
	setrlimit(RLIMIT_CORE, &any);
	munmap(data, unit);
	abort();
}

static void observe_core(struct run *run)
{
}

/* Where in the core file an address is. */
static off_t in_core(int fd, const struct elf64_hdr *header, uintptr_t addr)
{
	struct elf64_phdr segment;

	for (int i = 0; i < header->e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment),
			  header->e_phoff + sizeof(segment) * i) != sizeof(segment))
			break;
		if (segment.p_type == PT_LOAD && addr >= segment.p_vaddr &&
		    addr < segment.p_vaddr + segment.p_filesz)
			return segment.p_offset + addr - segment.p_vaddr;
	}
	return -1;
}

static void collect_core(void)
{
	int fd = open(CORE_FILE, O_RDONLY);
	struct elf64_hdr header;

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header)) {
		problem(CORE_FILE ": %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (int i = 0; i < shared->nr_cells * NR_SIDES; i++) {
		struct run *run = &shared->runs[i / NR_SIDES][i % NR_SIDES];
		off_t pos = in_core(fd, &header, (uintptr_t)run->buf);
		unsigned long good = 0;

		for (unsigned long p = 0; p < run->n; p++) {
			uint64_t value = 0;

			if (pos >= 0 && pread(fd, &value, sizeof(value), pos + p * page) ==
			    sizeof(value) && value == expected(run, p))
				good++;
		}
		if (good == run->n)
			say(run, "data ok");
		else
			say(run, "%lu of %lu pages are in the core", good, run->n);
	}
	close(fd);
	unlink(CORE_FILE);
	shared->complete = true;
}

/* --- the table --- */

static const struct tracker trackers[NR_TRACKERS] = {
	[WP] = {
		.name = "uffd-wp", .begin = begin_wp, .arm = arm_protected,
		.observe = observe_events, .end = end_uffd,
	},
	[WP_ASYNC] = {
		.name = "uffd-wp-async", .lasts = true, .begin = begin_wp_async,
		.arm = arm_wp_async, .observe = observe_wp_async, .end = end_uffd,
	},
	[RWP] = {
		.name = "rwp", .available = need_rwp, .begin = begin_rwp,
		.arm = arm_protected, .observe = observe_events, .end = end_uffd,
	},
	[RWP_ASYNC] = {
		.name = "rwp-async", .lasts = true, .available = need_rwp,
		.begin = begin_rwp_async, .arm = arm_protected,
		.observe = observe_rwp_async, .end = end_uffd,
	},
	[SOFT_DIRTY] = {
		.name = "soft-dirty", .lasts = true, .available = need_soft_dirty,
		.armed = clear_soft_dirty, .observe = observe_soft_dirty,
	},
	[NUMA] = {
		.name = "numa", .in_one_go = true, .available = need_numa,
		.begin = begin_here, .armed = wait_for_scans, .observe = observe_numa,
	},
	[IDLE] = {
		.name = "idle", .available = need_idle, .begin = begin_here, .arm = arm_idle,
		.observe = observe_idle,
	},
	[DAMON_VADDR] = {
		.name = "damon", .in_one_go = true, .available = need_damon,
		.touched = watch_by_damon, .observe = observe_damon, .end = end_damon,
	},
	[FREE] = {
		.name = "madv-free", .lasts = true, .begin = begin_here, .arm = arm_free,
		.observe = observe_free,
	},
	[COLD] = { .name = "madv-cold", .begin = begin_here, .observe = observe_cold, },
	[PAGEOUT] = {
		.name = "madv-pageout", .available = need_swap, .begin = begin_here,
		.observe = observe_pageout,
	},
	[MLOCK] = { .name = "mlock", .arm = arm_mlock, .observe = observe_mlock, },
	[MEMCG] = {
		.name = "memcg", .available = need_memcg, .enter = enter_memcg,
		.observe = observe_memcg, .finish = finish_memcg, .end = end_memcg,
	},
	[CORE] = {
		.name = "core-dump", .in_one_go = true, .available = need_core,
		.touched = dump_core, .observe = observe_core, .collect = collect_core,
	},
	[PROC_MEM] = { .name = "proc-mem", .observe = observe_proc_mem, },
	[VM_READV] = { .name = "process-vm", .observe = observe_vm_readv, },
	[MISSING] = {
		.name = "uffd-missing", .begin = begin_missing, .arm = arm_registered,
		.observe = observe_events, .end = end_uffd,
	},
	[MOVE] = {
		.name = "uffd-move", .available = need_move, .begin = begin_missing,
		.arm = arm_registered, .observe = observe_move, .end = end_uffd,
	},
	[COPY] = {
		.name = "uffd-copy", .begin = begin_missing, .arm = arm_registered,
		.observe = observe_copy, .end = end_uffd,
	},
	[ZEROPAGE] = {
		.name = "uffd-zeropage", .begin = begin_missing, .arm = arm_registered,
		.observe = observe_zeropage, .end = end_uffd,
	},
	[WRITEPROTECT] = {
		.name = "uffd-writeprotect", .begin = begin_wp, .arm = arm_registered,
		.observe = observe_writeprotect, .end = end_uffd,
	},
	[CONTINUE] = {
		.name = "uffd-continue", .begin = begin_missing, .arm = arm_registered,
		.observe = observe_continue, .end = end_uffd,
	},
};

/* Cells that make no sense. A condition that is 0 holds for all. */
static const struct rule {
	unsigned long trackers, touchers, events;
	bool then;		/* only where the event is after the access */
	const char *why;
} left_out[] = {
	{
		.touchers = BIT_OF(NOBODY), .then = true,
		.why = "without an access nothing is after it",
	}, {
		.events = BIT_OF(NOTHING), .then = true,
		.why = "nothing is the same before and after the access",
	}, {
		.touchers = FAULT | ALIAS, .then = true,
		.why = "the page is where an access of the CPU, or of its device, leaves it",
	}, {
		.touchers = ALIAS, .events = BIT_OF(BACK),
		.why = "a page that is back has no alias",
	}, {
		.trackers = BIT_OF(NUMA) | BIT_OF(DAMON_VADDR) | BIT_OF(CORE),
		.touchers = ALIAS, .events = BIT_OF(NR_EVENTS) - 1 - BIT_OF(NOTHING),
		.why = "all cells are run at a time, and the exporter has little memory",
	}, {
		.trackers = ACTORS | BIT_OF(IDLE) | BIT_OF(DAMON_VADDR), .touchers = FAULT,
		.why = "another device faults a page to where the CPU does",
	}, {
		.trackers = ACTORS, .touchers = READS,
		.why = "a page that was read is where it was, or where a write takes it",
	}, {
		.trackers = ACTORS | BIT_OF(IDLE), .touchers = ALIAS,
		.events = BIT_OF(NR_EVENTS) - 1 - BIT_OF(NOTHING),
		.why = "an alias goes when its page moves, whoever moves it",
	}, {
		.trackers = BIT_OF(CONTINUE), .events = BIT_OF(NR_EVENTS) - 1 - BIT_OF(NOTHING),
		.why = "anonymous memory is refused before it is looked at",
	},
};

/*
 * What differs between a page in RAM and a page on a device, and is meant to. A
 * condition that is 0 holds for all. The texts are patterns as for fnmatch().
 */
static const struct difference {
	const char *id;
	unsigned long trackers, sizes, touchers, events;
	const char *ram, *device;
	bool same_rest;		/* from the first "*" on, both texts are the same */
	const char *why;
} differences[] = {
	{
		.id = "soft-dirty-write",
		.trackers = BIT_OF(SOFT_DIRTY),
		.sizes = BIT_OF(HUGE) | BIT_OF(SPLIT) | BIT_OF(HALF),
		.touchers = WRITES, .events = BIT_OF(FORK) | BIT_OF(MPROTECT),
		.ram = "soft-dirty=4+[1-9]* data ok",
		.device = "soft-dirty=4+0 data ok",
		.why = "More than was written: in RAM a dirty bit that is set anew counts, too.",
	}, {
		.id = "soft-dirty-read",
		.trackers = BIT_OF(SOFT_DIRTY),
		.sizes = BIT_OF(SPLIT) | BIT_OF(HALF),
		.touchers = BIT_OF(NOBODY) | READS, .events = BIT_OF(MPROTECT),
		.ram = "soft-dirty=[24]+[1-9]* data ok",
		.device = "soft-dirty=0+0 data ok",
		.why = "As soft-dirty-write.",
	}, {
		.id = "idle",
		.trackers = BIT_OF(IDLE),
		.ram = "frames=[14] idle=[0-4] data ok",
		.device = "frames=[0-4] idle=0 data ok",
		.why = "It has no frame and no accessed bit; it comes back in another frame.",
	}, {
		.id = "free",
		.trackers = BIT_OF(FREE),
		.ram = "freed=* data ok",
		.device = "freed=* data ok",
		.why = "The kernel may free it. What comes back counts as written: no dirty bit.",
	}, {
		.id = "cold",
		.trackers = BIT_OF(COLD),
		.ram = "madvise=ok referenced=0 data ok",
		.device = "madvise=ok referenced=* data ok",
		.why = "Device pages are on no LRU list.",
	}, {
		.id = "pageout",
		.trackers = BIT_OF(PAGEOUT),
		.ram = "swapped=[24] data ok",
		.device = "swapped=[02] data ok",
		.why = "Device pages are on no LRU list. Only their driver evicts them.",
	}, {
		.id = "numa-mprotect",
		.trackers = BIT_OF(NUMA), .touchers = READS, .events = BIT_OF(MPROTECT),
		.ram = "kept=4 writable=* soft-dirty=* data ok",
		.device = "kept=4 writable=0 soft-dirty=* data ok",
		.why = "mprotect() back does not make it writable, the next write does.",
	}, {
		.id = "rwp-stays",
		.trackers = BIT_OF(RWP) | BIT_OF(RWP_ASYNC), .events = BIT_OF(TO_DEVICE),
		.ram = "*",
		.device = "not on the device *",
		.same_rest = true,
		.why = "Its device would map it at once, an access that nobody sees.",
	}, {
		.id = "mlock-half",
		.trackers = BIT_OF(MLOCK), .sizes = BIT_OF(HALF),
		.ram = "locked=* all=* present=* unlocked=* data ok",
		.device = "locked=* all=* present=* unlocked=* data ok",
		.why = "Only what is mapped as a whole is counted; what comes back is small.",
	},
};

static bool allows(unsigned long mask, int value)
{
	return !mask || mask & BIT_OF(value);
}

static const char *is_left_out(const struct cell *cell)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		const struct rule *rule = &left_out[i];

		if ((!rule->trackers || rule->trackers & tracker_bit) &&
		    allows(rule->touchers, cell->toucher) &&
		    allows(rule->events, cell->event) &&
		    (!rule->then || cell->order == THEN))
			return rule->why;
	}
	return NULL;
}

/* The intended difference that explains a cell, or -1. */
static int explained(const struct cell *cell, const char *ram, const char *device)
{
	for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
		const struct difference *d = &differences[i];

		if ((!d->trackers || d->trackers & tracker_bit) &&
		    allows(d->sizes, cell->size) && allows(d->touchers, cell->toucher) &&
		    allows(d->events, cell->event) &&
		    !fnmatch(d->ram, ram, 0) && !fnmatch(d->device, device, 0) &&
		    (!d->same_rest || !strcmp(ram + strcspn(d->ram, "*"),
					      device + strcspn(d->device, "*"))))
			return i;
	}
	return -1;
}

/* The names of a condition, as the document has them. */
static void names_of(char *text, size_t size, unsigned long mask, int nr,
		     const char *(*name)(int i), const char *all)
{
	size_t len = 0;

	*text = 0;
	if (!mask)
		snprintf(text, size, "%s", all);
	for (int i = 0; mask && i < nr; i++)
		if (mask & BIT_OF(i))
			len += snprintf(text + len, size - len, "%s%s", len ? ", " : "", name(i));
}

static const char *tracker_name(int i)
{
	return trackers[i].name;
}

static const char *size_name(int i)
{
	return sizes[i];
}

static const char *toucher_name(int i)
{
	return touchers[i];
}

static const char *event_name(int i)
{
	return events[i];
}

/* The list that the one in the document is compared with. */
static void print_differences(void)
{
	char where[4][256];

	for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
		const struct difference *d = &differences[i];

		names_of(where[0], 256, d->trackers, NR_TRACKERS, tracker_name, "any tracker");
		names_of(where[1], 256, d->sizes, NR_SIZES, size_name, "any size");
		names_of(where[2], 256, d->touchers, NR_TOUCHERS, toucher_name, "anybody");
		names_of(where[3], 256, d->events, NR_EVENTS, event_name, "any event");
		ksft_print_msg("difference: %s | %s; %s; %s; %s | %s | %s | %s\n", d->id,
			       where[0], where[1], where[2], where[3], d->ram, d->device,
			       d->why);
	}
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		const struct rule *rule = &left_out[i];

		names_of(where[0], 256, rule->trackers, NR_TRACKERS, tracker_name, "any tracker");
		names_of(where[2], 256, rule->touchers, NR_TOUCHERS, toucher_name, "anybody");
		names_of(where[3], 256, rule->events, NR_EVENTS, event_name, "any event");
		ksft_print_msg("left out: %s; %s; %s%s: %s\n", where[0], where[2], where[3],
			       rule->then ? " after the access" : "", rule->why);
	}
}

/* All cells of the tracker for one size. */
static void list_cells(enum size size)
{
	shared->nr_cells = 0;
	for (int i = 0; i < NR_ORDERS * NR_EVENTS * NR_TOUCHERS; i++) {
		struct cell cell = {
			.size = size,
			.toucher = i % NR_TOUCHERS,
			.event = i / NR_TOUCHERS % NR_EVENTS,
			.order = i / NR_TOUCHERS / NR_EVENTS,
		};

		if (cell.order == THEN && !tracker->lasts)
			break;
		if (is_left_out(&cell) || (cell.event == SWAP && !have_swap) ||
		    (BIT_OF(cell.toucher) & ALIAS && !have_alias))
			continue;
		for (enum side side = RAM; side < NR_SIDES; side++)
			shared->runs[shared->nr_cells][side] =
				(struct run) { .cell = cell, .side = side };
		shared->nr_cells++;
	}
}

/* --- one tracker and one size, in a process of its own --- */

static bool open_devices(void)
{
	own = open("/dev/hmm_dmirror0", O_RDWR);
	foreign = open("/dev/hmm_dmirror1", O_RDWR);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	data = mmap(NULL, unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return own >= 0 && foreign >= 0 && pagemap >= 0 && data != MAP_FAILED;
}

static bool reserve(unsigned long slots)
{
	size_t bytes = (slots * SLOT_UNITS + 1) * unit;
	char *area = mmap(NULL, bytes, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	arena = (char *)(((uintptr_t)area + unit - 1) & ~(unit - 1));
	return area != MAP_FAILED;
}

/* The importer that reaches the exporter. */
static bool open_p2p(void)
{
	/* The exporter's memory holds few huge pages, so there are few slots. */
	struct p2p_range range = {
		.addr = (uintptr_t)arena, .npages = MAX_BATCH * SLOT_UNITS * unit / page,
	};
	char path[32];

	exporter = open("/dev/p2p_exporter0", O_RDWR);
	if (exporter < 0)
		return false;
	for (int i = 0; i < 2; i++) {
		struct run run = { .buf = arena, .cell.toucher = ALIAS_READ, .populated = 1 };
		unsigned char type = 0;
		struct p2p_access access = {
			.addr = (uintptr_t)arena, .npages = 1, .types = (uintptr_t)&type,
		};

		snprintf(path, sizeof(path), "/dev/p2p_importer%d", i);
		importer = open(path, O_RDWR);
		if (importer < 0 || ioctl(importer, P2P_IMPORTER_REGISTER, &range))
			break;
		map_at(arena, page, MADV_NOHUGEPAGE);
		*arena = 1;
		to_device(&run);
		ioctl(importer, P2P_IMPORTER_ACCESS, &access);
		mmap(arena, page, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		if ((type & P2P_TYPE_MASK) == P2P_TYPE_ALIAS)
			return true;
		close(importer);
	}
	importer = -1;
	return false;
}

static void add_to_batch(int cell)
{
	for (enum side side = RAM; side < NR_SIDES; side++)
		batch[nr_batch++] = &shared->runs[cell][side];
}

/* Cells by alias are run by themselves: the exporter has room for a few huge pages. */
static bool run_cells(enum size size)
{
	const int few = size == SMALL ? 4 : 1;
	int i = 0;

	while (i < shared->nr_cells) {
		bool alias = by_alias(&shared->runs[i][RAM]);
		int max = tracker->in_one_go ? MAX_CELLS : alias ? few : MAX_BATCH / 2;

		for (nr_batch = 0; i < shared->nr_cells && nr_batch < max * NR_SIDES; i++) {
			if (!tracker->in_one_go && by_alias(&shared->runs[i][RAM]) != alias)
				break;
			add_to_batch(i);
		}
		if (!run_batch())
			return false;
	}
	return true;
}

static void child_main(enum size size)
{
	bool need_alias = have_alias;

	if (!open_devices() || !reserve(tracker->in_one_go ? shared->nr_cells * NR_SIDES :
					MAX_BATCH) ||
	    (need_alias && !open_p2p())) {
		problem("the devices have gone");
		_exit(1);
	}
	shared->complete = run_cells(size);
	close(own);
	close(foreign);
	_exit(0);
}

/* Run it with a time limit. NULL, or what was wrong. */
static const char *run_child(enum size size)
{
	static char text[64];
	pid_t pid;
	int status;

	shared->complete = false;
	*shared->problem = 0;
	pid = fork();
	if (!pid)
		child_main(size);
	for (int i = 0; i < TIME_LIMIT * 200; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			if (tracker->collect)
				tracker->collect();
			if (*shared->problem)
				return shared->problem;
			if (shared->complete)
				return NULL;
			snprintf(text, sizeof(text), "ended by signal %d", WTERMSIG(status));
			return text;
		}
		usleep(5000);
	}
	kill(pid, SIGKILL);
	for (int i = 0; i < 100; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return "did not end and was killed";
		usleep(50000);
	}
	return "did not end and cannot be killed";
}

/* --- what is printed --- */

static int nr_agree, nr_intended, nr_wrong, nr_skipped;
static unsigned long trackers_skipped = ~0UL;	/* for one size or for all */
static unsigned long seen[ARRAY_SIZE(differences)];

/* One character for a cell, and a line on it if it is wrong. */
static const char *judge(const struct run *runs)
{
	const struct cell *cell = &runs->cell;
	static char letter[2];
	int which;

	if (!strcmp(runs[RAM].text, runs[DEVICE].text) && strstr(runs[RAM].text, "data ok") &&
	    !strstr(runs[RAM].text, "wrong")) {
		nr_agree++;
		return "=";
	}
	which = explained(cell, runs[RAM].text, runs[DEVICE].text);
	if (which >= 0) {
		nr_intended++;
		seen[which]++;
		letter[0] = 'a' + which;
		return letter;
	}
	nr_wrong++;
	return "!!";
}

static void print_texts(const struct run *runs, const char *mark)
{
	const struct cell *cell = &runs->cell;

	ksft_print_msg("%s %s %s, %s, %s%s: RAM \"%s\", device \"%s\"\n", mark, tracker->name,
		       sizes[cell->size], touchers[cell->toucher],
		       cell->order == THEN ? "then " : "", events[cell->event],
		       runs[RAM].text, runs[DEVICE].text);
}

static void print_table(enum size size)
{
	char line[NR_ORDERS * NR_EVENTS][NR_TOUCHERS][3];
	bool any[NR_ORDERS * NR_EVENTS] = {};
	int len;

	for (int i = 0; i < NR_ORDERS * NR_EVENTS * NR_TOUCHERS; i++) {
		struct cell cell = {
			.toucher = i % NR_TOUCHERS, .event = i / NR_TOUCHERS % NR_EVENTS,
			.order = i / NR_TOUCHERS / NR_EVENTS,
		};
		bool left = is_left_out(&cell) || (cell.order == THEN && !tracker->lasts);

		nr_skipped += !left;
		strcpy(line[i / NR_TOUCHERS][i % NR_TOUCHERS], left ? "." : "-");
	}
	for (int i = 0; i < shared->nr_cells; i++) {
		const struct run *runs = shared->runs[i];
		const struct cell *cell = &runs->cell;
		int row = cell->order * NR_EVENTS + cell->event;

		nr_skipped--;
		any[row] = true;
		strcpy(line[row][cell->toucher], judge(runs));
		if (verbose || !strcmp(line[row][cell->toucher], "!!"))
			print_texts(runs, line[row][cell->toucher]);
	}
	printf("# %-18s %-20s", tracker->name, sizes[size]);
	for (int t = 0; t < NR_TOUCHERS; t++)
		printf(" %s", touchers[t]);
	printf("\n");
	for (int row = 0; row < NR_ORDERS * NR_EVENTS; row++) {
		if (!any[row])
			continue;
		len = printf("#   %s%s", row / NR_EVENTS ? "then " : "", events[row % NR_EVENTS]);
		printf("%*s", 40 - len, "");
		for (int t = 0; t < NR_TOUCHERS; t++)
			printf(" %*s", (int)strlen(touchers[t]), line[row][t]);
		printf("\n");
	}
}

static void test(enum size size)
{
	const char *why = tracker->available ? tracker->available(size) : NULL;
	int before = nr_wrong;
	struct timespec start, end;
	bool ok;

	if (why) {
		list_cells(size);
		nr_skipped += shared->nr_cells;
		trackers_skipped |= tracker_bit;
		ksft_test_result_skip("%s %s: %s\n", tracker->name, sizes[size], why);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	list_cells(size);
	why = run_child(size);
	if (why)
		ksft_print_msg("%s %s: %s\n", tracker->name, sizes[size], why);
	print_table(size);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ok = !why && nr_wrong == before;
	ksft_test_result(ok, "%s %s # %d cells, %d differ, %ld ms\n", tracker->name, sizes[size],
			 shared->nr_cells, nr_wrong - before,
			 (end.tv_sec - start.tv_sec) * 1000 +
			 (end.tv_nsec - start.tv_nsec) / 1000000);
}

/* A difference that no cell shows has no place in the list. */
static void test_differences(void)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
		if (seen[i] || differences[i].trackers & trackers_skipped)
			continue;
		ksft_print_msg("difference %s was not seen\n", differences[i].id);
		ok = false;
	}
	ksft_test_result(ok, "every intended difference is seen\n");
}

/* --- the whole --- */

/* Use a RAM disk for swap, unless somebody uses it. */
static bool swap_on(void)
{
	static const char magic[] = "SWAPSPACE2";
	uint32_t header[3] = { 1 };	/* version, last page, bad pages */
	char first[page];
	int fd = open(SWAP_DEVICE, O_RDWR | O_EXCL);
	bool ok = fd >= 0 && pread(fd, first, page, 0) == (ssize_t)page;

	if (ok && memcmp(first + page - 10, magic, 10))
		for (unsigned long i = 0; i < page; i++)
			ok = ok && !first[i];
	if (ok) {
		header[1] = lseek(fd, 0, SEEK_END) / page - 1;
		ok = pwrite(fd, header, sizeof(header), 1024) == sizeof(header) &&
		     pwrite(fd, magic, 10, page - 10) == 10 && !fsync(fd);
	}
	if (fd >= 0)
		close(fd);
	return ok && !swapon(SWAP_DEVICE, 0);
}

static bool wanted(int argc, char **argv, const char *name)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
		any = any || *argv[i] != '-';
	}
	return !any;
}

int main(int argc, char **argv)
{
	int nr = 0;

	for (int i = 1; i < argc; i++)
		verbose = verbose || !strcmp(argv[i], "-v");
	for (int t = 0; t < NR_TRACKERS; t++)
		nr += wanted(argc, argv, trackers[t].name);

	ksft_print_header();
	print_differences();
	page = psize();
	unit = read_private_pmd_pagesize();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	if (!nr)
		ksft_exit_fail_msg("no such tracker\n");
	if (!unit || unit > MAX_PMD_SIZE)
		ksft_exit_skip("no transparent huge pages, or too large ones\n");
	if (!open_devices())
		ksft_exit_skip("no /dev/hmm_dmirror0 and 1 (CONFIG_TEST_HMM)\n");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || !reserve(MAX_BATCH))
		ksft_exit_fail_perror("mmap");
	have_alias = open_p2p();
	close(exporter);
	close(importer);
	have_swap = swap_on();
	set(settings[0].path, "3600000");

	ksft_set_plan(nr * NR_SIZES + 1);
	for (tracker = trackers; tracker < trackers + NR_TRACKERS; tracker++) {
		if (!wanted(argc, argv, tracker->name))
			continue;
		tracker_bit = BIT_OF(tracker - trackers);
		trackers_skipped &= ~tracker_bit;
		for (enum size size = SMALL; size < NR_SIZES; size++)
			test(size);
		/* What was split stays so until its memory is given back. */
		device(own, HMM_DMIRROR_RELEASE, NULL, NULL, 1);
		device(foreign, HMM_DMIRROR_RELEASE, NULL, NULL, 1);
	}
	test_differences();
	put_settings_back();
	if (have_swap)
		swapoff(SWAP_DEVICE);
	if (cgroups_are_ours) {
		umount(cgroups);
		rmdir(cgroups);
	}
	ksft_print_msg("cells: %d agree, %d differ as intended, %d differ, %d not run\n",
		       nr_agree, nr_intended, nr_wrong, nr_skipped);
	if (!have_alias)
		ksft_print_msg("no access by alias: no devices of CONFIG_TEST_P2P_ALIAS\n");
	if (!have_swap)
		ksft_print_msg("no swap: " SWAP_DEVICE " is in use, or is not there\n");
	ksft_finished();
}

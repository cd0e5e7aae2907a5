// SPDX-License-Identifier: GPL-2.0
/*
 * userfaultfd gives the same answers and does the same whether memory is in RAM
 * or on a device. Each ioctl is tried on both, with the memory as its source and
 * as its destination, mapped by PTEs, by a PMD, by the PTEs of a PMD that was
 * split, and by what is left of a PMD when half of its range is unmapped. It is
 * tried on all of the memory, on one page, and moved by a page.
 *
 * Each goes on in a child that is killed if it takes too long.
 */
#include "device_private.h"

#include <linux/userfaultfd.h>
#include <signal.h>

#define LIMIT		10	/* seconds for one cell of the table */
#define SEED		1	/* of the memory in question */
#define OTHER		2	/* of what is to be put in its place */
#define RACE_SECONDS	2

enum shape {
	WHOLE,
	SPLIT,
	HALF,
};

enum extent {
	ALL,
	ONE,
	SHIFTED,	/* to a destination that is a page further on */
	NR_SPANS,
};

static const char * const span_name[] = { "all", "one page", "shifted" };

FIXTURE(device_private_uffd)
{
	struct dp dp;
	struct answer *answer;		/* of a child */
};

FIXTURE_VARIANT(device_private_uffd)
{
	bool huge;
	enum shape shape;
};

FIXTURE_VARIANT_ADD(device_private_uffd, pte)
{
	.huge = false,
	.shape = WHOLE,
};

FIXTURE_VARIANT_ADD(device_private_uffd, pmd)
{
	.huge = true,
	.shape = WHOLE,
};

FIXTURE_VARIANT_ADD(device_private_uffd, split)
{
	.huge = true,
	.shape = SPLIT,
};

FIXTURE_VARIANT_ADD(device_private_uffd, half)
{
	.huge = true,
	.shape = HALF,
};

typedef struct _fixture_variant_device_private_uffd fixture_variant;

/* What an ioctl said, and what is where afterwards, in pages. */
struct answer {
	bool ready;		/* all was set up */
	bool done;		/* and looked at */
	long ret;		/* bytes, or the error if there are none */
	long uffd;		/* entries with the bit of userfaultfd */
	long soft_dirty;	/* entries that are */
	long writable;		/* pages of the destination that a device may write */
	long device;		/* pages of the destination that a device reads */
	long source;		/* pages of the source that are what they were */
	long source_zero;
	long destination;	/* pages of the destination that are SEED's */
	long destination_zero;
	long local;		/* pages the device has, before it all is read */
};

struct cell {
	struct dp *dp;
	int uffd;
	unsigned long off;	/* the first page that is mapped */
	unsigned long first;	/* the first page and the number of pages to work on */
	unsigned long n;
	unsigned long shift;	/* pages between it and its destination */
	char *src, *dst;
};

struct ioctls {
	const char *name;
	long (*run)(struct cell *c);
	bool to;		/* Is the memory in question the destination? */
	bool shared;		/* with a child */
	__u64 mode;		/* of registration */
	__u64 features;
	long error;		/* to be had in RAM, or 0 */
};

static size_t bytes(const struct cell *c)
{
	return c->n * c->dp->page;
}

static __u64 src_addr(const struct cell *c)
{
	return (uintptr_t)c->src + c->first * c->dp->page;
}

static __u64 dst_addr(const struct cell *c)
{
	return (uintptr_t)c->dst + (c->first + c->shift) * c->dp->page;
}

static long do_move(struct cell *c)
{
	size_t done = 0;

	while (done < bytes(c)) {
		struct uffdio_move move = {
			.dst = dst_addr(c) + done,
			.src = src_addr(c) + done,
			.len = bytes(c) - done,
		};
		int ret = ioctl(c->uffd, UFFDIO_MOVE, &move);

		if (move.move > 0)
			done += move.move;
		else if (ret && errno != EAGAIN)
			break;
	}
	return done ? (long)done : -errno;
}

static long do_copy(struct cell *c)
{
	struct uffdio_copy copy = {
		.dst = dst_addr(c),
		.src = src_addr(c),
		.len = bytes(c),
	};

	return ioctl(c->uffd, UFFDIO_COPY, &copy) && copy.copy <= 0 ? -errno : copy.copy;
}

static long do_zeropage(struct cell *c)
{
	struct uffdio_zeropage zero = { .range = { dst_addr(c), bytes(c) } };

	return ioctl(c->uffd, UFFDIO_ZEROPAGE, &zero) && zero.zeropage <= 0 ?
	       -errno : zero.zeropage;
}

static long do_poison(struct cell *c)
{
	struct uffdio_poison poison = { .range = { dst_addr(c), bytes(c) } };

	return ioctl(c->uffd, UFFDIO_POISON, &poison) && poison.updated <= 0 ?
	       -errno : poison.updated;
}

static long do_continue(struct cell *c)
{
	struct uffdio_continue cont = { .range = { dst_addr(c), bytes(c) } };

	return ioctl(c->uffd, UFFDIO_CONTINUE, &cont) && cont.mapped <= 0 ?
	       -errno : cont.mapped;
}

static long do_protect(struct cell *c, unsigned long request, __u64 mode)
{
	struct uffdio_writeprotect wp = {
		.range = { dst_addr(c), bytes(c) },
		.mode = mode,
	};

	return ioctl(c->uffd, request, &wp) ? -errno : (long)bytes(c);
}

static long do_wp(struct cell *c)
{
	return do_protect(c, UFFDIO_WRITEPROTECT, UFFDIO_WRITEPROTECT_MODE_WP);
}

static long do_wp_resolve(struct cell *c)
{
	long ret = do_wp(c);

	return ret < 0 ? ret : do_protect(c, UFFDIO_WRITEPROTECT, 0);
}

static long do_rwp(struct cell *c)
{
	return do_protect(c, UFFDIO_RWPROTECT, UFFDIO_RWPROTECT_MODE_RWP);
}

static long do_rwp_resolve(struct cell *c)
{
	long ret = do_rwp(c);

	return ret < 0 ? ret : do_protect(c, UFFDIO_RWPROTECT, 0);
}

#define MISSING	UFFDIO_REGISTER_MODE_MISSING
#define WP	UFFDIO_REGISTER_MODE_WP
#define RWP	UFFDIO_REGISTER_MODE_RWP

static const struct ioctls move_from = {
	"MOVE from", do_move, false, false, MISSING, UFFD_FEATURE_MOVE, 0 };
static const struct ioctls move_from_rwp = {
	"MOVE to RWP", do_move, false, false, MISSING | RWP,
	UFFD_FEATURE_MOVE | UFFD_FEATURE_RWP, 0 };
static const struct ioctls move_from_shared = {
	"MOVE from shared", do_move, false, true, MISSING, UFFD_FEATURE_MOVE, -EBUSY };
static const struct ioctls move_to = {
	"MOVE to", do_move, true, false, MISSING, UFFD_FEATURE_MOVE, -EEXIST };
static const struct ioctls copy_from = {
	"COPY from", do_copy, false, false, MISSING, 0, 0 };
static const struct ioctls copy_to = {
	"COPY to", do_copy, true, false, MISSING, 0, -EEXIST };
static const struct ioctls zeropage_to = {
	"ZEROPAGE to", do_zeropage, true, false, MISSING, 0, -EEXIST };
static const struct ioctls poison_to = {
	"POISON to", do_poison, true, false, MISSING, UFFD_FEATURE_POISON, -EEXIST };
static const struct ioctls continue_to = {
	"CONTINUE to", do_continue, true, false, MISSING, 0, -EINVAL };
static const struct ioctls wp = {
	"WRITEPROTECT", do_wp, true, false, WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP, 0 };
static const struct ioctls wp_resolve = {
	"WRITEPROTECT, undone", do_wp_resolve, true, false, WP,
	UFFD_FEATURE_PAGEFAULT_FLAG_WP, 0 };
static const struct ioctls rwp = {
	"RWPROTECT", do_rwp, true, false, RWP, UFFD_FEATURE_RWP, 0 };
static const struct ioctls rwp_resolve = {
	"RWPROTECT, undone", do_rwp_resolve, true, false, RWP, UFFD_FEATURE_RWP, 0 };

static int open_uffd(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && !ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -1;
}

/* Mirror the calling process, which is a child of the one that opened it. */
static bool open_device(struct dp *dp)
{
	close(dp->fd[0]);
	dp->fd[0] = open("/dev/hmm_dmirror0", O_RDWR);
	return dp->fd[0] >= 0;
}

/* The memory in question at @mem, on the device or not. */
static bool set_up(const struct cell *c, char *mem, const fixture_variant *variant,
		   bool on_device)
{
	const struct dp *dp = c->dp;
	char *middle = mem + dp->n / 2 * dp->page;

	fill(dp, mem, dp->n, SEED);
	if (on_device && to_dev(dp, 0, mem, dp->n) != (long)dp->n)
		return false;
	if (variant->shape == HALF)
		return !munmap(mem, middle - mem);
	if (variant->shape == SPLIT)
		return !mprotect(middle, dp->page, PROT_READ) &&
		       !mprotect(middle, dp->page, PROT_READ | PROT_WRITE);
	return true;
}

/* How many pages of the destination may a device write, wherever they are? */
static long count_writable(const struct cell *c)
{
	unsigned char seen[c->n];
	long found = 0, ret;

	ret = device(c->dp, 0, HMM_DMIRROR_SNAPSHOT, (void *)(uintptr_t)dst_addr(c),
		     seen, c->n);
	for (long i = 0; i < ret; i++)
		found += !!(seen[i] & HMM_DMIRROR_PROT_WRITE);
	return ret < 0 ? ret : found;
}

static long count(struct __test_metadata *_metadata, const struct cell *c, uint64_t bit)
{
	uint64_t entries[c->n];
	long found = 0;

	pagemap_of(_metadata, (void *)(uintptr_t)dst_addr(c), c->n, entries);
	for (unsigned long i = 0; i < c->n; i++)
		found += !!(entries[i] & bit);
	return found;
}

/* Which pages of @mem are those that the pattern has at @page and further on? */
static long alike(const struct cell *c, const char *mem, unsigned long page,
		  unsigned int seed)
{
	const unsigned long words = c->dp->page / sizeof(uint64_t);
	const uint64_t *p = (const uint64_t *)mem;
	long found = 0;

	for (unsigned long i = 0; i < c->n; i++) {
		unsigned long word;

		for (word = 0; word < words; word++)
			if (p[i * words + word] !=
			    (seed ? pattern(seed, page + i, word) : 0))
				break;
		found += word == words;
	}
	return found;
}

/* The child: do it, and see what came of it. */
static void answer_one(struct __test_metadata *_metadata, struct dp *dp,
		       const fixture_variant *variant, const struct ioctls *op,
		       enum extent span, bool on_device, struct answer *a)
{
	struct cell c = {
		.dp = dp,
		.off = variant->shape == HALF ? dp->n / 2 : 0,
		.src = dp->buf,
		.dst = dp->buf + 2 * dp->unit,
	};
	struct uffdio_register reg = {
		.range = { (uintptr_t)c.dst, dp->n * dp->page },
		.mode = op->mode,
	};
	char *src, *dst;
	pid_t pid = 0;

	alarm(LIMIT);
	if (!open_device(dp))
		return;
	if (op->to)
		fill(dp, c.src, dp->n, OTHER);
	if (!set_up(&c, op->to ? c.dst : c.src, variant, on_device))
		return;

	c.first = c.off;
	c.n = dp->n - c.off;
	if (span == ONE) {
		c.first += c.n / 2 + 1;
		c.n = 1;
	} else if (span == SHIFTED) {
		c.shift = 1;
		c.n--;
	}
	if (op->to && variant->shape == HALF) {
		reg.range.start += c.off * dp->page;
		reg.range.len -= c.off * dp->page;
	}
	c.uffd = open_uffd(op->features);
	if (c.uffd < 0 || ioctl(c.uffd, UFFDIO_REGISTER, &reg))
		return;
	if (op->shared) {
		pid = fork();
		if (!pid) {
			pause();
			_exit(0);
		}
	}
	write_num("/proc/self/clear_refs", 4);
	a->ready = true;

	a->ret = op->run(&c);
	a->uffd = count(_metadata, &c, PM_UFFD_WP);
	a->soft_dirty = count(_metadata, &c, PM_SOFT_DIRTY);
	a->writable = count_writable(&c);
	/* No faults are to be answered from here on. */
	close(c.uffd);
	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}

	src = (char *)(uintptr_t)src_addr(&c);
	dst = (char *)(uintptr_t)dst_addr(&c);
	a->local = how_many_local(dp, 0, dst, c.n);
	if (dev_read(dp, 0, dst, c.n) != (long)c.n)
		return;
	a->device = alike(&c, dp->data, c.first, SEED);
	a->destination = alike(&c, dst, c.first, SEED);
	a->destination_zero = alike(&c, dst, c.first, 0);
	a->source = alike(&c, src, c.first, op->to ? OTHER : SEED);
	a->source_zero = alike(&c, src, c.first, 0);
	a->done = true;
}

static struct answer ask(struct __test_metadata *_metadata, struct dp *dp,
			 struct answer *shared, const fixture_variant *variant,
			 const struct ioctls *op, enum extent span, bool on_device)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid) {
		answer_one(_metadata, dp, variant, op, span, on_device, shared);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return *shared;
}

static void show(const char *where, const struct answer *a)
{
	const char *state = !a->ready ? "not set up," : !a->done ? "KILLED," : "returns";

	fprintf(stderr, "#   %s: %s %ld, bit of uffd %ld, soft-dirty %ld, device reads %ld, ",
		where, state, a->ret, a->uffd, a->soft_dirty, a->device);
	fprintf(stderr, "may write %ld, ", a->writable);
	fprintf(stderr, "destination %ld and %ld zero, source %ld and %ld zero, local %ld\n",
		a->destination, a->destination_zero, a->source, a->source_zero, a->local);
}

/*
 * Where the memory is does not count. Soft-dirty and write access do for what is
 * moved or copied. What stays is another matter: a split of a PMD in RAM makes it
 * soft-dirty without need, and only an entry for RAM becomes writable again.
 */
static bool same(const struct ioctls *op, const struct answer *a, const struct answer *b)
{
	return a->ready && b->ready && a->done && b->done && a->ret == b->ret &&
	       a->uffd == b->uffd && (op->to || (a->soft_dirty == b->soft_dirty &&
					       a->writable == b->writable)) &&
	       a->device == b->device && a->destination == b->destination &&
	       a->destination_zero == b->destination_zero &&
	       a->source == b->source && a->source_zero == b->source_zero;
}

FIXTURE_SETUP(device_private_uffd)
{
	dp_setup(_metadata, &self->dp, variant->huge);
	self->answer = mmap(NULL, sizeof(*self->answer), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(self->answer, MAP_FAILED);
}

FIXTURE_TEARDOWN(device_private_uffd)
{
	munmap(self->answer, sizeof(*self->answer));
	dp_teardown(&self->dp);
}

/* RAM first, then the device. */
static void compare(struct __test_metadata *_metadata, struct dp *dp,
		    struct answer *shared, const fixture_variant *variant,
		    const struct ioctls *op)
{
	int fd = open_uffd(op->features);

	if (fd < 0)
		SKIP(return, "userfaultfd: %s", strerror(errno));
	close(fd);
	if (op->run == do_move && !mended(dp, HMM_DMIRROR_MENDED_UFFD_MOVE))
		SKIP(return, "this kernel would not return");
	for (enum extent span = ALL; span < NR_SPANS; span++) {
		struct answer ram, device;

		if (span == SHIFTED && (op->to || variant->shape == HALF))
			continue;
		ram = ask(_metadata, dp, shared, variant, op, span, false);
		device = ask(_metadata, dp, shared, variant, op, span, true);
		EXPECT_TRUE(same(op, &ram, &device)) {
			TH_LOG("%s, %s:", op->name, span_name[span]);
			show("RAM", &ram);
			show("device", &device);
		}
		/* And this is what it should be. */
		EXPECT_TRUE(op->error ? ram.ret == op->error : ram.ret > 0);
	}
}

TEST_F_TIMEOUT(device_private_uffd, move_from, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &move_from);
}

TEST_F_TIMEOUT(device_private_uffd, move_from_rwp, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &move_from_rwp);
}

TEST_F_TIMEOUT(device_private_uffd, move_from_shared, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &move_from_shared);
}

TEST_F_TIMEOUT(device_private_uffd, move_to, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &move_to);
}

TEST_F_TIMEOUT(device_private_uffd, copy_from, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &copy_from);
}

TEST_F_TIMEOUT(device_private_uffd, copy_to, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &copy_to);
}

TEST_F_TIMEOUT(device_private_uffd, zeropage_to, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &zeropage_to);
}

TEST_F_TIMEOUT(device_private_uffd, poison_to, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &poison_to);
}

TEST_F_TIMEOUT(device_private_uffd, continue_to, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &continue_to);
}

TEST_F_TIMEOUT(device_private_uffd, wp, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &wp);
}

TEST_F_TIMEOUT(device_private_uffd, wp_resolve, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &wp_resolve);
}

TEST_F_TIMEOUT(device_private_uffd, rwp, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &rwp);
}

TEST_F_TIMEOUT(device_private_uffd, rwp_resolve, 120)
{
	compare(_metadata, &self->dp, self->answer, variant, &rwp_resolve);
}

struct mover {
	const struct dp *dp;
	void *data;
	bool stop;
};

/* Both places to the device and back, again and again. */
static void *migrate(void *arg)
{
	struct mover *m = arg;
	const struct dp *dp = m->dp;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		for (int i = 0; i < 2; i++)
			device(dp, 0, HMM_DMIRROR_MIGRATE_TO_DEV, dp->buf + 2 * i * dp->unit,
			       m->data, dp->n);
		for (int i = 0; i < 2; i++)
			device(dp, 0, HMM_DMIRROR_MIGRATE_TO_SYS, dp->buf + 2 * i * dp->unit,
			       m->data, dp->n);
	}
	return NULL;
}

/* The child: move memory to and fro, with no idea where it is. */
static void race(struct dp *dp, struct answer *a)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)dp->buf, 4 * dp->unit },
		.mode = MISSING,
	};
	struct cell c = { .dp = dp, .n = dp->n };
	struct mover m = { .dp = dp };
	struct timespec start, now;
	pthread_t thread;

	alarm(RACE_SECONDS + LIMIT);
	m.data = malloc(dp->n * dp->page);
	if (!m.data || !open_device(dp))
		return;
	fill(dp, dp->buf, dp->n, SEED);
	c.uffd = open_uffd(UFFD_FEATURE_MOVE | UFFD_FEATURE_SIGBUS);
	if (c.uffd < 0 || ioctl(c.uffd, UFFDIO_REGISTER, &reg) ||
	    pthread_create(&thread, NULL, migrate, &m))
		return;
	a->ready = true;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		struct uffdio_move move = {
			.dst = (uintptr_t)dp->buf + (a->ret & 1 ? 0 : 2 * dp->unit),
			.src = (uintptr_t)dp->buf + (a->ret & 1 ? 2 * dp->unit : 0),
			.len = dp->n * dp->page,
		};

		while (move.len && ioctl(c.uffd, UFFDIO_MOVE, &move)) {
			if (move.move > 0) {
				move.dst += move.move;
				move.src += move.move;
				move.len -= move.move;
			} else if (errno == EEXIST) {
				/* The device has been given a page of zeroes. */
				madvise((void *)(uintptr_t)move.dst, move.len, MADV_DONTNEED);
			} else if (errno != EAGAIN && errno != EBUSY) {
				/* What is referenced cannot be split: EBUSY. */
				a->uffd = errno;
				goto out;
			}
			move.move = 0;
		}
		a->ret++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < RACE_SECONDS);
out:
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	close(c.uffd);
	a->destination = right(dp, dp->buf + (a->ret & 1 ? 2 * dp->unit : 0), dp->n, SEED);
	a->destination_zero = right(dp, dp->buf + (a->ret & 1 ? 0 : 2 * dp->unit), dp->n, 0);
	a->done = true;
}

TEST_F_TIMEOUT(device_private_uffd, race_move, 60)
{
	struct answer *a = self->answer;
	pid_t pid;
	int fd;

	if (variant->shape != WHOLE)
		SKIP(return, "as a whole only");
	if (!mended(&self->dp, HMM_DMIRROR_MENDED_UFFD_MOVE))
		SKIP(return, "this kernel would not return");
	fd = open_uffd(UFFD_FEATURE_MOVE | UFFD_FEATURE_SIGBUS);
	if (fd < 0)
		SKIP(return, "userfaultfd: %s", strerror(errno));
	close(fd);
	memset(a, 0, sizeof(*a));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		race(&self->dp, a);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
	ASSERT_TRUE(a->ready);
	ASSERT_TRUE(a->done);
	TH_LOG("moved %ld times", a->ret);
	ASSERT_EQ(a->uffd, 0);
	ASSERT_GT(a->ret, 0);
	ASSERT_EQ(a->destination, self->dp.n);
	ASSERT_EQ(a->destination_zero, self->dp.n);
}

TEST_HARNESS_MAIN

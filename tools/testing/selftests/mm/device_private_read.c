// SPDX-License-Identifier: GPL-2.0
/*
 * Whoever reads or writes memory by way of the kernel gets the data, also if a
 * device has it: core dumps, /proc/PID/mem, other processes, debuggers, pipes,
 * direct I/O, futexes, io_uring, and what pins pages.
 *
 * Each is tried on memory of a device that is mapped by PTEs, by a PMD, by the
 * PTEs of a PMD that was split, and by what is left of a PMD when the first half
 * of its range is unmapped.
 */
#include "device_private.h"

#include <linux/elf.h>
#include <linux/futex.h>
/* What linux/io_uring.h in tools/include needs and does not include. */
#include <linux/posix_types.h>
#include <linux/stddef.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/userfaultfd.h>
#include <mm/gup_test.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

#define SEED		1		/* of what is read */
#define WRITTEN		2		/* of what is written */
#define MIGRATING_DUMPS	6		/* core dumps of memory on the move */
#define ROUND_TRIPS	2		/* that the memory makes at most during one */
#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"

enum shape {
	WHOLE,
	SPLIT,
	HALF,
};

FIXTURE(device_private_read)
{
	struct dp dp;
	unsigned long first;	/* page of the pattern */
	unsigned long n;	/* pages that are mapped */
	size_t size;		/* in bytes */
	char *mem;		/* where */
	char *copy;		/* as large */
	char dir[32];		/* for files */
	char core_pattern[128];	/* to be restored, if any */
};

FIXTURE_VARIANT(device_private_read)
{
	bool huge;
	enum shape shape;
};

FIXTURE_VARIANT_ADD(device_private_read, pte)
{
	.huge = false,
	.shape = WHOLE,
};

FIXTURE_VARIANT_ADD(device_private_read, pmd)
{
	.huge = true,
	.shape = WHOLE,
};

FIXTURE_VARIANT_ADD(device_private_read, split)
{
	.huge = true,
	.shape = SPLIT,
};

FIXTURE_VARIANT_ADD(device_private_read, half)
{
	.huge = true,
	.shape = HALF,
};

FIXTURE_SETUP(device_private_read)
{
	struct dp *dp = &self->dp;

	if (!dp_setup(_metadata, dp, variant->huge))
		return;
	self->first = variant->shape == HALF ? dp->n / 2 : 0;
	self->n = dp->n - self->first;
	self->size = self->n * dp->page;
	self->mem = at(dp, self->first);
	/* Page aligned, for direct I/O. */
	self->copy = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(self->copy, MAP_FAILED);
	strcpy(self->dir, "/tmp/device_private.XXXXXX");
	ASSERT_NE(mkdtemp(self->dir), NULL);
}

FIXTURE_TEARDOWN(device_private_read)
{
	if (self->core_pattern[0])
		write_file(CORE_PATTERN, self->core_pattern,
			   strlen(self->core_pattern) + 1);
	rmdir(self->dir);
	dp_teardown(&self->dp);
}

typedef FIXTURE_DATA(device_private_read) fixture;
typedef struct _fixture_variant_device_private_read fixture_variant;

/* Fill the memory, give it to the device, and have it mapped as wanted. */
static void prepare(struct __test_metadata *_metadata, fixture *self,
		    const fixture_variant *variant)
{
	struct dp *dp = &self->dp;
	char *middle = at(dp, dp->n / 2);

	if (variant->huge) {
		/* Fault in a huge page even if this is not the first time. */
		ASSERT_EQ(mmap(dp->buf, dp->unit, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       MAP_FIXED, -1, 0), dp->buf);
		ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_HUGEPAGE), 0);
	}
	give(_metadata, dp, 0, dp->buf, dp->n, SEED);
	if (variant->shape == SPLIT) {
		ASSERT_EQ(mprotect(middle, dp->page, PROT_READ), 0);
		ASSERT_EQ(mprotect(middle, dp->page, PROT_READ | PROT_WRITE), 0);
	} else if (variant->shape == HALF) {
		ASSERT_EQ(munmap(dp->buf, self->mem - dp->buf), 0);
	}
	ASSERT_EQ(how_many_local(dp, 0, self->mem, self->n), self->n);
	memset(self->copy, 0xee, self->size);
}

/* How many pages at @mem are what @seed makes them. */
static unsigned long good(const fixture *self, const void *mem, unsigned int seed)
{
	return right_from(&self->dp, mem, self->first, self->n, seed);
}

static int temporary(const fixture *self)
{
	return open(self->dir, O_TMPFILE | O_RDWR, 0600);
}

/* What was read into a file. */
static unsigned long good_file(fixture *self, int fd)
{
	memset(self->copy, 0xee, self->size);
	if (pread(fd, self->copy, self->size, 0) != (ssize_t)self->size)
		return 0;
	return good(self, self->copy, SEED);
}

/* What is to be written from a file. */
static bool fill_file(fixture *self, int fd)
{
	fill_from(&self->dp, self->copy, self->first, self->n, WRITTEN);
	return pwrite(fd, self->copy, self->size, 0) == (ssize_t)self->size;
}

TEST_F(device_private_read, proc_mem)
{
	int fd = open("/proc/self/mem", O_RDWR);

	ASSERT_GE(fd, 0);
	prepare(_metadata, self, variant);
	ASSERT_EQ(pread(fd, self->copy, self->size, (uintptr_t)self->mem), self->size);
	ASSERT_EQ(good(self, self->copy, SEED), self->n);

	prepare(_metadata, self, variant);
	fill_from(&self->dp, self->copy, self->first, self->n, WRITTEN);
	ASSERT_EQ(pwrite(fd, self->copy, self->size, (uintptr_t)self->mem), self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
	close(fd);
}

TEST_F(device_private_read, process_vm)
{
	struct iovec here = { self->copy, self->size };
	struct iovec there = { self->mem, self->size };

	if (process_vm_readv(getpid(), NULL, 0, NULL, 0, 0))
		SKIP(return, "process_vm_readv: %s", strerror(errno));
	prepare(_metadata, self, variant);
	ASSERT_EQ(process_vm_readv(getpid(), &here, 1, &there, 1, 0), self->size);
	ASSERT_EQ(good(self, self->copy, SEED), self->n);

	prepare(_metadata, self, variant);
	fill_from(&self->dp, self->copy, self->first, self->n, WRITTEN);
	ASSERT_EQ(process_vm_writev(getpid(), &here, 1, &there, 1, 0), self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
}

/* Mirror the calling process, which a child of the one that opened it is not. */
static bool open_device(struct dp *dp)
{
	close(dp->fd[0]);
	dp->fd[0] = open("/dev/hmm_dmirror0", O_RDWR);
	return dp->fd[0] >= 0;
}

/* The first and the last word of each page, then a word changed in each. */
TEST_F(device_private_read, ptrace)
{
	const unsigned long last = self->dp.page / sizeof(long) - 1;
	const unsigned long step = sizeof(uint64_t) / sizeof(long);
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_TRUE(open_device(&self->dp));
		prepare(_metadata, self, variant);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(WSTOPSIG(status), SIGSTOP);
	for (unsigned long i = 0; i < self->n; i++) {
		const unsigned long page = self->first + i;
		char *addr = self->mem + i * self->dp.page;

		errno = 0;
		ASSERT_EQ(ptrace(PTRACE_PEEKDATA, pid, addr, 0),
			  (long)pattern(SEED, page, 0));
		if (step == 1)
			ASSERT_EQ(ptrace(PTRACE_PEEKDATA, pid, (long *)addr + last, 0),
				  (long)pattern(SEED, page, last));
		ASSERT_EQ(errno, 0);
		ASSERT_EQ(ptrace(PTRACE_POKEDATA, pid, addr, i), 0);
		ASSERT_EQ(ptrace(PTRACE_PEEKDATA, pid, addr, 0), i);
	}
	kill(pid, SIGKILL);
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
}

/* Pages go into a pipe as they are, and from there into a file. */
TEST_F(device_private_read, vmsplice)
{
	struct iovec rest = { self->mem, self->size };
	int ends[2], fd = temporary(self);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(pipe(ends), 0);
	prepare(_metadata, self, variant);
	while (rest.iov_len) {
		ssize_t in = vmsplice(ends[1], &rest, 1, SPLICE_F_NONBLOCK), out;

		ASSERT_GT(in, 0);
		rest.iov_base = (char *)rest.iov_base + in;
		rest.iov_len -= in;
		for (; in; in -= out) {
			out = splice(ends[0], NULL, fd, NULL, in, 0);
			ASSERT_GT(out, 0);
		}
	}
	ASSERT_EQ(good_file(self, fd), self->n);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

/* The kernel copies from and to user addresses: faults, not GUP. */
TEST_F(device_private_read, copy)
{
	int fd = temporary(self);

	ASSERT_GE(fd, 0);
	prepare(_metadata, self, variant);
	ASSERT_EQ(pwrite(fd, self->mem, self->size, 0), self->size);
	ASSERT_EQ(good_file(self, fd), self->n);

	ASSERT_TRUE(fill_file(self, fd));
	prepare(_metadata, self, variant);
	ASSERT_EQ(pread(fd, self->mem, self->size, 0), self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
	close(fd);
}

/* A block device whose storage is a file; -1 if there is none to be had. */
static int loop_device(int file)
{
	int control = open("/dev/loop-control", O_RDWR), fd = -1;
	char path[32];
	int nr;

	nr = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	if (nr < 0)
		return -1;
	snprintf(path, sizeof(path), "/dev/loop%d", nr);
	fd = open(path, O_RDWR | O_DIRECT);
	if (fd >= 0 && !ioctl(fd, LOOP_SET_FD, file))
		return fd;
	close(fd);
	return -1;
}

TEST_F(device_private_read, direct_io)
{
	int file = temporary(self), fd;

	ASSERT_GE(file, 0);
	ASSERT_EQ(ftruncate(file, self->size), 0);
	fd = loop_device(file);
	if (fd < 0) {
		close(file);
		SKIP(return, "no loop device");
	}
	prepare(_metadata, self, variant);
	ASSERT_EQ(pwrite(fd, self->mem, self->size, 0), self->size);
	ASSERT_EQ(good_file(self, file), self->n);

	ASSERT_TRUE(fill_file(self, file));
	prepare(_metadata, self, variant);
	ASSERT_EQ(pread(fd, self->mem, self->size, 0), self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
	ioctl(fd, LOOP_CLR_FD);
	close(fd);
	close(file);
}

static int futex_wait(uint32_t *word, uint32_t value)
{
	struct timespec soon = { .tv_nsec = 1 };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &soon, NULL, 0);
	return errno;
}

TEST_F(device_private_read, futex)
{
	prepare(_metadata, self, variant);
	for (unsigned long i = 0; i < self->n; i++) {
		uint32_t *word = (uint32_t *)(self->mem + i * self->dp.page);
		const uint64_t content = pattern(SEED, self->first + i, 0);
		uint32_t value;

		memcpy(&value, &content, sizeof(value));
		ASSERT_EQ(futex_wait(word, value), ETIMEDOUT);
		ASSERT_EQ(futex_wait(word, value + 1), EAGAIN);
	}
	ASSERT_EQ(good(self, self->mem, SEED), self->n);
}

struct ring {
	int fd;
	struct io_uring_params p;
	struct io_uring_sqe *sqes;
	char *sq, *cq;
};

static bool ring_setup(struct ring *r)
{
	size_t sq, cq;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 1, &r->p);
	if (r->fd < 0)
		return false;
	sq = r->p.sq_off.array + r->p.sq_entries * sizeof(unsigned int);
	cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->sq = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	return r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqes != MAP_FAILED;
}

/* One request, and what became of it. */
static int ring_do(struct ring *r, unsigned char op, int fd, void *mem, size_t size)
{
	unsigned int *tail = (unsigned int *)(r->sq + r->p.sq_off.tail);
	unsigned int *head = (unsigned int *)(r->cq + r->p.cq_off.head);
	unsigned int *array = (unsigned int *)(r->sq + r->p.sq_off.array);
	struct io_uring_cqe *cqes = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);
	int res;

	r->sqes[0] = (struct io_uring_sqe){
		.opcode = op,
		.fd = fd,
		.addr = (uintptr_t)mem,
		.len = size,
	};
	array[*tail & (r->p.sq_entries - 1)] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -errno;
	res = cqes[*head & (r->p.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

static int ring_pin(struct ring *r, void *mem, size_t size)
{
	struct iovec iov = { mem, size };

	return syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &iov, 1);
}

static void ring_unpin(struct ring *r)
{
	syscall(SYS_io_uring_register, r->fd, IORING_UNREGISTER_BUFFERS, NULL, 0);
}

TEST_F(device_private_read, io_uring)
{
	int fd = temporary(self);
	struct ring ring;

	ASSERT_GE(fd, 0);
	if (!ring_setup(&ring))
		SKIP(return, "io_uring_setup: %s", strerror(errno));

	prepare(_metadata, self, variant);
	ASSERT_EQ(ring_do(&ring, IORING_OP_WRITE, fd, self->mem, self->size), self->size);
	ASSERT_EQ(good_file(self, fd), self->n);

	ASSERT_TRUE(fill_file(self, fd));
	prepare(_metadata, self, variant);
	ASSERT_EQ(ring_do(&ring, IORING_OP_READ, fd, self->mem, self->size), self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
	close(ring.fd);
	close(fd);
}

/* The pages are pinned for long, so the device has to give them up. */
TEST_F(device_private_read, io_uring_fixed)
{
	int fd = temporary(self);
	struct ring ring;

	ASSERT_GE(fd, 0);
	if (!ring_setup(&ring))
		SKIP(return, "io_uring_setup: %s", strerror(errno));

	prepare(_metadata, self, variant);
	ASSERT_EQ(ring_pin(&ring, self->mem, self->size), 0);
	to_dev(&self->dp, 0, self->mem, self->n);
	ASSERT_EQ(how_many_local(&self->dp, 0, self->mem, self->n), 0);
	ASSERT_EQ(ring_do(&ring, IORING_OP_WRITE_FIXED, fd, self->mem, self->size),
		  self->size);
	ASSERT_EQ(good_file(self, fd), self->n);

	ASSERT_TRUE(fill_file(self, fd));
	ASSERT_EQ(ring_do(&ring, IORING_OP_READ_FIXED, fd, self->mem, self->size),
		  self->size);
	ASSERT_EQ(good(self, self->mem, WRITTEN), self->n);
	ring_unpin(&ring);
	close(ring.fd);
	close(fd);
}

TEST_F(device_private_read, populate)
{
	static const int advice[] = { MADV_POPULATE_READ, MADV_POPULATE_WRITE };

	for (int i = 0; i < 2; i++) {
		prepare(_metadata, self, variant);
		ASSERT_EQ(madvise(self->mem, self->size, advice[i]), 0);
		for (unsigned long page = 0; page < self->n; page++)
			ASSERT_TRUE(pagemap_is_populated(self->dp.pagemap,
							 self->mem + page * self->dp.page));
		ASSERT_EQ(how_many_local(&self->dp, 0, self->mem, self->n), 0);
		ASSERT_EQ(good(self, self->mem, SEED), self->n);
	}
}

/* Pinned by GUP and by GUP-fast, to be read and to be written. */
TEST_F(device_private_read, pin)
{
	int fd = open("/sys/kernel/debug/gup_test", O_RDWR);
	__u64 to = (uintptr_t)self->copy;

	if (fd < 0)
		SKIP(return, "/sys/kernel/debug/gup_test: %s", strerror(errno));
	for (__u32 flags = 0; flags < 4; flags++) {
		struct pin_longterm_test args = {
			.addr = (uintptr_t)self->mem,
			.size = self->size,
			.flags = flags,
		};

		prepare(_metadata, self, variant);
		ASSERT_EQ(ioctl(fd, PIN_LONGTERM_TEST_START, &args), 0);
		ASSERT_EQ(ioctl(fd, PIN_LONGTERM_TEST_READ, &to), 0);
		ASSERT_EQ(good(self, self->copy, SEED), self->n);
		ASSERT_EQ(ioctl(fd, PIN_LONGTERM_TEST_STOP), 0);
	}
	close(fd);
}

/* Have core dumps written to our directory. */
static const char *catch_cores(fixture *self)
{
	char pattern[64];

	if (access(CORE_PATTERN, W_OK))
		return CORE_PATTERN " cannot be written";
	read_file(CORE_PATTERN, self->core_pattern, sizeof(self->core_pattern));
	snprintf(pattern, sizeof(pattern), "%s/core.%%p", self->dir);
	write_file(CORE_PATTERN, pattern, strlen(pattern) + 1);
	return NULL;
}

/* End the calling process with a core dump of the memory and of little else. */
static void dump_core(fixture *self)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	madvise(self->copy, self->size, MADV_DONTDUMP);
	setrlimit(RLIMIT_CORE, &all);
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* Read the memory from the core dump of a process that had it at that address. */
static bool from_core(fixture *self, pid_t pid)
{
	const uint64_t addr = (uintptr_t)self->mem;
	char path[64];
	struct elf64_hdr e;
	struct elf64_phdr p;
	bool ok = false;
	int fd;

	snprintf(path, sizeof(path), "%s/core.%d", self->dir, pid);
	fd = open(path, O_RDONLY);
	unlink(path);
	memset(self->copy, 0xee, self->size);
	if (pread(fd, &e, sizeof(e), 0) == sizeof(e)) {
		for (int i = 0; i < e.e_phnum && !ok; i++) {
			if (pread(fd, &p, sizeof(p), e.e_phoff + i * sizeof(p)) != sizeof(p))
				break;
			if (p.p_type != PT_LOAD || p.p_vaddr > addr ||
			    p.p_vaddr + p.p_filesz < addr + self->size)
				continue;
			ok = pread(fd, self->copy, self->size,
				   p.p_offset + addr - p.p_vaddr) == (ssize_t)self->size;
		}
	}
	close(fd);
	return ok;
}

TEST_F(device_private_read, core_dump)
{
	const char *why_not = catch_cores(self);
	int status;
	pid_t pid;

	if (why_not)
		SKIP(return, "%s", why_not);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ASSERT_TRUE(open_device(&self->dp));
		prepare(_metadata, self, variant);
		dump_core(self);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(WTERMSIG(status), SIGABRT);
	if (!WCOREDUMP(status))
		SKIP(return, "no core dump (CONFIG_ELF_CORE)");
	ASSERT_TRUE(from_core(self, pid));
	ASSERT_EQ(good(self, self->copy, SEED), self->n);
}

struct mover {
	const fixture *self;
	int fd;			/* of a device that mirrors the process */
	void *data;
	bool stop;
};

static void *move(void *arg)
{
	struct mover *m = arg;
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)m->self->mem,
		.ptr = (uintptr_t)m->data,
		.npages = m->self->n,
	};

	for (int i = 0; i < ROUND_TRIPS; i++) {
		if (__atomic_load_n(&m->stop, __ATOMIC_RELAXED))
			break;
		ioctl(m->fd, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
		ioctl(m->fd, HMM_DMIRROR_MIGRATE_TO_SYS, &cmd);
	}
	return NULL;
}

/* Entries for migration are no holes either. */
TEST_F_TIMEOUT(device_private_read, race_core_dump, 120)
{
	const char *why_not = catch_cores(self);

	if (why_not)
		SKIP(return, "%s", why_not);
	for (int i = 0; i < MIGRATING_DUMPS; i++) {
		struct mover m = { .self = self, .data = self->dp.data };
		int status, gate, pidfd, fds[2];
		pthread_t thread;
		pid_t pid;

		ASSERT_EQ(pipe(fds), 0);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			ASSERT_TRUE(open_device(&self->dp));
			prepare(_metadata, self, variant);
			ASSERT_EQ(write(fds[1], &self->dp.fd[0], sizeof(int)), sizeof(int));
			raise(SIGSTOP);
			dump_core(self);
		}
		ASSERT_EQ(read(fds[0], &gate, sizeof(gate)), sizeof(gate));
		ASSERT_EQ(waitpid(pid, &status, WUNTRACED), pid);
		ASSERT_TRUE(WIFSTOPPED(status));
		pidfd = syscall(SYS_pidfd_open, pid, 0);
		ASSERT_GE(pidfd, 0);
		m.fd = syscall(SYS_pidfd_getfd, pidfd, gate, 0);
		ASSERT_GE(m.fd, 0);
		ASSERT_EQ(pthread_create(&thread, NULL, move, &m), 0);
		usleep(500 * i);
		ASSERT_EQ(kill(pid, SIGCONT), 0);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
		ASSERT_EQ(pthread_join(thread, NULL), 0);
		close(m.fd);
		close(pidfd);
		close(fds[0]);
		close(fds[1]);
		ASSERT_TRUE(WIFSIGNALED(status));
		if (!WCOREDUMP(status))
			SKIP(return, "no core dump (CONFIG_ELF_CORE)");
		ASSERT_TRUE(from_core(self, pid));
		ASSERT_EQ(good(self, self->copy, SEED), self->n);
	}
}

/* A page in RAM that is protected for RWP is no hole. */
TEST_F(device_private_read, core_dump_rwp)
{
	const char *why_not = catch_cores(self);
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_RWP | UFFD_FEATURE_RWP_ASYNC,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), status;
	pid_t pid;

	if (why_not)
		SKIP(return, "%s", why_not);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		SKIP(return, "no userfaultfd with RWP: %s", strerror(errno));
	close(fd);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct uffdio_register reg = {
			.range = { (uintptr_t)self->mem, self->size },
			.mode = UFFDIO_REGISTER_MODE_RWP,
		};
		struct uffdio_writeprotect rwp = {
			.range = reg.range,
			.mode = UFFDIO_RWPROTECT_MODE_RWP,
		};

		ASSERT_TRUE(open_device(&self->dp));
		prepare(_metadata, self, variant);
		ASSERT_EQ(good(self, self->mem, SEED), self->n);
		fd = syscall(SYS_userfaultfd, O_CLOEXEC);
		ASSERT_EQ(ioctl(fd, UFFDIO_API, &api), 0);
		ASSERT_EQ(ioctl(fd, UFFDIO_REGISTER, &reg), 0);
		ASSERT_EQ(ioctl(fd, UFFDIO_RWPROTECT, &rwp), 0);
		dump_core(self);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFSIGNALED(status));
	if (!WCOREDUMP(status))
		SKIP(return, "no core dump (CONFIG_ELF_CORE)");
	ASSERT_TRUE(from_core(self, pid));
	ASSERT_EQ(good(self, self->copy, SEED), self->n);
}

TEST_HARNESS_MAIN

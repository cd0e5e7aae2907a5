// SPDX-License-Identifier: GPL-2.0
/*
 * Device private memory seen from user space: what becomes of it in the
 * system calls that change page tables, what its owner and other devices are
 * told about it, and that its data is right wherever it goes.
 *
 * hmm-tests checks the interfaces of HMM; this test checks the entries in the
 * page table. Every test compares whole pages and asks where they are, with the
 * two devices of lib/test_hmm.c in the part of the devices, and most run with
 * the buffer mapped by PTEs and by a PMD.
 */
#include "device_private.h"

/* Tests of what is the same for PTEs and PMDs. */
FIXTURE(device_private)
{
	struct dp dp;
};

FIXTURE_VARIANT(device_private)
{
	bool huge;
};

FIXTURE_VARIANT_ADD(device_private, pte)
{
	.huge = false,
};

FIXTURE_VARIANT_ADD(device_private, pmd)
{
	.huge = true,
};

FIXTURE_SETUP(device_private)
{
	dp_setup(_metadata, &self->dp, variant->huge);
}

FIXTURE_TEARDOWN(device_private)
{
	dp_teardown(&self->dp);
}

/* Tests that need single pages. */
FIXTURE(device_private_pte)
{
	struct dp dp;
};

FIXTURE_SETUP(device_private_pte)
{
	dp_setup(_metadata, &self->dp, false);
}

FIXTURE_TEARDOWN(device_private_pte)
{
	dp_teardown(&self->dp);
}

/* Tests that need a large folio. */
FIXTURE(device_private_pmd)
{
	struct dp dp;
};

FIXTURE_SETUP(device_private_pmd)
{
	dp_setup(_metadata, &self->dp, true);
}

FIXTURE_TEARDOWN(device_private_pmd)
{
	dp_teardown(&self->dp);
}

/*
 * The device reads its own pages after its mirror of them was invalidated. It
 * has to be told that they are its own: taken for RAM, the kernel oopses.
 */
TEST_F(device_private, read_after_mprotect)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

TEST_F(device_private, read_after_mremap)
{
	struct dp *dp = &self->dp;
	char *new = dp->buf + 2 * dp->unit;
	uint64_t before[dp->n], after[dp->n];

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	offsets_of(_metadata, dp->buf, dp->n, before);
	ASSERT_EQ(mremap(dp->buf, dp->unit, dp->unit,
			 MREMAP_MAYMOVE | MREMAP_FIXED, new), new);

	/* The very same pages, with the permission they had. */
	ASSERT_EQ(where(dp, 0, new, dp->n, LOCAL_RW | dp->pmd), dp->n);
	offsets_of(_metadata, new, dp->n, after);
	ASSERT_EQ(memcmp(before, after, sizeof(before)), 0);

	ASSERT_EQ(dev_read(dp, 0, new, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(where(dp, 0, new, dp->n, LOCAL_RW | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, new, dp->n, 1), dp->n);
}

TEST_F(device_private, read_after_fork)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, dp->buf, dp->n, 1) != dp->n);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);

	ASSERT_EQ(finish(pid, gate), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* The child's write to a page that it shares with the device of its parent. */
TEST_F(device_private, read_after_cow)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid) {
		fill(dp, dp->buf, dp->n, 2);
		_exit(right(dp, dp->buf, dp->n, 2) != dp->n);
	}
	ASSERT_EQ(finish(pid, gate), 0);

	/* That brought the parent's pages to RAM, too. */
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);

	/* And they can go again. */
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
}

/* The owner asks for a part of a large folio and gets just that part. */
TEST_F(device_private_pmd, read_middle)
{
	struct dp *dp = &self->dp;
	const unsigned long first = dp->n / 4, n = dp->n / 8;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);

	ASSERT_EQ(dev_read(dp, 0, at(dp, first), n), n);
	ASSERT_EQ(right_from(dp, dp->data, first, n, 1), n);
	ASSERT_EQ(dev_read(dp, 0, at(dp, dp->n - 1), 1), 1);
	ASSERT_EQ(right_from(dp, dp->data, dp->n - 1, 1, 1), 1);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
}

/* A write to a part of a large folio lands in that part. */
TEST_F(device_private_pmd, write_middle)
{
	struct dp *dp = &self->dp;
	const unsigned long first = dp->n / 4, n = dp->n / 8;
	const unsigned long rest = dp->n - first - n;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	/* mremap() drops the mirror and keeps the permission. */
	ASSERT_EQ(mremap(dp->buf, dp->unit, dp->unit,
			 MREMAP_MAYMOVE | MREMAP_FIXED, dp->buf + 2 * dp->unit),
		  dp->buf + 2 * dp->unit);
	dp->buf += 2 * dp->unit;

	ASSERT_EQ(dev_write(dp, 0, at(dp, first), n, 2), n);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, dp->buf, first, 1), first);
	ASSERT_EQ(right(dp, at(dp, first), n, 2), n);
	ASSERT_EQ(right_from(dp, at(dp, first + n), first + n, rest, 1), rest);
}

/* /proc/PID/pagemap shows the space and the index of a page. */
TEST_F(device_private, pagemap_index)
{
	struct dp *dp = &self->dp;
	char *other = dp->buf + dp->unit;
	uint64_t mine[dp->n], foreign[dp->n];
	unsigned int shift, bits;

	if (!id_bits(dp, &shift, &bits))
		SKIP(return, "the kernel does not tell where the id is");
	if (geteuid())
		SKIP(return, "not privileged to see offsets");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	give(_metadata, dp, 1, other, dp->n, 2);
	offsets_of(_metadata, dp->buf, dp->n, mine);
	offsets_of(_metadata, other, dp->n, foreign);

	for (unsigned long i = 0; i < dp->n; i++) {
		const uint64_t mask = BIT_ULL(shift) - 1;

		/* Ids are never 0, and each device has spaces of its own. */
		ASSERT_NE(mine[i] >> shift, 0);
		ASSERT_NE(foreign[i] >> shift, 0);
		ASSERT_NE(mine[i] >> shift, foreign[i] >> shift);

		/* Indexes count from 0; test_hmm adds 256 MiB at a time. */
		ASSERT_LT(mine[i] & mask, (4UL << 30) / dp->page);
		ASSERT_LT(foreign[i] & mask, (4UL << 30) / dp->page);

		for (unsigned long j = 0; j < i; j++)
			ASSERT_NE(mine[i], mine[j]);
	}

	if (!dp->pmd)
		return;
	/* A large folio is aligned, and its pages are consecutive. */
	ASSERT_EQ(mine[0] % dp->n, 0);
	for (unsigned long i = 1; i < dp->n; i++)
		ASSERT_EQ(mine[i], mine[0] + i);
}

/* The id of the space that all pages of a range are of. */
static unsigned int id_of(struct __test_metadata *_metadata, const struct dp *dp,
			  const void *addr, unsigned int shift)
{
	uint64_t offsets[dp->n];

	offsets_of(_metadata, addr, dp->n, offsets);
	for (unsigned long i = 1; i < dp->n; i++)
		ASSERT_EQ(offsets[i] >> shift, offsets[0] >> shift);
	return offsets[0] >> shift;
}

/* The first id after @id, in turn, that is worth a look. */
static unsigned int next_id(unsigned int id, unsigned int last)
{
	do {
		id = id < last ? id + 1 : 1;
	} while (id & (id - 1) && id != 9 && id != 100 && id != last);
	return id;
}

/*
 * Entries name the pages of their own space, whatever its id: each bit of it goes
 * through the page table. The other device's space is there all the time.
 */
TEST_F_TIMEOUT(device_private, every_id_bit, 600)
{
	struct dp *dp = &self->dp;
	char *other = dp->buf + dp->unit;
	unsigned int shift, bits, id, foreign, last, seen = 0;

	if (!id_bits(dp, &shift, &bits))
		SKIP(return, "the kernel does not tell where the id is");
	if (geteuid())
		SKIP(return, "not privileged to see offsets");

	last = (1U << bits) - 1;
	give(_metadata, dp, 1, other, dp->n, 1);
	foreign = id_of(_metadata, dp, other, shift);

	/* One turn of what next_id() gives, and where it starts. */
	for (unsigned int round = 2; round < 2 + bits + 4; round++) {
		unsigned int next, skip = 0;

		give(_metadata, dp, 0, dp->buf, dp->n, round);
		id = id_of(_metadata, dp, dp->buf, shift);
		ASSERT_NE(id, 0);
		ASSERT_NE(id, foreign);
		ASSERT_LE(id, last);
		seen |= id;

		/* The mirror knows nothing any more: the names are looked up. */
		ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
		ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
		ASSERT_EQ(where(dp, 1, dp->buf, dp->n, NOTHING), dp->n);
		ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
		ASSERT_EQ(right(dp, dp->data, dp->n, round), dp->n);
		ASSERT_EQ(right(dp, dp->buf, dp->n, round), dp->n);
		ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);

		/* The space goes, the next one has the next id, or a later one. */
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);
		next = next_id(id, last);
		while (id = id < last ? id + 1 : 1, id != next)
			skip += id != foreign;
		if (skip)
			ASSERT_EQ(device(dp, 0, HMM_DMIRROR_SKIP_IDS, dp->buf, NULL,
					 skip), 0);
	}
	ASSERT_EQ(seen, last);
	ASSERT_EQ(where(dp, 1, other, dp->n, LOCAL_RW | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, other, dp->n, 1), dp->n);
}

/* The name of a page does not depend on how the page is mapped. */
TEST_F(device_private, index_stays)
{
	struct dp *dp = &self->dp;
	uint64_t before[dp->n], after[dp->n];
	pid_t pid;
	int gate;

	if (geteuid())
		SKIP(return, "not privileged to see offsets");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	offsets_of(_metadata, dp->buf, dp->n, before);

	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	offsets_of(_metadata, dp->buf, dp->n, after);
	ASSERT_EQ(memcmp(before, after, sizeof(before)), 0);

	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid) {
		offsets_of(_metadata, dp->buf, dp->n, after);
		_exit(!!memcmp(before, after, sizeof(before)));
	}
	ASSERT_EQ(finish(pid, gate), 0);

	/* The PMD, if it is one, is split. */
	ASSERT_EQ(mprotect(dp->buf, dp->page, PROT_NONE), 0);
	offsets_of(_metadata, dp->buf, dp->n, after);
	ASSERT_EQ(memcmp(before, after, sizeof(before)), 0);
}

/* How many entries of a sparse snapshot are right, up to the first that is not. */
static long right_sparse(const struct dp *dp, const void *addr, unsigned long n,
			 unsigned char want)
{
	unsigned char seen[n];
	long ret;

	ret = device(dp, 0, HMM_DMIRROR_SNAPSHOT, addr, seen, n);
	for (long i = 0; i < ret; i++)
		if (seen[i] != (i && want & HMM_DMIRROR_PROT_PMD ?
				HMM_DMIRROR_PROT_ERROR : want))
			return i;
	return ret;
}

/* Whole, and in parts; then with a mapping for each page. */
static void check_sparse(struct __test_metadata *_metadata, const struct dp *dp,
			 unsigned char want)
{
	const unsigned long first = dp->n / 4;

	ASSERT_EQ(right_sparse(dp, dp->buf, dp->n, want | dp->pmd), dp->n);
	ASSERT_EQ(right_sparse(dp, at(dp, first), dp->n - first, want | dp->pmd),
		  dp->n - first);
	ASSERT_EQ(right_sparse(dp, at(dp, first), 1, want | dp->pmd), 1);

	ASSERT_EQ(munmap(at(dp, first), dp->page), 0);
	ASSERT_EQ(right_sparse(dp, dp->buf, first, want), first);
	ASSERT_EQ(right_sparse(dp, at(dp, first + 1), dp->n - first - 1, want),
		  dp->n - first - 1);
}

/* Who steps from mapping to mapping gets the first entry of each, and no more. */
TEST_F(device_private, sparse_snapshot)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_FLAGS, NULL, NULL,
			 HMM_DMIRROR_FLAG_SPARSE), 0);
	check_sparse(_metadata, dp, LOCAL_RW);
}

TEST_F(device_private, sparse_snapshot_ram)
{
	struct dp *dp = &self->dp;

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_FLAGS, NULL, NULL,
			 HMM_DMIRROR_FLAG_SPARSE), 0);
	check_sparse(_metadata, dp, RAM_RW);
}

/* A device is told nothing about the pages of another, which is no error. */
TEST_F(device_private, foreign_snapshot)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(where(dp, 1, dp->buf, dp->n, NOTHING), dp->n);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
}

/* When it asks for access to them they come to RAM. */
TEST_F(device_private, foreign_read)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(dev_read(dp, 1, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 1, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

TEST_F(device_private, foreign_write)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(dev_write(dp, 1, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(where(dp, 1, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 2), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* A page goes from one device to the other and back, written by each. */
TEST_F(device_private, ping_pong)
{
	struct dp *dp = &self->dp;

	fill(dp, dp->buf, dp->n, 1);
	for (unsigned int round = 1; round <= 6; round++) {
		int dev = round % 2;

		ASSERT_EQ(dev_read(dp, dev, dp->buf, dp->n), dp->n);
		ASSERT_EQ(right(dp, dp->data, dp->n, round), dp->n);
		ASSERT_EQ(to_dev(dp, dev, dp->buf, dp->n), dp->n);
		ASSERT_EQ(right(dp, dp->data, dp->n, round), dp->n);
		ASSERT_EQ(dev_write(dp, dev, dp->buf, dp->n, round + 1), dp->n);
		ASSERT_EQ(where(dp, dev, dp->buf, dp->n, LOCAL_RW | dp->pmd),
			  dp->n);
		ASSERT_EQ(where(dp, !dev, dp->buf, dp->n, NOTHING), dp->n);
	}
	ASSERT_EQ(right(dp, dp->buf, dp->n, 7), dp->n);
}

/*
 * One page is a hole, the next is the device's own, the next but one belongs to
 * the other device, and the next is in RAM. Only those that have to move do.
 */
TEST_F(device_private_pte, mixed_pages)
{
	struct dp *dp = &self->dp;

	for (unsigned long i = 0; i < dp->n; i++) {
		unsigned int kind = i % 4;

		if (!kind)
			continue;
		fill_from(dp, at(dp, i), i, 1, 1);
		if (kind < 3)
			ASSERT_EQ(to_dev(dp, kind - 1, at(dp, i), 1), 1);
	}
	/* The mirrors know nothing any more. */
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	for (unsigned long i = 0; i < dp->n; i++) {
		const void *read = dp->data + i * dp->page;
		unsigned int kind = i % 4;

		ASSERT_EQ(right_from(dp, read, i, 1, kind ? 1 : 0), 1);
		if (kind)
			ASSERT_EQ(where(dp, 0, at(dp, i), 1,
					kind == 1 ? LOCAL_RO : RAM_RO), 1);
		ASSERT_EQ(right_from(dp, at(dp, i), i, 1, kind ? 1 : 0), 1);
	}
}

/* The same in ranges, each as large as what maps it. */
TEST_F(device_private, mixed_ranges)
{
	struct dp *dp = &self->dp;
	const unsigned long n = dp->pmd ? dp->n : dp->n / 4;

	/* Range 0 is the hole. */
	give(_metadata, dp, 0, at(dp, n), n, 1);
	give(_metadata, dp, 1, at(dp, 2 * n), n, 2);
	fill(dp, at(dp, 3 * n), n, 3);
	ASSERT_EQ(mprotect(dp->buf, 4 * dp->unit, PROT_READ), 0);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, 4 * n), 4 * n);
	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(right(dp, dp->data + i * n * dp->page, n, i), n);

	ASSERT_EQ(where(dp, 0, at(dp, n), n, LOCAL_RO | dp->pmd), n);
	ASSERT_EQ(where(dp, 0, at(dp, 2 * n), n, RAM_RO | dp->pmd), n);
	ASSERT_EQ(where(dp, 0, at(dp, 3 * n), n, RAM_RO | dp->pmd), n);
	for (unsigned int i = 0; i < 4; i++)
		ASSERT_EQ(right(dp, at(dp, i * n), n, i), n);
}

/* Holes around device pages are faulted, and the device pages are left alone. */
TEST_F(device_private_pte, holes_around)
{
	struct dp *dp = &self->dp;

	fill_from(dp, at(dp, 1), 1, 3, 1);
	ASSERT_EQ(to_dev(dp, 0, at(dp, 1), 3), 3);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, 5), 5);
	ASSERT_EQ(right(dp, dp->data, 1, 0), 1);
	ASSERT_EQ(right_from(dp, dp->data + dp->page, 1, 3, 1), 3);
	ASSERT_EQ(right(dp, dp->data + 4 * dp->page, 1, 0), 1);
	ASSERT_EQ(where(dp, 0, at(dp, 1), 3, LOCAL_RW), 3);
}

/* A write to a read-only hole must not take the device's own pages with it. */
TEST_F(device_private_pte, holes_around_write)
{
	struct dp *dp = &self->dp;

	fill_from(dp, at(dp, 1), 1, 3, 1);
	ASSERT_EQ(to_dev(dp, 0, at(dp, 1), 3), 3);

	ASSERT_EQ(dev_write(dp, 0, dp->buf, 5, 2), 5);
	ASSERT_EQ(where(dp, 0, at(dp, 1), 3, LOCAL_RW), 3);
	ASSERT_EQ(where(dp, 0, dp->buf, 1, RAM_RW), 1);
	ASSERT_EQ(where(dp, 0, at(dp, 4), 1, RAM_RW), 1);
	ASSERT_EQ(right(dp, dp->buf, 5, 2), 5);
}

/* The device writes to pages that it shares with a child: only its parent sees it. */
TEST_F(device_private, write_after_fork)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(right(dp, dp->buf, dp->n, 1) != dp->n);

	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(finish(pid, gate), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* The entry is read-only, the VMA is not: the device gets what it asks for. */
TEST_F(device_private, write_after_mprotect)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);

	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 2), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* The VMA is read-only: the device is refused, and nothing moves. */
TEST_F(device_private, write_refused)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), -EPERM);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* Not even readable: nothing is told, nothing moves, nothing is lost. */
TEST_F(device_private, no_access)
{
	struct dp *dp = &self->dp;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_NONE), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, REFUSED), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), -EFAULT);

	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/*
 * What a device has learnt by reading must not stand in the way of writing,
 * nor outlive that the page moved.
 */
TEST_F(device_private, read_then_write)
{
	struct dp *dp = &self->dp;

	/* Never touched: a read-only zero page, then one of its own. */
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 0), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);

	/* Its own page, read-only: read where it is, then written to in RAM. */
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ | PROT_WRITE), 0);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(dev_write(dp, 0, dp->buf, dp->n, 2), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);

	/* Written by the CPU: the device sees that, too. */
	fill(dp, dp->buf, dp->n, 3);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 3), dp->n);
}

/* Device pages stay shared after fork() until somebody writes. */
TEST_F(device_private, fork_shares)
{
	struct dp *dp = &self->dp;
	uint64_t mine[dp->n], child[dp->n];
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	offsets_of(_metadata, dp->buf, dp->n, mine);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid) {
		/* The same pages, until the touch below. */
		offsets_of(_metadata, dp->buf, dp->n, child);
		if (geteuid() == 0 && memcmp(mine, child, sizeof(mine)))
			_exit(1);
		if (right(dp, dp->buf, dp->n, 1) != dp->n)
			_exit(2);
		fill(dp, dp->buf, dp->n, 2);
		_exit(right(dp, dp->buf, dp->n, 2) != dp->n);
	}
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
	ASSERT_EQ(finish(pid, gate), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* The child is gone, with its references: the parent can do everything again. */
TEST_F(device_private, fork_exit)
{
	struct dp *dp = &self->dp;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(0);
	ASSERT_EQ(finish(pid, gate), 0);

	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RO | dp->pmd), dp->n);
	fill(dp, dp->buf, dp->n, 2);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
	give(_metadata, dp, 0, dp->buf, dp->n, 3);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 3), dp->n);
}

/* A process ends with pages on the device that nobody else maps. */
TEST_F(device_private, exit_frees)
{
	struct dp *dp = &self->dp;
	uint64_t before[dp->n], after[dp->n];
	int status;
	pid_t pid;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	offsets_of(_metadata, dp->buf, dp->n, before);
	ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_DONTNEED), 0);

	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		/* The mirror of the parent does not mirror the child. */
		dp->fd[0] = open("/dev/hmm_dmirror0", O_RDWR);
		ASSERT_GE(dp->fd[0], 0);
		give(_metadata, dp, 0, dp->buf, dp->n, 2);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);

	/* What is freed last is used first by test_hmm. */
	give(_metadata, dp, 0, dp->buf, dp->n, 3);
	offsets_of(_metadata, dp->buf, dp->n, after);
	for (unsigned long i = 0; i < dp->n; i++) {
		unsigned long j;

		for (j = 0; j < dp->n && before[j] != after[i]; j++)
			;
		ASSERT_LT(j, dp->n);
	}
}

/* Giving up the memory frees the device's pages: they are used again. */
TEST_F(device_private, discard_frees)
{
	struct dp *dp = &self->dp;
	uint64_t before[dp->n], after[dp->n];

	for (int how = 0; how < 2; how++) {
		give(_metadata, dp, 0, dp->buf, dp->n, 1);
		offsets_of(_metadata, dp->buf, dp->n, before);
		if (how) {
			ASSERT_EQ(munmap(dp->buf, dp->unit), 0);
			dp->buf += dp->unit;
		} else {
			ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_DONTNEED), 0);
			ASSERT_EQ(where(dp, 0, dp->buf, dp->n, NOTHING), dp->n);
			ASSERT_EQ(right(dp, dp->buf, dp->n, 0), dp->n);
		}

		/* What is freed last is used first by test_hmm. */
		give(_metadata, dp, 0, dp->buf, dp->n, 2);
		offsets_of(_metadata, dp->buf, dp->n, after);
		for (unsigned long i = 0; i < dp->n; i++) {
			unsigned long j;

			for (j = 0; j < dp->n && before[j] != after[i]; j++)
				;
			ASSERT_LT(j, dp->n);
		}
		ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	}
}

/* A page in the middle is unmapped; the others stay where they are. */
TEST_F(device_private, munmap_one)
{
	struct dp *dp = &self->dp;
	const unsigned long gone = dp->n / 2 - 3;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(munmap(at(dp, gone), dp->page), 0);

	/* The PMD, if it was one, is split, and none of it has moved. */
	ASSERT_EQ(where(dp, 0, dp->buf, gone, LOCAL_RW), gone);
	ASSERT_EQ(where(dp, 0, at(dp, gone), 1, REFUSED), 1);
	ASSERT_EQ(where(dp, 0, at(dp, gone + 1), dp->n - gone - 1, LOCAL_RW),
		  dp->n - gone - 1);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, gone), gone);
	ASSERT_EQ(right(dp, dp->data, gone, 1), gone);

	/* One part comes back as a range, the other page by page. */
	ASSERT_GT(to_sys(dp, 0, dp->buf, gone), 0);
	ASSERT_EQ(right(dp, dp->buf, gone, 1), gone);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, gone), 0);
	ASSERT_EQ(right_from(dp, at(dp, gone + 1), gone + 1, dp->n - gone - 1, 1),
		  dp->n - gone - 1);
	ASSERT_EQ(how_many_local(dp, 0, at(dp, gone + 1), dp->n - gone - 1), 0);
}

/* As above; the hole reads as zeroes and can be given to the device again. */
TEST_F(device_private, discard_one)
{
	struct dp *dp = &self->dp;
	const unsigned long gone = dp->n / 2;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(madvise(at(dp, gone), dp->page, MADV_DONTNEED), 0);
	ASSERT_EQ(where(dp, 0, at(dp, gone), 1, NOTHING), 1);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n - 1);

	fill(dp, at(dp, gone), 1, 2);
	ASSERT_EQ(to_dev(dp, 0, at(dp, gone), 1), 1);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, gone, 1), gone);
	ASSERT_EQ(right(dp, dp->data + gone * dp->page, 1, 2), 1);

	ASSERT_EQ(right(dp, dp->buf, gone, 1), gone);
	ASSERT_EQ(right(dp, at(dp, gone), 1, 2), 1);
	ASSERT_EQ(right_from(dp, at(dp, gone + 1), gone + 1, dp->n - gone - 1, 1),
		  dp->n - gone - 1);
}

/* The CPU touches one page of a folio that PTEs map: the others stay. */
TEST_F(device_private, touch_one)
{
	struct dp *dp = &self->dp;
	const unsigned long one = dp->n / 2 + 1;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	/* Splits the PMD, if it is one. */
	ASSERT_EQ(mprotect(dp->buf, dp->page, PROT_READ), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, 1, LOCAL_RO), 1);
	ASSERT_EQ(where(dp, 0, at(dp, 1), dp->n - 1, LOCAL_RW), dp->n - 1);

	ASSERT_EQ(right_from(dp, at(dp, one), one, 1, 1), 1);
	ASSERT_EQ(where(dp, 0, at(dp, one), 1, RAM_RW), 1);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n - 1);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n - 1);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* The device asks for one page of a large folio back. */
TEST_F(device_private, migrate_one_back)
{
	struct dp *dp = &self->dp;
	const unsigned long one = dp->n / 2 + 1;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(munmap(dp->buf, dp->page), 0);
	ASSERT_EQ(to_sys(dp, 0, at(dp, one), 1), 1);
	ASSERT_EQ(where(dp, 0, at(dp, one), 1, RAM_RW), 1);
	ASSERT_EQ(how_many_local(dp, 0, at(dp, 1), dp->n - 1), dp->n - 2);
	ASSERT_EQ(right_from(dp, at(dp, 1), 1, dp->n - 1, 1), dp->n - 1);
}

/* One page of a large folio is moved elsewhere in the address space. */
TEST_F(device_private, mremap_one)
{
	struct dp *dp = &self->dp;
	const unsigned long one = dp->n / 2;
	char *new = dp->buf + 2 * dp->unit + dp->page;
	uint64_t before, after;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	offsets_of(_metadata, at(dp, one), 1, &before);
	ASSERT_EQ(mremap(at(dp, one), dp->page, dp->page,
			 MREMAP_MAYMOVE | MREMAP_FIXED, new), new);
	offsets_of(_metadata, new, 1, &after);
	ASSERT_EQ(before, after);
	ASSERT_EQ(where(dp, 0, new, 1, LOCAL_RW), 1);
	ASSERT_EQ(where(dp, 0, dp->buf, one, LOCAL_RW), one);

	ASSERT_EQ(dev_read(dp, 0, new, 1), 1);
	ASSERT_EQ(right_from(dp, dp->data, one, 1, 1), 1);
	ASSERT_EQ(right_from(dp, new, one, 1, 1), 1);
	ASSERT_EQ(right(dp, dp->buf, one, 1), one);
	ASSERT_EQ(right_from(dp, at(dp, one + 1), one + 1, dp->n - one - 1, 1),
		  dp->n - one - 1);
}

/* To an address where no PMD can map it. */
TEST_F(device_private, mremap_unaligned)
{
	struct dp *dp = &self->dp;
	char *new = dp->buf + 2 * dp->unit + dp->page;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mremap(dp->buf, dp->n * dp->page, dp->n * dp->page,
			 MREMAP_MAYMOVE | MREMAP_FIXED, new), new);
	ASSERT_EQ(where(dp, 0, new, dp->n, LOCAL_RW), dp->n);
	ASSERT_EQ(dev_write(dp, 0, new, dp->n, 2), dp->n);
	ASSERT_EQ(where(dp, 0, new, dp->n, LOCAL_RW), dp->n);
	ASSERT_EQ(right(dp, new, dp->n, 2), dp->n);
}

/* A part of the range becomes read-only, and only that part. */
TEST_F(device_private, mprotect_part)
{
	struct dp *dp = &self->dp;
	const unsigned long half = dp->n / 2;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(mprotect(at(dp, half), half * dp->page, PROT_READ), 0);
	ASSERT_EQ(where(dp, 0, dp->buf, half, LOCAL_RW), half);
	ASSERT_EQ(where(dp, 0, at(dp, half), half, LOCAL_RO), half);

	ASSERT_EQ(dev_write(dp, 0, dp->buf, half, 2), half);
	ASSERT_EQ(dev_write(dp, 0, at(dp, half), half, 3), -EPERM);
	ASSERT_EQ(where(dp, 0, dp->buf, half, LOCAL_RW), half);
	ASSERT_EQ(where(dp, 0, at(dp, half), half, LOCAL_RO), half);
	ASSERT_EQ(right(dp, dp->buf, half, 2), half);
	ASSERT_EQ(right_from(dp, at(dp, half), half, half, 1), half);
}

/* Migration must not lose that a page was written to. */
TEST_F(device_private, soft_dirty)
{
	struct dp *dp = &self->dp;
	uint64_t entries[dp->n];

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	fill(dp, dp->buf, dp->n, 1);
	clear_softdirty();
	pagemap_of(_metadata, dp->buf, dp->n, entries);
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(entries[i] & PM_SOFT_DIRTY, 0);

	/* A clean page is clean on the device, a dirty one is dirty. */
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	pagemap_of(_metadata, dp->buf, dp->n, entries);
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(entries[i] & (PM_SWAP | PM_SOFT_DIRTY), PM_SWAP);

	fill(dp, dp->buf, dp->n, 2);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	pagemap_of(_metadata, dp->buf, dp->n, entries);
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(entries[i] & (PM_SWAP | PM_SOFT_DIRTY),
			  PM_SWAP | PM_SOFT_DIRTY);

	/* And still dirty when it comes back. */
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
	pagemap_of(_metadata, dp->buf, dp->n, entries);
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(entries[i] & (PM_PRESENT | PM_SOFT_DIRTY),
			  PM_PRESENT | PM_SOFT_DIRTY);
}

/* Clearing the bit while the page is on the device leaves it there. */
TEST_F(device_private, soft_dirty_clear)
{
	struct dp *dp = &self->dp;
	uint64_t entries[dp->n];

	if (!softdirty_supported())
		SKIP(return, "no soft-dirty bit");

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	clear_softdirty();
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	pagemap_of(_metadata, dp->buf, dp->n, entries);
	for (unsigned long i = 0; i < dp->n; i++)
		ASSERT_EQ(entries[i] & (PM_SWAP | PM_SOFT_DIRTY), PM_SWAP);

	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* smaps counts device pages as what they are: resident and not swapped out. */
TEST_F(device_private, smaps)
{
	struct dp *dp = &self->dp;
	const long kb = dp->n * dp->page / 1024;

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(smaps_kb(dp->buf, "Rss:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "Swap:"), 0);

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(smaps_kb(dp->buf, "Rss:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "Pss:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "Anonymous:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "AnonHugePages:"), dp->pmd ? kb : 0);
	ASSERT_EQ(smaps_kb(dp->buf, "Swap:"), 0);

	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(smaps_kb(dp->buf, "Rss:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "Swap:"), 0);
}

/* A page that nobody has written to is clean, whatever bits its entry has. */
TEST_F(device_private, smaps_clean)
{
	struct dp *dp = &self->dp;
	const long kb = dp->n * dp->page / 1024;

	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(smaps_kb(dp->buf, "Private_Clean:"), kb);
	ASSERT_EQ(smaps_kb(dp->buf, "Private_Dirty:"), 0);
}

/* PAGEMAP_SCAN sees the device's pages as swapped, and the others as present. */
TEST_F(device_private, pagemap_scan)
{
	struct dp *dp = &self->dp;
	struct page_region region[4];
	struct pm_scan_arg scan = {
		.size = sizeof(scan),
		.start = (uintptr_t)dp->buf,
		.end = (uintptr_t)dp->buf + 2 * dp->unit,
		.vec = (uintptr_t)region,
		.vec_len = 4,
		.category_mask = PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_SWAPPED | PAGE_IS_PRESENT,
	};

	fill(dp, dp->buf + dp->unit, dp->n, 2);
	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(ioctl(dp->pagemap, PAGEMAP_SCAN, &scan), 1);
	ASSERT_EQ(region[0].start, (uintptr_t)dp->buf);
	ASSERT_EQ(region[0].end, (uintptr_t)at(dp, dp->n));
	ASSERT_EQ(region[0].categories, PAGE_IS_SWAPPED);

	scan.category_mask = PAGE_IS_PRESENT;
	ASSERT_EQ(ioctl(dp->pagemap, PAGEMAP_SCAN, &scan), 1);
	ASSERT_EQ(region[0].start, (uintptr_t)dp->buf + dp->unit);
	ASSERT_EQ(region[0].end, (uintptr_t)at(dp, dp->n) + dp->unit);
	ASSERT_EQ(region[0].categories, PAGE_IS_PRESENT);
	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
}

/* The pages that are locked. Either of the calls counts what this CPU put off. */
static long nr_mlock(const struct dp *dp)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);
	bool fresh = fd >= 0 && !mlock(dp->data, 1) && !munlock(dp->data, 1) &&
		     write(fd, "1", 1) == 1;

	close(fd);
	return fresh ? number_in("/proc/vmstat", "nr_mlock ") : -1;
}

/* What is locked is not counted on the device, nor for ever. */
TEST_F(device_private, mlock_counts)
{
	struct dp *dp = &self->dp;
	const long before = nr_mlock(dp);

	if (before < 0)
		SKIP(return, "no exact nr_mlock");

	fill(dp, dp->buf, dp->n, 1);
	if (mlock(dp->buf, dp->n * dp->page))
		SKIP(return, "mlock: %s", strerror(errno));
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(munlock(dp->buf, dp->n * dp->page), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);

	/* Another CPU may still have a few folios of another test to count. */
	ASSERT_LT(nr_mlock(dp) - before, (long)dp->n / 2);
}

/* What only looks at the page table, or passes by, leaves the pages alone. */
TEST_F(device_private, looking_moves_nothing)
{
	struct dp *dp = &self->dp;
	unsigned char vec[dp->n];
	void *pages[dp->n];
	int status[dp->n];

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	for (unsigned long i = 0; i < dp->n; i++)
		pages[i] = at(dp, i);

	ASSERT_TRUE(readable("/proc/self/smaps"));
	ASSERT_TRUE(readable("/proc/self/smaps_rollup"));
	if (!access("/proc/self/numa_maps", R_OK))
		ASSERT_TRUE(readable("/proc/self/numa_maps"));
	ASSERT_EQ(mincore(dp->buf, dp->n * dp->page, vec), 0);
	ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_COLD), 0);
	madvise(dp->buf, dp->unit, MADV_PAGEOUT);
	madvise(dp->buf, dp->unit, MADV_WILLNEED);
	write_num("/proc/self/clear_refs", 1);
	/* Which node a device page is on is nobody's business. */
	if (!syscall(SYS_move_pages, 0, dp->n, pages, NULL, status, 0))
		for (unsigned long i = 0; i < dp->n; i++)
			ASSERT_LT(status[i], 0);

	ASSERT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* The kernel itself reads and writes the pages, through GUP. */
TEST_F(device_private, remote_access)
{
	struct dp *dp = &self->dp;
	const size_t size = dp->n * dp->page;
	int mem = open("/proc/self/mem", O_RDWR);

	ASSERT_GE(mem, 0);
	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	memset(dp->data, 0xee, size);
	ASSERT_EQ(mem_read(mem, dp->data, size, dp->buf), size);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);

	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	fill(dp, dp->data, dp->n, 2);
	ASSERT_EQ(mem_write(mem, dp->data, size, dp->buf), size);
	close(mem);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);

	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(mlock(dp->buf, dp->n * dp->page), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(munlock(dp->buf, dp->n * dp->page), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* A range of device pages is made one huge page, or is not. */
TEST_F(device_private_pte, collapse)
{
	struct dp *dp = &self->dp;

	if (!read_private_pmd_pagesize())
		SKIP(return, "no transparent huge pages");

	fill(dp, dp->buf, dp->unit / dp->page, 1);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(madvise(dp->buf, dp->unit, MADV_HUGEPAGE), 0);
	madvise(dp->buf, dp->unit, MADV_COLLAPSE);

	ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->unit / dp->page, 1), dp->unit / dp->page);
}

/* KSM pages stay in RAM: the device would see the writes of others. */
TEST_F(device_private_pte, ksm)
{
	struct dp *dp = &self->dp;
	long run = number_in("/sys/kernel/mm/ksm/run", "");
	int ret;

	if (run < 0)
		SKIP(return, "no KSM");

	fill(dp, at(dp, 0), 1, 1);
	fill(dp, at(dp, 1), 1, 1);
	ASSERT_EQ(madvise(dp->buf, 2 * dp->page, MADV_MERGEABLE), 0);
	ret = ksm_start();
	if (ret || ksm_get_self_merging_pages() < 1) {
		write_sysfs("/sys/kernel/mm/ksm/run", run);
		SKIP(return, "KSM did not merge two equal pages");
	}

	EXPECT_EQ(to_dev(dp, 0, dp->buf, 2), -ENOENT);
	EXPECT_EQ(where(dp, 0, dp->buf, 2, RAM_RO), 2);
	EXPECT_GE(ksm_get_self_merging_pages(), 1);
	EXPECT_EQ(dev_read(dp, 0, dp->buf, 2), 2);
	EXPECT_EQ(right(dp, dp->data, 1, 1), 1);
	EXPECT_EQ(right(dp, dp->data + dp->page, 1, 1), 1);

	/* Unmerged, they are pages like any other. */
	EXPECT_EQ(ksm_stop(), 0);
	EXPECT_EQ(right(dp, at(dp, 0), 1, 1), 1);
	EXPECT_EQ(right(dp, at(dp, 1), 1, 1), 1);
	write_sysfs("/sys/kernel/mm/ksm/run", run);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, 2), 2);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, 2), 2);
	ASSERT_EQ(right(dp, at(dp, 0), 1, 1), 1);
	ASSERT_EQ(right(dp, at(dp, 1), 1, 1), 1);
}

/* Half of the range is on the device, half of it is swapped out. */
TEST_F(device_private, swap)
{
	struct dp *dp = &self->dp;
	char *swapped = dp->buf + dp->unit;
	const char *why = swap_on(dp);
	bool out;

	if (why)
		SKIP(return, "%s", why);

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	fill(dp, swapped, dp->n, 2);
	out = swap_out(dp, swapped, dp->n);
	if (out) {
		/* Paging out passes by device pages. */
		EXPECT_EQ(madvise(dp->buf, 2 * dp->unit, MADV_PAGEOUT), 0);
		EXPECT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
		EXPECT_EQ(where(dp, 0, swapped, dp->n, NOTHING), dp->n);
		EXPECT_EQ(smaps_kb(dp->buf, "Swap:"), dp->n * dp->page / 1024);
		EXPECT_EQ(smaps_kb(dp->buf, "Rss:"), dp->n * dp->page / 1024);

		/* The device needs both. */
		EXPECT_EQ(dev_read(dp, 0, swapped, dp->n), dp->n);
		EXPECT_EQ(right(dp, dp->data, dp->n, 2), dp->n);
		EXPECT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
		EXPECT_TRUE(swap_out(dp, swapped, dp->n));
	}

	/* Takes every entry of the kind it looks for out of the page table. */
	EXPECT_EQ(swapoff(SWAP_DEVICE), 0);
	if (!out)
		SKIP(return, "the pages could not be swapped out");
	EXPECT_EQ(where(dp, 0, dp->buf, dp->n, LOCAL_RW | dp->pmd), dp->n);
	EXPECT_EQ(right(dp, swapped, dp->n, 2), dp->n);
	EXPECT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* Every other page is on the device, the others are swapped out. */
TEST_F(device_private_pte, swap_interleaved)
{
	struct dp *dp = &self->dp;
	const char *why = swap_on(dp);
	bool out = true;

	if (why)
		SKIP(return, "%s", why);

	fill(dp, dp->buf, dp->n, 1);
	for (unsigned long i = 1; i < dp->n; i += 2)
		EXPECT_EQ(to_dev(dp, 0, at(dp, i), 1), 1);
	for (unsigned long i = 0; i < dp->n; i += 2)
		out = out && swap_out(dp, at(dp, i), 1);
	/* So that the device has to ask for its own pages, too. */
	EXPECT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
	if (out) {
		EXPECT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
		EXPECT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
		EXPECT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n / 2);
		for (unsigned long i = 1; i < dp->n; i += 2)
			EXPECT_EQ(where(dp, 0, at(dp, i), 1, LOCAL_RO), 1);
	}
	EXPECT_EQ(swapoff(SWAP_DEVICE), 0);
	if (!out)
		SKIP(return, "the pages could not be swapped out");
	EXPECT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n / 2);
	EXPECT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* The memory of a device goes away while pages of it are mapped. */
TEST_F(device_private, release)
{
	struct dp *dp = &self->dp;

	for (unsigned int round = 1; round <= 2; round++) {
		give(_metadata, dp, 0, dp->buf, dp->n, round);
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);

		/* In RAM before anybody touches them. */
		ASSERT_EQ(where(dp, 0, dp->buf, dp->n, RAM_RW | dp->pmd), dp->n);
		ASSERT_EQ(dev_read(dp, 0, dp->buf, dp->n), dp->n);
		ASSERT_EQ(right(dp, dp->data, dp->n, round), dp->n);
		ASSERT_EQ(right(dp, dp->buf, dp->n, round), dp->n);
	}
	give(_metadata, dp, 0, dp->buf, dp->n, 3);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 3), dp->n);
}

/* The same with pages that a child maps too, and with the other device at work. */
TEST_F(device_private, release_shared)
{
	struct dp *dp = &self->dp;
	char *other = dp->buf + dp->unit;
	pid_t pid;
	int gate;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	give(_metadata, dp, 1, other, dp->n, 2);
	pid = fork_waiting(&gate);
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (right(dp, dp->buf, dp->n, 1) != dp->n)
			_exit(1);
		_exit(right(dp, other, dp->n, 2) != dp->n);
	}
	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), 0);
	ASSERT_EQ(where(dp, 1, other, dp->n, LOCAL_RO | dp->pmd), dp->n);
	ASSERT_EQ(finish(pid, gate), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(right(dp, other, dp->n, 2), dp->n);
}

/* And with a folio that a PMD mapped once and PTEs map now. */
TEST_F(device_private_pmd, release_split)
{
	struct dp *dp = &self->dp;
	const unsigned long gone = dp->n / 2;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	ASSERT_EQ(munmap(at(dp, gone), dp->page), 0);
	ASSERT_EQ(right_from(dp, at(dp, 3), 3, 1, 1), 1);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, gone), gone - 1);

	ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, gone), 0);
	ASSERT_EQ(right(dp, dp->buf, gone, 1), gone);
	ASSERT_EQ(right_from(dp, at(dp, gone + 1), gone + 1, dp->n - gone - 1, 1),
		  dp->n - gone - 1);
}

/*
 * Races. The number of rounds is fixed, the schedule is not: what is checked is
 * that no update is lost and no page is mixed up.
 */
#define NR_TOUCHERS	2
#define ROUNDS		20

struct toucher {
	const struct dp *dp;
	pthread_t thread;
	bool *stop;
	unsigned int id;
	unsigned long touches;
};

/* Count up one word of a page after the other; the rest is the pattern. */
static void *touch(void *arg)
{
	struct toucher *t = arg;

	while (!__atomic_load_n(t->stop, __ATOMIC_RELAXED)) {
		uint64_t *word = (uint64_t *)at(t->dp, t->touches % t->dp->n) + t->id;

		__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
		t->touches++;
	}
	return NULL;
}

static void start_touching(struct __test_metadata *_metadata, const struct dp *dp,
			   struct toucher *t, bool *stop)
{
	for (unsigned int i = 0; i < NR_TOUCHERS; i++) {
		t[i] = (struct toucher){ .dp = dp, .stop = stop, .id = i };
		ASSERT_EQ(pthread_create(&t[i].thread, NULL, touch, &t[i]), 0);
	}
}

/* Stop, and see that everything that was counted is there. */
static void stop_touching(struct __test_metadata *_metadata, const struct dp *dp,
			  struct toucher *t, bool *stop, unsigned int seed)
{
	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < NR_TOUCHERS; i++)
		ASSERT_EQ(pthread_join(t[i].thread, NULL), 0);

	for (unsigned int i = 0; i < NR_TOUCHERS; i++) {
		ASSERT_GT(t[i].touches, 0);
		for (unsigned long page = 0; page < dp->n; page++) {
			uint64_t *word = (uint64_t *)at(dp, page) + i;
			uint64_t want = t[i].touches / dp->n +
					(page < t[i].touches % dp->n);

			ASSERT_EQ(*word - pattern(seed, page, i), want);
			*word = pattern(seed, page, i);
		}
	}
	ASSERT_EQ(right(dp, dp->buf, dp->n, seed), dp->n);
}

/* Migration entries meet the CPU. */
TEST_F_TIMEOUT(device_private, race_touch, 120)
{
	struct dp *dp = &self->dp;
	struct toucher t[NR_TOUCHERS];
	bool stop = false;
	long ret;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	start_touching(_metadata, dp, t, &stop);
	for (int round = 0; round < ROUNDS; round++) {
		/* Some pages may be in use, or be back already. */
		ret = to_dev(dp, 0, dp->buf, dp->n);
		ASSERT_TRUE(ret == (long)dp->n || ret == -ENOENT);
		ret = dev_read(dp, 0, dp->buf, dp->n);
		ASSERT_TRUE(ret == (long)dp->n || ret == -EBUSY);
		ASSERT_GE(to_sys(dp, 0, dp->buf, dp->n), 0);
	}
	stop_touching(_metadata, dp, t, &stop, 1);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
	ASSERT_EQ(how_many_local(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
}

/* The memory of the device goes away while the CPU wants the pages back. */
TEST_F_TIMEOUT(device_private, race_release, 120)
{
	struct dp *dp = &self->dp;
	struct toucher t[NR_TOUCHERS];
	bool stop = false;

	give(_metadata, dp, 0, dp->buf, dp->n, 1);
	start_touching(_metadata, dp, t, &stop);
	for (int round = 0; round < 3; round++) {
		to_dev(dp, 0, dp->buf, dp->n);
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);
	}
	stop_touching(_metadata, dp, t, &stop, 1);
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

/* Give a device pages that nobody else maps, say so, and exit after @delay us. */
static void exit_with_pages(struct dp *dp, int ready, unsigned long delay)
{
	/* The one that is open mirrors the parent. */
	dp->fd[0] = open("/dev/hmm_dmirror0", O_RDWR);
	fill(dp, dp->buf, dp->n, 1);
	if (to_dev(dp, 0, dp->buf, dp->n) != (long)dp->n ||
	    write(ready, "", 1) != 1)
		_exit(1);
	usleep(delay);
	_exit(0);
}

/* The memory of the device goes away while who maps it does. */
TEST_F_TIMEOUT(device_private, race_exit, 120)
{
	struct dp *dp = &self->dp;
	struct timespec start, end;
	long duration = 0;	/* of a release, in us */
	int ends[2], status;
	pid_t pid;
	char c;

	for (int round = 0; round <= ROUNDS; round++) {
		ASSERT_EQ(pipe(ends), 0);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid)
			exit_with_pages(dp, ends[1], duration * round / ROUNDS);
		close(ends[1]);
		ASSERT_EQ(read(ends[0], &c, 1), 1);
		close(ends[0]);
		clock_gettime(CLOCK_MONOTONIC, &start);
		ASSERT_EQ(device(dp, 0, HMM_DMIRROR_RELEASE, dp->buf, NULL, dp->n), 0);
		clock_gettime(CLOCK_MONOTONIC, &end);
		duration = (end.tv_sec - start.tv_sec) * 1000000 +
			   (end.tv_nsec - start.tv_nsec) / 1000;
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		ASSERT_EQ(status, 0);
	}
	give(_metadata, dp, 0, dp->buf, dp->n, 2);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 2), dp->n);
}

struct migrator {
	const struct dp *dp;
	bool stop;
	unsigned long rounds;
};

static void *migrate_to_and_fro(void *arg)
{
	struct migrator *m = arg;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		to_dev(m->dp, 0, m->dp->buf, m->dp->n);
		to_sys(m->dp, 0, m->dp->buf, m->dp->n);
		__atomic_fetch_add(&m->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/*
 * Both threads are to have some rounds, whatever the scheduler does. A round takes
 * longer where a huge page has 32 MiB.
 */
static bool race_goes_on(const struct migrator *m, int round)
{
	int rounds = m->dp->unit > (4UL << 20) ? ROUNDS / 4 : ROUNDS;

	return round < rounds ||
	       __atomic_load_n(&m->rounds, __ATOMIC_RELAXED) < ROUNDS / 4;
}

/* Migration entries, of device pages and of pages in RAM, are copied by fork(). */
TEST_F_TIMEOUT(device_private, race_fork, 120)
{
	struct dp *dp = &self->dp;
	struct migrator m = { .dp = dp };
	pthread_t thread;
	int status;
	pid_t pid;

	fill(dp, dp->buf, dp->n, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, migrate_to_and_fro, &m), 0);
	for (int round = 0; race_goes_on(&m, round); round++) {
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			if (right(dp, dp->buf, dp->n, 1) != dp->n)
				_exit(1);
			fill(dp, dp->buf, dp->n, 2);
			_exit(right(dp, dp->buf, dp->n, 2) != dp->n);
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		ASSERT_EQ(status, 0);
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, 1), dp->n);
	ASSERT_EQ(to_dev(dp, 0, dp->buf, dp->n), dp->n);
	ASSERT_EQ(right(dp, dp->data, dp->n, 1), dp->n);
}

/* mprotect() meets migration entries. */
TEST_F_TIMEOUT(device_private, race_mprotect, 120)
{
	struct dp *dp = &self->dp;
	struct migrator m = { .dp = dp };
	unsigned int seed = 1;
	pthread_t thread;

	fill(dp, dp->buf, dp->n, seed);
	ASSERT_EQ(pthread_create(&thread, NULL, migrate_to_and_fro, &m), 0);
	for (int round = 0; race_goes_on(&m, round); round++) {
		for (int i = 0; i < 10; i++) {
			ASSERT_EQ(mprotect(dp->buf, dp->unit, PROT_READ), 0);
			ASSERT_EQ(mprotect(dp->buf, dp->unit,
					   PROT_READ | PROT_WRITE), 0);
		}
		ASSERT_EQ(right(dp, dp->buf, dp->n, seed), dp->n);
		seed = seed % 1000 + 1;
		fill(dp, dp->buf, dp->n, seed);
	}
	__atomic_store_n(&m.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
	ASSERT_EQ(right(dp, dp->buf, dp->n, seed), dp->n);
}

TEST_HARNESS_MAIN

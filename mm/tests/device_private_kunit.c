// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of device private memory by index: how a page is named, the page
 * table entries that refer to one, the table of spaces and the memmap of a space.
 *
 * What would warn, such as asking an entry of a device private page for a PFN, is
 * not tried: a kernel that runs these tests has to stay silent.
 */
#include <kunit/device.h>
#include <linux/async.h>
#include <linux/completion.h>
#include <linux/leafops.h>
#include <linux/mm_inline.h>
#include <linux/mman.h>
#include <linux/page_ext.h>
#include <linux/pci-p2pdma.h>
#include <linux/rmap.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/tlb.h>
#include "../device_private.h"
#include "device_private_kunit.h"

#define WIDTH		ARCH_SOFTLEAF_OFFSET_BITS

/* Bits [0, @nr). */
static unsigned long low_bits(unsigned int nr)
{
	return nr ? GENMASK(nr - 1, 0) : 0;
}

/*
 * The layout, for every width that an architecture has, and those around which
 * it changes.
 */

static const struct width {
	const char *desc;
	unsigned int bits;
} widths[] = {
	{ "36 bits",				36 },
	{ "37 bits: powerpc64 64K",		37 },
	{ "38 bits: loongarch64",		38 },
	{ "40 bits: mips64, powerpc e500",	40 },
	{ "41 bits: powerpc64 4K",		41 },
	{ "42 bits: sparc64",			42 },
	{ "46 bits: the last small id",		46 },
	{ "47 bits: the first large id",	47 },
	{ "49 bits: arm64",			49 },
	{ "50 bits: x86-64",			50 },
	{ "51 bits: riscv64",			51 },
	{ "52 bits: s390",			52 },
	{ "53 bits: um",			53 },
	{ "57 bits: parisc64",			57 },
};

KUNIT_ARRAY_PARAM_DESC(width, widths, desc);

static unsigned long index_mask(unsigned int width)
{
	return low_bits(__DEVICE_PRIVATE_INDEX_BITS(width));
}

static unsigned long id_max(unsigned int width)
{
	return low_bits(__DEVICE_PRIVATE_ID_BITS(width));
}

static unsigned long id_mask(unsigned int width)
{
	return id_max(width) << __DEVICE_PRIVATE_ID_SHIFT(width);
}

/*
 * The @i-th number of @nr bits that is worth a look: each bit, all but each bit,
 * none and all. There are nr_patterns(@nr).
 */
static unsigned long pattern(unsigned int nr, unsigned int i)
{
	if (i < nr)
		return BIT(i);
	if (i < 2 * nr)
		return low_bits(nr) & ~BIT(i - nr);
	return i == 2 * nr ? 0 : low_bits(nr);
}

static unsigned int nr_patterns(unsigned int nr)
{
	return 2 * nr + 2;
}

static void layout_fields(struct kunit *test)
{
	const unsigned int width = ((const struct width *)test->param_value)->bits;
	const unsigned long migration = BIT(__DEVICE_PRIVATE_MIGRATION_BIT(width));
	const unsigned long exclusive = BIT(__DEVICE_PRIVATE_EXCLUSIVE_BIT(width));
	const unsigned long index = index_mask(width);
	const unsigned long id = id_mask(width);

	/* The state is on top and inside of the entry. */
	KUNIT_EXPECT_EQ(test, migration, BIT(width - 1));
	KUNIT_EXPECT_EQ(test, exclusive, BIT(width - 2));

	/* No two fields overlap, and the order is state, id, index. */
	KUNIT_EXPECT_GT(test, exclusive, id | index);
	KUNIT_EXPECT_EQ(test, id & index, 0);
	KUNIT_EXPECT_GT(test, id & -id, index);

	/* There is an id, and it fits; an index counts from bit 0. */
	KUNIT_EXPECT_GE(test, id_max(width), 127);
	KUNIT_EXPECT_EQ(test, index & 1, 1);
	KUNIT_EXPECT_GE(test, index, BIT(27) - 1);

	/* A name fits into every carrier, and is all of the room that is used. */
	KUNIT_EXPECT_LE(test, __DEVICE_PRIVATE_BITS(width),
			DEVICE_PRIVATE_BITS_MAX);
	KUNIT_EXPECT_LE(test, __DEVICE_PRIVATE_BITS(width), 48);
	KUNIT_EXPECT_EQ(test, (id | index) >> __DEVICE_PRIVATE_BITS(width), 0);
	KUNIT_EXPECT_EQ(test, id >> (__DEVICE_PRIVATE_BITS(width) - 1), 1);
}

static void layout_names(struct kunit *test)
{
	const unsigned int width = ((const struct width *)test->param_value)->bits;
	const unsigned int id_bits = __DEVICE_PRIVATE_ID_BITS(width);
	const unsigned int index_bits = __DEVICE_PRIVATE_INDEX_BITS(width);
	unsigned int i, j;

	for (i = 0; i < nr_patterns(id_bits); i++) {
		const unsigned long id = pattern(id_bits, i);

		if (!id)
			continue;

		for (j = 0; j < nr_patterns(index_bits); j++) {
			const unsigned long index = pattern(index_bits, j);
			const unsigned long val =
				mk_device_private_index(width, id, index).val;

			KUNIT_EXPECT_EQ_MSG(test, val & index_mask(width), index,
					    "id %#lx index %#lx", id, index);
			KUNIT_EXPECT_EQ_MSG(test, (val & id_mask(width)) >>
					    __DEVICE_PRIVATE_ID_SHIFT(width), id,
					    "id %#lx index %#lx", id, index);
			KUNIT_EXPECT_EQ_MSG(test, val & ~(id_mask(width) |
							  index_mask(width)), 0,
					    "id %#lx index %#lx", id, index);
		}
	}
}

/* The names of the pages of a large folio differ in the low bits only. */
static void layout_alignment(struct kunit *test)
{
	const unsigned int width = ((const struct width *)test->param_value)->bits;
	const unsigned long id = id_max(width);
	unsigned int order;

	for (order = 0; order < __DEVICE_PRIVATE_INDEX_BITS(width); order++) {
		/* The last folio of this order in the largest space. */
		const unsigned long index = index_mask(width) & ~low_bits(order);
		const unsigned long val =
			mk_device_private_index(width, id, index).val;

		KUNIT_EXPECT_EQ_MSG(test, val & low_bits(order), 0,
				    "order %u", order);
		KUNIT_EXPECT_EQ_MSG(test, val | low_bits(order),
				    mk_device_private_index(width, id, index +
							    low_bits(order)).val,
				    "order %u", order);
	}
}

/* The walk of the rmap takes no PFN for an index, nor the other way round. */
static void layout_pvmw_key(struct kunit *test)
{
	const unsigned int width = ((const struct width *)test->param_value)->bits;
	const unsigned long max_pfn_val = low_bits(BITS_PER_LONG - PAGE_SHIFT);
	const unsigned int name_bits = __DEVICE_PRIVATE_BITS(width);
	unsigned int i;

	for (i = 0; i < nr_patterns(name_bits); i++) {
		const device_private_index_t name = { pattern(name_bits, i) };
		const device_private_index_t next = { name.val + 1 };

		KUNIT_EXPECT_GT_MSG(test, pvmw_key_index(name).val,
				    pvmw_key_pfn(max_pfn_val).val,
				    "name %#lx", name.val);
		KUNIT_EXPECT_NE_MSG(test, pvmw_key_index(name).val,
				    pvmw_key_pfn(name.val).val,
				    "name %#lx", name.val);
		KUNIT_EXPECT_EQ_MSG(test, pvmw_key_index(name).val + 1,
				    pvmw_key_index(next).val,
				    "name %#lx", name.val);
	}
}

/*
 * x86 stores the offset inverted. With the 50 bits it has, offset bits 34 to 36
 * are address bits 43 to 45 of the entry, which stay set, see L1TF.
 */
static void layout_l1tf_hole(struct kunit *test)
{
	const unsigned long hole = GENMASK(36, 34);
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, __DEVICE_PRIVATE_INDEX_BITS(50), 34);
	KUNIT_EXPECT_EQ(test, __DEVICE_PRIVATE_ID_SHIFT(50), 37);

	for (i = 0; i < nr_patterns(__DEVICE_PRIVATE_ID_BITS(50)); i++) {
		for (j = 0; j < nr_patterns(__DEVICE_PRIVATE_INDEX_BITS(50)); j++) {
			const unsigned long id =
				pattern(__DEVICE_PRIVATE_ID_BITS(50), i);
			const unsigned long index =
				pattern(__DEVICE_PRIVATE_INDEX_BITS(50), j);

			KUNIT_EXPECT_EQ_MSG(test, hole &
					    mk_device_private_index(50, id, index).val,
					    0, "id %#lx index %#lx", id, index);
		}
	}
}

/* For the table in Documentation/mm/device_private.rst. */
static void layout_here(struct kunit *test)
{
	kunit_info(test, "%s, %lu KiB pages: %u offset bits, %u id bits, %u index bits\n",
		   IS_ENABLED(CONFIG_UML) ? "um" : utsname()->machine,
		   PAGE_SIZE / SZ_1K,
		   ARCH_SOFTLEAF_OFFSET_BITS, DEVICE_PRIVATE_ID_BITS,
		   DEVICE_PRIVATE_INDEX_BITS);
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE_PARAM(layout_fields, width_gen_params),
	KUNIT_CASE_PARAM(layout_names, width_gen_params),
	KUNIT_CASE_PARAM(layout_alignment, width_gen_params),
	KUNIT_CASE_PARAM(layout_pvmw_key, width_gen_params),
	KUNIT_CASE(layout_l1tf_hole),
	KUNIT_CASE(layout_here),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "device_private_layout",
	.test_cases = layout_cases,
};

/*
 * Page table entries of this architecture.
 */

/* The @i-th offset worth a look; there are nr_offsets(). */
static unsigned int nr_offsets(void)
{
	return 2 * WIDTH + 1;
}

static unsigned long nth_offset(unsigned int i)
{
	const unsigned long all = DEVICE_PRIVATE_MIGRATION |
		DEVICE_PRIVATE_EXCLUSIVE | id_mask(WIDTH) | index_mask(WIDTH);

	/* Each bit, all but each bit, all. What is no part of it drops out. */
	if (i < WIDTH)
		return all & BIT(i);
	if (i < 2 * WIDTH)
		return all & ~BIT(i - WIDTH);
	return all;
}

static const unsigned int device_types[] = { SWP_DEVICE_READ, SWP_DEVICE_WRITE };

/* Software bits of an entry beside type and offset. */
#define FLAG_SOFT_DIRTY	1U
#define FLAG_UFFD	2U
#define FLAG_EXCLUSIVE	4U

static pte_t mk_pte_flags(softleaf_t entry, unsigned int flags)
{
	pte_t pte = softleaf_to_pte(entry);

	if (flags & FLAG_SOFT_DIRTY)
		pte = pte_swp_mksoft_dirty(pte);
	if (flags & FLAG_UFFD)
		pte = pte_swp_mkuffd(pte);
	if (flags & FLAG_EXCLUSIVE)
		pte = pte_swp_mkexclusive(pte);

	return pte;
}

static void check_pte(struct kunit *test, softleaf_t entry, unsigned int flags,
		      pte_t pte)
{
	/* Can this architecture tell what hardware does not access at all? */
	const bool accessible = pte_accessible(&init_mm, __pte(0));

	KUNIT_EXPECT_FALSE_MSG(test, pte_present(pte),
			       "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_FALSE_MSG(test, pte_none(pte),
			       "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_FALSE_MSG(test, !accessible && pte_accessible(&init_mm, pte),
			       "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_EQ_MSG(test, !!pte_swp_exclusive(pte),
			    !!(flags & FLAG_EXCLUSIVE),
			    "entry %#lx flags %u", entry.val, flags);
	if (pgtable_supports_soft_dirty())
		KUNIT_EXPECT_EQ_MSG(test, !!pte_swp_soft_dirty(pte),
				    !!(flags & FLAG_SOFT_DIRTY),
				    "entry %#lx flags %u", entry.val, flags);
	if (pgtable_supports_uffd())
		KUNIT_EXPECT_EQ_MSG(test, !!pte_swp_uffd(pte),
				    !!(flags & FLAG_UFFD),
				    "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_EQ_MSG(test, softleaf_from_pte(pte).val, entry.val,
			    "flags %u", flags);
}

static void entry_pte(struct kunit *test)
{
	unsigned int i, j, flags;

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const softleaf_t entry = swp_entry(device_types[i],
							   nth_offset(j));

			for (flags = 0; flags < 8; flags++)
				check_pte(test, entry, flags,
					  mk_pte_flags(entry, flags));
		}
	}
}

#ifdef CONFIG_ARCH_HAS_PMD_SOFTLEAVES
static pmd_t mk_pmd_flags(softleaf_t entry, unsigned int flags)
{
	pmd_t pmd = softleaf_to_pmd(entry);

	if (flags & FLAG_SOFT_DIRTY)
		pmd = pmd_swp_mksoft_dirty(pmd);
	if (flags & FLAG_UFFD)
		pmd = pmd_swp_mkuffd(pmd);

	return pmd;
}

static void check_pmd(struct kunit *test, softleaf_t entry, unsigned int flags,
		      pmd_t pmd)
{
	/* pmd_leaf() is for present entries: powerpc says yes to these, too. */
	KUNIT_EXPECT_FALSE_MSG(test, pmd_present(pmd),
			       "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_FALSE_MSG(test, pmd_none(pmd),
			       "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_FALSE_MSG(test, pmd_trans_huge(pmd),
			       "entry %#lx flags %u", entry.val, flags);
	if (pgtable_supports_soft_dirty())
		KUNIT_EXPECT_EQ_MSG(test, !!pmd_swp_soft_dirty(pmd),
				    !!(flags & FLAG_SOFT_DIRTY),
				    "entry %#lx flags %u", entry.val, flags);
	if (pgtable_supports_uffd())
		KUNIT_EXPECT_EQ_MSG(test, !!pmd_swp_uffd(pmd),
				    !!(flags & FLAG_UFFD),
				    "entry %#lx flags %u", entry.val, flags);
	KUNIT_EXPECT_EQ_MSG(test, softleaf_from_pmd(pmd).val, entry.val,
			    "flags %u", flags);
	KUNIT_EXPECT_TRUE_MSG(test, pmd_is_valid_softleaf(pmd),
			      "entry %#lx flags %u", entry.val, flags);
}

static void entry_pmd(struct kunit *test)
{
	unsigned int i, j, flags;

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const softleaf_t entry = swp_entry(device_types[i],
							   nth_offset(j));

			for (flags = 0; flags < 4; flags++)
				check_pmd(test, entry, flags,
					  mk_pmd_flags(entry, flags));
		}
	}
}
#else
static void entry_pmd(struct kunit *test)
{
	kunit_skip(test, "no entries in PMDs on this architecture");
}
#endif

/*
 * The same entries in page tables: an architecture may filter what is set, and
 * what is read.
 */

struct tables {
	struct vm_area_struct *vma;
	unsigned long addr;	/* of what the PMD maps */
	pmd_t *pmdp;
};

/* What may be done with an entry, from the time it is set until it is gone. */
enum way {
	WAY_GET,
	WAY_GET_LOCKLESS,
	WAY_CLEAR,
	WAY_CLEAR_FULL,
	NR_WAYS,
};

static pmd_t *alloc_pmd(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4dp = p4d_alloc(mm, pgd_offset(mm, addr), addr);
	pud_t *pudp = p4dp ? pud_alloc(mm, p4dp, addr) : NULL;

	return pudp ? pmd_alloc(mm, pudp, addr) : NULL;
}

/* A PMD of a process, with a page table if one is wanted. */
static struct tables get_tables(struct kunit *test, bool table)
{
	const unsigned long addr =
		kunit_vm_mmap(test, NULL, 0, 2 * PMD_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);
	struct tables t = { .addr = ALIGN(addr, PMD_SIZE) };
	struct mm_struct *mm = current->mm;

	KUNIT_ASSERT_NE(test, addr, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));

	mmap_read_lock(mm);
	t.vma = vma_lookup(mm, t.addr);
	mmap_read_unlock(mm);
	KUNIT_ASSERT_NOT_NULL(test, t.vma);

	t.pmdp = alloc_pmd(mm, t.addr);
	KUNIT_ASSERT_NOT_NULL(test, t.pmdp);
	if (table)
		KUNIT_ASSERT_EQ(test, pte_alloc(mm, t.pmdp), 0);

	return t;
}

/* A writable entry with the bit of userfaultfd is a mistake, see page_table_check. */
static bool flags_make_sense(softleaf_t entry, unsigned int flags)
{
	return !(flags & FLAG_UFFD) || swp_type(entry) == SWP_DEVICE_READ;
}

static pte_t through_pte(const struct tables *t, unsigned int nr, enum way how,
			 pte_t pte)
{
	const unsigned long addr = t->addr + nr * PAGE_SIZE;
	struct mm_struct *mm = t->vma->vm_mm;
	spinlock_t *ptl;	/* of the page table */
	pte_t *ptep;

	ptep = pte_offset_map_lock(mm, t->pmdp, addr, &ptl);
	if (!ptep)
		return __pte(0);

	set_pte_at(mm, addr, ptep, pte);
	switch (how) {
	case WAY_GET_LOCKLESS:
		pte = ptep_get_lockless(ptep);
		break;
	case WAY_CLEAR:
		pte = ptep_get_and_clear(mm, addr, ptep);
		break;
	case WAY_CLEAR_FULL:
		pte = ptep_get_and_clear_full(mm, addr, ptep, 1);
		break;
	default:
		pte = ptep_get(ptep);
	}
	pte_clear(mm, addr, ptep);
	pte_unmap_unlock(ptep, ptl);

	return pte;
}

static void table_pte(struct kunit *test)
{
	const struct tables t = get_tables(test, true);
	const unsigned int nr[] = { 0, 1, PTRS_PER_PTE - 1 };
	unsigned int i, j, k, flags;
	enum way how;

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const softleaf_t entry = swp_entry(device_types[i],
							   nth_offset(j));

			for (flags = 0; flags < 8; flags++) {
				const pte_t pte = mk_pte_flags(entry, flags);

				if (!flags_make_sense(entry, flags))
					continue;
				for (k = 0; k < ARRAY_SIZE(nr); k++)
					for (how = 0; how < NR_WAYS; how++)
						check_pte(test, entry, flags,
							  through_pte(&t, nr[k],
								      how, pte));
			}
		}
	}
}

/* Migration entries of system RAM: the PFN, and that the page is young or dirty. */
static void table_migration(struct kunit *test)
{
	const unsigned int nr = min(SWP_MIG_TOTAL_BITS, WIDTH);
	const struct tables t = get_tables(test, true);
	unsigned int i;
	enum way how;

	for (i = 0; i < nr_patterns(nr); i++) {
		const softleaf_t entry = swp_entry(SWP_MIGRATION_READ,
						   pattern(nr, i));

		for (how = 0; how < NR_WAYS; how++) {
			const pte_t pte = through_pte(&t, 0, how,
						      softleaf_to_pte(entry));

			KUNIT_EXPECT_EQ_MSG(test, softleaf_from_pte(pte).val,
					    entry.val, "how %u", how);
		}
	}
}

/*
 * All entries of a page table, as the pages of a large folio have them: those of
 * a present folio are a block for the hardware on some architectures.
 */
static void check_folio_ptes(struct kunit *test, const struct tables *t,
			     unsigned long offset)
{
	struct mm_struct *mm = t->vma->vm_mm;
	unsigned int i, wrong = 0, first = 0;
	softleaf_t got = {};
	spinlock_t *ptl;	/* of the page table */
	pte_t *ptep;

	ptep = pte_offset_map_lock(mm, t->pmdp, t->addr, &ptl);
	KUNIT_ASSERT_NOT_NULL(test, ptep);
	for (i = 0; i < PTRS_PER_PTE; i++)
		set_pte_at(mm, t->addr + i * PAGE_SIZE, ptep + i,
			   softleaf_to_pte(swp_entry(SWP_DEVICE_WRITE,
						     offset + i)));
	for (i = 0; i < PTRS_PER_PTE; i++) {
		const softleaf_t entry = softleaf_from_pte(ptep_get(ptep + i));

		if (entry.val != swp_entry(SWP_DEVICE_WRITE, offset + i).val &&
		    !wrong++) {
			first = i;
			got = entry;
		}
		pte_clear(mm, t->addr + i * PAGE_SIZE, ptep + i);
	}
	pte_unmap_unlock(ptep, ptl);

	KUNIT_EXPECT_EQ_MSG(test, wrong, 0,
			    "entry %u of offset %#lx has become %#lx", first,
			    offset, got.val);
}

static void table_folio(struct kunit *test)
{
	const struct tables t = get_tables(test, true);
	unsigned int i;

	for (i = 0; i < nr_offsets(); i++)
		check_folio_ptes(test, &t, round_down(nth_offset(i),
						      PTRS_PER_PTE));
}

/*
 * Present pages of a large folio become entries, one after the other or some at a time,
 * and pages again. arm64 maps such a folio by blocks: hardware may take any entry of a
 * block for all of them, so a block has to end before one of its entries is replaced.
 */
#ifdef CONFIG_ARM64_CONTPTE
#define BLOCK_PAGES	CONT_PTES

static bool in_block(pte_t *ptep)
{
	return pte_cont(__ptep_get(ptep));
}
#else
#define BLOCK_PAGES	16

static bool in_block(pte_t *ptep)
{
	return false;
}
#endif
#define NR_BLOCKS	2
#define FOLIO_PAGES	(NR_BLOCKS * BLOCK_PAGES)

/* The pages [@start, @end) of @folio are entries; @ptep is that of the first page. */
struct replaced {
	const struct tables *t;
	struct folio *folio;
	pte_t *ptep;
	unsigned long offset;
	unsigned int start, end;
	bool unfolded;		/* pages alone make no block again */
	const char *problem;
};

static pte_t replaced_pte(const struct replaced *r, unsigned int i)
{
	const softleaf_t entry = swp_entry(SWP_DEVICE_READ, r->offset + i);

	return mk_pte_flags(entry, FLAG_SOFT_DIRTY | FLAG_UFFD | FLAG_EXCLUSIVE);
}

static pte_t present_pte(const struct replaced *r, unsigned int i)
{
	return pte_mkyoung(mk_pte(folio_page(r->folio, i),
				  r->t->vma->vm_page_prot));
}

/* Under the lock of the page table, where nothing can be printed. */
static void check_replaced(struct replaced *r)
{
	unsigned int i;

	for (i = 0; i < FOLIO_PAGES && !r->problem; i++) {
		const unsigned int block = round_down(i, BLOCK_PAGES);
		const bool whole = r->start >= block + BLOCK_PAGES || r->end <= block;
		const pte_t pte = ptep_get(r->ptep + i);

		if (i >= r->start && i < r->end) {
			if (!pte_same(pte, replaced_pte(r, i)))
				r->problem = "an entry has changed";
		} else if (!pte_present(pte) ||
			   pte_pfn(pte) != folio_pfn(r->folio) + i) {
			r->problem = "a neighbour has changed";
		}
		if (in_block(r->ptep + i) && !whole)
			r->problem = "a block has an entry in it";
		if (IS_ENABLED(CONFIG_ARM64_CONTPTE) && !in_block(r->ptep + i) &&
		    whole && !r->unfolded)
			r->problem = "pages are no block";
	}
}

/*
 * Replace pages, @step at a time, and put them back one by one. It is the last page of
 * a block that makes it one again: if it is put back first, there are still entries.
 */
static void replace_ptes(struct replaced *r, unsigned int step, bool last_first)
{
	struct mm_struct *mm = r->t->vma->vm_mm;
	const unsigned long addr = r->t->addr;
	unsigned int i, nr;

	r->start = 0;
	r->end = 0;
	r->unfolded = false;
	set_ptes(mm, addr, r->ptep, present_pte(r, 0), FOLIO_PAGES);
	check_replaced(r);
	while (r->end < FOLIO_PAGES && !r->problem) {
		nr = min(step, FOLIO_PAGES - r->end);
		if (nr == 1)
			ptep_get_and_clear(mm, addr + r->end * PAGE_SIZE,
					   r->ptep + r->end);
		else
			get_and_clear_ptes(mm, addr + r->end * PAGE_SIZE,
					   r->ptep + r->end, nr);
		for (i = r->end; i < r->end + nr; i++)
			set_pte_at(mm, addr + i * PAGE_SIZE, r->ptep + i,
				   replaced_pte(r, i));
		r->end += nr;
		check_replaced(r);
	}
	r->unfolded = last_first;
	while (r->start < r->end && !r->problem) {
		i = last_first ? --r->end : r->start++;
		set_pte_at(mm, addr + i * PAGE_SIZE, r->ptep + i,
			   present_pte(r, i));
		check_replaced(r);
	}
	for (i = 0; i < FOLIO_PAGES; i++)
		ptep_get_and_clear(mm, addr + i * PAGE_SIZE, r->ptep + i);
}

static void table_replace(struct kunit *test)
{
	const unsigned int steps[] = { 1, 3, BLOCK_PAGES, FOLIO_PAGES };
	const struct tables t = get_tables(test, true);
	struct replaced r = {
		.t = &t,
		.folio = ram_get(test, ilog2(FOLIO_PAGES)),
	};
	unsigned int i, j;
	spinlock_t *ptl;	/* of the page table */

	for (i = 0; i < nr_offsets(); i++) {
		r.offset = round_down(nth_offset(i), FOLIO_PAGES);
		for (j = 0; j < ARRAY_SIZE(steps); j++) {
			r.ptep = pte_offset_map_lock(t.vma->vm_mm, t.pmdp, t.addr,
						     &ptl);
			KUNIT_ASSERT_NOT_NULL(test, r.ptep);
			replace_ptes(&r, steps[j], i & 1);
			pte_unmap_unlock(r.ptep, ptl);
			KUNIT_ASSERT_NULL_MSG(test, r.problem,
					      "%s: offset %#lx, %u at a time, entries in [%u, %u)",
					      r.problem, r.offset, steps[j], r.start,
					      r.end);
		}
	}
}

/*
 * What changes the protection of a range. Present entries go through
 * ptep_modify_prot_start() and ptep_modify_prot_commit(), others are read and set:
 * powerpc would make them present in between.
 */
static const struct protection {
	const char *desc;
	unsigned long cp_flags;
	unsigned int set, clear;
} protections[] = {
	{ .desc = "mprotect" },
	{ .desc = "uffd-wp", .cp_flags = MM_CP_UFFD_WP, .set = FLAG_UFFD },
	{ .desc = "uffd-wp resolve", .cp_flags = MM_CP_UFFD_WP_RESOLVE,
	  .clear = FLAG_UFFD },
};

KUNIT_ARRAY_PARAM_DESC(protection, protections, desc);

static void protect(const struct tables *t, const struct protection *prot)
{
	struct mm_struct *mm = t->vma->vm_mm;
	struct mmu_gather tlb;

	mmap_write_lock(mm);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, t->vma, t->addr, t->addr + PMD_SIZE,
			  prot->cp_flags);
	tlb_finish_mmu(&tlb);
	mmap_write_unlock(mm);
}

/*
 * The @i-th entry. Only a readable one may have a state here: to make a migration
 * entry read-only its page is asked, and these have none.
 */
static softleaf_t nth_protected(unsigned int type, unsigned int i)
{
	unsigned long offset = nth_offset(i);

	if (type == SWP_DEVICE_WRITE)
		offset &= id_mask(WIDTH) | index_mask(WIDTH);
	return swp_entry(type, offset);
}

/* What becomes of it. */
static softleaf_t protected(softleaf_t entry)
{
	return swp_entry(SWP_DEVICE_READ, swp_offset(entry));
}

/* Two entries follow two present pages, at the start of a page table. */
#define PROTECT_ORDER	min(6, PMD_ORDER)

static bool is_entry(unsigned int i)
{
	return i & 2;
}

static softleaf_t entry_at(unsigned int type, unsigned int i)
{
	return nth_protected(type, (i / 4 * 2 + (i & 1)) % nr_offsets());
}

static void check_protected(struct kunit *test, const struct protection *prot,
			    unsigned int type, unsigned int flags,
			    unsigned int first)
{
	const struct tables t = get_tables(test, true);
	const unsigned int nr = 1U << PROTECT_ORDER;
	struct folio *folio = ram_get(test, PROTECT_ORDER);
	pte_t *ptes = kunit_kcalloc(test, nr, sizeof(*ptes), GFP_KERNEL);
	struct mm_struct *mm = t.vma->vm_mm;
	spinlock_t *ptl;	/* of the page table */
	unsigned int i;
	pte_t *ptep;

	KUNIT_ASSERT_NOT_NULL(test, ptes);
	ptep = pte_offset_map_lock(mm, t.pmdp, t.addr, &ptl);
	KUNIT_ASSERT_NOT_NULL(test, ptep);
	for (i = 0; i < nr; i++) {
		pte_t pte;

		if (is_entry(i))
			pte = mk_pte_flags(entry_at(type, first + i), flags);
		else
			pte = pte_mkwrite(pte_mkdirty(mk_pte(folio_page(folio, i),
							     t.vma->vm_page_prot)),
					  t.vma);
		set_pte_at(mm, t.addr + i * PAGE_SIZE, ptep + i, pte);
	}
	pte_unmap_unlock(ptep, ptl);

	protect(&t, prot);

	ptep = pte_offset_map_lock(mm, t.pmdp, t.addr, &ptl);
	KUNIT_ASSERT_NOT_NULL(test, ptep);
	for (i = 0; i < nr; i++)
		ptes[i] = ptep_get_and_clear(mm, t.addr + i * PAGE_SIZE, ptep + i);
	pte_unmap_unlock(ptep, ptl);

	for (i = 0; i < nr; i++) {
		if (is_entry(i)) {
			check_pte(test, protected(entry_at(type, first + i)),
				  (flags | prot->set) & ~prot->clear, ptes[i]);
			continue;
		}
		KUNIT_EXPECT_TRUE_MSG(test, pte_present(ptes[i]), "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pte_pfn(ptes[i]), folio_pfn(folio) + i,
				    "page %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, pte_write(ptes[i]), "page %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, pte_dirty(ptes[i]), "page %u", i);
		if (pgtable_supports_uffd())
			KUNIT_EXPECT_EQ_MSG(test, !!pte_uffd(ptes[i]),
					    !!(prot->set & FLAG_UFFD), "page %u", i);
	}
}

static void table_protect_pte(struct kunit *test)
{
	unsigned int i, flags, first;

	for (i = 0; i < ARRAY_SIZE(device_types); i++)
		for (flags = 0; flags < FLAG_EXCLUSIVE; flags++) {
			if (!flags_make_sense(swp_entry(device_types[i], 0), flags))
				continue;
			/* Until each offset was there. */
			for (first = 0; first < 2 * nr_offsets();
			     first += 1U << PROTECT_ORDER)
				check_protected(test, test->param_value,
						device_types[i], flags, first);
		}
}

#ifdef CONFIG_ARCH_HAS_PMD_SOFTLEAVES
static pmd_t through_pmd(const struct tables *t, enum way how, pmd_t pmd)
{
	struct mm_struct *mm = t->vma->vm_mm;
	spinlock_t *ptl;	/* of the PMD */

	ptl = pmd_lock(mm, t->pmdp);
	set_pmd_at(mm, t->addr, t->pmdp, pmd);
	switch (how) {
	case WAY_GET_LOCKLESS:
		pmd = pmdp_get_lockless(t->pmdp);
		break;
	case WAY_CLEAR:
		pmd = pmdp_huge_get_and_clear(mm, t->addr, t->pmdp);
		break;
	case WAY_CLEAR_FULL:
		pmd = pmdp_huge_get_and_clear_full(t->vma, t->addr, t->pmdp, 1);
		break;
	default:
		pmd = pmdp_get(t->pmdp);
	}
	pmd_clear(t->pmdp);
	spin_unlock(ptl);

	return pmd;
}

static void table_pmd(struct kunit *test)
{
	const struct tables t = get_tables(test, false);
	unsigned int i, j, flags;
	enum way how;

	if (!thp_migration_supported())
		kunit_skip(test, "no entries in PMDs on this machine");

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const softleaf_t entry = swp_entry(device_types[i],
							   nth_offset(j));

			for (flags = 0; flags < 4; flags++) {
				const pmd_t pmd = mk_pmd_flags(entry, flags);

				if (!flags_make_sense(entry, flags))
					continue;
				for (how = 0; how < NR_WAYS; how++)
					check_pmd(test, entry, flags,
						  through_pmd(&t, how, pmd));
			}
		}
	}
}

static void table_protect_pmd(struct kunit *test)
{
	const struct protection *prot = test->param_value;
	const struct tables t = get_tables(test, false);
	unsigned int i, j, flags;

	if (!thp_migration_supported())
		kunit_skip(test, "no entries in PMDs on this machine");

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const softleaf_t entry = nth_protected(device_types[i], j);

			for (flags = 0; flags < FLAG_EXCLUSIVE; flags++) {
				spinlock_t *ptl;	/* of the PMD */

				if (!flags_make_sense(entry, flags))
					continue;
				ptl = pmd_lock(t.vma->vm_mm, t.pmdp);
				set_pmd_at(t.vma->vm_mm, t.addr, t.pmdp,
					   mk_pmd_flags(entry, flags));
				spin_unlock(ptl);

				protect(&t, prot);

				check_pmd(test, protected(entry),
					  (flags | prot->set) & ~prot->clear,
					  pmdp_get(t.pmdp));
				pmd_clear(t.pmdp);
			}
		}
	}
}
#else
static void table_pmd(struct kunit *test)
{
	kunit_skip(test, "no entries in PMDs on this architecture");
}

static void table_protect_pmd(struct kunit *test)
{
	kunit_skip(test, "no entries in PMDs on this architecture");
}
#endif

/* The state bits choose the type, the rest is the name of the page. */
static void entry_types(struct kunit *test)
{
	static const enum softleaf_type types[2][4] = {
		{
			SOFTLEAF_DEVICE_PRIVATE_READ,
			SOFTLEAF_DEVICE_PRIVATE_READ,
			SOFTLEAF_MIGRATION_READ,
			SOFTLEAF_MIGRATION_READ_EXCLUSIVE,
		}, {
			SOFTLEAF_DEVICE_PRIVATE_WRITE,
			SOFTLEAF_DEVICE_PRIVATE_WRITE,
			SOFTLEAF_MIGRATION_WRITE,
			SOFTLEAF_MIGRATION_WRITE,
		},
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(device_types); i++) {
		for (j = 0; j < nr_offsets(); j++) {
			const unsigned long offset = nth_offset(j);
			const softleaf_t entry = swp_entry(device_types[i], offset);
			const unsigned int state =
				(offset & DEVICE_PRIVATE_MIGRATION ? 2 : 0) |
				(offset & DEVICE_PRIVATE_EXCLUSIVE ? 1 : 0);

			KUNIT_EXPECT_EQ_MSG(test, softleaf_type(entry),
					    types[i][state], "offset %#lx", offset);
			KUNIT_EXPECT_EQ_MSG(test,
					    softleaf_to_device_private_index(entry).val,
					    offset & (id_mask(WIDTH) |
						      index_mask(WIDTH)),
					    "offset %#lx", offset);
		}
	}
}

/* The entries of real pages, the first and the last one of a large folio. */
static void entry_of_page(struct kunit *test)
{
	const unsigned int order = PMD_SHIFT - PAGE_SHIFT;
	struct mock_device *mock = mock_populated(test, 2UL << order);
	struct folio *folio = mock_get(test, mock, BIT(order), order);
	const unsigned long nr[] = { 0, BIT(order) - 1 };
	unsigned int i, j;

	folio_lock(folio);
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		struct page *page = folio_page(folio, nr[i]);
		const struct {
			softleaf_t entry;
			enum softleaf_type type;
		} entries[] = {
			{ softleaf_mk_device_private(page, false),
			  SOFTLEAF_DEVICE_PRIVATE_READ },
			{ softleaf_mk_device_private(page, true),
			  SOFTLEAF_DEVICE_PRIVATE_WRITE },
			{ softleaf_mk_migration(page, false, false),
			  SOFTLEAF_MIGRATION_READ },
			{ softleaf_mk_migration(page, false, true),
			  SOFTLEAF_MIGRATION_READ_EXCLUSIVE },
			{ softleaf_mk_migration(page, true, false),
			  SOFTLEAF_MIGRATION_WRITE },
			{ softleaf_mk_migration(page, true, true),
			  SOFTLEAF_MIGRATION_WRITE },
		};

		for (j = 0; j < ARRAY_SIZE(entries); j++) {
			const softleaf_t entry =
				softleaf_from_pte(softleaf_to_pte(entries[j].entry));

			KUNIT_EXPECT_EQ_MSG(test, softleaf_type(entry),
					    entries[j].type, "entry %u", j);
			KUNIT_EXPECT_PTR_EQ_MSG(test, softleaf_to_page(entry),
						page, "entry %u", j);
			KUNIT_EXPECT_PTR_EQ_MSG(test, softleaf_to_folio(entry),
						folio, "entry %u", j);
			KUNIT_EXPECT_EQ_MSG(test,
					    softleaf_to_device_private_index(entry).val,
					    page_to_device_private_index(page).val,
					    "entry %u", j);
			if (!softleaf_is_device_private(entry))
				continue;
			KUNIT_EXPECT_PTR_EQ_MSG(test,
						softleaf_to_device_private_page(entry),
						page, "entry %u", j);
			KUNIT_EXPECT_PTR_EQ_MSG(test,
						softleaf_to_device_private_folio(entry),
						folio, "entry %u", j);
		}
	}
	folio_unlock(folio);
}

/* um sets CONFIG_X86_64, too, but is another architecture to page tables. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
/* CPUs with L1TF have at most so many address bits in the L1 cache. */
#define L1TF_MAX_CACHE_BITS	46

static unsigned long l1tf_max_pages(unsigned int cache_bits)
{
	return BIT(min(cache_bits - 10, DEVICE_PRIVATE_INDEX_BITS));
}

static void check_l1tf(struct kunit *test, unsigned long half_pa,
		       unsigned long id, unsigned long index, unsigned int state)
{
	unsigned long offset = mk_device_private_index(WIDTH, id, index).val;
	pte_t pte;

	if (state & 1)
		offset |= DEVICE_PRIVATE_EXCLUSIVE;
	if (state & 2)
		offset |= DEVICE_PRIVATE_MIGRATION;
	pte = softleaf_to_pte(swp_entry(SWP_DEVICE_WRITE, offset));

	KUNIT_EXPECT_EQ_MSG(test, native_pte_val(pte) & PTE_PFN_MASK & half_pa,
			    half_pa, "half PA %#lx offset %#lx", half_pa, offset);
}

/*
 * With that many address bits in the L1 cache, no name below the limit gives an
 * entry with an address below MAX_PA/2, whatever its state; that of the first
 * index above it would.
 */
static void entry_l1tf(struct kunit *test)
{
	unsigned int cache_bits, i, j, k;

	for (cache_bits = 36; cache_bits <= L1TF_MAX_CACHE_BITS; cache_bits++) {
		const unsigned long max_pages = l1tf_max_pages(cache_bits);
		const unsigned int index_bits = ilog2(max_pages);
		const unsigned long half_pa = BIT(cache_bits - 1);
		pte_t pte;

		for (i = 0; i < nr_patterns(DEVICE_PRIVATE_ID_BITS); i++) {
			for (j = 0; j < nr_patterns(index_bits); j++) {
				const unsigned long id =
					pattern(DEVICE_PRIVATE_ID_BITS, i);
				const unsigned long index = pattern(index_bits, j);

				for (k = 0; k < 4; k++)
					check_l1tf(test, half_pa, id, index, k);
			}
		}

		if (max_pages == BIT(DEVICE_PRIVATE_INDEX_BITS))
			continue;
		pte = softleaf_to_pte(swp_entry(SWP_DEVICE_WRITE, max_pages));
		KUNIT_EXPECT_EQ_MSG(test, native_pte_val(pte) & half_pa, 0,
				    "cache bits %u", cache_bits);
	}
}

/* A CPU with L1TF, say -cpu Nehalem, has that limit, others have none. */
static void entry_l1tf_limit(struct kunit *test)
{
	const u8 saved = boot_cpu_data.x86_cache_bits;
	struct mock_device *mock = mock_alloc(test);
	unsigned int cache_bits;

	if (!boot_cpu_has_bug(X86_BUG_L1TF) ||
	    l1tf_mitigation == L1TF_MITIGATION_OFF) {
		KUNIT_EXPECT_EQ(test, arch_device_private_max_pages(),
				BIT(DEVICE_PRIVATE_INDEX_BITS));
		kunit_skip(test, "this CPU needs no L1TF mitigation");
	}

	for (cache_bits = 36; cache_bits <= L1TF_MAX_CACHE_BITS; cache_bits++) {
		unsigned long max_pages;
		int err;

		boot_cpu_data.x86_cache_bits = cache_bits;
		max_pages = arch_device_private_max_pages();
		err = device_private_register(&mock->pgmap, max_pages + 1,
					      NUMA_NO_NODE);
		boot_cpu_data.x86_cache_bits = saved;

		KUNIT_EXPECT_EQ_MSG(test, max_pages, l1tf_max_pages(cache_bits),
				    "cache bits %u", cache_bits);
		KUNIT_EXPECT_EQ_MSG(test, err, -E2BIG,
				    "cache bits %u", cache_bits);
	}
}
#else
static void entry_l1tf(struct kunit *test)
{
	kunit_skip(test, "no L1TF on this architecture");
}

static void entry_l1tf_limit(struct kunit *test)
{
	kunit_skip(test, "no L1TF on this architecture");
}
#endif

static struct kunit_case entry_cases[] = {
	KUNIT_CASE(entry_pte),
	KUNIT_CASE(entry_pmd),
	KUNIT_CASE(table_pte),
	KUNIT_CASE(table_migration),
	KUNIT_CASE(table_folio),
	KUNIT_CASE(table_replace),
	KUNIT_CASE_PARAM(table_protect_pte, protection_gen_params),
	KUNIT_CASE(table_pmd),
	KUNIT_CASE_PARAM(table_protect_pmd, protection_gen_params),
	KUNIT_CASE(entry_types),
	KUNIT_CASE(entry_of_page),
	KUNIT_CASE(entry_l1tf),
	KUNIT_CASE(entry_l1tf_limit),
	{}
};

static struct kunit_suite entry_suite = {
	.name = "device_private_entry",
	.test_cases = entry_cases,
};

/*
 * The predicates, on every type of entry.
 */

enum predicate {
	IS_NONE				= BIT(0),
	IS_SWAP				= BIT(1),
	IS_MIGRATION			= BIT(2),
	IS_MIGRATION_READ		= BIT(3),
	IS_MIGRATION_READ_EXCLUSIVE	= BIT(4),
	IS_MIGRATION_WRITE		= BIT(5),
	IS_DEVICE_PRIVATE		= BIT(6),
	IS_DEVICE_PRIVATE_WRITE		= BIT(7),
	IS_DEVICE_EXCLUSIVE		= BIT(8),
	IS_HWPOISON			= BIT(9),
	IS_MARKER			= BIT(10),
	IS_POISON_MARKER		= BIT(11),
	IS_GUARD_MARKER			= BIT(12),
	IS_UFFD_WP_MARKER		= BIT(13),
	IS_VALID_PMD_ENTRY		= BIT(14),
	HAS_PFN				= BIT(15),
	HAS_INDEX			= BIT(16),
	HAS_PAGE			= BIT(17),
};

static unsigned long predicates(softleaf_t entry)
{
	return (softleaf_is_none(entry) ? IS_NONE : 0) |
	       (softleaf_is_swap(entry) ? IS_SWAP : 0) |
	       (softleaf_is_migration(entry) ? IS_MIGRATION : 0) |
	       (softleaf_is_migration_read(entry) ? IS_MIGRATION_READ : 0) |
	       (softleaf_is_migration_read_exclusive(entry) ?
		IS_MIGRATION_READ_EXCLUSIVE : 0) |
	       (softleaf_is_migration_write(entry) ? IS_MIGRATION_WRITE : 0) |
	       (softleaf_is_device_private(entry) ? IS_DEVICE_PRIVATE : 0) |
	       (softleaf_is_device_private_write(entry) ?
		IS_DEVICE_PRIVATE_WRITE : 0) |
	       (softleaf_is_device_exclusive(entry) ? IS_DEVICE_EXCLUSIVE : 0) |
	       (softleaf_is_hwpoison(entry) ? IS_HWPOISON : 0) |
	       (softleaf_is_marker(entry) ? IS_MARKER : 0) |
	       (softleaf_is_poison_marker(entry) ? IS_POISON_MARKER : 0) |
	       (softleaf_is_guard_marker(entry) ? IS_GUARD_MARKER : 0) |
	       (softleaf_is_uffd_wp_marker(entry) ? IS_UFFD_WP_MARKER : 0) |
	       (softleaf_is_valid_pmd_entry(entry) ? IS_VALID_PMD_ENTRY : 0) |
	       (softleaf_has_pfn(entry) ? HAS_PFN : 0) |
	       (softleaf_has_device_private_index(entry) ? HAS_INDEX : 0) |
	       (softleaf_has_page(entry) ? HAS_PAGE : 0);
}

/* What the offset field of an entry holds, besides bits of its own. */
enum payload { PAYLOAD_NONE, PAYLOAD_MARKER, PAYLOAD_SWAP, PAYLOAD_PFN,
	       PAYLOAD_INDEX };

static const struct softleaf_case {
	const char *desc;
	enum payload payload;
	unsigned int swp_type;
	unsigned long offset;
	enum softleaf_type type;
	unsigned long want;
} softleaf_cases[] = {
	{
		.desc = "none",
		.payload = PAYLOAD_NONE,
		.type = SOFTLEAF_NONE,
		.want = IS_NONE,
	}, {
		.desc = "swap",
		.payload = PAYLOAD_SWAP,
		.type = SOFTLEAF_SWAP,
		.want = IS_SWAP,
	}, {
		.desc = "migration read",
		.payload = PAYLOAD_PFN,
		.swp_type = SWP_MIGRATION_READ,
		.type = SOFTLEAF_MIGRATION_READ,
		.want = IS_MIGRATION | IS_MIGRATION_READ | IS_VALID_PMD_ENTRY |
			HAS_PFN | HAS_PAGE,
	}, {
		.desc = "migration read exclusive",
		.payload = PAYLOAD_PFN,
		.swp_type = SWP_MIGRATION_READ_EXCLUSIVE,
		.type = SOFTLEAF_MIGRATION_READ_EXCLUSIVE,
		.want = IS_MIGRATION | IS_MIGRATION_READ_EXCLUSIVE |
			IS_VALID_PMD_ENTRY | HAS_PFN | HAS_PAGE,
	}, {
		.desc = "migration write",
		.payload = PAYLOAD_PFN,
		.swp_type = SWP_MIGRATION_WRITE,
		.type = SOFTLEAF_MIGRATION_WRITE,
		.want = IS_MIGRATION | IS_MIGRATION_WRITE | IS_VALID_PMD_ENTRY |
			HAS_PFN | HAS_PAGE,
	}, {
		.desc = "device private read",
		.payload = PAYLOAD_INDEX,
		.swp_type = SWP_DEVICE_READ,
		.type = SOFTLEAF_DEVICE_PRIVATE_READ,
		.want = IS_DEVICE_PRIVATE | IS_VALID_PMD_ENTRY | HAS_INDEX |
			HAS_PAGE,
	}, {
		.desc = "device private write",
		.payload = PAYLOAD_INDEX,
		.swp_type = SWP_DEVICE_WRITE,
		.type = SOFTLEAF_DEVICE_PRIVATE_WRITE,
		.want = IS_DEVICE_PRIVATE | IS_DEVICE_PRIVATE_WRITE |
			IS_VALID_PMD_ENTRY | HAS_INDEX | HAS_PAGE,
	}, {
		.desc = "device private migration read",
		.payload = PAYLOAD_INDEX,
		.swp_type = SWP_DEVICE_READ,
		.offset = DEVICE_PRIVATE_MIGRATION,
		.type = SOFTLEAF_MIGRATION_READ,
		.want = IS_MIGRATION | IS_MIGRATION_READ | IS_VALID_PMD_ENTRY |
			HAS_INDEX | HAS_PAGE,
	}, {
		.desc = "device private migration read exclusive",
		.payload = PAYLOAD_INDEX,
		.swp_type = SWP_DEVICE_READ,
		.offset = DEVICE_PRIVATE_MIGRATION | DEVICE_PRIVATE_EXCLUSIVE,
		.type = SOFTLEAF_MIGRATION_READ_EXCLUSIVE,
		.want = IS_MIGRATION | IS_MIGRATION_READ_EXCLUSIVE |
			IS_VALID_PMD_ENTRY | HAS_INDEX | HAS_PAGE,
	}, {
		.desc = "device private migration write",
		.payload = PAYLOAD_INDEX,
		.swp_type = SWP_DEVICE_WRITE,
		.offset = DEVICE_PRIVATE_MIGRATION,
		.type = SOFTLEAF_MIGRATION_WRITE,
		.want = IS_MIGRATION | IS_MIGRATION_WRITE | IS_VALID_PMD_ENTRY |
			HAS_INDEX | HAS_PAGE,
	}, {
		.desc = "device exclusive",
		.payload = PAYLOAD_PFN,
		.swp_type = SWP_DEVICE_EXCLUSIVE,
		.type = SOFTLEAF_DEVICE_EXCLUSIVE,
		.want = IS_DEVICE_EXCLUSIVE | HAS_PFN | HAS_PAGE,
	}, {
#ifdef CONFIG_MEMORY_FAILURE
		.desc = "hwpoison",
		.payload = PAYLOAD_PFN,
		.swp_type = SWP_HWPOISON,
		.type = SOFTLEAF_HWPOISON,
		.want = IS_HWPOISON | HAS_PFN | HAS_PAGE,
	}, {
#endif
		.desc = "poison marker",
		.payload = PAYLOAD_MARKER,
		.swp_type = SWP_PTE_MARKER,
		.offset = PTE_MARKER_POISONED,
		.type = SOFTLEAF_MARKER,
		.want = IS_MARKER | IS_POISON_MARKER,
	}, {
		.desc = "guard marker",
		.payload = PAYLOAD_MARKER,
		.swp_type = SWP_PTE_MARKER,
		.offset = PTE_MARKER_GUARD,
		.type = SOFTLEAF_MARKER,
		.want = IS_MARKER | IS_GUARD_MARKER,
	}, {
		.desc = "userfaultfd marker",
		.payload = PAYLOAD_MARKER,
		.swp_type = SWP_PTE_MARKER,
		.offset = PTE_MARKER_UFFD_WP,
		.type = SOFTLEAF_MARKER,
		.want = IS_MARKER | IS_UFFD_WP_MARKER,
	},
};

/* The types for which one of the predicates @want is true, or all for 0. */
static const void *next_softleaf(const void *prev, char *desc,
				 unsigned long want)
{
	const struct softleaf_case *c = prev ? prev + sizeof(*c) : softleaf_cases;

	for (; c < softleaf_cases + ARRAY_SIZE(softleaf_cases); c++) {
		if (want && !(c->want & want))
			continue;
		strscpy(desc, c->desc, KUNIT_PARAM_DESC_SIZE);
		return c;
	}

	return NULL;
}

static const void *any_gen_params(struct kunit *test, const void *prev,
				  char *desc)
{
	return next_softleaf(prev, desc, 0);
}

static const void *has_page_gen_params(struct kunit *test, const void *prev,
				       char *desc)
{
	return next_softleaf(prev, desc, HAS_PAGE);
}

static const void *migration_gen_params(struct kunit *test, const void *prev,
					char *desc)
{
	return next_softleaf(prev, desc, IS_MIGRATION);
}

static const void *permission_gen_params(struct kunit *test, const void *prev,
					 char *desc)
{
	return next_softleaf(prev, desc, IS_MIGRATION | IS_DEVICE_PRIVATE);
}

/* Numbers are not looked up here, so all of them can be tried. */
static void softleaf_predicates(struct kunit *test)
{
	const struct softleaf_case *c = test->param_value;
	unsigned int bits = 0, i;

	switch (c->payload) {
	case PAYLOAD_NONE:
	case PAYLOAD_MARKER:
		break;
	case PAYLOAD_SWAP:
		/*
		 * Bits that are the state of others mean nothing here. The last
		 * offset that fits is left out: x86 inverts it to no entry.
		 */
		bits = WIDTH - 1;
		break;
	case PAYLOAD_PFN:
		/* The accessed and dirty bits, too. */
		bits = migration_entry_supports_ad() ? SWP_MIG_TOTAL_BITS :
						       SWP_PFN_BITS;
		break;
	case PAYLOAD_INDEX:
		bits = DEVICE_PRIVATE_BITS;
		break;
	}

	for (i = 0; i < nr_patterns(bits); i++) {
		const unsigned long offset = c->offset | pattern(bits, i);
		softleaf_t entry = swp_entry(c->swp_type, offset);

		/* Offset 0 of swap type 0 is no entry. */
		if (c->payload == PAYLOAD_SWAP && !offset)
			continue;

		KUNIT_EXPECT_EQ_MSG(test, softleaf_type(entry), c->type,
				    "offset %#lx", offset);
		KUNIT_EXPECT_EQ_MSG(test, predicates(entry), c->want,
				    "offset %#lx", offset);

		/* Nor does it change what an entry is to be in a page table. */
		entry = softleaf_from_pte(softleaf_to_pte(entry));
		KUNIT_EXPECT_EQ_MSG(test, predicates(entry), c->want,
				    "offset %#lx", offset);
		if (!IS_ENABLED(CONFIG_ARCH_HAS_PMD_SOFTLEAVES) ||
		    !(c->want & IS_VALID_PMD_ENTRY))
			continue;
		entry = softleaf_from_pmd(softleaf_to_pmd(entry));
		KUNIT_EXPECT_EQ_MSG(test, predicates(entry), c->want,
				    "offset %#lx", offset);
	}
}

/* Who asks for the page or folio gets it, whatever names it in the entry. */
static void softleaf_pages(struct kunit *test)
{
	const struct softleaf_case *c = test->param_value;
	struct mock_device *mock;
	struct folio *folio;
	struct page *page;
	softleaf_t entry;

	if (c->payload == PAYLOAD_INDEX) {
		mock = mock_populated(test, device_private_granule());
		folio = mock_get(test, mock, 4, 2);
		page = folio_page(folio, 3);
		entry = swp_entry(c->swp_type, c->offset |
				  page_to_device_private_index(page).val);
	} else {
		folio = ram_get(test, 2);
		page = folio_page(folio, 3);
		entry = swp_entry(c->swp_type, c->offset | page_to_pfn(page));
	}

	/* The page of a migration entry is locked. */
	folio_lock(folio);
	KUNIT_EXPECT_PTR_EQ(test, softleaf_to_page(entry), page);
	KUNIT_EXPECT_PTR_EQ(test, softleaf_to_folio(entry), folio);
	folio_unlock(folio);

	if (c->want & HAS_PFN)
		KUNIT_EXPECT_EQ(test, softleaf_to_pfn(entry), page_to_pfn(page));
	if (c->want & HAS_INDEX)
		KUNIT_EXPECT_EQ(test, softleaf_to_device_private_index(entry).val,
				page_to_device_private_index(page).val);
}

/* Accessed and dirty bits are those of entries with a PFN. */
static void softleaf_young_dirty(struct kunit *test)
{
	const struct softleaf_case *c = test->param_value;
	softleaf_t entry;

	if (c->payload == PAYLOAD_INDEX) {
		/* All that there is to be taken for an accessed or dirty bit. */
		entry = swp_entry(c->swp_type, c->offset |
				  low_bits(DEVICE_PRIVATE_BITS));
		KUNIT_EXPECT_FALSE(test, softleaf_is_migration_young(entry));
		KUNIT_EXPECT_FALSE(test, softleaf_is_migration_dirty(entry));
		return;
	}

	entry = swp_entry(c->swp_type, low_bits(SWP_PFN_BITS));
	KUNIT_EXPECT_FALSE(test, softleaf_is_migration_young(entry));
	KUNIT_EXPECT_FALSE(test, softleaf_is_migration_dirty(entry));

	entry = make_migration_entry_young(entry);
	KUNIT_EXPECT_EQ(test, softleaf_is_migration_young(entry),
			migration_entry_supports_ad());
	KUNIT_EXPECT_FALSE(test, softleaf_is_migration_dirty(entry));
	entry = make_migration_entry_dirty(entry);
	KUNIT_EXPECT_EQ(test, softleaf_is_migration_dirty(entry),
			migration_entry_supports_ad());
}

/* Write to read, and with or without the page staying exclusive. */
static void softleaf_wrprotects(struct kunit *test)
{
	const struct softleaf_case *c = test->param_value;
	unsigned int bits, i, exclusive;

	if (c->payload == PAYLOAD_INDEX)
		bits = DEVICE_PRIVATE_BITS;
	else
		bits = migration_entry_supports_ad() ? SWP_MIG_TOTAL_BITS :
						       SWP_PFN_BITS;

	for (exclusive = 0; exclusive < 2; exclusive++) {
		enum softleaf_type type;

		if (c->want & IS_DEVICE_PRIVATE)
			type = SOFTLEAF_DEVICE_PRIVATE_READ;
		else if (exclusive)
			type = SOFTLEAF_MIGRATION_READ_EXCLUSIVE;
		else
			type = SOFTLEAF_MIGRATION_READ;

		for (i = 0; i < nr_patterns(bits); i++) {
			const unsigned long payload = pattern(bits, i);
			const softleaf_t entry =
				softleaf_wrprotect(swp_entry(c->swp_type,
							     c->offset | payload),
						   exclusive);

			KUNIT_EXPECT_EQ_MSG(test, softleaf_type(entry), type,
					    "payload %#lx exclusive %u",
					    payload, exclusive);
			KUNIT_EXPECT_EQ_MSG(test,
					    softleaf_has_device_private_index(entry),
					    c->payload == PAYLOAD_INDEX,
					    "payload %#lx exclusive %u",
					    payload, exclusive);
			KUNIT_EXPECT_EQ_MSG(test, swp_offset(entry) & low_bits(bits),
					    payload, "payload %#lx exclusive %u",
					    payload, exclusive);
		}
	}
}

/*
 * A page table entry without write permission is for the same page, as exclusive as
 * it was, and has the bits that the one with it has.
 */
static void softleaf_swp_wrprotects(struct kunit *test)
{
	const struct softleaf_case *c = test->param_value;
	unsigned int bits, anon;
	struct folio *folio;
	struct page *page;
	softleaf_t entry;

	if (c->payload == PAYLOAD_INDEX) {
		folio = mock_get(test, mock_populated(test, device_private_granule()),
				 4, 2);
		page = folio_page(folio, 3);
		entry = swp_entry(c->swp_type, c->offset |
				  page_to_device_private_index(page).val);
	} else {
		folio = ram_get(test, 2);
		page = folio_page(folio, 3);
		entry = swp_entry(c->swp_type, c->offset | page_to_pfn(page));
	}
	folio_lock(folio);

	for (anon = 0; anon < 2; anon++) {
		enum softleaf_type type = softleaf_type(entry);

		if (type == SOFTLEAF_DEVICE_PRIVATE_WRITE)
			type = SOFTLEAF_DEVICE_PRIVATE_READ;
		else if (type == SOFTLEAF_MIGRATION_WRITE)
			type = anon ? SOFTLEAF_MIGRATION_READ_EXCLUSIVE :
				      SOFTLEAF_MIGRATION_READ;

		folio->mapping = anon ? (void *)FOLIO_MAPPING_ANON : NULL;
		for (bits = 0; bits < 4; bits++) {
			const bool soft_dirty = bits & 1 && pgtable_supports_soft_dirty();
			const bool uffd = bits & 2 && pgtable_supports_uffd();
			pte_t pte = softleaf_to_pte(entry);
			pmd_t pmd;

			if (soft_dirty)
				pte = pte_swp_mksoft_dirty(pte);
			if (uffd)
				pte = pte_swp_mkuffd(pte);
			pte = pte_swp_wrprotect(pte);
			KUNIT_EXPECT_EQ(test, softleaf_type(softleaf_from_pte(pte)), type);
			KUNIT_EXPECT_PTR_EQ(test, softleaf_to_page(softleaf_from_pte(pte)),
					    page);
			KUNIT_EXPECT_EQ(test, !!pte_swp_soft_dirty(pte), soft_dirty);
			KUNIT_EXPECT_EQ(test, !!pte_swp_uffd(pte), uffd);

			if (!IS_ENABLED(CONFIG_ARCH_HAS_PMD_SOFTLEAVES))
				continue;
			pmd = softleaf_to_pmd(entry);
			if (soft_dirty)
				pmd = pmd_swp_mksoft_dirty(pmd);
			if (uffd)
				pmd = pmd_swp_mkuffd(pmd);
			pmd = pmd_swp_wrprotect(pmd);
			KUNIT_EXPECT_EQ(test, softleaf_type(softleaf_from_pmd(pmd)), type);
			KUNIT_EXPECT_PTR_EQ(test, softleaf_to_page(softleaf_from_pmd(pmd)),
					    page);
			KUNIT_EXPECT_EQ(test, !!pmd_swp_soft_dirty(pmd), soft_dirty);
			KUNIT_EXPECT_EQ(test, !!pmd_swp_uffd(pmd), uffd);
		}
	}
	folio->mapping = NULL;
	folio_unlock(folio);
}

static struct kunit_case softleaf_suite_cases[] = {
	KUNIT_CASE_PARAM(softleaf_predicates, any_gen_params),
	KUNIT_CASE_PARAM(softleaf_pages, has_page_gen_params),
	KUNIT_CASE_PARAM(softleaf_young_dirty, migration_gen_params),
	KUNIT_CASE_PARAM(softleaf_wrprotects, permission_gen_params),
	KUNIT_CASE_PARAM(softleaf_swp_wrprotects, permission_gen_params),
	{}
};

static struct kunit_suite softleaf_suite = {
	.name = "device_private_softleaf",
	.test_cases = softleaf_suite_cases,
};

/*
 * The table of spaces, population and lookup.
 */

/* The name of a page that need not exist. */
static device_private_index_t mock_name(unsigned int id, unsigned long index)
{
	return mk_device_private_index(WIDTH, id, index);
}

static struct page *mock_lookup(unsigned int id, unsigned long index)
{
	return device_private_index_to_page(mock_name(id, index));
}

/* The owner of the space that a name is of, NULL if there is no such space. */
static void *mock_owner(device_private_index_t name)
{
	const struct device_private_space *space;

	guard(rcu)();
	space = device_private_space(name);
	return space ? space->owner : NULL;
}

/* The id of a space, found by its owner; 0 if it is not registered. */
static unsigned int mock_id(const struct mock_device *mock)
{
	unsigned int id;

	for (id = id_max(WIDTH); id; id--)
		if (mock_owner(mock_name(id, 0)) == mock)
			break;

	return id;
}

/* Is there memory behind the struct page? */
static bool mock_backed(const struct page *page)
{
	return vmalloc_to_page(page);
}

/* Are the pages [@start, @end) populated, and those just outside are not? */
static void check_populated(struct kunit *test, struct mock_device *mock,
			    unsigned long start, unsigned long end)
{
	const unsigned int id = mock_id(mock);
	unsigned long i;

	if (start) {
		KUNIT_EXPECT_NULL(test, device_private_page(&mock->pgmap,
							    start - 1));
		KUNIT_EXPECT_NULL(test, mock_lookup(id, start - 1));
	}
	KUNIT_EXPECT_NULL(test, device_private_page(&mock->pgmap, end));
	if (end <= index_mask(WIDTH))
		KUNIT_EXPECT_NULL(test, mock_lookup(id, end));

	for (i = start; i < end; i++) {
		struct page *page = device_private_page(&mock->pgmap, i);

		KUNIT_ASSERT_NOT_NULL_MSG(test, page, "index %lu", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, mock_lookup(id, i), page,
					"index %lu", i);
		KUNIT_EXPECT_EQ_MSG(test, device_private_page_index(page), i,
				    "index %lu", i);
		KUNIT_EXPECT_EQ_MSG(test, page_to_device_private_index(page).val,
				    mock_name(id, i).val, "index %lu", i);
	}
}

/* No page of [@start, @end) is populated. */
static void check_absent(struct kunit *test, struct mock_device *mock,
			 unsigned long start, unsigned long end)
{
	const unsigned int id = mock_id(mock);
	unsigned long i;

	for (i = start; i < end; i++) {
		KUNIT_EXPECT_NULL_MSG(test, device_private_page(&mock->pgmap, i),
				      "index %lu", i);
		KUNIT_EXPECT_NULL_MSG(test, mock_lookup(id, i), "index %lu", i);
	}
}

static void space_register(struct kunit *test)
{
	struct mock_device *mock = mock_register(test, 1);
	unsigned int id = mock_id(mock);
	device_private_index_t name = mock_name(id, 0);
	struct page *page;

	KUNIT_ASSERT_NE(test, id, 0);
	KUNIT_EXPECT_PTR_EQ(test, mock_owner(name), mock);

	/* A space is there before its pages are. */
	KUNIT_EXPECT_NULL(test, device_private_index_to_page(name));
	KUNIT_EXPECT_EQ(test, device_private_populate(&mock->pgmap, 0, 1), 0);
	page = device_private_index_to_page(name);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_EXPECT_PTR_EQ(test, page_pgmap(page), &mock->pgmap);

	/* The name of a page stays behind; page and owner are gone. */
	mock_unregister(test, mock);
	KUNIT_EXPECT_NULL(test, device_private_index_to_page(name));
	KUNIT_EXPECT_NULL(test, mock_owner(name));
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);

	/* The pagemap can be registered again. */
	KUNIT_ASSERT_EQ(test, device_private_register(&mock->pgmap, 1, 0), 0);
	KUNIT_EXPECT_NE(test, mock_id(mock), 0);
	device_private_unregister(&mock->pgmap);
}

/* The other way to undo a pagemap, which a driver may have forgotten to convert. */
static void space_memunmap(struct kunit *test)
{
	struct mock_device *mock = mock_alloc(test);

	if (!IS_ENABLED(CONFIG_ZONE_DEVICE))
		kunit_skip(test, "there is no memunmap_pages()");

	KUNIT_ASSERT_EQ(test, device_private_register(&mock->pgmap, 1, 0), 0);
	KUNIT_EXPECT_NE(test, mock_id(mock), 0);
	kunit_warning_suppress(test) {
		memunmap_pages(&mock->pgmap);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 1);
	}
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);
}

static void space_register_bad(struct kunit *test)
{
	static const struct dev_pagemap_ops no_migrate = {
		.folio_free = mock_folio_free,
	};
	static const struct dev_pagemap_ops no_free = {
		.migrate_to_ram = mock_migrate_to_ram,
	};
	const unsigned long max_pages = arch_device_private_max_pages();
	struct mock_device *mock = mock_alloc(test);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct p2pdma_provider provider = {};

	pgmap->type = MEMORY_DEVICE_COHERENT;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);

	mock_init(mock);
	pgmap->ops = NULL;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);

	mock_init(mock);
	pgmap->ops = &no_migrate;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);

	mock_init(mock);
	pgmap->ops = &no_free;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);

	mock_init(mock);
	pgmap->owner = NULL;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);

	/* A provider, no op to make aliases, and no place where they are. */
	mock_init(mock);
	pgmap->p2p_provider = &provider;
	pgmap->p2p_phys = 1;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);
	pgmap->p2p_provider = NULL;

	/* A say in who the importer is, and nothing to say it with. */
	mock_init(mock);
	pgmap->flags = PGMAP_P2P_PER_IMPORTER;
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);
	pgmap->flags = 0;

	mock_init(mock);
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 0, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, max_pages + 1, 0),
			-E2BIG);
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, ULONG_MAX, 0),
			-E2BIG);

	/* None of that has registered anything, or is in the way of it. */
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);
	KUNIT_EXPECT_NULL(test, device_private_page(pgmap, 0));
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 0, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, 1), -EINVAL);
	KUNIT_ASSERT_EQ(test, device_private_register(pgmap, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, device_private_register(pgmap, 1, 0), -EINVAL);
	KUNIT_EXPECT_NE(test, mock_id(mock), 0);
	device_private_unregister(pgmap);
}

static void space_devm(struct kunit *test)
{
	struct mock_device *mock = mock_alloc(test);
	struct device *dev = kunit_device_register(test, "device_private");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_EXPECT_EQ(test, devm_device_private_register(dev, &mock->pgmap, 0),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);

	KUNIT_EXPECT_EQ(test, devm_device_private_register(dev, &mock->pgmap, 1),
			0);
	KUNIT_EXPECT_NE(test, mock_id(mock), 0);

	/* Early, and once more at the end. */
	devm_device_private_unregister(dev, &mock->pgmap);
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);
	KUNIT_EXPECT_EQ(test, devm_device_private_register(dev, &mock->pgmap, 1),
			0);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_EQ(test, mock_id(mock), 0);
}

/* Names that no space ever had, and those that are cut off. */
static void space_lookup_nothing(struct kunit *test)
{
	const device_private_index_t none = {};
	struct mock_device *mock = mock_populated(test, 1);
	const unsigned int id = mock_id(mock);

	KUNIT_EXPECT_NULL(test, device_private_index_to_page(none));
	KUNIT_EXPECT_NULL(test, mock_owner(none));
	KUNIT_EXPECT_NULL(test, mock_lookup(0, index_mask(WIDTH)));

	KUNIT_EXPECT_NULL(test, device_private_page(&mock->pgmap, 1));
	KUNIT_EXPECT_NULL(test, device_private_page(&mock->pgmap, ULONG_MAX));
	KUNIT_EXPECT_NULL(test, mock_lookup(id, 1));
	KUNIT_EXPECT_NULL(test, mock_lookup(id, index_mask(WIDTH)));
}

/* Two spaces have pages of the same index, and neither finds the other's. */
static void space_two(struct kunit *test)
{
	struct mock_device *a = mock_populated(test, 16);
	struct mock_device *b = mock_populated(test, 16);
	struct page *page = device_private_page(&a->pgmap, 7);

	KUNIT_EXPECT_NE(test, mock_id(a), mock_id(b));
	KUNIT_EXPECT_PTR_NE(test, device_private_page(&b->pgmap, 7), page);
	check_populated(test, a, 0, 16);
	check_populated(test, b, 0, 16);

	mock_unregister(test, b);
	check_populated(test, a, 0, 16);
}

/* Spaces that are unregistered at a time, for that waits for RCU. */
#define ID_BATCH	64

static void unregister_async(void *data, async_cookie_t cookie)
{
	struct mock_device *mock = data;

	device_private_unregister(&mock->pgmap);
}

static void unregister_batch(struct mock_device *mocks, unsigned int nr)
{
	static ASYNC_DOMAIN_EXCLUSIVE(domain);

	while (nr--)
		async_schedule_domain(unregister_async, &mocks[nr], &domain);
	async_synchronize_full_domain(&domain);
}

/* As many small spaces as there may be, up to @max. */
static unsigned int register_batch(struct mock_device *mocks, unsigned int max,
				   int *err)
{
	unsigned int nr;

	for (nr = 0, *err = 0; nr < max; nr++) {
		mock_init(&mocks[nr]);
		*err = device_private_register(&mocks[nr].pgmap, 1, 0);
		if (*err)
			break;
	}

	return nr;
}

static void free_mocks(void *mocks)
{
	kvfree(mocks);
}

/* Room for as many spaces as there are ids, and one more. */
static struct mock_device *mocks_alloc(struct kunit *test)
{
	struct mock_device *mocks = kvcalloc(id_max(WIDTH) + 1, sizeof(*mocks),
					     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mocks);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_mocks, mocks),
			0);
	return mocks;
}

/*
 * An id that became free is the last to be used again: some entry that lies
 * around may still have it.
 */
static void space_id_cyclic(struct kunit *test)
{
	const unsigned int max_id = id_max(WIDTH);
	struct mock_device *held = mock_register(test, 1);
	const unsigned int held_id = mock_id(held);
	struct mock_device *mocks = mocks_alloc(test);
	unsigned int id, nr_free = 0, done = 0;
	unsigned long *seen;

	seen = kunit_kcalloc(test, BITS_TO_LONGS(max_id + 1), sizeof(*seen),
			     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	for (id = 1; id <= max_id; id++)
		if (!mock_owner(mock_name(id, 0)))
			nr_free++;
	KUNIT_EXPECT_GT(test, nr_free, 100);

	while (done < nr_free) {
		unsigned int i, nr, want = min(nr_free - done, ID_BATCH);
		int err;

		nr = register_batch(mocks, want, &err);
		for (i = 0; i < nr; i++) {
			id = mock_id(&mocks[i]);
			KUNIT_EXPECT_NE(test, id, 0);
			KUNIT_EXPECT_FALSE_MSG(test, __test_and_set_bit(id, seen),
					       "id %u is used again", id);
		}
		unregister_batch(mocks, nr);
		if (err == -ENOMEM)
			kunit_skip(test, "no room for so many spaces");
		KUNIT_ASSERT_EQ(test, err, 0);
		done += nr;
	}

	/* Not the one that was in use. */
	KUNIT_EXPECT_FALSE(test, test_bit(held_id, seen));
	KUNIT_EXPECT_EQ(test, mock_id(held), held_id);
}

static void space_id_exhausted(struct kunit *test)
{
	const unsigned int max_id = id_max(WIDTH);
	struct mock_device *mocks = mocks_alloc(test);
	unsigned int i, nr, id;
	int err;

	nr = register_batch(mocks, max_id + 1, &err);
	if (err == -ENOSPC && nr) {
		struct mock_device *mock = &mocks[nr / 2];

		KUNIT_EXPECT_GT(test, nr, 100);
		KUNIT_EXPECT_LE(test, nr, max_id);
		KUNIT_EXPECT_EQ(test, mock_id(&mocks[nr]), 0);

		/* The one that becomes free is the one that there is. */
		id = mock_id(mock);
		KUNIT_EXPECT_NE(test, id, 0);
		device_private_unregister(&mock->pgmap);
		KUNIT_EXPECT_EQ(test, mock_id(mock), 0);
		KUNIT_EXPECT_EQ(test, device_private_register(&mock->pgmap, 1, 0),
				0);
		KUNIT_EXPECT_EQ(test, mock_id(mock), id);
	}

	for (i = 0; i < nr; i += ID_BATCH)
		unregister_batch(mocks + i, min(nr - i, ID_BATCH));
	if (err == -ENOMEM)
		kunit_skip(test, "no room for so many spaces");
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
}

/* The largest space there can be, and its last page. */
static void space_largest(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned long nr_pages = arch_device_private_max_pages();
	struct mock_device *mock = mock_register(test, nr_pages);
	struct page *first, *last;
	struct folio *folio;
	softleaf_t entry;

	KUNIT_ASSERT_EQ(test, device_private_populate(&mock->pgmap, 0, granule),
			0);
	KUNIT_ASSERT_EQ(test, device_private_populate(&mock->pgmap,
						      nr_pages - granule,
						      granule), 0);
	check_populated(test, mock, 0, granule);
	check_populated(test, mock, nr_pages - granule, nr_pages);

	first = device_private_page(&mock->pgmap, 0);
	last = device_private_page(&mock->pgmap, nr_pages - 1);
	KUNIT_EXPECT_EQ(test, last - first, nr_pages - 1);

	folio = mock_get(test, mock, nr_pages - 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, &folio->page, last);
	entry = softleaf_mk_device_private(last, true);
	entry = softleaf_from_pte(softleaf_to_pte(entry));
	KUNIT_EXPECT_PTR_EQ(test, softleaf_to_page(entry), last);
	entry = softleaf_mk_migration(last, false, true);
	entry = softleaf_from_pte(softleaf_to_pte(entry));
	KUNIT_EXPECT_EQ(test, softleaf_to_device_private_index(entry).val,
			page_to_device_private_index(last).val);
}

static void space_page_state(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct page *page = device_private_page(&mock->pgmap, 5);
	struct folio *folio;

	/* Not in use yet. */
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 0);
	KUNIT_EXPECT_EQ(test, page_zonenum(page), ZONE_DEVICE);
	KUNIT_EXPECT_TRUE(test, node_online(page_to_nid(page)));
	KUNIT_EXPECT_TRUE(test, is_device_private_page(page));
	KUNIT_EXPECT_PTR_EQ(test, compound_head(page), page);

	/* In use. */
	folio = mock_get(test, mock, 5, 0);
	KUNIT_EXPECT_PTR_EQ(test, &folio->page, page);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	KUNIT_EXPECT_EQ(test, folio_mapcount(folio), 0);
	KUNIT_EXPECT_TRUE(test, folio_is_device_private(folio));
	KUNIT_EXPECT_FALSE(test, folio_is_device_coherent(folio));

	/* And given back. */
	KUNIT_EXPECT_EQ(test, mock->nr_freed, 0);
	mock_put(test, folio);
	KUNIT_EXPECT_EQ(test, mock->nr_freed, 1);
	KUNIT_EXPECT_PTR_EQ(test, mock->freed, folio);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 0);
}

/*
 * Where the flags of a page hold a section it is one of the node's, for they may have
 * no room for the node itself.
 */
static void check_node(struct kunit *test, const struct page *page, int nid)
{
	KUNIT_EXPECT_EQ(test, page_to_nid(page), nid);
	KUNIT_EXPECT_EQ(test, page_zonenum(page), ZONE_DEVICE);
#ifdef SECTION_IN_PAGE_FLAGS
	KUNIT_EXPECT_GE(test, memdesc_section(&page->flags),
			pfn_to_section_nr(node_start_pfn(nid)));
	KUNIT_EXPECT_LE(test, memdesc_section(&page->flags),
			pfn_to_section_nr(node_end_pfn(nid) - 1));
#endif
}

/* The pages of a space are on the node that it was registered for. */
static void space_node(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		struct mock_device *mock = mock_register_on(test, 2 * granule, nid);
		struct dev_pagemap *pgmap = &mock->pgmap;
		struct folio *folio;

		KUNIT_ASSERT_EQ(test, device_private_populate(pgmap, granule, granule),
				0);
		check_node(test, device_private_page(pgmap, granule), nid);
		check_node(test, device_private_page(pgmap, 2 * granule - 1), nid);

		/* In use, and in use again. */
		folio = mock_get(test, mock, granule, 2);
		check_node(test, folio_page(folio, 3), nid);
		mock_put(test, folio);
		folio = mock_get(test, mock, granule + 3, 0);
		check_node(test, &folio->page, nid);
		mock_put(test, folio);
	}
}

/* What takes any page, also one that has no PFN. */
static void space_no_pfn(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct folio *folio = mock_get(test, mock, 8, 3);
	struct folio *ram = ram_get(test, 3);
	struct page_snapshot ps;
	struct page_ext *ext;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		struct page *page = folio_page(folio, i);
		struct page *other = folio_page(ram, i);
		const device_private_index_t name =
			page_to_device_private_index(page);

		KUNIT_EXPECT_FALSE_MSG(test, page_has_pfn(page), "page %u", i);
		KUNIT_EXPECT_NULL_MSG(test, page_ext_get(page), "page %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, page_has_pfn(other), "page %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, is_device_private_page(page),
				      "page %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, is_device_private_page(other),
				       "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pvmw_key_page(page).val,
				    pvmw_key_index(name).val, "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pvmw_key_page(other).val,
				    pvmw_key_pfn(page_to_pfn(other)).val,
				    "page %u", i);

		snapshot_page(&ps, page);
		KUNIT_EXPECT_EQ_MSG(test, ps.pfn, PAGE_SNAPSHOT_NO_PFN,
				    "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, ps.idx, i, "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, folio_order(&ps.folio_snapshot), 3,
				    "page %u", i);
	}

	/* Free ones, too. */
	KUNIT_EXPECT_FALSE(test, page_has_pfn(device_private_page(&mock->pgmap, 0)));
	KUNIT_EXPECT_NULL(test, page_ext_get(device_private_page(&mock->pgmap, 0)));

	/* Which says something only if the pages of system memory have one. */
	ext = page_ext_get(&ram->page);
	if (ext)
		page_ext_put(ext);
	else
		kunit_info(test, "page_ext is not in use\n");
}

static void populate_partial(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_register(test, 8 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;

	KUNIT_EXPECT_TRUE(test, is_power_of_2(granule));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(granule * sizeof(struct page),
					   PAGE_SIZE));
	check_absent(test, mock, 0, 8 * granule);

	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 2 * granule, granule),
			0);
	check_populated(test, mock, 2 * granule, 3 * granule);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 5 * granule,
						      2 * granule), 0);
	check_populated(test, mock, 2 * granule, 3 * granule);
	check_populated(test, mock, 5 * granule, 7 * granule);
	check_absent(test, mock, 0, 2 * granule);
	check_absent(test, mock, 3 * granule, 5 * granule);
	check_absent(test, mock, 7 * granule, 8 * granule);
}

/* On an error nothing is changed. */
static void populate_twice(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_register(test, 8 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, device_private_populate(pgmap, 2 * granule, granule),
			0);
	folio = mock_get(test, mock, 2 * granule, 0);

	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 2 * granule, granule),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, granule, 2 * granule),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 2 * granule,
						      2 * granule), -EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 0, 8 * granule),
			-EINVAL);

	check_populated(test, mock, 2 * granule, 3 * granule);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
}

/* Ranges that no call takes; what is populated is of no import. */
static void populate_bad_range(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned long nr_pages = 4 * granule + granule / 2;
	const struct {
		unsigned long index, nr;
	} bad[] = {
		/* Empty. */
		{ 0, 0 },
		{ granule, 0 },
		{ nr_pages, 0 },
		/* Not inside the space. */
		{ 0, nr_pages + 1 },
		{ 0, 5 * granule },
		{ 4 * granule, granule },
		{ 5 * granule, granule },
		{ 0, ULONG_MAX },
		{ granule, ULONG_MAX - granule + 1 },
		{ granule, 0UL - granule },
		{ 0UL - granule, granule },
		{ 0UL - granule, 2 * granule },
		/* Not aligned. */
		{ 1, granule },
		{ 1, granule - 1 },
		{ granule / 2, granule / 2 },
		{ 0, 1 },
		{ 0, granule - 1 },
		{ 0, granule + 1 },
		{ 4 * granule, 1 },
		{ 4 * granule + 1, granule / 2 - 1 },
		{ 3 * granule, granule + 1 },
	};
	struct mock_device *mock = mock_register(test, nr_pages);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, device_private_populate(&mock->pgmap,
								  bad[i].index,
								  bad[i].nr),
				    -EINVAL, "range %u", i);
	check_absent(test, mock, 0, nr_pages);

	KUNIT_ASSERT_EQ(test, device_private_populate(&mock->pgmap, 0, nr_pages),
			0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, device_private_depopulate(&mock->pgmap,
								    bad[i].index,
								    bad[i].nr),
				    -EINVAL, "range %u", i);
	check_populated(test, mock, 0, nr_pages);
}

/* The space ends in the middle of a granule. */
static void populate_end(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned long nr_pages = 2 * granule + granule / 2 + 1;
	struct mock_device *mock = mock_register(test, nr_pages);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, device_private_populate(pgmap, granule,
						      nr_pages - granule), 0);
	check_populated(test, mock, granule, nr_pages);

	folio = mock_get(test, mock, nr_pages - 1, 0);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 2 * granule,
							granule / 2 + 1), -EBUSY);
	mock_put(test, folio);

	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 2 * granule,
							granule / 2 + 1), 0);
	check_populated(test, mock, granule, 2 * granule);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 2 * granule,
						      granule / 2 + 1), 0);
	check_populated(test, mock, granule, nr_pages);
}

/* More than is mapped at a time, and than has its presence bits in one page. */
static void populate_many(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned long bits = PAGE_SIZE * BITS_PER_BYTE;
	const unsigned long start = (bits - 70) * granule;
	const unsigned long end = (bits + 70) * granule;
	struct mock_device *mock = mock_register(test, end + granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct page *page;
	unsigned long i;

	KUNIT_ASSERT_EQ(test, device_private_populate(pgmap, start, end - start),
			0);
	check_populated(test, mock, start, end);

	page = device_private_page(pgmap, start);
	for (i = 0; i < end - start; i += granule)
		KUNIT_EXPECT_TRUE_MSG(test, mock_backed(page + i), "index %lu",
				      start + i);

	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, start, end - start),
			0);
	check_absent(test, mock, start, end);
	for (i = 0; i < end - start; i++)
		KUNIT_EXPECT_FALSE_MSG(test, mock_backed(page + i), "index %lu",
				       start + i);
}

static void depopulate_partial(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_populated(test, 4 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct page *page = device_private_page(pgmap, 0);

	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, granule, granule),
			0);
	check_populated(test, mock, 0, granule);
	check_absent(test, mock, granule, 2 * granule);
	check_populated(test, mock, 2 * granule, 4 * granule);

	/* No backing page is kept, and none that has another owner goes. */
	KUNIT_EXPECT_TRUE(test, mock_backed(page + granule - 1));
	KUNIT_EXPECT_FALSE(test, mock_backed(page + granule));
	KUNIT_EXPECT_FALSE(test, mock_backed(page + 2 * granule - 1));
	KUNIT_EXPECT_TRUE(test, mock_backed(page + 2 * granule));

	/* Not populated, or not all of it: nothing is changed. */
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, granule, granule),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, 2 * granule),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, 4 * granule),
			-EINVAL);
	check_populated(test, mock, 0, granule);
	check_populated(test, mock, 2 * granule, 4 * granule);

	/* Populated again, and depopulated together with what stayed. */
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, granule, granule), 0);
	check_populated(test, mock, 0, 4 * granule);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, 4 * granule), 0);
	check_absent(test, mock, 0, 4 * granule);
	KUNIT_EXPECT_FALSE(test, mock_backed(page));
}

static void depopulate_in_use(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_populated(test, 4 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	const unsigned long used[] = { granule, granule + 1, 2 * granule - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(used); i++) {
		struct folio *folio = mock_get(test, mock, used[i], 0);

		KUNIT_EXPECT_EQ_MSG(test, device_private_depopulate(pgmap, granule,
								    granule),
				    -EBUSY, "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, device_private_depopulate(pgmap, 0,
								    4 * granule),
				    -EBUSY, "page %u", i);
		check_populated(test, mock, 0, 4 * granule);
		KUNIT_EXPECT_EQ_MSG(test, folio_ref_count(folio), 1, "page %u", i);
		mock_put(test, folio);
	}

	/* What is in use elsewhere is not in the way. */
	mock_get(test, mock, granule - 1, 0);
	mock_get(test, mock, 2 * granule, 0);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, granule, granule),
			0);
}

/* The order of a folio of four granules, where there may be one. */
static unsigned int four_granules(struct kunit *test)
{
	const unsigned int order = ilog2(4 * device_private_granule());

	if (order > DEVICE_PRIVATE_MAX_ORDER)
		kunit_skip(test, "no folio is larger than two granules");
	return order;
}

/* Tails have no reference of their own; theirs is in another granule. */
static void depopulate_tails_in_use(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned int order = four_granules(test);
	struct mock_device *mock = mock_populated(test, 8 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct folio *folio = mock_get(test, mock, 4 * granule, order);
	unsigned int i;

	for (i = 4; i < 8; i++)
		KUNIT_EXPECT_EQ_MSG(test, device_private_depopulate(pgmap,
								    i * granule,
								    granule),
				    -EBUSY, "granule %u", i);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 3 * granule,
							granule), 0);

	mock_put(test, folio);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 6 * granule,
							granule), 0);
	check_populated(test, mock, 4 * granule, 6 * granule);
	check_populated(test, mock, 7 * granule, 8 * granule);
}

/* A page that was the tail of a folio once is a page like any other. */
static void depopulate_stale_tails(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	const unsigned int order = four_granules(test);
	struct mock_device *mock = mock_populated(test, 4 * granule);
	struct dev_pagemap *pgmap = &mock->pgmap;
	struct folio *folio;

	/* Its head is handed out on its own. */
	mock_put(test, mock_get(test, mock, 0, order));
	folio = mock_get(test, mock, 0, 0);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 3 * granule,
							granule), 0);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 3 * granule, granule),
			0);
	mock_put(test, folio);

	/* Its head is the head of a smaller folio. */
	mock_put(test, mock_get(test, mock, 0, order));
	folio = mock_get(test, mock, 0, order - 1);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, granule, granule),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 2 * granule,
							granule), 0);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 2 * granule, granule),
			0);
	mock_put(test, folio);

	/* Its head is gone. */
	mock_put(test, mock_get(test, mock, 0, order));
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, granule), 0);
	check_populated(test, mock, granule, 4 * granule);
	folio = mock_get(test, mock, 2 * granule, 0);
	KUNIT_EXPECT_PTR_EQ(test, page_folio(&folio->page), folio);
	mock_put(test, folio);
	KUNIT_EXPECT_EQ(test, device_private_populate(pgmap, 0, granule), 0);

	/* Its head is gone, and so are the pages in between. */
	mock_put(test, mock_get(test, mock, 0, order));
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 2 * granule,
							granule), 0);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 0, granule), 0);
	check_populated(test, mock, granule, 2 * granule);
	check_populated(test, mock, 3 * granule, 4 * granule);
	KUNIT_EXPECT_EQ(test, device_private_depopulate(pgmap, 3 * granule,
							granule), 0);
}

struct unregister_work {
	struct work_struct work;
	struct completion done;
	struct dev_pagemap *pgmap;
};

static void unregister_work(struct work_struct *work)
{
	struct unregister_work *w = container_of(work, struct unregister_work,
						 work);

	device_private_unregister(w->pgmap);
	complete(&w->done);
}

/* As long as a page is in use its space stays, and lookups find it. */
static void unregister_waits(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_alloc(test);
	struct unregister_work w = { .pgmap = &mock->pgmap };
	device_private_index_t name;
	struct folio *folio;
	bool done;

	KUNIT_ASSERT_EQ(test, device_private_register(&mock->pgmap, 8 * granule, 0),
			0);
	KUNIT_ASSERT_EQ(test, device_private_populate(&mock->pgmap, 2 * granule,
						      2 * granule), 0);
	folio = mock_get(test, mock, 2 * granule + 4, 2);
	name = page_to_device_private_index(folio_page(folio, 3));

	init_completion(&w.done);
	INIT_WORK_ONSTACK(&w.work, unregister_work);
	schedule_work(&w.work);
	done = wait_for_completion_timeout(&w.done, msecs_to_jiffies(50));
	KUNIT_EXPECT_FALSE(test, done);
	if (!done) {
		KUNIT_EXPECT_PTR_EQ(test, device_private_index_to_page(name),
				    folio_page(folio, 3));
		KUNIT_EXPECT_PTR_EQ(test, mock_owner(name), mock);
		mock_put(test, folio);
		wait_for_completion(&w.done);
	} else {
		/* Its memmap is gone. */
		kunit_remove_action(test, mock_put_action, folio);
	}
	flush_work(&w.work);
	destroy_work_on_stack(&w.work);

	KUNIT_EXPECT_EQ(test, mock->nr_freed, 4);
	KUNIT_EXPECT_NULL(test, device_private_index_to_page(name));
	KUNIT_EXPECT_NULL(test, mock_owner(name));
	KUNIT_EXPECT_FALSE(test, mock_backed(folio_page(folio, 0)));
}

static struct kunit_case space_cases[] = {
	KUNIT_CASE(space_register),
	KUNIT_CASE(space_memunmap),
	KUNIT_CASE(space_register_bad),
	KUNIT_CASE(space_devm),
	KUNIT_CASE(space_lookup_nothing),
	KUNIT_CASE(space_two),
	KUNIT_CASE(space_id_cyclic),
	KUNIT_CASE(space_id_exhausted),
	KUNIT_CASE(space_largest),
	KUNIT_CASE(space_page_state),
	KUNIT_CASE(space_node),
	KUNIT_CASE(space_no_pfn),
	KUNIT_CASE(populate_partial),
	KUNIT_CASE(populate_twice),
	KUNIT_CASE(populate_bad_range),
	KUNIT_CASE(populate_end),
	KUNIT_CASE(populate_many),
	KUNIT_CASE(depopulate_partial),
	KUNIT_CASE(depopulate_in_use),
	KUNIT_CASE(depopulate_tails_in_use),
	KUNIT_CASE(depopulate_stale_tails),
	KUNIT_CASE(unregister_waits),
	{}
};

static struct kunit_suite space_suite = {
	.name = "device_private_space",
	.test_cases = space_cases,
};

/*
 * Large folios. With HVO the head is found by masking the address of a tail, so
 * the memmap has to be aligned to the largest folio.
 */

static void check_folio(struct kunit *test, struct folio *folio,
			unsigned long index, unsigned int order)
{
	const unsigned long name = page_to_device_private_index(&folio->page).val;
	unsigned long i;

	KUNIT_EXPECT_EQ_MSG(test, folio_order(folio), order, "order %u", order);
	KUNIT_EXPECT_EQ_MSG(test, folio_nr_pages(folio), BIT(order), "order %u",
			    order);
	KUNIT_EXPECT_EQ_MSG(test, folio_test_large(folio), order > 0, "order %u",
			    order);
	KUNIT_EXPECT_EQ_MSG(test, name & low_bits(order), 0, "order %u", order);

	for (i = 0; i < BIT(order); i++) {
		struct page *page = &folio->page + i;
		const device_private_index_t nth = { name + i };

		KUNIT_ASSERT_PTR_EQ_MSG(test, compound_head(page), &folio->page,
					"order %u page %lu", order, i);
		KUNIT_EXPECT_EQ_MSG(test, PageTail(page), i > 0,
				    "order %u page %lu", order, i);
		KUNIT_EXPECT_EQ_MSG(test, folio_page_idx(folio, page), i,
				    "order %u page %lu", order, i);
		KUNIT_EXPECT_EQ_MSG(test, page_to_device_private_index(page).val,
				    name + i, "order %u page %lu", order, i);
		KUNIT_EXPECT_EQ_MSG(test, device_private_page_index(page),
				    index + i, "order %u page %lu", order, i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, device_private_index_to_page(nth),
					page, "order %u page %lu", order, i);
	}
}

/* At every order, at the first place and at the last one. */
static void folio_orders(struct kunit *test)
{
	const unsigned long nr_pages = 2UL << DEVICE_PRIVATE_MAX_ORDER;
	struct mock_device *mock = mock_populated(test, nr_pages);
	unsigned int order;

	for (order = 0; order <= DEVICE_PRIVATE_MAX_ORDER; order++) {
		const unsigned long index[] = { 0, nr_pages - BIT(order) };
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(index); i++) {
			struct folio *folio = mock_get(test, mock, index[i],
						       order);

			check_folio(test, folio, index[i], order);
			mock->nr_freed = 0;
			mock->freed = NULL;
			mock_put(test, folio);
			KUNIT_EXPECT_EQ_MSG(test, mock->nr_freed, BIT(order),
					    "order %u", order);
			KUNIT_EXPECT_PTR_EQ_MSG(test, mock->freed, folio,
						"order %u", order);
		}
	}

	/* Nothing holds them any more. */
	KUNIT_EXPECT_EQ(test, device_private_depopulate(&mock->pgmap, 0, nr_pages),
			0);
	mock_unregister(test, mock);
}

/* All of the orders at the same time, next to each other. */
static void folio_neighbours(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, 2UL << DEVICE_PRIVATE_MAX_ORDER);
	/* Not an array: the size of a PMD is not a constant everywhere. */
	struct folio **folios = kunit_kcalloc(test, DEVICE_PRIVATE_MAX_ORDER + 1,
					      sizeof(*folios), GFP_KERNEL);
	unsigned int order;

	KUNIT_ASSERT_NOT_NULL(test, folios);
	for (order = 0; order <= DEVICE_PRIVATE_MAX_ORDER; order++)
		folios[order] = mock_get(test, mock, BIT(order), order);
	for (order = 0; order <= DEVICE_PRIVATE_MAX_ORDER; order++)
		check_folio(test, folios[order], BIT(order), order);

	/* One is freed and its pages are handed out one by one. */
	mock_put(test, folios[4]);
	for (order = 0; order < 16; order++)
		check_folio(test, mock_get(test, mock, 16 + order, 0), 16 + order,
			    0);
	check_folio(test, folios[3], BIT(3), 3);
	check_folio(test, folios[5], BIT(5), 5);
}

/* A large folio made of what were small ones and, after that, the reverse. */
static void folio_reuse(struct kunit *test)
{
	const unsigned int order = PMD_SHIFT - PAGE_SHIFT;
	struct mock_device *mock = mock_populated(test, BIT(order));
	struct folio *folio;
	unsigned long i;

	for (i = 0; i < BIT(order); i++)
		mock_put(test, mock_get(test, mock, i, 0));

	folio = mock_get(test, mock, 0, order);
	check_folio(test, folio, 0, order);
	mock_put(test, folio);

	for (i = 0; i < BIT(order); i++) {
		folio = mock_get(test, mock, i, 0);
		KUNIT_EXPECT_EQ_MSG(test, folio_order(folio), 0, "index %lu", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, compound_head(&folio->page),
					&folio->page, "index %lu", i);
		KUNIT_EXPECT_EQ_MSG(test, device_private_page_index(&folio->page),
				    i, "index %lu", i);
		mock_put(test, folio);
	}
}

/* The address of a space is aligned for folios larger than it is itself, too. */
static void folio_alignment(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, 1);
	const unsigned long addr =
		(unsigned long)device_private_page(&mock->pgmap, 0);

	KUNIT_EXPECT_TRUE(test, PAGE_ALIGNED(addr));
	if (!compound_info_has_mask())
		kunit_skip(test, "heads are not found by a mask");
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(addr, sizeof(struct page) <<
					   DEVICE_PRIVATE_MAX_ORDER));
}

static struct kunit_case folio_cases[] = {
	KUNIT_CASE(folio_orders),
	KUNIT_CASE(folio_neighbours),
	KUNIT_CASE(folio_reuse),
	KUNIT_CASE(folio_alignment),
	{}
};

static struct kunit_suite folio_suite = {
	.name = "device_private_folio",
	.test_cases = folio_cases,
};

kunit_test_suites(&layout_suite, &entry_suite, &softleaf_suite, &space_suite,
		  &folio_suite);

MODULE_DESCRIPTION("Tests for device private memory by index");
MODULE_LICENSE("GPL");

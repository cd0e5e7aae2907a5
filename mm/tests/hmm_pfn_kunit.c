// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the entries that mm and drivers hand to each other: hmm_pfns of
 * hmm_range_fault() and migrate_pfn_t of migrate_vma_setup().
 *
 * An accessor that is given an entry of another type warns, which is not tried
 * here: hmm_pfn_to_phys() of a device private entry, and
 * hmm_pfn_to_device_private_page() of one of system memory.
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>
#include <linux/hmm.h>
#include <linux/hmm-dma.h>
#include <linux/leafops.h>
#include <linux/migrate_pfn.h>
#include <linux/pci-p2pdma.h>
#include "device_private_kunit.h"

#define NR_PAGES	16
#define ORDER		4

/* An entry as hmm_range_fault() makes them, of a page that is mapped by @order. */
static unsigned long hmm_device_pfn(const struct page *page, unsigned int order,
				    unsigned long flags)
{
	return page_to_device_private_index(page).val | HMM_PFN_DEVICE_PRIVATE |
	       HMM_PFN_VALID | flags | (unsigned long)order << HMM_PFN_ORDER_SHIFT;
}

static unsigned long hmm_ram_pfn(const struct page *page, unsigned int order,
				 unsigned long flags)
{
	return page_to_pfn(page) | HMM_PFN_VALID | flags |
	       (unsigned long)order << HMM_PFN_ORDER_SHIFT;
}

/* With FLATMEM an address may have as many bits as there are. */
#ifndef MAX_PHYSMEM_BITS
#define MAX_PHYSMEM_BITS	BITS_PER_LONG
#endif

static void hmm_flags(struct kunit *test)
{
	const unsigned long fields[] = {
		HMM_PFN_VALID, HMM_PFN_WRITE, HMM_PFN_ERROR,
		HMM_PFN_DEVICE_PRIVATE, HMM_PFN_P2P, HMM_PFN_ORDER_MASK, HMM_PFN_PAYLOAD,
	};
	unsigned long all = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		KUNIT_EXPECT_NE_MSG(test, fields[i], 0, "field %u", i);
		KUNIT_EXPECT_EQ_MSG(test, all & fields[i], 0, "field %u", i);
		all |= fields[i];
	}
	KUNIT_EXPECT_EQ(test, HMM_PFN_PAYLOAD | HMM_PFN_FLAGS, ~0UL);
	KUNIT_EXPECT_EQ(test, HMM_PFN_PAYLOAD & HMM_PFN_FLAGS, 0);
	KUNIT_EXPECT_EQ(test, HMM_PFN_TYPE_MASK,
			HMM_PFN_DEVICE_PRIVATE | HMM_PFN_P2P);

	/* Every name fits, as does every PFN, and every order. */
	KUNIT_EXPECT_EQ(test, (BIT(DEVICE_PRIVATE_BITS_MAX) - 1) & HMM_PFN_FLAGS,
			0);
	KUNIT_EXPECT_EQ(test, (BIT(MAX_PHYSMEM_BITS - PAGE_SHIFT) - 1) &
			HMM_PFN_FLAGS, 0);
	KUNIT_EXPECT_GE(test, HMM_PFN_ORDER_MASK >> HMM_PFN_ORDER_SHIFT,
			PUD_SHIFT - PAGE_SHIFT);
}

static const unsigned long hmm_permissions[] = { 0, HMM_PFN_WRITE };

static void hmm_device_private(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct folio *folio = mock_get(test, mock, NR_PAGES, ORDER);
	unsigned int i, j;

	for (i = 0; i < NR_PAGES; i++) {
		for (j = 0; j < ARRAY_SIZE(hmm_permissions); j++) {
			struct page *page = folio_page(folio, i);
			const unsigned long entry =
				hmm_device_pfn(page, ORDER, hmm_permissions[j]);

			KUNIT_EXPECT_TRUE(test, hmm_pfn_is_device_private(entry));
			KUNIT_EXPECT_PTR_EQ(test,
					    hmm_pfn_to_device_private_page(entry),
					    page);
			KUNIT_EXPECT_PTR_EQ(test, hmm_pfn_to_page(entry), page);
			KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_order(entry), ORDER);
			KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_offset(entry), i);
		}
	}
}

static void hmm_ram(struct kunit *test)
{
	struct folio *folio = ram_get(test, ORDER);
	unsigned int i, j;

	for (i = 0; i < NR_PAGES; i++) {
		for (j = 0; j < ARRAY_SIZE(hmm_permissions); j++) {
			struct page *page = folio_page(folio, i);
			const unsigned long entry =
				hmm_ram_pfn(page, ORDER, hmm_permissions[j]);

			KUNIT_EXPECT_FALSE(test, hmm_pfn_is_device_private(entry));
			KUNIT_EXPECT_PTR_EQ(test, hmm_pfn_to_page(entry), page);
			KUNIT_EXPECT_EQ(test, hmm_pfn_to_phys(entry),
					page_to_phys(page));
			KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_order(entry), ORDER);
			KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_offset(entry), i);
		}
	}
}

/* What is no page has no type. */
static void hmm_nothing(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, hmm_pfn_is_device_private(0));
	KUNIT_EXPECT_FALSE(test, hmm_pfn_is_device_private(HMM_PFN_ERROR));
}

/* The entry of a page that is gone gives none. */
static void hmm_stale(struct kunit *test)
{
	const unsigned long granule = device_private_granule();
	struct mock_device *mock = mock_populated(test, 2 * granule);
	const unsigned long a =
		hmm_device_pfn(device_private_page(&mock->pgmap, 1), 0, 0);
	const unsigned long b =
		hmm_device_pfn(device_private_page(&mock->pgmap, granule), 0, 0);

	KUNIT_ASSERT_EQ(test, device_private_depopulate(&mock->pgmap, 0, granule),
			0);
	KUNIT_EXPECT_NULL(test, hmm_pfn_to_device_private_page(a));
	KUNIT_EXPECT_NULL(test, hmm_pfn_to_page(a));
	KUNIT_EXPECT_PTR_EQ(test, hmm_pfn_to_page(b),
			    device_private_page(&mock->pgmap, granule));

	mock_unregister(test, mock);
	KUNIT_EXPECT_NULL(test, hmm_pfn_to_device_private_page(b));
	KUNIT_EXPECT_NULL(test, hmm_pfn_to_page(b));
}

static void hmm_map_order(struct kunit *test)
{
	const unsigned int max_order = HMM_PFN_ORDER_MASK >> HMM_PFN_ORDER_SHIFT;
	unsigned int order;

	for (order = 0; order <= max_order; order++) {
		const unsigned long entry = HMM_PFN_VALID | HMM_PFN_WRITE |
			HMM_PFN_DEVICE_PRIVATE | HMM_PFN_PAYLOAD |
			(unsigned long)order << HMM_PFN_ORDER_SHIFT;

		KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_order(entry), order);
		KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_offset(entry),
				BIT(order) - 1);
	}
}

static void hmm_same_page(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct folio *device = mock_get(test, mock, 0, ORDER);
	struct folio *ram = ram_get(test, ORDER);
	struct page *page = folio_page(device, 1);
	unsigned long entry = hmm_device_pfn(page, 0, 0), other;

	/* Permission and order are not the page. */
	KUNIT_EXPECT_TRUE(test, hmm_pfn_same_page(entry, entry));
	other = hmm_device_pfn(page, ORDER, HMM_PFN_WRITE);
	KUNIT_EXPECT_TRUE(test, hmm_pfn_same_page(entry, other));
	other = hmm_device_pfn(page + 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, hmm_pfn_same_page(entry, other));

	/* Memory with a PFN equal to the name of a device page is not that page. */
	other = entry & ~HMM_PFN_DEVICE_PRIVATE;
	KUNIT_EXPECT_FALSE(test, hmm_pfn_same_page(entry, other));

	page = folio_page(ram, 1);
	entry = hmm_ram_pfn(page, 0, 0);
	KUNIT_EXPECT_TRUE(test, hmm_pfn_same_page(entry, entry));
	other = hmm_ram_pfn(page, ORDER, HMM_PFN_WRITE);
	KUNIT_EXPECT_TRUE(test, hmm_pfn_same_page(entry, other));
	other = hmm_ram_pfn(page + 1, 0, 0);
	KUNIT_EXPECT_FALSE(test, hmm_pfn_same_page(entry, other));
}

static void hmm_alias(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct page *page = folio_page(mock_get(test, mock, NR_PAGES, ORDER), 3);
	const device_private_index_t index = page_to_device_private_index(page);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hmm_permissions); i++) {
		const unsigned long entry = index.val | HMM_PFN_ALIAS |
					    HMM_PFN_VALID | hmm_permissions[i];
		const unsigned long own = hmm_device_pfn(page, 0, 0);

		KUNIT_EXPECT_TRUE(test, hmm_pfn_is_alias(entry));
		KUNIT_EXPECT_TRUE(test, hmm_pfn_is_p2p(entry));
		KUNIT_EXPECT_FALSE(test, hmm_pfn_is_device_private(entry));
		KUNIT_EXPECT_EQ(test, hmm_pfn_to_device_private_index(entry).val,
				index.val);
		KUNIT_EXPECT_EQ(test, hmm_pfn_to_map_order(entry), 0);
		/* What the owner is told of the same page is another thing. */
		KUNIT_EXPECT_FALSE(test, hmm_pfn_same_page(entry, own));
		KUNIT_EXPECT_FALSE(test, hmm_pfn_is_p2p(own));
		KUNIT_EXPECT_FALSE(test, hmm_pfn_is_alias(own));
	}
}

/* A page of peer memory has a PFN: nothing is special but its type. */
static void hmm_p2pmem(struct kunit *test)
{
	struct page *page = folio_page(ram_get(test, ORDER), 3);
	const unsigned long ram = hmm_ram_pfn(page, 0, 0);
	const unsigned long entry = ram | HMM_PFN_P2P;

	KUNIT_EXPECT_TRUE(test, hmm_pfn_is_p2p(entry));
	KUNIT_EXPECT_FALSE(test, hmm_pfn_is_alias(entry));
	KUNIT_EXPECT_FALSE(test, hmm_pfn_is_device_private(entry));
	KUNIT_EXPECT_PTR_EQ(test, hmm_pfn_to_page(entry), page);
	KUNIT_EXPECT_EQ(test, hmm_pfn_to_phys(entry), page_to_phys(page));
	KUNIT_EXPECT_FALSE(test, hmm_pfn_same_page(entry, ram));
	KUNIT_EXPECT_FALSE(test, hmm_pfn_is_p2p(ram));
}

/* What names no page, or none that DMA can reach, is not mapped. */
static void hmm_dma_refused(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct page *page = folio_page(mock_get(test, mock, NR_PAGES, ORDER), 3);
	const unsigned long entries[] = {
		0, HMM_PFN_ERROR, page_to_pfn(folio_page(ram_get(test, ORDER), 1)),
		hmm_device_pfn(page, 0, HMM_PFN_WRITE),
		page_to_device_private_index(page).val | HMM_PFN_ALIAS,
	};
	struct device *dev = kunit_device_register(test, "hmm_dma");
	struct hmm_dma_map map = { .dma_entry_size = PAGE_SIZE };
	struct pci_p2pdma_map_state state = {};
	unsigned long pfn;
	u8 entry_state;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_HAS_DMA))
		kunit_skip(test, "no DMA on this architecture");
	if (IS_ENABLED(CONFIG_SPARC64))
		kunit_skip(test, "DMA belongs to a bus on this architecture");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)),
			0);
	map.pfn_list = &pfn;
	map.entry_state = &entry_state;
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		pfn = entries[i];
		entry_state = HMM_DMA_UNMAPPED;
		KUNIT_EXPECT_EQ_MSG(test, hmm_dma_map_pfn(dev, &map, 0, &state),
				    DMA_MAPPING_ERROR, "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, entry_state, HMM_DMA_UNMAPPED,
				    "entry %u", i);
		KUNIT_EXPECT_EQ_MSG(test, pfn, entries[i], "entry %u", i);
	}
}

static struct kunit_case hmm_cases[] = {
	KUNIT_CASE(hmm_flags),
	KUNIT_CASE(hmm_device_private),
	KUNIT_CASE(hmm_ram),
	KUNIT_CASE(hmm_nothing),
	KUNIT_CASE(hmm_stale),
	KUNIT_CASE(hmm_map_order),
	KUNIT_CASE(hmm_same_page),
	KUNIT_CASE(hmm_alias),
	KUNIT_CASE(hmm_p2pmem),
	KUNIT_CASE(hmm_dma_refused),
	{}
};

static struct kunit_suite hmm_suite = {
	.name = "hmm_pfn",
	.test_cases = hmm_cases,
};

/* The combinations of the flags that may be changed. */
static const unsigned long migrate_flags[] = {
	0,
	MIGRATE_PFN_MIGRATE,
	MIGRATE_PFN_WRITE,
	MIGRATE_PFN_COMPOUND,
	MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE,
	MIGRATE_PFN_MIGRATE | MIGRATE_PFN_COMPOUND,
	MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND,
	MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND,
};

static void migrate_none(struct kunit *test)
{
	const migrate_pfn_t zeroes = {}, none = migrate_pfn_none();

	KUNIT_EXPECT_MEMEQ(test, &none, &zeroes, sizeof(none));
	KUNIT_EXPECT_EQ(test, sizeof(none), sizeof(unsigned long));
	KUNIT_EXPECT_NULL(test, migrate_pfn_to_page(none));
	KUNIT_EXPECT_NULL(test, migrate_pfn_to_folio(none));
	KUNIT_EXPECT_FALSE(test, migrate_pfn_test(none, MIGRATE_PFN_VALID));
	KUNIT_EXPECT_EQ(test, migrate_pfn_flags(none), 0);
}

static void migrate_hole(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(migrate_flags); i++) {
		const migrate_pfn_t hole = migrate_pfn_hole(migrate_flags[i]);

		KUNIT_EXPECT_NULL_MSG(test, migrate_pfn_to_page(hole),
				      "flags %u", i);
		KUNIT_EXPECT_NULL_MSG(test, migrate_pfn_to_folio(hole),
				      "flags %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, migrate_pfn_test(hole,
							      MIGRATE_PFN_VALID),
				       "flags %u", i);
		KUNIT_EXPECT_EQ_MSG(test, migrate_pfn_flags(hole),
				    migrate_flags[i], "flags %u", i);
	}
}

/* The page stays the same, whatever the flags are set and cleared to. */
static void check_migrate_pfn(struct kunit *test, struct folio *folio,
			      struct page *page)
{
	migrate_pfn_t mpfn = page_to_migrate_pfn(page);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, migrate_pfn_test(mpfn, MIGRATE_PFN_VALID));
	KUNIT_EXPECT_EQ(test, migrate_pfn_flags(mpfn), 0);

	for (i = 0; i < ARRAY_SIZE(migrate_flags); i++) {
		const unsigned long flags = migrate_flags[i];

		migrate_pfn_set(&mpfn, flags);
		KUNIT_EXPECT_EQ_MSG(test, migrate_pfn_flags(mpfn), flags,
				    "flags %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, migrate_pfn_test(mpfn, flags |
							     MIGRATE_PFN_VALID),
				      "flags %u", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, migrate_pfn_to_page(mpfn), page,
					"flags %u", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, migrate_pfn_to_folio(mpfn), folio,
					"flags %u", i);

		migrate_pfn_clear(&mpfn, flags);
		KUNIT_EXPECT_EQ_MSG(test, migrate_pfn_flags(mpfn), 0,
				    "flags %u", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, migrate_pfn_to_page(mpfn), page,
					"flags %u", i);
	}

	/* All of the flags that are asked for are needed. */
	migrate_pfn_set(&mpfn, MIGRATE_PFN_MIGRATE);
	KUNIT_EXPECT_FALSE(test, migrate_pfn_test(mpfn, MIGRATE_PFN_MIGRATE |
						  MIGRATE_PFN_WRITE));
}

static void migrate_ram(struct kunit *test)
{
	struct folio *folio = ram_get(test, ORDER);
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		check_migrate_pfn(test, folio, folio_page(folio, i));
	KUNIT_EXPECT_PTR_EQ(test,
			    migrate_pfn_to_page(folio_to_migrate_pfn(folio)),
			    &folio->page);
}

static void migrate_device_private(struct kunit *test)
{
	struct mock_device *mock = mock_populated(test, device_private_granule());
	struct folio *folio = mock_get(test, mock, NR_PAGES, ORDER);
	struct page *page;
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		check_migrate_pfn(test, folio, folio_page(folio, i));
	KUNIT_EXPECT_PTR_EQ(test,
			    migrate_pfn_to_page(folio_to_migrate_pfn(folio)),
			    &folio->page);

	/* One that is not in use yet: a destination. */
	page = device_private_page(&mock->pgmap, 1);
	check_migrate_pfn(test, (struct folio *)page, page);
}

static struct kunit_case migrate_cases[] = {
	KUNIT_CASE(migrate_none),
	KUNIT_CASE(migrate_hole),
	KUNIT_CASE(migrate_ram),
	KUNIT_CASE(migrate_device_private),
	{}
};

static struct kunit_suite migrate_suite = {
	.name = "migrate_pfn",
	.test_cases = migrate_cases,
};

kunit_test_suites(&hmm_suite, &migrate_suite);

MODULE_DESCRIPTION("Tests for the entries of hmm_range_fault() and migrate_vma_setup()");
MODULE_LICENSE("GPL");

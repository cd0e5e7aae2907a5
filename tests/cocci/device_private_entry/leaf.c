// SPDX-License-Identifier: GPL-2.0
/* The same with leaf entries, 6.19 and later. */
#include "fake.h"

struct folio *leaf_if(pte_t pte)
{
	const softleaf_t entry = softleaf_from_pte(pte);

	if (softleaf_is_device_private(entry))
		return softleaf_to_folio(entry);
	return NULL;
}

struct page *leaf_else(softleaf_t entry)
{
	struct page *page;

	if (!softleaf_is_device_private(entry))
		page = softleaf_is_migration(entry) ? softleaf_to_page(entry) : NULL;
	else
		page = softleaf_to_page(entry);
	return page;
}

struct page *leaf_switch(softleaf_t entry)
{
	struct page *page = NULL;

	switch (softleaf_type(entry)) {
	case SOFTLEAF_DEVICE_PRIVATE_READ:
		use(0);
		/* fallthrough */
	case SOFTLEAF_DEVICE_PRIVATE_WRITE:
		page = softleaf_to_page(entry);
		break;
	case SOFTLEAF_HWPOISON:
		page = softleaf_to_page(entry);
		break;
	default:
		break;
	}
	return page;
}

/* What the entry is set to is as good as a test. */
struct page *leaf_downgrade(softleaf_t entry, pte_t *pte)
{
	if (softleaf_is_migration(entry)) {
		use(0);
	} else if (softleaf_is_device_private(entry)) {
		if (softleaf_is_device_private_write(entry)) {
			entry = make_readable_device_private_entry(swp_offset(entry));
			*pte = softleaf_to_pte(entry);
		}
		return softleaf_to_page(entry);
	}
	return NULL;
}

/* The page table entry was tested, and then decoded, from a copy too. */
struct page *leaf_pmd(pmd_t *pmd)
{
	pmd_t old;
	softleaf_t entry;

	if (pmd_is_migration_entry(*pmd)) {
		old = *pmd;
		entry = softleaf_from_pmd(old);
		return softleaf_to_page(entry);
	} else if (pmd_is_device_private_entry(*pmd)) {
		old = *pmd;
		entry = softleaf_from_pmd(old);
		return softleaf_to_page(entry);
	}
	return NULL;
}

struct folio *leaf_pfn(softleaf_t entry)
{
	if (!softleaf_is_device_private(entry))
		return NULL;
	return pfn_folio(softleaf_to_pfn(entry));
}

/* Without the permission to write it is still the same page. */
struct folio *leaf_wrprotect(softleaf_t entry)
{
	if (!softleaf_is_migration(entry)) {
		if (softleaf_is_device_private(entry)) {
			if (softleaf_is_device_private_write(entry))
				entry = softleaf_wrprotect(entry, false);
			return softleaf_to_folio(entry);
		}
	}
	return NULL;
}

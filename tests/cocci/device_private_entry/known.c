// SPDX-License-Identifier: GPL-2.0
/* The page of what cannot be device private, or where that does not matter, stays. */
#include "fake.h"

#define VM_BUG_ON(condition) BUG_ON(condition)
bool is_pmd_migration_entry(pmd_t pmd);

/* It is asserted afterwards. */
struct page *asserted(pmd_t *pmd)
{
	swp_entry_t entry = pmd_to_swp_entry(*pmd);
	struct folio *folio = pfn_swap_entry_folio(entry);

	VM_BUG_ON(!is_pmd_migration_entry(*pmd));
	return &folio->page;
}

struct page *asserted_of_another(pte_t pte, swp_entry_t other)
{
	swp_entry_t entry = pte_to_swp_entry(pte);
	struct page *page = pfn_swap_entry_to_page(entry);

	VM_BUG_ON(!is_migration_entry(other));
	entry = other;
	VM_BUG_ON(!is_migration_entry(entry));
	return page;
}

/* The function tells by its name. */
struct folio *migration_entry_wait_on(swp_entry_t entry)
{
	return pfn_swap_entry_folio(entry);
}

struct page *try_restore_exclusive_pte(pte_t pte)
{
	swp_entry_t entry = pte_to_swp_entry(pte);

	return pfn_swap_entry_to_page(entry);
}

struct page *smaps_hugetlb(pte_t pte)
{
	return pfn_swap_entry_to_page(pte_to_swp_entry(pte));
}

/* A PMD was no device private entry while this had its name. */
struct page *huge(pmd_t pmd)
{
	swp_entry_t entry = pmd_to_swp_entry(pmd);

	return is_pfn_swap_entry(entry) ? pfn_swap_entry_to_page(entry) : NULL;
}

/* This takes any entry. */
struct folio *given(softleaf_t entry)
{
	return softleaf_to_folio(entry);
}

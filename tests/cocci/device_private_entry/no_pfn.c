// SPDX-License-Identifier: GPL-2.0
/* What has no PFN is not only swap any more. */
#include "fake.h"

#define CONFIG_TRANSPARENT_HUGEPAGE
#define VM_BUG_ON(condition) BUG_ON(condition)
bool is_pmd_migration_entry(pmd_t pmd);
bool pmd_present(pmd_t pmd);

unsigned long offset(swp_entry_t entry)
{
	if (is_pfn_swap_entry(entry))
		return swp_offset_pfn(entry);
	else
		return swp_offset(entry);
}

unsigned long not_by_number(softleaf_t entry)
{
	if (softleaf_has_pfn(entry))
		return 0;
	return swp_offset(entry);
}

unsigned long only_swap(swp_entry_t entry)
{
	return non_swap_entry(entry) ? 0 : swp_offset(entry);
}

/* The else of a configuration. */
unsigned long configured(pmd_t pmd, struct page **page)
{
	unsigned long number = 0;

	if (pmd_present(pmd)) {
		*page = NULL;
	}
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	else {
		swp_entry_t entry = pmd_to_swp_entry(pmd);

		if (is_pfn_swap_entry(entry))
			number = swp_offset_pfn(entry);
		else
			number = swp_offset(entry);
		VM_BUG_ON(!is_pmd_migration_entry(pmd));
		*page = pfn_swap_entry_to_page(entry);
	}
#endif
	return number;
}

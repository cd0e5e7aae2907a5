// SPDX-License-Identifier: GPL-2.0
/* The name up to Linux 6.18. */
#include "fake.h"

bool folio_test_anon(const struct folio *folio);

struct page *page(swp_entry_t entry)
{
	struct page *page = NULL;

	if (is_pfn_swap_entry(entry))
		page = pfn_swap_entry_to_page(entry);
	return page;
}

bool operand(swp_entry_t entry)
{
	return is_pfn_swap_entry(entry) && !folio_test_anon(pfn_swap_entry_folio(entry));
}

unsigned long number(swp_entry_t entry)
{
	return is_pfn_swap_entry(entry) ? swp_offset_pfn(entry) : swp_offset(entry);
}

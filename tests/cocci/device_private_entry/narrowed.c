// SPDX-License-Identifier: GPL-2.0
/* What has no PFN stays so after another test. */
#include "fake.h"

bool is_pte_marker_entry(swp_entry_t entry);
bool softleaf_is_swap(softleaf_t entry);

unsigned long not_marker(swp_entry_t entry)
{
	if (is_pfn_swap_entry(entry))
		return swp_offset_pfn(entry);
	else if (is_pte_marker_entry(entry))
		return 0;
	return swp_offset(entry);
}

unsigned long swap(softleaf_t entry)
{
	if (softleaf_has_pfn(entry))
		return 0;
	return softleaf_is_swap(entry) ? swp_offset(entry) : 0;
}

struct page *without_pfn(softleaf_t entry)
{
	if (softleaf_has_pfn(entry))
		use(softleaf_to_pfn(entry));
	else if (softleaf_is_device_private(entry))
		return softleaf_to_page(entry);
	return NULL;
}

/* This is never so. */
struct page *both(softleaf_t entry)
{
	if (softleaf_is_migration(entry) && softleaf_is_device_private(entry))
		return softleaf_to_page(entry);
	return NULL;
}

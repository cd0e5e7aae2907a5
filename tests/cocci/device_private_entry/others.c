// SPDX-License-Identifier: GPL-2.0
/* Entries that are not device private: neither changed nor reported. */
#include "fake.h"

struct page *migration(swp_entry_t entry)
{
	if (is_migration_entry(entry))
		return pfn_swap_entry_to_page(entry);
	return NULL;
}

struct page *exclusive(swp_entry_t entry)
{
	if (!is_device_exclusive_entry(entry))
		return NULL;
	return pfn_swap_entry_to_page(entry);
}

unsigned long poison(swp_entry_t entry)
{
	if (is_hwpoison_entry(entry) || is_device_exclusive_entry(entry))
		return swp_offset_pfn(entry);
	return 0;
}

struct page *no_longer(swp_entry_t entry)
{
	if (!is_pfn_swap_entry(entry) || is_device_private_entry(entry))
		return NULL;
	return pfn_swap_entry_to_page(entry);
}

struct folio *leaf(softleaf_t entry)
{
	switch (softleaf_type(entry)) {
	case SOFTLEAF_DEVICE_PRIVATE_READ:
	case SOFTLEAF_DEVICE_PRIVATE_WRITE:
		break;
	case SOFTLEAF_MIGRATION_READ:
		return softleaf_to_folio(entry);
	default:
		break;
	}
	return NULL;
}

/* A word in a comment or a string is none: softleaf_to_page(entry). */
const char *name(void)
{
	return "pfn_swap_entry_to_page(entry)";
}

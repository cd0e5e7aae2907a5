// SPDX-License-Identifier: GPL-2.0
/* The number in a migration entry may be no PFN, the offset of a device private one is none. */
#include "fake.h"

unsigned long where_to(softleaf_t e)
{
	if (!softleaf_is_migration(e))
		return 0;
	return softleaf_to_pfn(e);
}

/* Up to Linux 6.0 the offset itself was the PFN. */
unsigned long offset_is_pfn(swp_entry_t e)
{
	if (is_device_private_entry(e))
		return swp_offset(e);
	return 0;
}

unsigned long both(swp_entry_t e)
{
	if (is_device_private_entry(e) || is_migration_entry(e))
		return swp_offset(e);
	if (non_swap_entry(e))
		return 0;
	return swp_offset(e);
}

unsigned long walk(softleaf_t e)
{
	switch (softleaf_type(e)) {
	case SOFTLEAF_MIGRATION_READ:
	case SOFTLEAF_MIGRATION_WRITE:
		return softleaf_to_pfn(e);
	case SOFTLEAF_HWPOISON:
		return softleaf_to_pfn(e);
	default:
		return 0;
	}
}

struct page *offset(swp_entry_t e)
{
	if (is_device_private_entry(e))
		return softleaf_to_device_private_page(e);
	return NULL;
}

unsigned long migration_swp(swp_entry_t e)
{
	if (is_migration_entry(e))
		return swp_offset(e);
	return 0;
}

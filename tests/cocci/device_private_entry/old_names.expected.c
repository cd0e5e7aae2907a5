// SPDX-License-Identifier: GPL-2.0
/* The names up to Linux 5.13. */
#include "fake.h"

struct page *device_private_entry_to_page(swp_entry_t entry);
unsigned long device_private_entry_to_pfn(swp_entry_t entry);
bool is_write_device_private_entry(swp_entry_t entry);

struct page *oldest(swp_entry_t e)
{
	if (is_device_private_entry(e))
		return softleaf_to_device_private_page(e);
	return NULL;
}
struct page *migration_entry_to_page(swp_entry_t entry);
unsigned long migration_entry_to_pfn(swp_entry_t entry);

struct page *old_write(swp_entry_t e)
{
	if (is_write_device_private_entry(e))
		return softleaf_to_device_private_page(e);
	return NULL;
}

struct page *old_pfn(swp_entry_t e)
{
	return softleaf_to_device_private_page(e);
}

unsigned long old_number(swp_entry_t e)
{
	return is_migration_entry(e) ? migration_entry_to_pfn(e) : device_private_entry_to_pfn(e);
}

struct page *old_migration(swp_entry_t e)
{
	return migration_entry_to_page(e);
}

// SPDX-License-Identifier: GPL-2.0
/* What changes some lines leaves the entries behind them what they are. */
#include "fake.h"

#define READ_ONLY(e) (is_migration_entry(e) ? make_readable_migration_entry(swp_offset(e)) : (e))

swp_entry_t behind(struct page *page, swp_entry_t e, bool writable, bool exclusive)
{
	swp_entry_t entry;

	if (writable)
		entry = make_writable_migration_entry(page_to_pfn(page));
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	if (is_device_private_entry(e)) {
		use(1);
		return make_readable_migration_entry(swp_offset(e));
	}
	if (is_migration_entry(e)) {
		use(2);
		return make_readable_migration_entry(swp_offset(e));
	}
	return entry;
}

swp_entry_t before(struct page *page, swp_entry_t e, bool writable)
{
	swp_entry_t entry;

	if (is_device_private_entry(e)) {
		use(1);
		return make_readable_migration_entry(swp_offset(e));
	}
	if (writable)
		entry = make_writable_migration_entry(page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	return entry;
}

swp_entry_t macro(swp_entry_t e)
{
	return READ_ONLY(e);
}

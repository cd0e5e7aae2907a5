// SPDX-License-Identifier: GPL-2.0
/* hugetlb has no device private pages: it is left as it is. */
#include "fake.h"

swp_entry_t write(struct page *page)
{
	return make_writable_migration_entry(page_to_pfn(page));
}

swp_entry_t protect(swp_entry_t entry, bool exclusive)
{
	if (exclusive)
		entry = make_readable_exclusive_migration_entry(swp_offset(entry));
	else
		entry = make_readable_migration_entry(swp_offset(entry));
	return entry;
}

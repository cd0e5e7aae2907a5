// SPDX-License-Identifier: GPL-2.0
/* Numbers that are not visibly the PFN of a page: reported, not changed. */
#include "fake.h"

swp_entry_t number(unsigned long pfn)
{
	return make_readable_migration_entry(pfn);
}

swp_entry_t later(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return make_writable_device_private_entry(pfn + 1);
}

/* Different targets: not one choice. */
void targets(swp_entry_t *a, swp_entry_t *b, unsigned long pfn, bool write)
{
	if (write)
		*a = make_writable_migration_entry(pfn);
	else
		*b = make_readable_migration_entry(pfn);
}

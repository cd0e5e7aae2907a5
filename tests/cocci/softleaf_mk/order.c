// SPDX-License-Identifier: GPL-2.0
/* A choice that a call cannot make, for its arguments have no order. */
#include "fake.h"

struct rmap { bool exclusive; };
bool pte_write(pte_t pte);
bool try_lock(bool *exclusive);
void make_device_private_entry_read(swp_entry_t *entry);

swp_entry_t changes_page(struct page **pages, int i, int n)
{
	swp_entry_t entry;

	if (i++ < n)
		entry = make_writable_migration_entry(page_to_pfn(pages[i]));
	else
		entry = make_readable_migration_entry(page_to_pfn(pages[i]));
	return entry;
}

swp_entry_t guards_pointer(struct page *page, struct rmap *rmap)
{
	swp_entry_t entry;

	if (!rmap)
		entry = make_writable_migration_entry(page_to_pfn(page));
	else if (rmap->exclusive)
		entry = make_readable_exclusive_migration_entry(page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	return entry;
}

swp_entry_t changes_second(struct page *page, bool exclusive)
{
	swp_entry_t entry;

	if (try_lock(&exclusive))
		entry = make_writable_migration_entry(page_to_pfn(page));
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	return entry;
}

swp_entry_t commented(struct page *page, bool write)
{
	swp_entry_t entry;

	if (write)
		/* The device may write. */
		entry = make_writable_device_private_entry(page_to_pfn(page));
	else	/* It may not. */
		entry = make_readable_device_private_entry(page_to_pfn(page));
	return entry;
}

/* This one a call can make. */
swp_entry_t reads_only(struct page *page, pte_t pte, bool exclusive, int i)
{
	swp_entry_t entry;

	if (pte_write(pte))
		entry = make_writable_migration_entry(page_to_pfn(page + i));
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(page_to_pfn(page + i));
	else
		entry = make_readable_migration_entry(page_to_pfn(page + i));
	return entry;
}

void evaluated_twice(swp_entry_t *table, int n)
{
	make_device_private_entry_read(&table[0]);
	while (n)
		make_device_private_entry_read(&table[--n]);
}

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
		entry = softleaf_mk_migration(pages[i], true, false);
	else
		entry = softleaf_mk_migration(pages[i], false, false);
	return entry;
}

swp_entry_t guards_pointer(struct page *page, struct rmap *rmap)
{
	swp_entry_t entry;

	if (!rmap)
		entry = softleaf_mk_migration(page, true, false);
	else if (rmap->exclusive)
		entry = softleaf_mk_migration(page, false, true);
	else
		entry = softleaf_mk_migration(page, false, false);
	return entry;
}

swp_entry_t changes_second(struct page *page, bool exclusive)
{
	swp_entry_t entry;

	if (try_lock(&exclusive))
		entry = softleaf_mk_migration(page, true, false);
	else if (exclusive)
		entry = softleaf_mk_migration(page, false, true);
	else
		entry = softleaf_mk_migration(page, false, false);
	return entry;
}

swp_entry_t commented(struct page *page, bool write)
{
	swp_entry_t entry;

	if (write)
		/* The device may write. */
		entry = softleaf_mk_device_private(page, true);
	else	/* It may not. */
		entry = softleaf_mk_device_private(page, false);
	return entry;
}

/* This one a call can make. */
swp_entry_t reads_only(struct page *page, pte_t pte, bool exclusive, int i)
{
	swp_entry_t entry;

	entry = softleaf_mk_migration(page + i, pte_write(pte), exclusive);
	return entry;
}

void evaluated_twice(swp_entry_t *table, int n)
{
	table[0] = softleaf_wrprotect(table[0], false);
	while (n)
		make_device_private_entry_read(&table[--n]);
}

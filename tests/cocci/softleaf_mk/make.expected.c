// SPDX-License-Identifier: GPL-2.0
/* Constructors that are given the PFN of a page they could have been given. */
#include "fake.h"

#define MIGRATION_OF(page) softleaf_mk_migration(page, true, false)

swp_entry_t three(struct page *page, bool writable, bool exclusive)
{
	swp_entry_t entry;

	/* Determine the type. */
	entry = softleaf_mk_migration(page, writable, exclusive);
	return entry;
}

swp_entry_t two(struct page *page, unsigned long flags, int i)
{
	swp_entry_t entry;

	entry = softleaf_mk_device_private(page + i, flags & 2);
	return entry;
}

pte_t of_folio(struct folio *folio, bool write)
{
	swp_entry_t entry;
	pte_t pte;

	entry = softleaf_mk_device_private(&folio->page, write);
	pte = softleaf_to_pte(entry);
	return pte;
}

swp_entry_t single(struct page *page, struct folio *folio, int what)
{
	if (what == 1)
		return softleaf_mk_migration(page, true, false);
	if (what == 2)
		return softleaf_mk_migration(&folio->page, false, true);
	return softleaf_mk_device_private(page, false);
}

swp_entry_t readable(swp_entry_t entry, bool anon)
{
	if (is_device_private_entry(entry))
		return softleaf_wrprotect(entry, false);
	entry = softleaf_wrprotect(entry, anon);
	return entry;
}

swp_entry_t in_macro(struct page *page)
{
	return MIGRATION_OF(page);
}

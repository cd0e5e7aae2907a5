// SPDX-License-Identifier: GPL-2.0
/* Constructors that are given the PFN of a page they could have been given. */
#include "fake.h"

#define MIGRATION_OF(page) make_writable_migration_entry(page_to_pfn(page))

swp_entry_t three(struct page *page, bool writable, bool exclusive)
{
	swp_entry_t entry;

	/* Determine the type. */
	if (writable)
		entry = make_writable_migration_entry(page_to_pfn(page));
	else if (exclusive)
		entry = make_readable_exclusive_migration_entry(
							page_to_pfn(page));
	else
		entry = make_readable_migration_entry(page_to_pfn(page));
	return entry;
}

swp_entry_t two(struct page *page, unsigned long flags, int i)
{
	swp_entry_t entry;

	if (flags & 2)
		entry = make_writable_device_private_entry(page_to_pfn(page + i));
	else
		entry = make_readable_device_private_entry(page_to_pfn(page + i));
	return entry;
}

pte_t of_folio(struct folio *folio, bool write)
{
	swp_entry_t entry;
	pte_t pte;

	if (write)
		entry = make_writable_device_private_entry(folio_pfn(folio));
	else
		entry = make_readable_device_private_entry(folio_pfn(folio));
	pte = swp_entry_to_pte(entry);
	return pte;
}

swp_entry_t single(struct page *page, struct folio *folio, int what)
{
	if (what == 1)
		return make_writable_migration_entry( page_to_pfn( page ) );
	if (what == 2)
		return make_readable_exclusive_migration_entry(folio_pfn(folio));
	return make_readable_device_private_entry(page_to_pfn(page));
}

swp_entry_t readable(swp_entry_t entry, bool anon)
{
	if (is_device_private_entry(entry))
		return make_readable_device_private_entry(swp_offset(entry));
	if (anon)
		entry = make_readable_exclusive_migration_entry(swp_offset(entry));
	else
		entry = make_readable_migration_entry(swp_offset(entry));
	return entry;
}

swp_entry_t in_macro(struct page *page)
{
	return MIGRATION_OF(page);
}

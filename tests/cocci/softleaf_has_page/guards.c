// SPDX-License-Identifier: GPL-2.0
/* The page is wanted, not the number. */
#include "fake.h"

struct page *guard(softleaf_t entry)
{
	struct page *page = NULL;

	if (softleaf_is_migration(entry)) {
		use(0);
	} else if (softleaf_has_pfn( entry )) {	/* comment */
		if (softleaf_is_device_private(entry))
			use(1);
		page = softleaf_to_page(entry);
	}
	return page;
}

struct folio *without_braces(softleaf_t entry)
{
	if (softleaf_has_pfn(entry))
		return softleaf_to_folio(entry);
	return NULL;
}

bool conjunction(softleaf_t entry, struct folio *folio)
{
	return folio && softleaf_has_pfn(entry) &&
		softleaf_to_folio(entry) != folio;
}

/* Not this one. */
struct page *also(softleaf_t entry)
{
	if (softleaf_has_pfn(entry)) {
		use(softleaf_to_pfn(entry));
		return softleaf_to_page(entry);
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* The ways from the test to the page. */
#include "fake.h"

#define ENTRY_PAGE(e) (softleaf_has_pfn(e) ? softleaf_to_page(e) : NULL)

struct info { bool has; struct page *page; };
softleaf_t next_entry(pte_t *pte);

struct folio *and_ternary(softleaf_t e, bool wanted)
{
	return wanted && softleaf_has_pfn(e) ? softleaf_to_folio(e) : NULL;
}

struct folio *or_ternary(softleaf_t e, bool unwanted)
{
	return unwanted || !softleaf_has_pfn(e) ? NULL : softleaf_to_folio(e);
}

void for_condition(softleaf_t e, pte_t *pte)
{
	for (; softleaf_has_pfn(e); e = next_entry(pte))
		get_page(softleaf_to_page(e));
}

struct page *jump(softleaf_t e)
{
	if (softleaf_has_pfn(e))
		goto has;
	use(0);
	return NULL;
has:
	return softleaf_to_page(e);
}

struct folio *break_out(pte_t *pte, int n)
{
	softleaf_t e;

	while (1) {
		e = softleaf_from_pte(*pte++);
		if (softleaf_has_pfn(e))
			break;
		if (!--n)
			return NULL;
	}
	return softleaf_to_folio(e);
}

struct page *until(pte_t *pte)
{
	softleaf_t e;

	do {
		e = softleaf_from_pte(*pte++);
	} while (!softleaf_has_pfn(e));
	return softleaf_to_page(e);
}

struct page *decoded_again(pte_t pte)
{
	struct page *page = NULL;

	if (softleaf_has_pfn(softleaf_from_pte(pte))) {
		softleaf_t e = softleaf_from_pte(pte);

		page = softleaf_to_page(e);
	}
	return page;
}

void in_member(struct info *info, softleaf_t e)
{
	info->has = softleaf_has_pfn(e);
	if (info->has)
		info->page = softleaf_to_page(e);
}

struct page *in_macro(softleaf_t e)
{
	return ENTRY_PAGE(e);
}

/* The number is one of another entry. */
void two(softleaf_t e, softleaf_t f)
{
	if (softleaf_has_pfn(e) && softleaf_has_pfn(f)) {
		get_page(softleaf_to_page(e));
		use(softleaf_to_pfn(f));
	}
}

void in_loop(pte_t *pte, int n)
{
	for (; n; n--, pte++) {
		softleaf_t e = softleaf_from_pte(*pte);

		if (softleaf_is_migration(e))
			use(softleaf_to_pfn(e));
		else if (softleaf_has_pfn(e))
			get_page(softleaf_to_page(e));
	}
}

// SPDX-License-Identifier: GPL-2.0
/* Every form of a guard. */
#include "fake.h"

#define WARN_ON(x) (!!(x))
#define VM_WARN_ON_ONCE(x) ((void)(x))
bool busy(void);

void account(softleaf_t e)
{
	if (softleaf_has_pfn(e)) {
		get_page(softleaf_to_page(e));
	} else {
		use(0);
	}
}

struct folio *early(softleaf_t e)
{
	if (!softleaf_has_pfn(e))
		return NULL;
	return softleaf_to_folio(e);
}

struct page *ternary(softleaf_t e)
{
	return softleaf_has_pfn(e) ? softleaf_to_page(e) : NULL;
}

struct page *ternary_not(softleaf_t e)
{
	return !softleaf_has_pfn(e) ? NULL :
		softleaf_to_page(e);
}

bool or(softleaf_t e, struct folio *folio)
{
	return !softleaf_has_pfn(e) || softleaf_to_folio(e) == folio;
}

struct page *warn(softleaf_t e)
{
	if (WARN_ON(!softleaf_has_pfn(e)))
		return NULL;
	return softleaf_to_page(e);
}

struct page *asserted(softleaf_t e)
{
	VM_WARN_ON_ONCE(!softleaf_has_pfn(e));
	return softleaf_to_page(e);
}

struct page *stored(softleaf_t e)
{
	bool has = softleaf_has_pfn(e);

	if (!has)
		return NULL;
	return softleaf_to_page(e);
}

struct page *not_else(softleaf_t e)
{
	struct page *page = NULL;
	if (!softleaf_has_pfn(e)) {
		use(1);
	} else {
		page = softleaf_to_page(e);
	}
	return page;
}

void loop(softleaf_t *t, int n)
{
	int i;
	for (i = 0; i < n; i++) {
		if (!softleaf_has_pfn(t[i]))
			continue;
		get_page(softleaf_to_page(t[i]));
	}
}

void goto_out(softleaf_t e)
{
	if (!softleaf_has_pfn(e))
		goto out;
	get_page(softleaf_to_page(e));
out:
	use(1);
}

void else_if(softleaf_t e)
{
	if (softleaf_is_migration(e))
		use(1);
	else if (softleaf_has_pfn(e))
		get_page(softleaf_to_page(e));
	else
		use(2);
}

void both(softleaf_t e)
{
	if (softleaf_has_pfn(e) && busy()) {
		use(1);
		get_page(softleaf_to_page(e));
	}
	if (busy() || !softleaf_has_pfn(e))
		return;
	get_page(softleaf_to_page(e));
}

void number_in_else(softleaf_t e)
{
	if (!softleaf_has_pfn(e))
		use(swp_offset(e));
	else
		get_page(softleaf_to_page(e));
}

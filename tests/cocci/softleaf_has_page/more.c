// SPDX-License-Identifier: GPL-2.0
/* More than the page is wanted, or not the page. */
#include "fake.h"

void account_entry(softleaf_t e);
bool busy(void);

struct page *stored_number(softleaf_t e)
{
	bool has = softleaf_has_pfn(e);

	if (!has)
		return NULL;
	use(softleaf_to_pfn(e));
	return softleaf_to_page(e);
}

unsigned long pfn_of_page(softleaf_t e)
{
	if (softleaf_has_pfn(e))
		return page_to_pfn(softleaf_to_page(e));
	return 0;
}

unsigned long pfn_of_page2(softleaf_t e)
{
	struct page *page;
	if (!softleaf_has_pfn(e))
		return 0;
	page = softleaf_to_page(e);
	return page_to_pfn(page);
}

unsigned long tern_pfn(softleaf_t e)
{
	return softleaf_has_pfn(e) ? page_to_pfn(softleaf_to_page(e)) : 0;
}

void callee(softleaf_t e)
{
	if (softleaf_has_pfn(e)) {
		account_entry(e);
		get_page(softleaf_to_page(e));
	}
}

struct page *new_api(softleaf_t e)
{
	if (softleaf_has_pfn(e))
		use(softleaf_to_pfn(e));
	else
		return softleaf_to_page(e);
	return NULL;
}

struct page *new_api2(softleaf_t e)
{
	if (softleaf_has_pfn(e))
		return pfn_to_page(softleaf_to_pfn(e));
	return softleaf_to_page(e);
}

void either(softleaf_t e)
{
	if (softleaf_has_pfn(e) || busy())
		use(1);
	while (!softleaf_has_pfn(e))
		use(1);
	get_page(softleaf_to_page(e));
}

void other(softleaf_t e, softleaf_t f)
{
	if (softleaf_has_pfn(e)) {
		e = f;
		get_page(softleaf_to_page(e));
	}
}

bool has(softleaf_t e)
{
	return softleaf_has_pfn(e);
}

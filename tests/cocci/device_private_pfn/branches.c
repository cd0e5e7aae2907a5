// SPDX-License-Identifier: GPL-2.0
/* Every form in which a page can be known to be device private. */
#include "fake.h"

#define WARN_ON(x) (!!(x))
bool folio_is_device_private(const struct folio *folio);
struct page *folio_page(struct folio *folio, unsigned long n);
struct page *alloc_page(gfp_t gfp);

struct vram { unsigned long base_pfn; struct dev_pagemap pagemap; };


unsigned long address(struct vram *v, struct page *page)
{
	unsigned long addr;

	if (is_device_private_page(page)) {
		addr = page_to_pfn(page) - v->base_pfn;
	} else {
		addr = page_to_phys(page);
	}
	return addr;
}

unsigned long else_if(struct page *page, int how)
{
	if (how)
		return 0;
	else if (is_device_private_page(page))
		return page_to_pfn(page);
	else
		return page_to_pfn(page);
}

unsigned long ternary(struct page *page)
{
	return is_device_private_page(page) ? page_to_pfn(page) : page_to_phys(page);
}

unsigned long not_ternary(struct page *page)
{
	return !is_device_private_page(page) ? page_to_pfn(page) :
		page_to_phys(page);
}

bool and(struct page *page, unsigned long pfn)
{
	return page && is_device_private_page(page) && page_to_pfn(page) == pfn;
}

bool or(struct page *page, unsigned long pfn)
{
	return !is_device_private_page(page) || page_to_pfn(page) == pfn;
}

bool or_ram(struct page *page, unsigned long pfn)
{
	return is_device_private_page(page) || page_to_pfn(page) == pfn;
}

unsigned long stored(struct page *page)
{
	bool private = is_device_private_page(page);

	if (private)
		return page_to_pfn(page);
	return page_to_pfn(page);
}

unsigned long stored_not(struct page *page)
{
	bool private = page && is_device_private_page(page);

	if (!private)
		return page_to_pfn(page);
	return page_to_pfn(page);
}

unsigned long warn(struct page *page)
{
	if (WARN_ON(!is_device_private_page(page)))
		return 0;
	return page_to_pfn(page);
}

unsigned long leaves_goto(struct page *page)
{
	if (!is_device_private_page(page))
		goto ram;
	return 1;
ram:
	return page_to_pfn(page);
}

unsigned long other(struct page *page)
{
	if (is_device_private_page(page)) {
		page = alloc_page(0);
		return page_to_pfn(page);
	}
	return 0;
}

unsigned long of_folio(struct folio *folio)
{
	struct page *page = folio_page(folio, 0);

	if (folio_is_device_private(folio))
		return page_to_pfn(page);
	return 0;
}

unsigned long of_page(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (!is_device_private_page(page))
		return folio_pfn(folio);
	return folio_pfn(folio);
}

unsigned long loop(struct page **pages, int n)
{
	int i;
	for (i = 0; i < n; i++) {
		if (!is_device_private_page(pages[i]))
			continue;
		use(page_to_pfn(pages[i]));
	}
	for (i = 0; i < n; i++) {
		if (is_device_private_page(pages[i]))
			continue;
		use(page_to_pfn(pages[i]));
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* The page of a number that was stored or derived. */
#include "fake.h"

struct memory { struct dev_pagemap pagemap; unsigned long stored; };

void *of_stored(struct memory *memory)
{
	struct page *page = pfn_to_page(memory->stored);

	return page->zone_device_data;
}

void set_up(struct memory *memory, unsigned long pfn)
{
	struct page *page;

	page = pfn_to_page(pfn);
	zone_device_page_init(page, &memory->pagemap, 0);
}

bool asked_too_late(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	return is_device_private_page(page);
}

struct page *first(struct memory *memory)
{
	unsigned long pfn_first;

	pfn_first = memory->pagemap.range.start >> PAGE_SHIFT;
	return pfn_to_page(pfn_first);
}

static unsigned long addr_to_pfn(struct memory *memory, unsigned long addr)
{
	return (addr + memory->pagemap.range.start) >> PAGE_SHIFT;
}

struct page *at(struct memory *memory, unsigned long addr)
{
	return pfn_to_page(addr_to_pfn(memory, addr));
}

/* These may be of any kind. */
struct page *other(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	page->zone_device_data = NULL;
	use(page_to_pfn(page));
	return page;
}

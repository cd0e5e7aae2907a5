// SPDX-License-Identifier: GPL-2.0
/* PFNs of device private pages, and pages from the range of their pagemap. */
#include "fake.h"

struct chunk {
	struct dev_pagemap pagemap;
};

#define page_offset(page) page_to_pfn(page)

static struct page *alloc_device_page(struct chunk *chunk, unsigned long i)
{
	struct page *page = pfn_to_page((chunk->pagemap.range.start >> PAGE_SHIFT) + i);

	zone_device_page_init(page, &chunk->pagemap, 0);
	return page;
}

void made(struct chunk *chunk)
{
	struct page *dpage = alloc_device_page(chunk, 0);

	use(page_to_pfn(dpage));
	use(page_to_phys(dpage));	/* the second one, too */
}

void tested(struct page *page)
{
	if (is_device_private_page(page)) {
		use(0);
		use(page_to_pfn(page));
	}
}

void excluded(struct page *page)
{
	if (!is_device_private_page(page))
		return;
	use(page_to_pfn( page ));
}

unsigned long position(struct page *page, struct chunk *chunk)
{
	return (page_to_pfn(page) << PAGE_SHIFT) - chunk->pagemap.range.start;
}

unsigned long kept(struct page *page, unsigned long base)
{
	unsigned long pfn = page_to_pfn(page);

	return (pfn << PAGE_SHIFT) - base;
}

unsigned long length(struct chunk *chunk)
{
	return range_len(&chunk->pagemap.range) >> PAGE_SHIFT;
}

void release(struct dev_pagemap *pgmap)
{
	if (pgmap->type == MEMORY_DEVICE_PRIVATE)
		release_mem_region(pgmap->range.start, range_len(&pgmap->range));
}

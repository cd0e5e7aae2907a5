// SPDX-License-Identifier: GPL-2.0
/* Free pages are kept in a list. */
#include "fake.h"

struct vram { unsigned long base_pfn; struct dev_pagemap pagemap; };


struct pool { struct page *free; struct vram *v; };

static struct page *take(struct pool *p)
{
	struct page *page = p->free;

	p->free = page->zone_device_data;
	return page;
}

unsigned long taken(struct pool *p)
{
	struct page *page = take(p);

	p->v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	return page_to_pfn(page);
}

struct vram_list { struct page *free; };
void *folio_zone_device_data(const struct folio *folio);
struct page *alloc_page(gfp_t gfp);
void put(void *p);

unsigned long from_list(struct vram_list *v)
{
	struct page *page = v->free;

	v->free = page->zone_device_data;
	return page_to_pfn(page);
}

unsigned long from_list2(struct vram_list *v)
{
	struct page *page;

	for (page = v->free; page; page = page->zone_device_data)
		use(page_to_pfn(page));
	return 0;
}

int pop(struct vram_list *v, struct page **out)
{
	*out = v->free;
	v->free = (*out)->zone_device_data;
	return 0;
}

unsigned long popped(struct vram_list *v)
{
	struct page *page;

	if (pop(v, &page))
		return 0;
	return page_to_pfn(page);
}

void ram(struct page *page)
{
	void *v;

	if (is_device_private_page(page)) {
		v = page->zone_device_data;
		put(v);
		return;
	}
	use(page_to_pfn(page));
}

void copy(struct folio *folio)
{
	void *v = folio_zone_device_data(folio);
	struct page *dst = alloc_page(0);

	put(v);
	use(page_to_pfn(dst));
	use(folio_pfn(folio));
}

// SPDX-License-Identifier: GPL-2.0
/* The page comes from a function that gets it from another one. */
#include "fake.h"

struct vram { struct dev_pagemap pagemap; };
struct page *any(struct vram *v);

static struct page *take(struct vram *v, struct page *page)
{
	zone_device_page_init(page, &v->pagemap, 0);
	return page;
}

static struct page *take_locked(struct vram *v, struct page *page)
{
	struct page *dpage = take(v, page);

	if (dpage)
		get_page(dpage);
	return dpage;
}

static struct page *take_any(struct vram *v, struct page *page)
{
	take(v, page);
	page = any(v);
	return page;
}

unsigned long copy(struct vram *v, struct page *page)
{
	struct page *dpage = take_locked(v, page);

	return page_to_pfn(dpage);
}

unsigned long of_any(struct vram *v, struct page *page)
{
	struct page *dpage = take_any(v, page);

	return page_to_pfn(dpage);
}

// SPDX-License-Identifier: GPL-2.0
/* A position is computed where the number is taken. */
#include "fake.h"

#define PFN_PHYS(x) ((x) << PAGE_SHIFT)
struct vram { unsigned long base_pfn, base; struct dev_pagemap pagemap; };

unsigned long offset(struct vram *v, struct migrate_vma *job, int i)
{
	struct page *spage = migrate_pfn_to_page(job->src[i]);

	return (page_to_pfn(spage) - v->base_pfn) << PAGE_SHIFT;
}

unsigned long address(struct vram *v, struct page *page, struct folio *folio, unsigned long first)
{
	use(page_to_phys(page) - v->base);
	use(folio_pfn(folio) - first);
	use(PFN_PHYS(page_to_pfn(page)) - v->base);
	return (page_to_pfn(page) << PAGE_SHIFT) - v->base;
}

/* Was asked for, and is not */
unsigned long of_system_memory(struct vram *v, struct page *page, unsigned long first)
{
	if (is_device_private_page(page))
		return 0;
	return page_to_pfn(page) - first;
}

unsigned long sum(struct page *page, unsigned long n)
{
	return page_to_pfn(page) + n;
}

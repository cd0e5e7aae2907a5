// SPDX-License-Identifier: GPL-2.0
/* What is called for a page of device private memory, and what that calls. */
#include "fake.h"

struct vram { unsigned long base_pfn; struct dev_pagemap pagemap; };
struct vm_fault { struct page *page; };
struct dev_pagemap_ops {
	void (*page_free)(struct page *page);
	void (*folio_free)(struct folio *folio);
	vm_fault_t (*migrate_to_ram)(struct vm_fault *vmf);
};
struct page *alloc_page(gfp_t gfp);
void give_back(struct vram *v, unsigned long nr);

static void vram_page_free(struct page *page)
{
	struct vram *v = page->zone_device_data;

	give_back(v, page_to_pfn(page) - v->base_pfn);
}

static const struct dev_pagemap_ops vram_ops = {
	.page_free = vram_page_free,
};

void start_pages(struct vram *v)
{
	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	v->pagemap.ops = &vram_ops;
}

static void helper2(struct page *p, int how)
{
	use(page_to_phys(p));
	use(how);
}

static void helper(struct vram *v, struct folio *f)
{
	use(folio_pfn(f));
	helper2(&f->page, 1);
}

static void vram_folio_free(struct folio *folio)
{
	struct page *page = &folio->page;
	struct vram *v = page->zone_device_data;

	use(page_to_pfn(page));
	helper(v, folio);
}

static vm_fault_t vram_fault(struct vm_fault *vmf)
{
	struct page *page = vmf->page, *dst = alloc_page(0);

	use(page_to_pfn(vmf->page));
	use(page_to_pfn(page));
	use(page_to_pfn(dst));
	return 0;
}

static const struct dev_pagemap_ops vram_folio_ops = {
	.folio_free = vram_folio_free,
	.migrate_to_ram = vram_fault,
};

static void coherent_free(struct page *page)
{
	use(page_to_pfn(page));
}

static const struct dev_pagemap_ops coherent_ops = { .page_free = coherent_free };

void start(struct vram *v, struct dev_pagemap *coherent)
{
	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	v->pagemap.ops = &vram_folio_ops;
	coherent->type = MEMORY_DEVICE_COHERENT;
	coherent->ops = &coherent_ops;
}

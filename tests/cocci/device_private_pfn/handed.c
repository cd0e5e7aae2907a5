// SPDX-License-Identifier: GPL-2.0
/* A helper gets what a callback got; the operations are set at run time. */
#include "fake.h"

struct vram { struct dev_pagemap pagemap; };
struct vm_fault { struct page *page; };
struct dev_pagemap_ops {
	void (*page_free)(struct page *page);
	vm_fault_t (*migrate_to_ram)(struct vm_fault *vmf);
};
void copy_from(unsigned long pfn);

static vm_fault_t copy_page(struct vm_fault *fault)
{
	struct page *page = fault->page;

	copy_from(page_to_pfn(page));
	return 0;
}

static vm_fault_t copy_one(struct vram *v, struct vm_fault *vmf)
{
	copy_from(page_to_pfn(vmf->page));
	return copy_page(vmf);
}

static vm_fault_t vram_fault(struct vm_fault *vmf)
{
	return copy_one(vmf->page->zone_device_data, vmf);
}

static const struct dev_pagemap_ops ops = { .migrate_to_ram = vram_fault };
static struct dev_pagemap_ops late_ops;

static void give_back(struct page *page)
{
	use(page_to_pfn(page));
}

static void give(struct page *page)
{
	use(page_to_pfn(page));
}

void init(struct vram *v, struct vram *late)
{
	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	v->pagemap.ops = &ops;
	late_ops.page_free = give_back;
	late->pagemap.type = MEMORY_DEVICE_PRIVATE;
	late->pagemap.ops = &late_ops;
	give(NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* A function that is called may change the size: not to be converted. */
#include "fake.h"

struct vram { unsigned long bytes; };
void vram_reserve(struct vram *vram);

int probe(struct device *dev, struct dev_pagemap *pgmap, struct vram *vram)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, vram->bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	vram_reserve(vram);
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->range.start = res->start;
	pgmap->range.end = res->end;
	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

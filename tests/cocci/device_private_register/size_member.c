// SPDX-License-Identifier: GPL-2.0
/* The size is a member that nothing changes. */
#include "fake.h"

struct vram { unsigned long bytes; };

int probe(struct device *dev, struct dev_pagemap *pgmap, struct vram *vram)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, vram->bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->range.start = res->start;
	pgmap->range.end = res->end;
	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

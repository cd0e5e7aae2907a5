// SPDX-License-Identifier: GPL-2.0
/* The address is kept, or released by hand: reported with the line to write. */
#include "fake.h"

struct space {
	struct dev_pagemap pagemap;
	unsigned long base;
};

int kept(struct device *dev, struct space *space, unsigned long size)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, size);
	if (IS_ERR(res))
		return PTR_ERR(res);

	space->pagemap.type = MEMORY_DEVICE_PRIVATE;
	space->pagemap.range.start = res->start;
	space->pagemap.range.end = res->end;
	space->pagemap.nr_range = 1;
	addr = devm_memremap_pages(dev, &space->pagemap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	space->base = res->start;
	return 0;
}

int by_hand(struct dev_pagemap *pgmap)
{
	struct resource *res;
	int ret = 0;
	void *addr;

	res = request_free_mem_region(&iomem_resource, 16UL << 20, "by_hand");
	if (IS_ERR(res))
		return PTR_ERR(res);
	pgmap->range.start = res->start;
	pgmap->range.end = res->end;
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	addr = memremap_pages(pgmap, NUMA_NO_NODE);
	if (IS_ERR(addr)) {
		ret = PTR_ERR(addr);
		release_mem_region(pgmap->range.start, range_len(&pgmap->range));
	}
	return ret;
}

/* The region comes from elsewhere. */
void *given(struct dev_pagemap *pgmap)
{
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	return memremap_pages(pgmap, NUMA_NO_NODE);
}

// SPDX-License-Identifier: GPL-2.0
/* The region is for one pagemap, and devm releases everything. */
#include "fake.h"

static const int ops;

int probe(struct device *dev, struct dev_pagemap *pgmap, unsigned long size)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, size);
	if (IS_ERR(res))
		return PTR_ERR(res);

	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->range.start = res->start;
	pgmap->range.end = res->end;
	pgmap->nr_range = 1;
	pgmap->ops = &ops;
	pgmap->owner = dev;

	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

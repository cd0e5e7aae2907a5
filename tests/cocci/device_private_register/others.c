// SPDX-License-Identifier: GPL-2.0
/* Memory that the CPU can address keeps its range. */
#include "fake.h"

void *coherent(struct device *dev, struct dev_pagemap *pgmap, unsigned long base,
	       unsigned long size)
{
	pgmap->type = MEMORY_DEVICE_COHERENT;
	pgmap->range.start = base;
	pgmap->range.end = base + size - 1;
	pgmap->nr_range = 1;
	return devm_memremap_pages(dev, pgmap);
}

void *after_all(struct dev_pagemap *pgmap)
{
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	use(1);
	pgmap->type = MEMORY_DEVICE_COHERENT;
	return memremap_pages(pgmap, NUMA_NO_NODE);
}

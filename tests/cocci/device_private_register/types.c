// SPDX-License-Identifier: GPL-2.0
/* The type may be another one, or is set elsewhere. */
#include "fake.h"

int either_kind(struct device *dev, struct dev_pagemap *pg, unsigned long bytes, bool coherent)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->type = coherent ? MEMORY_DEVICE_COHERENT : MEMORY_DEVICE_PRIVATE;
	pg->range.start = res->start;
	pg->range.end = res->end;
	pg->nr_range = 1;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

/* The caller has set the type: not to be converted */
int by_caller(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->range.start = res->start;
	pg->range.end = res->end;
	pg->nr_range = 1;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

/* If: not to be converted */
int sometimes(struct device *dev, struct dev_pagemap *pg, unsigned long bytes, bool private)
{
	struct resource *res;
	void *addr;

	if (private)
		pg->type = MEMORY_DEVICE_PRIVATE;
	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->range.start = res->start;
	pg->range.end = res->end;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

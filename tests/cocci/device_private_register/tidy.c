// SPDX-License-Identifier: GPL-2.0
/* Declarations, and where the type is set. */
#include "fake.h"

int tidy(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res;
	void *addr;

	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->type = MEMORY_DEVICE_PRIVATE;
	pg->range.start = res->start;
	pg->range.end = res->end;
	pg->nr_range = 1;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

/* Type set before the region: to be converted */
int before(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	void *addr;
	struct resource *res;

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

/* Other declarations: to be converted */
int others(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res;
	int ret = 0;
	void *addr;
	int nid = 0;

	use(nid);
	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->type = MEMORY_DEVICE_PRIVATE;
	pg->range.start = res->start;
	pg->range.end = res->end;
	pg->nr_range = 1;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return ret;
}

/* Size changes: not to be converted */
int resized(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res;
	void *addr;

	pg->type = MEMORY_DEVICE_PRIVATE;
	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	bytes = res->end - res->start + 1;
	pg->range.start = res->start;
	pg->range.end = res->end;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

int resized2(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res;
	void *addr;

	pg->type = MEMORY_DEVICE_PRIVATE;
	res = devm_request_free_mem_region(dev, &iomem_resource, bytes);
	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->range.start = res->start;
	pg->range.end = res->end;
	bytes -= 4096;
	addr = devm_memremap_pages(dev, pg);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

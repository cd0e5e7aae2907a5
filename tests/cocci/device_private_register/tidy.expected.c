// SPDX-License-Identifier: GPL-2.0
/* Declarations, and where the type is set. */
#include "fake.h"

int tidy(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	int err;

	pg->type = MEMORY_DEVICE_PRIVATE;
	err = devm_device_private_register(dev, pg, bytes >> PAGE_SHIFT);
	if (err)
		return err;
	err = device_private_populate(pg, 0, bytes >> PAGE_SHIFT);
	if (err)
		return err;
	return 0;
}

/* Type set before the region: to be converted */
int before(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	int err;

	pg->type = MEMORY_DEVICE_PRIVATE;
	err = devm_device_private_register(dev, pg, bytes >> PAGE_SHIFT);
	if (err)
		return err;
	err = device_private_populate(pg, 0, bytes >> PAGE_SHIFT);
	if (err)
		return err;
	return 0;
}

/* Other declarations: to be converted */
int others(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	int ret = 0;
	int err;
	int nid = 0;

	use(nid);
	pg->type = MEMORY_DEVICE_PRIVATE;
	err = devm_device_private_register(dev, pg, bytes >> PAGE_SHIFT);
	if (err)
		return err;
	err = device_private_populate(pg, 0, bytes >> PAGE_SHIFT);
	if (err)
		return err;
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

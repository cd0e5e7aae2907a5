// SPDX-License-Identifier: GPL-2.0
/* The region is kept. */
#include "fake.h"

struct chunk { struct dev_pagemap pagemap; struct resource *where; };

int add_chunk(struct chunk *c, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "chunk");

	if (IS_ERR(res))
		return PTR_ERR(res);
	c->pagemap.type = MEMORY_DEVICE_PRIVATE;
	c->where = res;
	return IS_ERR(memremap_pages(&c->pagemap, NUMA_NO_NODE)) ? -ENOMEM : 0;
}

struct page *first_page(struct chunk *c)
{
	return pfn_to_page(c->where->start >> PAGE_SHIFT);
}

void free_chunk(struct chunk *c, unsigned long bytes)
{
	release_mem_region(c->where->start, bytes);
}

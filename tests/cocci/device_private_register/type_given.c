// SPDX-License-Identifier: GPL-2.0
/* The caller gives the type. */
#include "fake.h"

struct tiles { struct dev_pagemap pgmaps[4]; };
void memunmap_pages(struct dev_pagemap *pgmap);

int map(struct tiles *t, int i, enum memory_type type, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "memory");

	if (IS_ERR(res))
		return PTR_ERR(res);
	t->pgmaps[i].type = type;
	t->pgmaps[i].range.start = res->start;
	t->pgmaps[i].range.end = res->end;
	return IS_ERR(memremap_pages(&t->pgmaps[i], NUMA_NO_NODE)) ? -ENOMEM : 0;
}

void unmap(struct dev_pagemap *map)
{
	memunmap_pages(map);
}

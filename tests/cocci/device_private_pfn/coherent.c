// SPDX-License-Identifier: GPL-2.0
/* The range of coherent memory is one. */
#include "fake.h"

struct memory { struct dev_pagemap pagemap; };

int add(struct memory *memory, bool coherent, unsigned long start, unsigned long end)
{
	struct resource *res;

	if (coherent) {
		memory->pagemap.range.start = start;
		memory->pagemap.range.end = end;
		memory->pagemap.type = MEMORY_DEVICE_COHERENT;
	} else {
		res = request_free_mem_region(&iomem_resource, end - start, "memory");
		if (IS_ERR(res))
			return PTR_ERR(res);
		memory->pagemap.range.start = res->start;
		memory->pagemap.range.end = res->end;
		memory->pagemap.type = MEMORY_DEVICE_PRIVATE;
	}
	return 0;
}

bool same(struct memory *memory, unsigned long start)
{
	if (memory->pagemap.range.start == start) {
		use(memory->pagemap.type == MEMORY_DEVICE_COHERENT);
		return true;
	}
	return false;
}

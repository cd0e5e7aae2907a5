// SPDX-License-Identifier: GPL-2.0
/* A request without a variable, and the type in a part of an initialiser. */
#include "fake.h"

void memunmap_pages(struct dev_pagemap *pgmap);
struct vram { struct dev_pagemap pagemap; int users; };

static struct resource *grab(unsigned long bytes)
{
	return request_free_mem_region(&iomem_resource, bytes, "vram");
}

int granted(unsigned long bytes)
{
	if (IS_ERR(request_free_mem_region(&iomem_resource, bytes, "nothing")))
		return -ENOMEM;
	return IS_ERR(grab(bytes)) ? -ENOMEM : 0;
}

static struct vram vram = {
	.pagemap = {
		.type = MEMORY_DEVICE_PRIVATE,
		.nr_range = 1,
	},
};

static struct vram shared = { .users = 1, .pagemap = { .type = MEMORY_DEVICE_COHERENT } };

int start(void)
{
	return IS_ERR(memremap_pages(&vram.pagemap, NUMA_NO_NODE)) ? -ENOMEM : 0;
}

void stop(void)
{
	memunmap_pages(&vram.pagemap);
	memunmap_pages(&shared.pagemap);
}

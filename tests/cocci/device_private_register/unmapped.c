// SPDX-License-Identifier: GPL-2.0
/* The pagemap is unmapped, the region released. */
#include "fake.h"

void memunmap_pages(struct dev_pagemap *pgmap);
void devm_memunmap_pages(struct device *dev, struct dev_pagemap *pgmap);


struct vram { struct dev_pagemap pagemap; };
struct page *any_page(struct vram *v);

int add(struct vram *v, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "vram");

	if (IS_ERR(res))
		return PTR_ERR(res);
	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	v->pagemap.range.start = res->start;
	v->pagemap.range.end = res->end;
	return IS_ERR(memremap_pages(&v->pagemap, NUMA_NO_NODE)) ? -ENOMEM : 0;
}

void del(struct vram *v)
{
	memunmap_pages(&v->pagemap);
	release_mem_region(v->pagemap.range.start, range_len(&v->pagemap.range));
}

struct two { struct dev_pagemap near, far; struct resource *res; unsigned long base; };

int add_two(struct two *t, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "vram");

	if (IS_ERR(res))
		return PTR_ERR(res);
	t->near.type = MEMORY_DEVICE_PRIVATE;
	t->near.range.start = res->start;
	t->near.range.end = res->end;
	t->base = res->start;
	t->far.type = MEMORY_DEVICE_COHERENT;
	if (IS_ERR(memremap_pages(&t->near, 0)))
		return -ENOMEM;
	return IS_ERR(memremap_pages(&t->far, 0)) ? -ENOMEM : 0;
}

void del_two(struct two *t, unsigned long bytes)
{
	memunmap_pages(&t->far);
	release_mem_region(t->far.range.start, bytes);
	memunmap_pages(&t->near);
	release_mem_region(t->base, bytes);
}

/* Directly into a member */
int add_member(struct two *t, unsigned long bytes)
{
	t->res = request_free_mem_region(&iomem_resource, bytes, "vram");
	if (IS_ERR(t->res))
		return PTR_ERR(t->res);
	t->near.type = MEMORY_DEVICE_PRIVATE;
	t->near.range = (struct range) { .start = t->res->start, .end = t->res->end };
	return IS_ERR(memremap_pages(&t->near, 0)) ? -ENOMEM : 0;
}

void del_member(struct two *t, struct device *dev)
{
	devm_memunmap_pages(dev, &t->near);
	release_mem_region(t->res->start, t->res->end - t->res->start + 1);
}

static struct dev_pagemap fixed = { .type = MEMORY_DEVICE_PRIVATE };
static struct dev_pagemap mem = { .type = MEMORY_DEVICE_COHERENT };

void *by_initialiser(void)
{
	memunmap_pages(&mem);
	memunmap_pages(&fixed);
	use((unsigned long)memremap_pages(&mem, 0));
	return memremap_pages(&fixed, 0);
}

int coherent_only(struct device *dev, struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res = devm_request_free_mem_region(dev, &iomem_resource, bytes);

	if (IS_ERR(res))
		return PTR_ERR(res);
	pg->type = MEMORY_DEVICE_COHERENT;
	pg->range.start = res->start;
	pg->range.end = res->end;
	return IS_ERR(devm_memremap_pages(dev, pg));
}

unsigned long resource_size(const struct resource *res);
struct dev_pagemap *get_dev_pagemap(unsigned long pfn);

/* The number of pages is that of what was asked for. */
unsigned long pages(struct dev_pagemap *pg, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "memory");

	pg->type = MEMORY_DEVICE_PRIVATE;
	return resource_size(res) >> PAGE_SHIFT;
}

void del_by_pfn(struct device *dev, unsigned long pfn)
{
	struct dev_pagemap *pgmap = get_dev_pagemap(pfn);

	devm_memunmap_pages(dev, pgmap);
}

// SPDX-License-Identifier: GPL-2.0
/* The address of the region is kept. */
#include "fake.h"

struct chunk { unsigned long hpa, first, base; };

struct vram { unsigned long base_pfn; struct dev_pagemap pagemap; };


int begin(struct vram *v, unsigned long bytes)
{
	struct resource *res = request_free_mem_region(&iomem_resource, bytes, "vram");

	if (IS_ERR(res))
		return PTR_ERR(res);
	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	v->base_pfn = res->start >> PAGE_SHIFT;
	return 0;
}

struct page *nth(struct vram *v, unsigned long i)
{
	return pfn_to_page(v->base_pfn + i);
}

int region(struct chunk *v)
{
	struct resource *res = request_free_mem_region(&iomem_resource, 1 << 30, "x");

	v->hpa = res->start;
	v->base = v->hpa >> PAGE_SHIFT;
	return 0;
}

struct page *nth_hpa(struct chunk *v, unsigned long i)
{
	return pfn_to_page((v->hpa >> PAGE_SHIFT) + i);
}

struct page *nth2(struct chunk *v, unsigned long i)
{
	return pfn_to_page(v->base + i);
}

int by_local(struct chunk *b)
{
	struct resource *res = request_free_mem_region(&iomem_resource, 1 << 30, "x");
	unsigned long pfn;

	pfn = res->start >> PAGE_SHIFT;
	b->first = pfn;
	return 0;
}

struct page *nth3(struct chunk *b, unsigned long i)
{
	return pfn_to_page(b->first + i);
}

static unsigned long first_pfn;
struct v { struct dev_pagemap pagemap; };

int in_global(struct v *v)
{
	struct resource *res = request_free_mem_region(&iomem_resource, 1 << 30, "x");

	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	first_pfn = res->start >> PAGE_SHIFT;
	return 0;
}

struct page *nth_global(unsigned long i)
{
	return pfn_to_page(first_pfn + i);
}

// SPDX-License-Identifier: GPL-2.0
/* Something else comes after the arrays in the same memory. */
#include "fake.h"

typedef unsigned long long dma_addr_t;

dma_addr_t *divide(struct migrate_vma *job, void *memory)
{
	job->src = memory;
	job->dst = job->src + job->npages;
	job->dst[0] = migrate_pfn_none();
	return (dma_addr_t *)(job->dst + job->npages);
}

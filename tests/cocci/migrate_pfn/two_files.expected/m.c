// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

static void prepare(migrate_pfn_t *slots, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		slots[i] = migrate_pfn_hole(MIGRATE_PFN_MIGRATE);
}

void start_m(struct migrate_vma *job)
{
	prepare(job->src, job->npages);
}

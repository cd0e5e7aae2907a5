// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

static void prepare(unsigned long *slots, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		slots[i] = MIGRATE_PFN_MIGRATE;
}

void start_m(struct migrate_vma *job)
{
	prepare(job->src, job->npages);
}

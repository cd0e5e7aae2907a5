// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

#define MIGRATE_PFN_LOCKED BIT(2)

void locked(struct migrate_vma *job, int i)
{
	job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_LOCKED;
	if (job->src[i] & MIGRATE_PFN_WRITE)
		job->dst[i] |= MIGRATE_PFN_WRITE;
}

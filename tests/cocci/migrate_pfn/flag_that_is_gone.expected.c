// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

#define MIGRATE_PFN_LOCKED BIT(2)

void locked(struct migrate_vma *job, int i)
{
	job->dst[i] = page_to_migrate_pfn(fresh());
	if (migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE))
		migrate_pfn_set(&job->dst[i], MIGRATE_PFN_WRITE);
}

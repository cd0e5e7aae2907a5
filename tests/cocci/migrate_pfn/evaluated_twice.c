// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void next_slot(struct migrate_vma *job, int i)
{
	job->dst[i++] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
	use(i);
}

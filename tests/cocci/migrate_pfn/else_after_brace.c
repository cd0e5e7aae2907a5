// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void either(struct migrate_vma *job, int i, bool writable)
{
	if (writable)
		job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
	else
		job->dst[i] = migrate_pfn(page_to_pfn(fresh()));
}

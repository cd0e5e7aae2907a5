// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void either(struct migrate_vma *job, int i, bool writable)
{
	if (writable) {
		job->dst[i] = page_to_migrate_pfn(fresh());
		migrate_pfn_set(&job->dst[i], MIGRATE_PFN_WRITE);
	} else {
		job->dst[i] = page_to_migrate_pfn(fresh());
	}
}

// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void undo_all(struct migrate_vma *job)
{
	unsigned long i;

	for (i = 0; i < job->npages; i++) {
		if (!migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
			continue;
		job->dst[i] = migrate_pfn_none();
	}
}

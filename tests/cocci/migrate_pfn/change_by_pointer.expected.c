// SPDX-License-Identifier: GPL-2.0
/* Flags that are changed by a pointer in parentheses. */
#include "fake.h"

void change(struct migrate_vma *job, unsigned long i)
{
	migrate_pfn_t *slot = &job->dst[i];

	migrate_pfn_clear(slot, MIGRATE_PFN_WRITE);
	migrate_pfn_set(slot, MIGRATE_PFN_COMPOUND);
	migrate_pfn_set(job->dst + i, MIGRATE_PFN_COMPOUND);
	migrate_pfn_clear(job->dst + 1, MIGRATE_PFN_COMPOUND);
	(job->dst)[i] = migrate_pfn_none();
}

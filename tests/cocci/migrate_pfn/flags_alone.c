// SPDX-License-Identifier: GPL-2.0
/* A variable that holds flags for an entry stays a number. */
#include "fake.h"

void flags_alone(struct migrate_vma *job, int i, bool write)
{
	unsigned long flags = 0;

	if (write)
		flags |= MIGRATE_PFN_WRITE;
	if (job->src[i] & MIGRATE_PFN_COMPOUND)
		flags |= MIGRATE_PFN_COMPOUND;
	if (flags & MIGRATE_PFN_VALID)
		return;
	job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | flags;
}

// SPDX-License-Identifier: GPL-2.0
/* Flags that are changed by a pointer in parentheses. */
#include "fake.h"

void change(struct migrate_vma *job, unsigned long i)
{
	unsigned long *slot = &job->dst[i];

	(*slot) &= ~(MIGRATE_PFN_WRITE);
	(*slot) |= MIGRATE_PFN_COMPOUND;
	*(job->dst + i) |= MIGRATE_PFN_COMPOUND;
	*(job->dst + 1) &= ~MIGRATE_PFN_COMPOUND;
	(job->dst)[i] = 0;
}

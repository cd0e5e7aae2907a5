// SPDX-License-Identifier: GPL-2.0
/* Two variables of a name: one holds entries, the other does not. */
#include "fake.h"

void both(struct migrate_vma *job, unsigned long *bitmap)
{
	if (more()) {
		unsigned long *p = job->src;

		p[0] = MIGRATE_PFN_MIGRATE;
	} else {
		unsigned long *p = bitmap;

		p[0] = 0;
	}
}

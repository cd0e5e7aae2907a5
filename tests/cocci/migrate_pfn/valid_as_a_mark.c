// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void to_be_filled(struct migrate_vma *job)
{
	unsigned long i;

	for (i = 0; i < job->npages; i++)
		job->dst[i] = MIGRATE_PFN_VALID;
}

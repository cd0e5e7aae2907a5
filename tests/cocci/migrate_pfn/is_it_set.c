// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void undo_all(struct migrate_vma *job)
{
	unsigned long i;

	for (i = 0; i < job->npages; i++) {
		if (!job->dst[i])
			continue;
		job->dst[i] = 0;
	}
}

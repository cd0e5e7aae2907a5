// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

void by_number(struct migrate_vma *job, unsigned long first)
{
	unsigned long i;

	for (i = 0; i < job->npages; i++) {
		job->dst[i] = first + i;
		get_page(pfn_to_page(job->dst[i]));
		job->dst[i] = migrate_pfn(job->dst[i]);
	}
}

// SPDX-License-Identifier: GPL-2.0
/* An element holds a PFN for a moment, and it is passed as one. */
#include "fake.h"

static void take(unsigned long pfn)
{
	get_page(pfn_to_page(pfn));
}

static void forward(unsigned long pfn)
{
	take(pfn);
}

void by_number(struct migrate_vma *job, unsigned long first)
{
	job->dst[0] = first;
	forward(job->dst[0]);
	job->dst[0] = migrate_pfn(job->dst[0]);
}

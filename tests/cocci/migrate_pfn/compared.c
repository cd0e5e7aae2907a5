// SPDX-License-Identifier: GPL-2.0
/* Flags that are compared, and flags in an order of their own. */
#include "fake.h"

bool compared(struct migrate_vma *job, int i, bool write)
{
	int n = 0;
	bool w;

	if ((job->src[i] & MIGRATE_PFN_WRITE) == MIGRATE_PFN_WRITE)
		n++;
	if ((job->src[i] & MIGRATE_PFN_WRITE) == 0)
		n++;
	if ((job->src[i] & MIGRATE_PFN_WRITE) != 0 && !(job->dst[i] & MIGRATE_PFN_VALID))
		n++;
	w = job->src[i] & MIGRATE_PFN_WRITE;
	n += !!(job->src[i] & MIGRATE_PFN_WRITE);
	if (w)
		job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND;
	else if (n)
		job->dst[i] = 0;
	if (write)
		job->dst[i] = 0;
	else
		job->dst[i] = (w ? MIGRATE_PFN_WRITE : 0) | migrate_pfn(page_to_pfn(fresh()));
	return job->src[i] & MIGRATE_PFN_MIGRATE;
}

// SPDX-License-Identifier: GPL-2.0
/* Flags that are compared, and flags in an order of their own. */
#include "fake.h"

bool compared(struct migrate_vma *job, int i, bool write)
{
	int n = 0;
	bool w;

	if (migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE))
		n++;
	if (!migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE))
		n++;
	if (migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE) && !migrate_pfn_test(job->dst[i], MIGRATE_PFN_VALID))
		n++;
	w = migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE);
	n += !!migrate_pfn_test(job->src[i], MIGRATE_PFN_WRITE);
	if (w) {
		job->dst[i] = page_to_migrate_pfn(fresh());
		migrate_pfn_set(&job->dst[i],
				MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND);
	} else if (n)
		job->dst[i] = migrate_pfn_none();
	if (write) {
		job->dst[i] = migrate_pfn_none();
	} else {
		job->dst[i] = page_to_migrate_pfn(fresh());
		migrate_pfn_set(&job->dst[i], w ? MIGRATE_PFN_WRITE : 0);
	}
	return migrate_pfn_test(job->src[i], MIGRATE_PFN_MIGRATE);
}

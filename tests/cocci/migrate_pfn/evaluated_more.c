// SPDX-License-Identifier: GPL-2.0
/* With flags the entry would be written twice: nothing of this is changed. */
#include "fake.h"

int next(void);
struct migrate_vma *job_of(int i);

void indexes(struct migrate_vma *job, int i)
{
	job->dst[++i] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
	job->dst[i += 2] = MIGRATE_PFN_WRITE | migrate_pfn(page_to_pfn(fresh()));
	job->dst[next()] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_COMPOUND;
	job_of(i)->dst[0] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
	/* What the flags are taken from would be gone. */
	job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | (job->dst[i] & MIGRATE_PFN_WRITE);
	use(i), job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
}

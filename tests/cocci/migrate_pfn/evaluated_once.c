// SPDX-License-Identifier: GPL-2.0
/* An index with a side effect can stay where it is written once. */
#include "fake.h"

int next(void);
struct migrate_vma *job_of(int i);

void indexes(struct migrate_vma *job, int i)
{
	job->dst[i--] = migrate_pfn(page_to_pfn(fresh()));
	job->dst[++i] |= MIGRATE_PFN_WRITE;
	job->dst[next()] &= ~MIGRATE_PFN_WRITE;
	job->dst[i += 2] = 0;
	job_of(i)->dst[0] = 0;
	if (job->src[i++] & MIGRATE_PFN_MIGRATE)
		use(i);
	use(i), job->dst[i] = migrate_pfn(page_to_pfn(fresh()));
	job->dst[i] = job->dst[i + 1] = 0;
}

void pointers(struct migrate_vma *job)
{
	unsigned long *p = job->dst;
	unsigned long *cur = p;

	*cur++ = migrate_pfn(page_to_pfn(fresh()));
	if (*cur++ & MIGRATE_PFN_WRITE)
		*cur++ &= ~MIGRATE_PFN_WRITE;
	*(cur + 1) = migrate_pfn(page_to_pfn(fresh())) | MIGRATE_PFN_WRITE;
	for (cur = p; cur < p + 8; cur++)
		*cur = 0;
}

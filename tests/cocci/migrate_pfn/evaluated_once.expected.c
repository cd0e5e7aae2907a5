// SPDX-License-Identifier: GPL-2.0
/* An index with a side effect can stay where it is written once. */
#include "fake.h"

int next(void);
struct migrate_vma *job_of(int i);

void indexes(struct migrate_vma *job, int i)
{
	job->dst[i--] = page_to_migrate_pfn(fresh());
	migrate_pfn_set(&job->dst[++i], MIGRATE_PFN_WRITE);
	migrate_pfn_clear(&job->dst[next()], MIGRATE_PFN_WRITE);
	job->dst[i += 2] = migrate_pfn_none();
	job_of(i)->dst[0] = migrate_pfn_none();
	if (migrate_pfn_test(job->src[i++], MIGRATE_PFN_MIGRATE))
		use(i);
	use(i), job->dst[i] = page_to_migrate_pfn(fresh());
	job->dst[i] = job->dst[i + 1] = migrate_pfn_none();
}

void pointers(struct migrate_vma *job)
{
	migrate_pfn_t *p = job->dst;
	migrate_pfn_t *cur = p;

	*cur++ = page_to_migrate_pfn(fresh());
	if (migrate_pfn_test(*cur++, MIGRATE_PFN_WRITE))
		migrate_pfn_clear(cur++, MIGRATE_PFN_WRITE);
	*(cur + 1) = page_to_migrate_pfn(fresh());
	migrate_pfn_set(cur + 1, MIGRATE_PFN_WRITE);
	for (cur = p; cur < p + 8; cur++)
		*cur = migrate_pfn_none();
}

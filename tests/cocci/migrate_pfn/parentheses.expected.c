// SPDX-License-Identifier: GPL-2.0
/* Flags that need the parentheses they have. */
#include "fake.h"

void fill(struct migrate_vma *job, struct page *page, int i, bool write, bool large)
{
	job->dst[i] = page_to_migrate_pfn(page);
	migrate_pfn_set(&job->dst[i],
			(write ? MIGRATE_PFN_WRITE : 0) | (large ? MIGRATE_PFN_COMPOUND : 0));
	job->dst[i + 1] = page_to_migrate_pfn(page);
	migrate_pfn_set(&job->dst[i + 1],
			MIGRATE_PFN_COMPOUND | (write ? MIGRATE_PFN_WRITE : 0));
	job->dst[i + 2] = page_to_migrate_pfn(page);
	migrate_pfn_set(&job->dst[i + 2], write ? MIGRATE_PFN_WRITE : 0);
}

/* In parentheses all of it, and the flags of another entry asked for */
static unsigned long turn(struct migrate_vma *job, migrate_pfn_t src,
			  migrate_pfn_t *dst);

int all(struct migrate_vma *job)
{
	unsigned long i, n = 0;

	for (i = 0; i < job->npages; i++)
		n += turn(job, job->src[i], &job->dst[i]);
	return n;
}

static unsigned long turn(struct migrate_vma *job, migrate_pfn_t src,
			  migrate_pfn_t *dst)
{
	if (!migrate_pfn_test(src, MIGRATE_PFN_MIGRATE) || !migrate_pfn_test(*dst, MIGRATE_PFN_VALID))
		return 0;
	*dst = page_to_migrate_pfn(fresh());
	migrate_pfn_set(dst,
			(migrate_pfn_test(src, MIGRATE_PFN_WRITE) ? MIGRATE_PFN_WRITE : 0) | MIGRATE_PFN_COMPOUND);
	return 1;
}

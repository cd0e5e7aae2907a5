// SPDX-License-Identifier: GPL-2.0
/* Flags that need the parentheses they have. */
#include "fake.h"

void fill(struct migrate_vma *job, struct page *page, int i, bool write, bool large)
{
	job->dst[i] = migrate_pfn(page_to_pfn(page)) |
		      (write ? MIGRATE_PFN_WRITE : 0) | (large ? MIGRATE_PFN_COMPOUND : 0);
	job->dst[i + 1] = migrate_pfn(page_to_pfn(page)) | MIGRATE_PFN_COMPOUND |
			  (write ? MIGRATE_PFN_WRITE : 0);
	job->dst[i + 2] = (write ? MIGRATE_PFN_WRITE : 0) | migrate_pfn(page_to_pfn(page));
}

/* In parentheses all of it, and the flags of another entry asked for */
static unsigned long turn(struct migrate_vma *job, unsigned long src, unsigned long *dst);

int all(struct migrate_vma *job)
{
	unsigned long i, n = 0;

	for (i = 0; i < job->npages; i++)
		n += turn(job, job->src[i], &job->dst[i]);
	return n;
}

static unsigned long turn(struct migrate_vma *job, unsigned long src, unsigned long *dst)
{
	if (!(src & MIGRATE_PFN_MIGRATE) || !*dst)
		return 0;
	*dst = (migrate_pfn(page_to_pfn(fresh())) | (src & MIGRATE_PFN_WRITE ? MIGRATE_PFN_WRITE : 0) |
		MIGRATE_PFN_COMPOUND);
	return 1;
}

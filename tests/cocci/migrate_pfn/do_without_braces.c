// SPDX-License-Identifier: GPL-2.0
/* A loop that has no braces and gets none: not to be converted. */
#include "fake.h"

void loops(struct migrate_vma *job, struct page **pages, unsigned long i)
{
	do
		job->dst[i] = migrate_pfn(page_to_pfn(pages[i])) | MIGRATE_PFN_WRITE;
	while (++i < job->npages);
	do	/* a comment */
		job->dst[i] = migrate_pfn(page_to_pfn(pages[i])) | MIGRATE_PFN_WRITE;
	while (more());
}

// SPDX-License-Identifier: GPL-2.0
/* Loops that get braces when one statement becomes two. */
#include "fake.h"

void loops(struct migrate_vma *job, struct page **pages, unsigned long i)
{
	for (i = 0; i < 4; i++)
		job->dst[i] = migrate_pfn(page_to_pfn(pages[i])) | MIGRATE_PFN_WRITE;
	while (more())
		job->dst[i] = migrate_pfn(page_to_pfn(pages[i])) | MIGRATE_PFN_WRITE;
	do {
		job->dst[i] = migrate_pfn(page_to_pfn(pages[i])) | MIGRATE_PFN_WRITE;
	} while (more());
}

// SPDX-License-Identifier: GPL-2.0
/* Loops that get braces when one statement becomes two. */
#include "fake.h"

void loops(struct migrate_vma *job, struct page **pages, unsigned long i)
{
	for (i = 0; i < 4; i++) {
		job->dst[i] = page_to_migrate_pfn(pages[i]);
		migrate_pfn_set(&job->dst[i], MIGRATE_PFN_WRITE);
	}
	while (more()) {
		job->dst[i] = page_to_migrate_pfn(pages[i]);
		migrate_pfn_set(&job->dst[i], MIGRATE_PFN_WRITE);
	}
	do {
		job->dst[i] = page_to_migrate_pfn(pages[i]);
		migrate_pfn_set(&job->dst[i], MIGRATE_PFN_WRITE);
	} while (more());
}

// SPDX-License-Identifier: GPL-2.0
/* A function that is handed to others and shows that it is for entries. */
#include "fake.h"

void visit(void *fn);

static void fill_slot(unsigned long *entry, void *arg)
{
	*entry = migrate_pfn(page_to_pfn(arg));
}

void fill(struct migrate_vma *job, struct page *page)
{
	fill_slot(&job->dst[0], page);
	visit(fill_slot);
}

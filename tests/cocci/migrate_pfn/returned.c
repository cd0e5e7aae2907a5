// SPDX-License-Identifier: GPL-2.0
/* The type that a function returns is left. */
#include "fake.h"

static unsigned long make(struct page *page)
{
	if (!page)
		return 0;
	return migrate_pfn(page_to_pfn(page));
}

static unsigned long *list(struct migrate_vma *job)
{
	return job->src;
}

int used(struct migrate_vma *job)
{
	job->dst[0] = make(fresh());
	/* What make() returns is not known: it may be a hole. */
	if (!job->dst[0])
		return 1;
	return list(job) != NULL;
}

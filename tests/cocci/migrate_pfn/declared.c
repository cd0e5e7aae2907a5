// SPDX-License-Identifier: GPL-2.0
/* Variables by their initialisers. */
#include "fake.h"

static unsigned long whole[4];

int declared(struct migrate_vma *job, unsigned long n)
{
	unsigned long *src = kcalloc(n, sizeof(unsigned long), GFP_KERNEL);
	const unsigned long *cur = src;
	unsigned long *dst;
	unsigned long list[4] = { 0 };
	unsigned long page = migrate_pfn(page_to_pfn(fresh()));
	unsigned long copy = job->src[0];
	unsigned long none = 0UL;

	dst = kcalloc(n, sizeof(*dst), GFP_KERNEL);
	if (!src || dst == NULL)
		return -ENOMEM;
	whole[0] |= MIGRATE_PFN_WRITE;
	list[0] = migrate_pfn(page_to_pfn(fresh()));
	none = page;
	dst[0] = none;
	src[1] = MIGRATE_PFN_MIGRATE;
	job->src = whole;
	job->dst = list;
	return copy & MIGRATE_PFN_WRITE && cur[0] & MIGRATE_PFN_VALID;
}

// SPDX-License-Identifier: GPL-2.0
/* Variables by their initialisers. */
#include "fake.h"

static migrate_pfn_t whole[4];

int declared(struct migrate_vma *job, unsigned long n)
{
	migrate_pfn_t *src = kcalloc(n, sizeof(*src), GFP_KERNEL);
	const migrate_pfn_t *cur = src;
	migrate_pfn_t *dst;
	migrate_pfn_t list[4] = { 0 };
	migrate_pfn_t page = page_to_migrate_pfn(fresh());
	migrate_pfn_t copy = job->src[0];
	migrate_pfn_t none = migrate_pfn_none();

	dst = kcalloc(n, sizeof(*dst), GFP_KERNEL);
	if (!src || dst == NULL)
		return -ENOMEM;
	migrate_pfn_set(&whole[0], MIGRATE_PFN_WRITE);
	list[0] = page_to_migrate_pfn(fresh());
	none = page;
	dst[0] = none;
	src[1] = migrate_pfn_hole(MIGRATE_PFN_MIGRATE);
	job->src = whole;
	job->dst = list;
	return migrate_pfn_test(copy, MIGRATE_PFN_WRITE) && migrate_pfn_test(cur[0],
									     MIGRATE_PFN_VALID);
}

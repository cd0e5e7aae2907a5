// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

int single(void)
{
	struct migrate_vma job;
	migrate_pfn_t from;
	migrate_pfn_t to;

	job.src = &from;
	job.dst = &to;
	if (migrate_vma_setup(&job))
		return -EINVAL;
	if (migrate_pfn_test(from, MIGRATE_PFN_MIGRATE))
		to = page_to_migrate_pfn(fresh());
	return 0;
}

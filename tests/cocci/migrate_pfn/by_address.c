// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

int single(void)
{
	struct migrate_vma job;
	unsigned long from;
	unsigned long to;

	job.src = &from;
	job.dst = &to;
	if (migrate_vma_setup(&job))
		return -EINVAL;
	if (from & MIGRATE_PFN_MIGRATE)
		to = migrate_pfn(page_to_pfn(fresh()));
	return 0;
}

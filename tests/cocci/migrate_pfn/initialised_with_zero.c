// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

int one_page(struct migrate_vma *job)
{
	unsigned long entry = 0;

	entry = migrate_pfn(page_to_pfn(fresh()));
	job->dst[0] = entry;
	return 0;
}

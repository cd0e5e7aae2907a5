// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

int one_page(struct migrate_vma *job)
{
	migrate_pfn_t entry = migrate_pfn_none();

	entry = page_to_migrate_pfn(fresh());
	job->dst[0] = entry;
	return 0;
}

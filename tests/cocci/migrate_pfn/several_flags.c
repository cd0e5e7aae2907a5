// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

bool some(struct migrate_vma *job, int i)
{
	return job->src[i] & (MIGRATE_PFN_VALID | MIGRATE_PFN_MIGRATE);
}

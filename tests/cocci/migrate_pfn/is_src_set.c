// SPDX-License-Identifier: GPL-2.0
/* An entry of src may be a hole, which is set and has no page. */
#include "fake.h"

int set(struct migrate_vma *job, int i)
{
	if (!job->src[i])
		return 1;
	if (job->src[i] == 0)
		return 2;
	do
		i++;
	while (job->src[i] & MIGRATE_PFN_VALID);
	return job->src[i] ? 3 : 4;
}

// SPDX-License-Identifier: GPL-2.0
/* Arrays for hmm_range_fault() that are arrays of a migration, too. */
#include "fake.h"

struct hmm_range { unsigned long *hmm_pfns; };
int hmm_range_fault(struct hmm_range *range);

int assigned(struct hmm_range *range, struct migrate_vma *job, unsigned long *pfns)
{
	range->hmm_pfns = pfns;
	if (hmm_range_fault(range))
		return 1;
	job->src = pfns;
	return migrate_vma_setup(job);
}

int local(struct migrate_vma *job)
{
	unsigned long numbers[8];
	struct hmm_range range = { .hmm_pfns = numbers };
	unsigned long *p = numbers;

	if (hmm_range_fault(&range))
		return 1;
	job->dst = p;
	return 0;
}

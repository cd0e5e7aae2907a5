// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

struct hmm_range { unsigned long *hmm_pfns; };
struct scratch { unsigned long numbers[64]; };
int hmm_range_fault(struct hmm_range *range);

int first_fault(struct scratch *s, struct migrate_vma *job)
{
	struct hmm_range range = { .hmm_pfns = s->numbers };

	if (hmm_range_fault(&range))
		return -EINVAL;
	job->src = s->numbers;
	return migrate_vma_setup(job);
}

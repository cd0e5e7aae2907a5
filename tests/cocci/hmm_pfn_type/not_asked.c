// SPDX-License-Identifier: GPL-2.0
/* Who asks for system memory only need not test the type. The caller knows its owner. */
#include "fake.h"

struct hmm_range { unsigned long *hmm_pfns; void *dev_private_owner; };
int hmm_range_fault(struct hmm_range *range);

int system_memory(struct hmm_range *range, struct page **page, unsigned long *phys)
{
	int err;

	range->dev_private_owner = NULL;
	err = hmm_range_fault(range);
	if (err)
		return err;
	*page = hmm_pfn_to_page(range->hmm_pfns[0]);
	*phys = hmm_pfn_to_phys(range->hmm_pfns[0]);
	return 0;
}

int given(struct hmm_range *range, void *owner, struct page **page)
{
	int err;

	range->dev_private_owner = owner;
	err = hmm_range_fault(range);
	if (!err && page)
		*page = hmm_pfn_to_page(range->hmm_pfns[0]);
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/* A range on the heap, or in a structure, whose members nobody has cleared. */
#include "fake.h"

#define __GFP_ZERO 1
struct hmm_range { unsigned long start, end; unsigned long *hmm_pfns; unsigned long default_flags; void *dev_private_owner; };
struct fault { struct hmm_range range; unsigned long pfns[8]; };
int hmm_range_fault(struct hmm_range *range);
void *kmalloc(unsigned long size, gfp_t gfp);
void *kzalloc(unsigned long size, gfp_t gfp);
void *memset(void *p, int c, unsigned long n);

int on_heap(unsigned long *pfns)
{
	struct hmm_range *range = kmalloc(sizeof(*range), GFP_KERNEL);

	if (!range)
		return -ENOMEM;
	range->hmm_pfns = pfns;
	return hmm_range_fault(range);
}

int cleared(unsigned long *pfns, int how)
{
	struct hmm_range *range = kzalloc(sizeof(*range), GFP_KERNEL);

	if (how) {
		range = kmalloc(sizeof(*range), GFP_KERNEL | __GFP_ZERO);
	} else {
		range = kmalloc(sizeof(*range), GFP_KERNEL);
		memset(range, 0, sizeof(*range));
	}
	return hmm_range_fault(range);
}

int assigned(void)
{
	struct hmm_range *range = kmalloc(sizeof(*range), GFP_KERNEL);

	*range = (struct hmm_range) { .start = 0 };
	return hmm_range_fault(range);
}

int in_structure(unsigned long start)
{
	struct fault fault;

	fault.range.start = start;
	fault.range.hmm_pfns = fault.pfns;
	return hmm_range_fault(&fault.range);
}

int clean_structure(unsigned long start)
{
	struct fault zero = { .pfns = { 0 } }, fault;
	struct fault set;
	static struct fault kept;

	memset(&fault, 0, sizeof(fault));
	set.range = (struct hmm_range) { .start = start };
	return hmm_range_fault(&zero.range) + hmm_range_fault(&fault.range) +
		hmm_range_fault(&set.range) + hmm_range_fault(&kept.range);
}

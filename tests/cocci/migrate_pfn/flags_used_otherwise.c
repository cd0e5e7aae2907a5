// SPDX-License-Identifier: GPL-2.0
/* What no accessor does. */
#include "fake.h"

#define MIGRATE_PFN_LOCKED BIT(2)
#define MIGRATE_PFN_ERROR BIT(5)

int otherwise(struct migrate_vma *job, unsigned long pfn, int i, bool w)
{
	unsigned long flags = MIGRATE_PFN_LOCKED;
	int n = 0;

	if (!(job->src[i] & (MIGRATE_PFN_VALID | MIGRATE_PFN_MIGRATE)))
		n++;
	n += job->src[i] & MIGRATE_PFN_WRITE;
	job->dst[i] |= job->src[i] & MIGRATE_PFN_WRITE;
	job->dst[i] = w ? migrate_pfn(page_to_pfn(fresh())) : 0;
	job->dst[i] ^= MIGRATE_PFN_WRITE;
	job->dst[i] &= ~MIGRATE_PFN_VALID;
	job->dst[i] |= MIGRATE_PFN_LOCKED | MIGRATE_PFN_WRITE;
	job->dst[i] = MIGRATE_PFN_ERROR;
	if (w)
		flags |= MIGRATE_PFN_WRITE;
	/* The flags are not known: one of them is gone. */
	job->dst[i] = migrate_pfn(page_to_pfn(fresh())) | flags;
	job->dst[i] = (pfn << MIGRATE_PFN_SHIFT) | MIGRATE_PFN_VALID;
	get_page(pfn_to_page(job->src[i] >> MIGRATE_PFN_SHIFT));
	switch (job->src[i] & MIGRATE_PFN_WRITE) {
	case 0:
		n++;
	}
	return n + (job->src[i] == job->dst[i]);
}

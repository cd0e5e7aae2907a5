// SPDX-License-Identifier: GPL-2.0
/* One of two entries, and an assertion of the driver's own. */
#include "fake.h"

#define OWN_ASSERT(condition) BUG_ON(!(condition))

struct page *either(struct migrate_vma *job, unsigned long i, bool from)
{
	unsigned long mpfn;

	mpfn = from ? job->src[i] : job->dst[i];
	OWN_ASSERT(job->src[i] & MIGRATE_PFN_VALID);
	return migrate_pfn_to_page(mpfn);
}

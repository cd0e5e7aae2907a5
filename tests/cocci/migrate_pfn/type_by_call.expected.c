// SPDX-License-Identifier: GPL-2.0
/* The call tells what h->job is, the type of which is not seen. */
#include "fake.h"

int prepare(struct holder *h, migrate_pfn_t *src)
{
	h->job.src = src;
	if (migrate_vma_setup(&h->job))
		return -EINVAL;
	h->job.dst[0] = migrate_pfn_none();
	if (!migrate_pfn_test(h->job.dst[1], MIGRATE_PFN_VALID))
		h->job.src[1] = migrate_pfn_hole(MIGRATE_PFN_MIGRATE);
	return 0;
}

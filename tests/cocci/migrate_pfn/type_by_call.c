// SPDX-License-Identifier: GPL-2.0
/* The call tells what h->job is, the type of which is not seen. */
#include "fake.h"

int prepare(struct holder *h, unsigned long *src)
{
	h->job.src = src;
	if (migrate_vma_setup(&h->job))
		return -EINVAL;
	h->job.dst[0] = 0;
	if (!h->job.dst[1])
		h->job.src[1] = MIGRATE_PFN_MIGRATE;
	return 0;
}

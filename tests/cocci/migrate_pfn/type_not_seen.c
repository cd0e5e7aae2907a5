// SPDX-License-Identifier: GPL-2.0
/* struct holder has a struct migrate_vma, and is declared in a header. */
#include "fake.h"

void forget(struct holder *h, unsigned long i)
{
	h->job.dst[i] = 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Members of struct holder, which is declared elsewhere: what is assigned is reported. */
#include "fake.h"

void far(struct holder *h, struct migrate_vma *job)
{
	job->src = h->sources;
	job->dst = h->sources + 2;
}

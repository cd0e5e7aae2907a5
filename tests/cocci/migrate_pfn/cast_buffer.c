// SPDX-License-Identifier: GPL-2.0
/* Arrays in a buffer of another type. */
#include "fake.h"

void carve(struct migrate_vma *job, char *buf, unsigned long n)
{
	unsigned long *src = (unsigned long *)buf;
	unsigned long *dst = (unsigned long *)(buf + n * sizeof(unsigned long));

	job->src = src;
	job->dst = dst;
}

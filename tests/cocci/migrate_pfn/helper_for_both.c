// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

static unsigned long count_set(const unsigned long *words, unsigned long n)
{
	unsigned long i, c = 0;

	for (i = 0; i < n; i++)
		if (words[i])
			c++;
	return c;
}

unsigned long of_both(struct migrate_vma *job, unsigned long *bitmap)
{
	return count_set(job->src, job->npages) + count_set(bitmap, 4);
}

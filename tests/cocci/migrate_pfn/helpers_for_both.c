// SPDX-License-Identifier: GPL-2.0
/* Functions that are given entries, and something else elsewhere. */
#include "fake.h"

static void zero(unsigned long *words, unsigned long n)
{
	while (n--)
		words[n] = 0;
}

void of_both(struct migrate_vma *job, unsigned long *bitmap)
{
	zero(job->dst, job->npages);
	zero(bitmap, 4);
}

static unsigned long count(const unsigned long *words, unsigned long n)
{
	unsigned long c = 0;

	while (n--)
		c += words[n] & 1;
	return c;
}

unsigned long counts(struct migrate_vma *job, void *p)
{
	return count(job->src, job->npages) + count(p, 1);
}

void for_others(unsigned long *words)
{
	words[0] = 0;
}

void own(struct migrate_vma *job)
{
	for_others(job->dst);
}

// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

/* A bitmap: another static function of the same name. */
static void prepare(unsigned long *slots, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		slots[i] = 0;
}

void start_n(unsigned long *map)
{
	prepare(map, 4);
}

bool moves(struct migrate_vma *job)
{
	return job->src[0] & MIGRATE_PFN_MIGRATE ? true : false;
}

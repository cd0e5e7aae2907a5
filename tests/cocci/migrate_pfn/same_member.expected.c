// SPDX-License-Identifier: GPL-2.0
/* The member is known to hold entries by what another function does. */
#include "fake.h"

struct block { struct { migrate_pfn_t src_pfns[16]; unsigned long numbers[16]; } hmm; };
void *memset(void *to, int value, unsigned long size);

void first(struct block *block, struct migrate_vma *job)
{
	job->src = block->hmm.src_pfns;
}

void second(struct block *other)
{
	migrate_pfn_t *src_pfns = other->hmm.src_pfns;
	unsigned long *numbers = other->hmm.numbers;

	memset(src_pfns, 0, sizeof(other->hmm.src_pfns));
	memset(numbers, 0, sizeof(other->hmm.numbers));
}

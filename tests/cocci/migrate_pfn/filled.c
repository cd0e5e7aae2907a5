// SPDX-License-Identifier: GPL-2.0
/* An operation fills an array of entries with PFNs. */
#include "fake.h"

struct operations {
	int (*populate_devmem_pfn)(void *memory, unsigned long npages, unsigned long *pfn);
};

static int populate(void *memory, unsigned long npages, unsigned long *pfn)
{
	unsigned long i;

	for (i = 0; i < npages; i++)
		pfn[i] = 1024 + i;
	return 0;
}

const struct operations operations = {
	.populate_devmem_pfn = populate,
};

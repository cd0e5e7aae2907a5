// SPDX-License-Identifier: GPL-2.0
/* The array can be converted. The PFN cannot: the function takes a page now. */
#include "fake.h"

int migrate_device_range(migrate_pfn_t *src, unsigned long pfn, unsigned long n);

int evict_one(unsigned long pfn)
{
	migrate_pfn_t src;

	return migrate_device_range(&src, pfn, 1);
}

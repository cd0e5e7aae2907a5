// SPDX-License-Identifier: GPL-2.0
/* The number is wanted, also or only. */
#include "fake.h"

unsigned long number(softleaf_t entry)
{
	if (softleaf_has_pfn(entry))
		return softleaf_to_pfn(entry);
	return 0;
}

struct page *another(softleaf_t entry, softleaf_t other)
{
	if (softleaf_has_pfn(other))
		return softleaf_to_page(entry);
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* RAM, and device memory that the CPU can address. */
#include "fake.h"

void ram(struct page *page)
{
	if (is_device_private_page(page))
		return;
	use(page_to_pfn(page));
}

void other_branch(struct page *page)
{
	if (is_device_private_page(page))
		use(0);
	else
		use(page_to_pfn(page));
}

unsigned long coherent(struct page *page)
{
	struct dev_pagemap *pgmap = page_pgmap(page);

	if (pgmap->type == MEMORY_DEVICE_PRIVATE)
		return 0;
	return pgmap->range.start;
}

void assigned(struct dev_pagemap *pgmap, unsigned long base)
{
	pgmap->type = MEMORY_DEVICE_COHERENT;
	pgmap->range.start = base;
}

// SPDX-License-Identifier: GPL-2.0
/* Ranges where the memory is known to be private, and where it is not. */
#include "fake.h"

struct vram { struct dev_pagemap pagemap; };

unsigned long after_return(struct dev_pagemap *pgmap)
{
	if (pgmap->type != MEMORY_DEVICE_PRIVATE)
		return 0;
	return pgmap->range.start >> PAGE_SHIFT;
}

unsigned long by_page(struct vram *v, struct page *page, unsigned long index)
{
	if (is_device_private_page(page))
		return v->pagemap.range.start + (index << PAGE_SHIFT);
	return page_to_phys(page);
}

unsigned long after_page(struct vram *v, struct page *page)
{
	if (!page || !is_device_private_page(page))
		return 0;
	return v->pagemap.range.start;
}

unsigned long chosen(struct dev_pagemap *pgmap, bool known)
{
	if (known && pgmap->type != MEMORY_DEVICE_PRIVATE)
		use(0);
	return pgmap->type == MEMORY_DEVICE_PRIVATE ? pgmap->range.start : 0;
}

unsigned long not_coherent(struct dev_pagemap *pgmap, unsigned long bar)
{
	unsigned long start;

	if (pgmap->type == MEMORY_DEVICE_COHERENT) {
		start = pgmap->range.start - bar;
	} else {
		start = pgmap->range.start;
	}
	return start;
}

unsigned long after_coherent(struct dev_pagemap *pgmap, unsigned long bar)
{
	if (pgmap->type == MEMORY_DEVICE_COHERENT)
		return pgmap->range.start - bar;
	return pgmap->range.start;
}

unsigned long by_variable(struct dev_pagemap *pgmap)
{
	bool private = pgmap->type == MEMORY_DEVICE_PRIVATE;

	if (!private)
		return 0;
	return pgmap->range.end;
}

unsigned long turned(struct dev_pagemap *pgmap)
{
	if (MEMORY_DEVICE_PRIVATE != pgmap->type)
		return 0;
	return pgmap->range.end;
}

/* Not private */
unsigned long after_private(struct dev_pagemap *pgmap, unsigned long bar)
{
	if (pgmap->type == MEMORY_DEVICE_PRIVATE)
		return 0;
	return pgmap->range.start - bar;
}

unsigned long if_not_private(struct dev_pagemap *pgmap, unsigned long bar)
{
	if (!(pgmap->type == MEMORY_DEVICE_PRIVATE))
		return pgmap->range.start - bar;
	else
		return 0;
}

unsigned long only_coherent(struct dev_pagemap *pgmap, struct page *page)
{
	if (pgmap->type != MEMORY_DEVICE_COHERENT || is_device_private_page(page))
		return 0;
	return pgmap->range.start;
}

/* Either */
unsigned long of_a_device(struct vram *v, struct page *page)
{
	if (!is_device_private_page(page) && !is_device_coherent_page(page))
		return 0;
	return v->pagemap.range.start;
}

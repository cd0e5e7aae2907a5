// SPDX-License-Identifier: GPL-2.0
/* The range under another name, and that of a pagemap with any name. */
#include "fake.h"

struct vram { struct dev_pagemap pagemap; };
struct tiles { struct dev_pagemap pgmaps[4]; };
bool range_contains(const struct range *range, unsigned long address);

unsigned long first(struct vram *v)
{
	struct range *r = &v->pagemap.range;

	v->pagemap.type = MEMORY_DEVICE_PRIVATE;
	return r->start >> PAGE_SHIFT;
}

int in_range(struct vram *v, unsigned long addr)
{
	const struct range range = v->pagemap.range;

	return addr >= range.start && addr <= range.end;
}

bool contains(struct vram *v, unsigned long addr)
{
	return range_contains(&v->pagemap.range, addr);
}

struct page *tile_page(struct tiles *t, int i, unsigned long n)
{
	if (n >= range_len(&t->pgmaps[i].range) >> PAGE_SHIFT)
		return NULL;
	return pfn_to_page((t->pgmaps[i].range.start >> PAGE_SHIFT) + n);
}

unsigned long by_type(struct dev_pagemap *pg, unsigned long i)
{
	struct dev_pagemap other = *pg;

	use(other.range.end);
	return (pg->range.start >> PAGE_SHIFT) + i;
}

/* Is no pagemap */
struct window { struct range range; };

unsigned long of_window(struct window *w)
{
	return w->range.start;
}

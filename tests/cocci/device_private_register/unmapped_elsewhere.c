// SPDX-License-Identifier: GPL-2.0
/* The pagemap is mapped in another file, which has the type. */
#include "fake.h"

struct vram { struct dev_pagemap pagemap; };
void memunmap_pages(struct dev_pagemap *pgmap);
struct dev_pagemap *get_dev_pagemap(unsigned long pfn);

void vram_fini(struct vram *v)
{
	memunmap_pages(&v->pagemap);
	release_mem_region(v->pagemap.range.start, range_len(&v->pagemap.range));
}

/* What is released with the device */
void undo(void *data)
{
	memunmap_pages(data);
}

/* Has a PFN */
void by_pfn(unsigned long pfn)
{
	struct dev_pagemap *pgmap = get_dev_pagemap(pfn);

	memunmap_pages(pgmap);
}

/* SPDX-License-Identifier: MIT */
/*
 * P2P aliases of device private memory in BAR1.
 */
#ifndef __NOUVEAU_DMEM_BAR_H__
#define __NOUVEAU_DMEM_BAR_H__

#include <linux/types.h>

struct dev_pagemap;
struct nouveau_dmem_bar;
struct nvkm_device;
struct nvkm_memory;

/* All but nouveau_dmem_bar_map() do nothing if there is none. */
struct nouveau_dmem_bar *nouveau_dmem_bar_new(struct nvkm_device *device,
					      struct dev_pagemap *pagemap);
void nouveau_dmem_bar_del(struct nouveau_dmem_bar *bar);
int nouveau_dmem_bar_map(struct nouveau_dmem_bar *bar, unsigned long index,
			 unsigned long nr_pages, phys_addr_t *phys);
void nouveau_dmem_bar_free(struct nouveau_dmem_bar *bar, unsigned long index,
			   unsigned long nr_pages);
void nouveau_dmem_bar_flush(struct nouveau_dmem_bar *bar);
void nouveau_dmem_bar_reap(struct nouveau_dmem_bar *bar);
void nouveau_dmem_bar_suspend(struct nouveau_dmem_bar *bar);
void nouveau_dmem_bar_resume(struct nouveau_dmem_bar *bar);
void nouveau_dmem_bar_fini(struct nouveau_dmem_bar *bar);

struct nvkm_memory *nouveau_dmem_memory(struct dev_pagemap *pagemap,
					unsigned long index);

#endif

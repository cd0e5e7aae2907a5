/* SPDX-License-Identifier: GPL-2.0 */
/* What device private memory and HMM share. */
#ifndef _MM_DEVICE_PRIVATE_H
#define _MM_DEVICE_PRIVATE_H

#include <linux/device_private.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

struct vm_struct;

/**
 * struct device_private_space - a space of device private pages
 * @map: the struct pages, [0, @nr_pages), for look-ups
 * @pgmap: the pagemap
 * @owner: copy of @pgmap->owner, so that comparing owners needs no page
 * @id: id of the space, not 0
 * @nid: node of the pages
 * @nr_pages: number of pages
 * @area: virtual area of the struct pages
 * @mutex: serialises population
 * @aliases: P2P aliases by the index of the page, see device_private_alias.c
 * @importers: such arrays by the address of the importer's device, if an alias is for
 *	one importer alone
 * @present: bit per granule, set if the granule is populated
 */
struct device_private_space {
	struct device_private_map map;
	struct dev_pagemap *pgmap;
	void *owner;
	unsigned int id;
	int nid;
	unsigned long nr_pages;
	struct vm_struct *area;
	struct mutex mutex;	/* population */
	struct xarray aliases;
	struct xarray importers;
	unsigned long *present[];
};

#ifdef CONFIG_DEVICE_PRIVATE

struct device_private_space *device_private_space(device_private_index_t index);
bool device_private_is_reachable(const struct device_private_space *space,
				 struct device *dma_dev);
bool device_private_is_linear(const struct device_private_space *space);
bool device_private_is_large(const struct device_private_space *space);
bool device_private_is_in_bar(struct dev_pagemap *pgmap, unsigned long nr_pages,
			      phys_addr_t phys);
bool device_private_has_aliases(device_private_index_t index,
				unsigned long nr_pages, struct device *dma_dev);
void device_private_init_aliases(struct device_private_space *space);
void device_private_free_aliases(struct device_private_space *space);

#else /* CONFIG_DEVICE_PRIVATE */

/* Reached only from code that the compiler drops. */
static inline struct device_private_space *
device_private_space(device_private_index_t index)
{
	return NULL;
}

static inline bool
device_private_is_reachable(const struct device_private_space *space,
			    struct device *dma_dev)
{
	return false;
}

static inline bool
device_private_is_linear(const struct device_private_space *space)
{
	return false;
}

static inline bool
device_private_is_large(const struct device_private_space *space)
{
	return false;
}

static inline bool device_private_has_aliases(device_private_index_t index,
					      unsigned long nr_pages,
					      struct device *dma_dev)
{
	return false;
}

#endif /* CONFIG_DEVICE_PRIVATE */

#endif /* _MM_DEVICE_PRIVATE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device private memory by index.
 *
 * Memory that the CPU cannot address has no place in the physical address
 * space and so no PFN. A pagemap of type MEMORY_DEVICE_PRIVATE is a space of
 * its own: its pages are named by the id of the space and an index that starts
 * at 0.
 *
 * See Documentation/mm/device_private.rst for the model and its rules.
 */
#ifndef _LINUX_DEVICE_PRIVATE_H
#define _LINUX_DEVICE_PRIVATE_H

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmdebug.h>
#include <linux/pgtable.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct dev_pagemap;
struct device;
struct folio;
struct p2pdma_provider;
struct page;

/*
 * Code that is built for kernels in which a device private page has a PFN, too, tests
 * for this. See Documentation/mm/device_private_porting.rst.
 */
#define HAVE_DEVICE_PRIVATE_INDEX	1

/**
 * typedef device_private_index_t - the name of a device private page
 * @val: opaque: the id of the space and the index in it, {0} is no page
 *
 * The index is in the low bits, so the names of consecutive pages of a space
 * are consecutive numbers, and those of a large folio are naturally aligned.
 * The id is never 0. No more than %DEVICE_PRIVATE_BITS_MAX bits are used.
 */
typedef struct {
	unsigned long val;
} device_private_index_t;

/*
 * Layout of the offset field of a device private entry, from the number of
 * offset bits that the architecture can use in an entry that is not present:
 *
 *   | MIGRATION | EXCLUSIVE | zero | space id | zero | index |
 *
 * The two state bits are the topmost ones. The rest is the packed name of a
 * page. It is limited to 48 bits, so that there is room for it in hmm_pfns,
 * migrate_pfn_t and /proc/PID/pagemap too, and the index to 34 bits, so that
 * with 4K pages bits 34 to 36 of the offset are zero: x86 stores the offset
 * inverted, and these three keep the entry's physical address out of what the
 * L1 cache can hold (L1TF), see arch_device_private_max_pages().
 *
 * All are functions of the width so that the layouts of all architectures can
 * be tested on any of them.
 */
#define DEVICE_PRIVATE_BITS_MAX			48
#define DEVICE_PRIVATE_INDEX_BITS_MAX		34
#define DEVICE_PRIVATE_ID_SHIFT_MAX		37
#define DEVICE_PRIVATE_ID_BITS_MIN		7

#define __DEVICE_PRIVATE_MIGRATION_BIT(width)	((width) - 1)
#define __DEVICE_PRIVATE_EXCLUSIVE_BIT(width)	((width) - 2)
#define __DEVICE_PRIVATE_BITS(width)					\
	MIN((width) - 2, DEVICE_PRIVATE_BITS_MAX)
#define __DEVICE_PRIVATE_ID_SHIFT(width)				\
	MIN(__DEVICE_PRIVATE_BITS(width) - DEVICE_PRIVATE_ID_BITS_MIN,	\
	    DEVICE_PRIVATE_ID_SHIFT_MAX)
#define __DEVICE_PRIVATE_ID_BITS(width)					\
	(MAX(__DEVICE_PRIVATE_BITS(width), DEVICE_PRIVATE_ID_SHIFT_MAX + \
	 DEVICE_PRIVATE_ID_BITS_MIN) - DEVICE_PRIVATE_ID_SHIFT_MAX)
#define __DEVICE_PRIVATE_INDEX_BITS(width)				\
	MIN(__DEVICE_PRIVATE_ID_SHIFT(width), DEVICE_PRIVATE_INDEX_BITS_MAX)

/*
 * The largest order of a folio of device private pages: no larger one can be
 * mapped. Not a constant where the size of a PMD is none.
 */
#define DEVICE_PRIVATE_MAX_ORDER	PMD_ORDER

/**
 * mk_device_private_index() - Pack the name of a page.
 * @width: number of usable offset bits, %ARCH_SOFTLEAF_OFFSET_BITS but in tests
 * @id: id of the space
 * @index: index of the page in the space
 *
 * Returns: the packed name.
 */
static __always_inline device_private_index_t
mk_device_private_index(unsigned int width, unsigned int id, unsigned long index)
{
	return (device_private_index_t){
		((unsigned long)id << __DEVICE_PRIVATE_ID_SHIFT(width)) | index
	};
}

/* What a look-up needs of a space. The rest of it is private to mm. */
struct device_private_map {
	struct page *memmap;
};

void device_private_unregister(struct dev_pagemap *pgmap);

#ifdef CONFIG_DEVICE_PRIVATE

#ifndef ARCH_SOFTLEAF_OFFSET_BITS
#error "The architecture does not state its usable softleaf offset bits."
#endif

#define DEVICE_PRIVATE_MIGRATION					\
	BIT(__DEVICE_PRIVATE_MIGRATION_BIT(ARCH_SOFTLEAF_OFFSET_BITS))
#define DEVICE_PRIVATE_EXCLUSIVE					\
	BIT(__DEVICE_PRIVATE_EXCLUSIVE_BIT(ARCH_SOFTLEAF_OFFSET_BITS))
#define DEVICE_PRIVATE_BITS						\
	__DEVICE_PRIVATE_BITS(ARCH_SOFTLEAF_OFFSET_BITS)
#define DEVICE_PRIVATE_ID_BITS						\
	__DEVICE_PRIVATE_ID_BITS(ARCH_SOFTLEAF_OFFSET_BITS)
#define DEVICE_PRIVATE_ID_SHIFT						\
	__DEVICE_PRIVATE_ID_SHIFT(ARCH_SOFTLEAF_OFFSET_BITS)
#define DEVICE_PRIVATE_INDEX_BITS					\
	__DEVICE_PRIVATE_INDEX_BITS(ARCH_SOFTLEAF_OFFSET_BITS)

int device_private_register(struct dev_pagemap *pgmap, unsigned long nr_pages,
			    int nid);
int devm_device_private_register(struct device *dev, struct dev_pagemap *pgmap,
				 unsigned long nr_pages);
void devm_device_private_unregister(struct device *dev, struct dev_pagemap *pgmap);
unsigned long device_private_granule(void);
int device_private_populate(struct dev_pagemap *pgmap, unsigned long index,
			    unsigned long nr_pages);
int device_private_depopulate(struct dev_pagemap *pgmap, unsigned long index,
			      unsigned long nr_pages);
struct page *device_private_page(struct dev_pagemap *pgmap,
				 unsigned long index);
unsigned long device_private_page_index(const struct page *page);

bool page_has_pfn(const struct page *page);
device_private_index_t page_to_device_private_index(const struct page *page);
struct page *device_private_index_to_page(device_private_index_t index);
unsigned long arch_device_private_max_pages(void);

extern struct device_private_map __rcu *
	device_private_maps[BIT(DEVICE_PRIVATE_ID_BITS)];

static inline unsigned int device_private_id(device_private_index_t index)
{
	return (index.val >> DEVICE_PRIVATE_ID_SHIFT) &
	       (BIT(DEVICE_PRIVATE_ID_BITS) - 1);
}

static inline unsigned long device_private_nr(device_private_index_t index)
{
	return index.val & (BIT(DEVICE_PRIVATE_INDEX_BITS) - 1);
}

/**
 * device_private_pinned_page() - Find a page that is in use by its name.
 * @index: name of the page
 *
 * Costs little more than pfn_to_page(), and checks as little.
 *
 * Context: Any. The page is pinned by a reference to its folio, or by the lock of a
 * page table in which an entry names it.
 *
 * Returns: the page.
 */
static inline struct page *
device_private_pinned_page(device_private_index_t index)
{
	const struct device_private_map *map =
		rcu_dereference_raw(device_private_maps[device_private_id(index)]);

	VM_WARN_ON_ONCE(!map);
	return map->memmap + device_private_nr(index);
}

void device_private_revoke_aliases(struct folio *folio);
bool device_private_can_reach(struct device *dma_dev);
phys_addr_t device_private_alias(device_private_index_t index,
				 struct device *dma_dev,
				 struct p2pdma_provider **provider);
int device_private_make_aliases(struct page *page, unsigned long nr_pages,
				struct device *dma_dev);
void device_private_drop_aliases(struct folio *folio);

#else /* CONFIG_DEVICE_PRIVATE */

static inline bool page_has_pfn(const struct page *page)
{
	return true;
}

/* Reached only from code that the compiler drops. */
static inline device_private_index_t
page_to_device_private_index(const struct page *page)
{
	return (device_private_index_t){ 0 };
}

static inline unsigned int device_private_id(device_private_index_t index)
{
	return 0;
}

static inline struct page *
device_private_index_to_page(device_private_index_t index)
{
	return NULL;
}

static inline struct page *
device_private_pinned_page(device_private_index_t index)
{
	return NULL;
}

static inline bool device_private_can_reach(struct device *dma_dev)
{
	return false;
}

static inline phys_addr_t
device_private_alias(device_private_index_t index, struct device *dma_dev,
		     struct p2pdma_provider **provider)
{
	return PHYS_ADDR_MAX;
}

static inline int device_private_make_aliases(struct page *page,
					      unsigned long nr_pages,
					      struct device *dma_dev)
{
	return -EOPNOTSUPP;
}

static inline void device_private_drop_aliases(struct folio *folio)
{
}

#endif /* CONFIG_DEVICE_PRIVATE */

#endif /* _LINUX_DEVICE_PRIVATE_H */

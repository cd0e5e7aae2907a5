/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Device private memory by index, for a driver that is built for older kernels, too.
 *
 * The driver is written for the kernel that has <linux/device_private.h>, and copies
 * this file. On such a kernel the file adds nothing. On an older one it maps the new
 * names to what that kernel has:
 *
 *   arrays of migrate_vma	from 4.15: an entry is the number it always was
 *   entries of HMM		from 5.8
 *   spaces			from 5.10: a space is a range of free physical addresses
 *
 * It was tried with 6.1 and 6.12, and with the last kernel before the new names. What
 * other versions have is from their history, and was not compiled.
 *
 * Before 5.10 the registration (struct hmm_devmem, then dev_pagemap.res) is left to the
 * driver. HAVE_DEVICE_PRIVATE_INDEX tells the two apart: test for it after this file is
 * included.
 */
#ifndef DEVICE_PRIVATE_COMPAT_H
#define DEVICE_PRIVATE_COMPAT_H

#include <linux/version.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>

#ifdef __has_include
#if __has_include(<linux/device_private.h>)
#include <linux/device_private.h>
#endif
#endif

#ifndef HAVE_DEVICE_PRIVATE_INDEX

/* --- Entries of the arrays of migrate_vma ------------------------------------------ */

/* The compiler does not tell this from other numbers: build for a new kernel, too. */
typedef unsigned long migrate_pfn_t;

/* Large folios cannot be migrated as a whole before 6.19. */
#ifndef MIGRATE_PFN_COMPOUND
#define MIGRATE_PFN_COMPOUND	0UL
#endif

/* Up to 5.16 the page of an entry is locked by whoever makes it, who has to say so. */
#ifndef MIGRATE_PFN_LOCKED
#define __MIGRATE_PFN_LOCKED	0UL
#else
#define __MIGRATE_PFN_LOCKED	MIGRATE_PFN_LOCKED
#endif

#define MIGRATE_PFN_FLAGS	(MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE | \
				 MIGRATE_PFN_COMPOUND)

static inline migrate_pfn_t migrate_pfn_none(void)
{
	return 0;
}

static inline migrate_pfn_t page_to_migrate_pfn(const struct page *page)
{
	return migrate_pfn(page_to_pfn(page)) | __MIGRATE_PFN_LOCKED;
}

static inline bool migrate_pfn_test(migrate_pfn_t mpfn, unsigned long flags)
{
	/* A flag that this kernel does not have is set in no entry. */
	return flags && (mpfn & flags) == flags;
}

static inline unsigned long migrate_pfn_flags(migrate_pfn_t mpfn)
{
	return mpfn & MIGRATE_PFN_FLAGS;
}

static inline void migrate_pfn_set(migrate_pfn_t *mpfn, unsigned long flags)
{
	*mpfn |= flags;
}

static inline void migrate_pfn_clear(migrate_pfn_t *mpfn, unsigned long flags)
{
	*mpfn &= ~flags;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
static inline migrate_pfn_t folio_to_migrate_pfn(const struct folio *folio)
{
	return page_to_migrate_pfn(&folio->page);
}

static inline struct folio *migrate_pfn_to_folio(migrate_pfn_t mpfn)
{
	struct page *page = migrate_pfn_to_page(mpfn);

	return page ? page_folio(page) : NULL;
}
#endif

/* New in 6.15. What there was before takes the PFNs of a range. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
static inline int migrate_device_pfns(migrate_pfn_t *src_pfns, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++) {
		struct page *page = migrate_pfn_to_page(src_pfns[i]);

		src_pfns[i] = migrate_pfn_none();
		if (page)
			migrate_device_range(src_pfns + i, page_to_pfn(page), 1);
	}
	return 0;
}
#endif

/* --- Entries of HMM ---------------------------------------------------------------- */

#if defined(CONFIG_HMM_MIRROR) && LINUX_VERSION_CODE >= KERNEL_VERSION(5, 8, 0)
#include <linux/hmm.h>

static inline bool hmm_pfn_is_device_private(unsigned long hmm_pfn)
{
	return (hmm_pfn & HMM_PFN_VALID) &&
	       is_device_private_page(hmm_pfn_to_page(hmm_pfn));
}

static inline struct page *hmm_pfn_to_device_private_page(unsigned long hmm_pfn)
{
	return hmm_pfn_is_device_private(hmm_pfn) ? hmm_pfn_to_page(hmm_pfn) : NULL;
}

/* Memory of other devices comes to RAM, each page has an entry. */
#define HMM_PFN_REQ_P2P		0UL
#define HMM_PFN_REQ_SPARSE	0UL

static inline bool hmm_pfn_is_alias(unsigned long hmm_pfn)
{
	return false;
}

static inline bool hmm_pfn_is_p2p(unsigned long hmm_pfn)
{
	return (hmm_pfn & HMM_PFN_VALID) &&
	       is_pci_p2pdma_page(hmm_pfn_to_page(hmm_pfn));
}
#endif

/* --- Spaces ------------------------------------------------------------------------ */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)

/* A page is populated with its neighbours, which cost nothing here. */
static inline unsigned long device_private_granule(void)
{
	return 1;
}

static inline int device_private_register(struct dev_pagemap *pgmap, unsigned long nr_pages,
					  int nid)
{
	struct resource *res;
	void *addr;

	/* The resource is found again by its range: the caller may move or free pgmap. */
	res = request_free_mem_region(&iomem_resource, nr_pages << PAGE_SHIFT,
				      "device private");
	if (IS_ERR(res))
		return PTR_ERR(res);

	pgmap->range.start = res->start;
	pgmap->range.end = res->end;
	pgmap->nr_range = 1;
	addr = memremap_pages(pgmap, nid);
	if (IS_ERR(addr)) {
		release_mem_region(pgmap->range.start, range_len(&pgmap->range));
		return PTR_ERR(addr);
	}

	return 0;
}

static inline void device_private_unregister(struct dev_pagemap *pgmap)
{
	memunmap_pages(pgmap);
	release_mem_region(pgmap->range.start, range_len(&pgmap->range));
}

/* All pages are there from the registration on. */
static inline int device_private_populate(struct dev_pagemap *pgmap, unsigned long index,
					  unsigned long nr_pages)
{
	return 0;
}

static inline int device_private_depopulate(struct dev_pagemap *pgmap, unsigned long index,
					    unsigned long nr_pages)
{
	return 0;
}

static inline struct page *device_private_page(struct dev_pagemap *pgmap, unsigned long index)
{
	return pfn_to_page(PHYS_PFN(pgmap->range.start) + index);
}

static inline unsigned long device_private_page_index(const struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	const struct dev_pagemap *pgmap = page_pgmap(page);
#else
	const struct dev_pagemap *pgmap = page->pgmap;
#endif

	return page_to_pfn(page) - PHYS_PFN(pgmap->range.start);
}

#endif /* 5.10 */
#endif /* HAVE_DEVICE_PRIVATE_INDEX */
#endif /* DEVICE_PRIVATE_COMPAT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel's headers as the fixtures need to compile: before the
 * change, and with AFTER defined as they are after it.
 */
#ifndef FAKE_H
#define FAKE_H

typedef _Bool bool;
typedef unsigned long gfp_t, vm_fault_t;
#define true 1
#define false 0
#define NULL ((void *)0)
#define PAGE_SHIFT 12
#define GFP_KERNEL 0
#define BIT(n) (1UL << (n))
#define NUMA_NO_NODE -1
#define EINVAL 22
#define ENOMEM 12
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define WARN_ON_ONCE(x) (!!(x))
#define BUG_ON(x) do { if (x) __builtin_trap(); } while (0)

struct device;
struct dev_pagemap;
struct page { struct dev_pagemap *pgmap; void *zone_device_data; };
struct folio { struct page page; };
typedef struct { unsigned long val; } swp_entry_t;
typedef swp_entry_t softleaf_t;
typedef struct { unsigned long val; } pte_t;
typedef struct { unsigned long val; } pmd_t;

unsigned long page_to_pfn(const struct page *page);
unsigned long page_to_phys(const struct page *page);
struct page *pfn_to_page(unsigned long pfn);
struct folio *pfn_folio(unsigned long pfn);
unsigned long folio_pfn(const struct folio *folio);
struct folio *page_folio(const struct page *page);
void get_page(struct page *page);
void folio_get(struct folio *folio);
void use(unsigned long number);
bool more(void);

/* Entries. */
bool is_device_private_entry(swp_entry_t entry);
bool is_writable_device_private_entry(swp_entry_t entry);
bool is_device_exclusive_entry(swp_entry_t entry);
bool is_migration_entry(swp_entry_t entry);
bool is_hwpoison_entry(swp_entry_t entry);
bool is_pfn_swap_entry(swp_entry_t entry);
bool non_swap_entry(swp_entry_t entry);
unsigned int swp_type(swp_entry_t entry);
unsigned long swp_offset(swp_entry_t entry);
unsigned long swp_offset_pfn(swp_entry_t entry);
struct page *pfn_swap_entry_to_page(swp_entry_t entry);
struct folio *pfn_swap_entry_folio(swp_entry_t entry);
swp_entry_t pte_to_swp_entry(pte_t pte);
swp_entry_t pmd_to_swp_entry(pmd_t pmd);
pte_t swp_entry_to_pte(swp_entry_t entry);
bool pmd_is_device_private_entry(pmd_t pmd);
bool pmd_is_migration_entry(pmd_t pmd);
enum { SWP_DEVICE_READ = 1, SWP_DEVICE_WRITE, SWP_MIGRATION_READ };

enum softleaf_type {
	SOFTLEAF_NONE, SOFTLEAF_MIGRATION_READ, SOFTLEAF_MIGRATION_WRITE,
	SOFTLEAF_DEVICE_PRIVATE_READ, SOFTLEAF_DEVICE_PRIVATE_WRITE, SOFTLEAF_HWPOISON,
};
enum softleaf_type softleaf_type(softleaf_t entry);
bool softleaf_is_device_private(softleaf_t entry);
bool softleaf_is_device_private_write(softleaf_t entry);
bool softleaf_is_migration(softleaf_t entry);
bool softleaf_is_hwpoison(softleaf_t entry);
bool softleaf_has_pfn(softleaf_t entry);
struct page *softleaf_to_page(softleaf_t entry);
struct folio *softleaf_to_folio(softleaf_t entry);
unsigned long softleaf_to_pfn(softleaf_t entry);
softleaf_t softleaf_from_pte(pte_t pte);
softleaf_t softleaf_from_pmd(pmd_t pmd);
pte_t softleaf_to_pte(softleaf_t entry);
pmd_t softleaf_to_pmd(softleaf_t entry);

swp_entry_t make_readable_device_private_entry(unsigned long offset);
swp_entry_t make_writable_device_private_entry(unsigned long offset);
swp_entry_t make_readable_migration_entry(unsigned long offset);
swp_entry_t make_readable_exclusive_migration_entry(unsigned long offset);
swp_entry_t make_writable_migration_entry(unsigned long offset);

softleaf_t softleaf_wrprotect(softleaf_t entry, bool exclusive);

#ifdef AFTER
struct page *softleaf_to_device_private_page(softleaf_t entry);
bool softleaf_has_page(softleaf_t entry);
struct folio *softleaf_to_device_private_folio(softleaf_t entry);
softleaf_t softleaf_mk_migration(const struct page *page, bool write, bool exclusive);
softleaf_t softleaf_mk_device_private(const struct page *page, bool write);
#endif

/* Migration arrays. */
#define MIGRATE_PFN_VALID	BIT(0)
#define MIGRATE_PFN_MIGRATE	BIT(1)
#define MIGRATE_PFN_WRITE	BIT(3)
#define MIGRATE_PFN_COMPOUND	BIT(4)
#define MIGRATE_PFN_SHIFT	6

#ifdef AFTER
typedef struct { unsigned long val; } migrate_pfn_t;
migrate_pfn_t migrate_pfn_none(void);
migrate_pfn_t migrate_pfn_hole(unsigned long flags);
migrate_pfn_t page_to_migrate_pfn(const struct page *page);
migrate_pfn_t folio_to_migrate_pfn(const struct folio *folio);
struct folio *migrate_pfn_to_folio(migrate_pfn_t mpfn);
bool migrate_pfn_test(migrate_pfn_t mpfn, unsigned long flags);
unsigned long migrate_pfn_flags(migrate_pfn_t mpfn);
void migrate_pfn_set(migrate_pfn_t *mpfn, unsigned long flags);
void migrate_pfn_clear(migrate_pfn_t *mpfn, unsigned long flags);
#else
typedef unsigned long migrate_pfn_t;
unsigned long migrate_pfn(unsigned long pfn);
#endif
struct page *migrate_pfn_to_page(migrate_pfn_t mpfn);

struct migrate_vma {
	migrate_pfn_t *src;
	migrate_pfn_t *dst;
	unsigned long npages;
};
int migrate_vma_setup(struct migrate_vma *args);
void migrate_device_pages(migrate_pfn_t *src, migrate_pfn_t *dst, unsigned long npages);
void *kcalloc(unsigned long n, unsigned long size, gfp_t gfp);

/* Pagemaps. */
enum memory_type { MEMORY_DEVICE_PRIVATE = 1, MEMORY_DEVICE_COHERENT };
struct range { unsigned long start; unsigned long end; };
struct dev_pagemap {
	enum memory_type type;
	struct range range;
	int nr_range;
	const void *ops;
	void *owner;
};
struct resource { unsigned long start; unsigned long end; };
extern struct resource iomem_resource;
struct resource *request_free_mem_region(struct resource *base, unsigned long size,
					 const char *name);
struct resource *devm_request_free_mem_region(struct device *dev, struct resource *base,
					      unsigned long size);
void release_mem_region(unsigned long start, unsigned long size);
void *memremap_pages(struct dev_pagemap *pgmap, int nid);
void *devm_memremap_pages(struct device *dev, struct dev_pagemap *pgmap);
unsigned long range_len(const struct range *range);
bool IS_ERR(const void *pointer);
long PTR_ERR(const void *pointer);
bool is_device_private_page(const struct page *page);
bool is_device_coherent_page(const struct page *page);
struct dev_pagemap *page_pgmap(const struct page *page);
void zone_device_page_init(struct page *page, struct dev_pagemap *pgmap,
			   unsigned int order);
#ifdef AFTER
int device_private_register(struct dev_pagemap *pgmap, unsigned long nr_pages, int nid);
int devm_device_private_register(struct device *dev, struct dev_pagemap *pgmap,
				 unsigned long nr_pages);
int device_private_populate(struct dev_pagemap *pgmap, unsigned long index,
			    unsigned long nr_pages);
#endif

/* HMM. */
struct page *hmm_pfn_to_page(unsigned long hmm_pfn);
unsigned long hmm_pfn_to_phys(unsigned long hmm_pfn);
bool hmm_pfn_is_device_private(unsigned long hmm_pfn);
bool hmm_pfn_is_p2p(unsigned long hmm_pfn);

/* A driver's header, which spatch does not see. */
struct holder {
	struct migrate_vma job;
	migrate_pfn_t *sources;
};
struct page *fresh(void);

#endif /* FAKE_H */

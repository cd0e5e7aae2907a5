// SPDX-License-Identifier: GPL-2.0
/* A driver's migration in both directions. */
#include "fake.h"

#define NR 8

static void unlock_all(migrate_pfn_t *entries, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++) {
		if (!migrate_pfn_test(entries[i], MIGRATE_PFN_MIGRATE))
			continue;
		folio_get(migrate_pfn_to_folio(entries[i]));
		entries[i] = migrate_pfn_none();
	}
}

/* Known only by what it hands on, and by what is handed to it. */
static void hand_on(migrate_pfn_t *handed, unsigned long npages)
{
	unlock_all(handed, npages);
}

static void copy_one(struct page *dpage, const migrate_pfn_t *src,
		     migrate_pfn_t *dst)
{
	bool large = migrate_pfn_test(*src, MIGRATE_PFN_COMPOUND);

	*dst = page_to_migrate_pfn(dpage);
	migrate_pfn_set(dst, MIGRATE_PFN_WRITE);
	if (large)
		migrate_pfn_set(dst, MIGRATE_PFN_COMPOUND);
	if (migrate_pfn_test(*src, MIGRATE_PFN_WRITE))	/* keep it writable */
		migrate_pfn_clear(dst,
				  MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND);
}

int migrate(struct migrate_vma *args, struct page *dpage, struct folio *folio)
{
	migrate_pfn_t *src = args->src;
	migrate_pfn_t *dst = args->dst;
	unsigned long i, n = 0;

	if (migrate_vma_setup(args))
		return -EINVAL;
	for (i = 0; i < args->npages; i++) {
		struct page *spage = migrate_pfn_to_page(src[i]);

		if (!spage || !migrate_pfn_test(src[i], MIGRATE_PFN_MIGRATE)) {
			dst[i] = migrate_pfn_none();
			continue;
		}
		if (migrate_pfn_test(args->src[i], MIGRATE_PFN_VALID) && migrate_pfn_test(args->dst[i], MIGRATE_PFN_VALID))
			n++;
		copy_one(dpage, src + i, &dst[i]);
		args->dst[i] = folio_to_migrate_pfn(folio);
		args->src[i] = migrate_pfn_hole(MIGRATE_PFN_MIGRATE | MIGRATE_PFN_COMPOUND);
		migrate_pfn_clear(&args->src[i], MIGRATE_PFN_MIGRATE);
	}
	hand_on(args->dst, n);
	return 0;
}

int evict(struct page *spage, struct page *dpage)
{
	migrate_pfn_t src_pfn;
	migrate_pfn_t dst_pfns[NR];

	src_pfn = page_to_migrate_pfn(spage);
	migrate_pfn_set(&src_pfn, MIGRATE_PFN_MIGRATE);
	dst_pfns[0] = page_to_migrate_pfn(dpage);
	migrate_device_pages(&src_pfn, dst_pfns, 1);
	return migrate_pfn_test(src_pfn, MIGRATE_PFN_MIGRATE) ? 0 : -EINVAL;
}

int allocate(struct migrate_vma *args)
{
	args->src = kcalloc(NR, sizeof(*args->src), GFP_KERNEL);
	args->dst = kcalloc(NR, sizeof(*args->dst), GFP_KERNEL);
	return args->src && args->dst ? 0 : -ENOMEM;
}

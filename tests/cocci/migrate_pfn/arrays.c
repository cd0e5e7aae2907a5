// SPDX-License-Identifier: GPL-2.0
/* A driver's migration in both directions. */
#include "fake.h"

#define NR 8

static void unlock_all(unsigned long *entries, unsigned long npages)
{
	unsigned long i;

	for (i = 0; i < npages; i++) {
		if (!(entries[i] & MIGRATE_PFN_MIGRATE))
			continue;
		folio_get(page_folio(migrate_pfn_to_page(entries[i])));
		entries[i] = 0;
	}
}

/* Known only by what it hands on, and by what is handed to it. */
static void hand_on(unsigned long *handed, unsigned long npages)
{
	unlock_all(handed, npages);
}

static void copy_one(struct page *dpage, const unsigned long *src, unsigned long *dst)
{
	bool large = *src & MIGRATE_PFN_COMPOUND;

	*dst = migrate_pfn(page_to_pfn(dpage)) | MIGRATE_PFN_WRITE;
	if (large)
		*dst |= MIGRATE_PFN_COMPOUND;
	if (*src & MIGRATE_PFN_WRITE)	/* keep it writable */
		*dst &= ~(MIGRATE_PFN_WRITE|MIGRATE_PFN_COMPOUND);
}

int migrate(struct migrate_vma *args, struct page *dpage, struct folio *folio)
{
	unsigned long *src = args->src;
	unsigned long *dst = args->dst;
	unsigned long i, n = 0;

	if (migrate_vma_setup(args))
		return -EINVAL;
	for (i = 0; i < args->npages; i++) {
		struct page *spage = migrate_pfn_to_page(src[i]);

		if (!spage || !(src[i] & MIGRATE_PFN_MIGRATE)) {
			dst[i] = 0;
			continue;
		}
		if ((args->src[i] & MIGRATE_PFN_VALID) && args->dst[i] & MIGRATE_PFN_VALID)
			n++;
		copy_one(dpage, src + i, &dst[i]);
		args->dst[i] = migrate_pfn(folio_pfn(folio));
		args->src[i] = MIGRATE_PFN_MIGRATE | MIGRATE_PFN_COMPOUND;
		args->src[i] &= ~MIGRATE_PFN_MIGRATE;
	}
	hand_on(args->dst, n);
	return 0;
}

int evict(struct page *spage, struct page *dpage)
{
	unsigned long src_pfn;
	unsigned long dst_pfns[NR];

	src_pfn = migrate_pfn( page_to_pfn(spage) )|MIGRATE_PFN_MIGRATE;
	dst_pfns[0] = migrate_pfn(page_to_pfn(dpage));
	migrate_device_pages(&src_pfn, dst_pfns, 1);
	return src_pfn & MIGRATE_PFN_MIGRATE ? 0 : -EINVAL;
}

int allocate(struct migrate_vma *args)
{
	args->src = kcalloc(NR, sizeof(unsigned long), GFP_KERNEL);
	args->dst = kcalloc(NR, sizeof(*args->dst), GFP_KERNEL);
	return args->src && args->dst ? 0 : -ENOMEM;
}

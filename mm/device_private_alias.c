// SPDX-License-Identifier: GPL-2.0
/*
 * P2P aliases of device private pages.
 *
 * The driver of a space, the exporter, can give a page an address in a PCI BAR
 * of its device, through which the device of another driver, the importer, can
 * reach it: an alias. A space has a record for each page that has one, unless the
 * exporter is linear: then the index of a page tells its address, for good. If the
 * exporter has a say in who the importer is there are such records for each importer.
 *
 * Who holds what:
 *  - records are made, and revoked, with the folio locked and referenced, and
 *    dropped when the folio has no reference left;
 *  - RCU: a walk of page tables that looks whether there is an alias. What it
 *    found is valid as any result of hmm_range_fault() is: under the lock of
 *    the importer with a notifier sequence that is live. An importer under that
 *    lock always finds the record: it goes after the importer's invalidation.
 *
 * See Documentation/mm/hmm.rst.
 */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pci-p2pdma.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/xarray.h>
#include "device_private.h"
#include "internal.h"

/*
 * A record is the frame of the address, shifted to make room for one bit: the
 * alias is being revoked. The walk must not find such a one any more, while
 * importers that did have yet to be invalidated.
 */
#define ALIAS_REVOKED	1UL
#define ALIAS_SHIFT	1

static void *mk_alias(phys_addr_t phys)
{
	return xa_mk_value(PHYS_PFN(phys) << ALIAS_SHIFT);
}

static bool alias_is_live(void *record)
{
	return record && !(xa_to_value(record) & ALIAS_REVOKED);
}

/**
 * device_private_init_aliases() - Prepare a new space for aliases.
 * @space: the space
 */
void device_private_init_aliases(struct device_private_space *space)
{
	xa_init(&space->aliases);
	xa_init(&space->importers);
}

static void free_aliases(struct xarray *aliases)
{
	WARN_ON_ONCE(!xa_empty(aliases));
	xa_destroy(aliases);
}

/**
 * device_private_free_aliases() - Forget who had aliases of a space that goes.
 * @space: the space, which nobody can find any more
 */
void device_private_free_aliases(struct device_private_space *space)
{
	struct xarray *aliases;
	unsigned long importer;

	free_aliases(&space->aliases);
	xa_for_each(&space->importers, importer, aliases) {
		free_aliases(aliases);
		kfree(aliases);
		put_device((struct device *)importer);
	}
	xa_destroy(&space->importers);
}

/* The records of the aliases that @dma_dev may use, NULL if there are none yet. */
static struct xarray *aliases_for(struct device_private_space *space,
				  struct device *dma_dev)
{
	if (!(space->pgmap->flags & PGMAP_P2P_PER_IMPORTER))
		return &space->aliases;
	return xa_load(&space->importers, (unsigned long)dma_dev);
}

/*
 * The same, but make room for such records. The device is not freed before the space:
 * its address is its name. NULL if there is no memory.
 */
static struct xarray *make_aliases_for(struct device_private_space *space,
				       struct device *dma_dev)
{
	struct xarray *aliases = aliases_for(space, dma_dev);
	int err;

	if (aliases)
		return aliases;

	aliases = kmalloc_obj(*aliases);
	if (!aliases)
		return NULL;
	xa_init(aliases);
	err = xa_insert(&space->importers, (unsigned long)dma_dev, aliases,
			GFP_KERNEL);
	if (err) {
		/* Somebody else was faster, or there is no memory. */
		kfree(aliases);
		return aliases_for(space, dma_dev);
	}
	get_device(dma_dev);
	return aliases;
}

/**
 * device_private_is_reachable() - Can a device reach the pages of a space?
 * @space: the space
 * @dma_dev: device that does DMA
 *
 * Context: RCU is held, or what pins the space.
 *
 * Returns: true if the space has a provider that @dma_dev can reach.
 */
bool device_private_is_reachable(const struct device_private_space *space,
				 struct device *dma_dev)
{
	struct p2pdma_provider *provider = space->pgmap->p2p_provider;

	return provider && pci_p2pdma_reachable(provider, dma_dev);
}

/**
 * device_private_can_reach() - Is there a space that a device can reach?
 * @dma_dev: device that does DMA
 *
 * As long as there is none, hmm_range_fault() reports no aliases for
 * &hmm_range.dma_dev. Spaces come and go with the drivers of their devices.
 *
 * Context: any.
 *
 * Returns: true if a space has a provider that @dma_dev can reach.
 */
bool device_private_can_reach(struct device *dma_dev)
{
	unsigned long id;

	guard(rcu)();
	for (id = 1; id < BIT(DEVICE_PRIVATE_ID_BITS); id++) {
		const device_private_index_t first = {
			id << DEVICE_PRIVATE_ID_SHIFT
		};
		const struct device_private_space *space =
			device_private_space(first);

		if (space && device_private_is_reachable(space, dma_dev))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(device_private_can_reach);

/**
 * device_private_is_linear() - Have all pages of a space an alias, by their index?
 * @space: the space
 *
 * Context: RCU is held, or what pins the space.
 *
 * Returns: true if @space has a provider and its driver makes no aliases itself.
 */
bool device_private_is_linear(const struct device_private_space *space)
{
	return space->pgmap->p2p_provider && !space->pgmap->ops->p2p_map;
}

/**
 * device_private_is_large() - Have large folios of a space one large alias?
 * @space: the space
 *
 * Context: RCU is held, or what pins the space.
 *
 * Returns: true if @space is linear and its aliases are aligned as its indices are.
 */
bool device_private_is_large(const struct device_private_space *space)
{
	return device_private_is_linear(space) &&
	       IS_ALIGNED(space->pgmap->p2p_phys,
			  PAGE_SIZE << DEVICE_PRIVATE_MAX_ORDER);
}

/**
 * device_private_is_in_bar() - Can aliases be where a driver says that they are?
 * @pgmap: the pagemap, which has a provider
 * @nr_pages: number of pages
 * @phys: physical address of the first one
 *
 * Returns: true if all of the pages are in the BAR of the provider.
 */
bool device_private_is_in_bar(struct dev_pagemap *pgmap, unsigned long nr_pages,
			      phys_addr_t phys)
{
	return PAGE_ALIGNED(phys) &&
	       pci_p2pdma_contains(pgmap->p2p_provider, phys,
				   nr_pages << PAGE_SHIFT);
}

/**
 * device_private_has_aliases() - Do pages have an alias?
 * @index: name of the first page
 * @nr_pages: number of pages, all of one space
 * @dma_dev: the device that is to use them
 *
 * Context: any. The answer may be another one the next time, see
 * device_private_revoke_aliases().
 *
 * Returns: true if each of the pages has a record of an alias that is not being
 * revoked; of a linear exporter none has one.
 */
bool device_private_has_aliases(device_private_index_t index,
				unsigned long nr_pages, struct device *dma_dev)
{
	const unsigned long end = device_private_nr(index) + nr_pages;
	struct device_private_space *space;
	struct xarray *aliases;
	unsigned long i;

	guard(rcu)();
	space = device_private_space(index);
	if (!space)
		return false;
	aliases = aliases_for(space, dma_dev);
	if (!aliases)
		return false;

	for (i = end - nr_pages; i < end; i++)
		if (!alias_is_live(xa_load(aliases, i)))
			return false;

	return true;
}

/**
 * device_private_alias() - The address of the alias of a page.
 * @index: name of the page
 * @dma_dev: the device that is to use it
 * @provider: where to put the provider of the address
 *
 * Context: the lock of an importer, with a live sequence of the notifier with
 * which hmm_range_fault() reported the page.
 *
 * Returns: the physical address, PHYS_ADDR_MAX if the page has no alias.
 */
phys_addr_t device_private_alias(device_private_index_t index,
				 struct device *dma_dev,
				 struct p2pdma_provider **provider)
{
	struct device_private_space *space;
	struct xarray *aliases;
	void *record;

	guard(rcu)();
	space = device_private_space(index);
	if (!space)
		return PHYS_ADDR_MAX;

	*provider = space->pgmap->p2p_provider;
	if (device_private_is_linear(space))
		return space->pgmap->p2p_phys +
		       PFN_PHYS(device_private_nr(index));

	aliases = aliases_for(space, dma_dev);
	record = aliases ? xa_load(aliases, device_private_nr(index)) : NULL;
	return record ? PFN_PHYS(xa_to_value(record) >> ALIAS_SHIFT) :
			PHYS_ADDR_MAX;
}

/* The exporter has reached the first @nr of @nr_pages pages: is that possible? */
static bool is_mapped(struct dev_pagemap *pgmap, unsigned long nr_pages, long nr,
		      phys_addr_t phys)
{
	if (nr > 0 && nr <= nr_pages && device_private_is_in_bar(pgmap, nr, phys))
		return true;

	dev_err_ratelimited(pgmap->p2p_provider->owner,
			    "P2P alias %pa of %ld device private pages, of %lu to be mapped, is not in the BAR of its provider\n",
			    &phys, nr, nr_pages);
	return false;
}

/*
 * Ask the exporter to map pages that have no alias yet. Returns how many, from the
 * first on, have one now, or an error.
 */
static long make_aliases(struct xarray *aliases, struct folio *folio,
			 unsigned long index, unsigned long nr_pages,
			 struct device *dma_dev)
{
	struct dev_pagemap *pgmap = folio->pgmap;
	phys_addr_t phys = PHYS_ADDR_MAX;
	unsigned long i;
	long nr;

	/* So that nothing fails once the exporter has mapped them. */
	for (i = 0; i < nr_pages; i++) {
		nr = xa_reserve(aliases, index + i, GFP_KERNEL);
		if (nr)
			goto out;
	}

	nr = pgmap->ops->p2p_map(folio, index, nr_pages, dma_dev, &phys);
	if (nr >= 0 && !is_mapped(pgmap, nr_pages, nr, phys))
		nr = -EFAULT;

	for (i = 0; (long)i < nr; i++)
		xa_store(aliases, index + i, mk_alias(phys + (i << PAGE_SHIFT)),
			 GFP_KERNEL);
out:
	for (i = max(nr, 0L); i < nr_pages; i++)
		xa_release(aliases, index + i);
	return nr;
}

/**
 * device_private_make_aliases() - Give pages of a folio an alias each.
 * @page: the first page
 * @nr_pages: number of pages, none of them beyond the folio
 * @dma_dev: the device that will use them
 *
 * Those that have one keep it.
 *
 * Context: May sleep. The folio is locked and referenced. The space has a
 * provider.
 *
 * Returns: 0 if all of the pages have an alias; -ENOMEM; -EFAULT if the exporter
 * gave an address outside of its BAR; or the error of the exporter. Then some of the
 * pages may have one.
 */
int device_private_make_aliases(struct page *page, unsigned long nr_pages,
				struct device *dma_dev)
{
	struct device_private_space *space = page_pgmap(page)->space;
	const unsigned long end = device_private_page_index(page) + nr_pages;
	struct xarray *aliases = make_aliases_for(space, dma_dev);
	unsigned long index = end - nr_pages;

	VM_WARN_ON_ONCE_PAGE(!folio_test_locked(page_folio(page)), page);

	if (!aliases)
		return -ENOMEM;

	while (index < end) {
		unsigned long nr = 0;
		long made = 1;	/* the page at index has an alias */

		while (index + nr < end && !xa_load(aliases, index + nr))
			nr++;
		if (nr)
			made = make_aliases(aliases, page_folio(page), index, nr,
					    dma_dev);
		if (made < 0)
			return made;
		index += made;
	}

	return 0;
}

static bool invalidate_importers(struct folio *folio, struct vm_area_struct *vma,
				 unsigned long addr, void *owner)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, addr, 0);
	struct mmu_notifier_range range;

	/* As a migration is: the owner's own mappings of the page can stay. */
	mmu_notifier_range_init_owner(&range, MMU_NOTIFY_MIGRATE, 0, vma->vm_mm,
				      addr, vma_address_end(&pvmw), owner);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	return true;
}

/*
 * Apply @change to the records of the pages [@index, @index + @nr_pages). The lock is
 * only taken if there is one. Returns whether there was.
 */
static bool change_in(struct xarray *aliases, unsigned long index,
		      unsigned long nr_pages, void *(*change)(void *record))
{
	const unsigned long last = index + nr_pages - 1;
	XA_STATE(xas, aliases, index);
	unsigned long found = index;
	void *record;

	if (xa_empty(aliases) || !xa_find(aliases, &found, last, XA_PRESENT))
		return false;

	xas_lock(&xas);
	xas_for_each(&xas, record, last)
		if (xa_is_value(record))
			xas_store(&xas, change(record));
	xas_unlock(&xas);
	return true;
}

/* The same for the aliases of all importers. */
static bool change_aliases(struct device_private_space *space,
			   unsigned long index, unsigned long nr_pages,
			   void *(*change)(void *record))
{
	bool changed = change_in(&space->aliases, index, nr_pages, change);
	struct xarray *aliases;
	unsigned long importer;

	if (!xa_empty(&space->importers))
		xa_for_each(&space->importers, importer, aliases)
			changed |= change_in(aliases, index, nr_pages, change);
	return changed;
}

static void *mark_revoked(void *record)
{
	return xa_mk_value(xa_to_value(record) | ALIAS_REVOKED);
}

static void *no_record(void *record)
{
	return NULL;
}

/* Nobody uses the aliases of these pages any more: tell the exporter. */
static void forget_aliases(struct device_private_space *space,
			   unsigned long index, unsigned long nr_pages)
{
	struct dev_pagemap *pgmap = space->pgmap;

	if (change_aliases(space, index, nr_pages, no_record) &&
	    pgmap->ops->p2p_unmap)
		pgmap->ops->p2p_unmap(pgmap, index, nr_pages);
}

/**
 * device_private_revoke_aliases() - Take the aliases of a folio back.
 * @folio: the folio, device private
 *
 * For the exporter. When this returns nobody uses the addresses any more, which
 * can then be given to other pages. The importers find out by an invalidation
 * of their notifiers, and ask for the page anew when they need it.
 * A linear exporter has none to take back: it migrates the page.
 *
 * Context: May sleep. The folio is locked and referenced. May be called from
 * &dev_pagemap_ops.p2p_map, for folios whose lock is had by folio_trylock():
 * that of another folio is held there.
 */
void device_private_revoke_aliases(struct folio *folio)
{
	struct device_private_space *space = folio->pgmap->space;
	const unsigned long index = device_private_page_index(&folio->page);
	const unsigned long nr_pages = folio_nr_pages(folio);
	struct rmap_walk_control rwc = {
		.rmap_one = invalidate_importers,
		.anon_lock = folio_lock_anon_vma_read,
		.arg = space->owner,
	};

	VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio), folio);

	change_aliases(space, index, nr_pages, mark_revoked);
	rmap_walk(folio, &rwc);
	forget_aliases(space, index, nr_pages);
}
EXPORT_SYMBOL_GPL(device_private_revoke_aliases);

/**
 * device_private_drop_aliases() - Forget the aliases of a folio that is freed.
 * @folio: the folio, device private, without a reference
 *
 * The exporter knows from &dev_pagemap_ops.p2p_unmap, or from
 * &dev_pagemap_ops.folio_free, which comes next, that the addresses are not used any
 * more.
 *
 * Context: Any but interrupt.
 */
void device_private_drop_aliases(struct folio *folio)
{
	struct device_private_space *space = folio->pgmap->space;

	/* None is made any more. */
	if (!xa_empty(&space->aliases) || !xa_empty(&space->importers))
		forget_aliases(space, device_private_page_index(&folio->page),
			       folio_nr_pages(folio));
}

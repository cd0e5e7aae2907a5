// SPDX-License-Identifier: GPL-2.0
/*
 * Eviction: move all device memory of a range to system memory.
 */
#include <linux/device_private.h>
#include <linux/export.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched/signal.h>
#include "internal.h"

/* Folios that are evicted together, and pages that are looked at to find them. */
#define EVICT_BATCH		64
#define EVICT_SCAN		4096
/* No progress for this long is worth a line. */
#define EVICT_REPORT		(10 * HZ)

struct evict_batch {
	struct dev_pagemap *pgmap;
	migrate_device_copy_t copy;
	unsigned long busy;	/* first index that is in use and stays so */
	unsigned int nr;
	unsigned long index[EVICT_BATCH];
	migrate_pfn_t src[EVICT_BATCH];
	migrate_pfn_t dst[EVICT_BATCH];
	struct migrate_device_copy copies[EVICT_BATCH];
};

/* The first page from *@index on, NULL if there is none. */
static struct page *evict_next_page(struct dev_pagemap *pgmap,
				    unsigned long *index)
{
	if (pgmap->type == MEMORY_DEVICE_COHERENT)
		return pfn_to_page(PHYS_PFN(pgmap->range.start) + *index);

	*index = device_private_next(pgmap, *index);
	return device_private_page(pgmap, *index);
}

/*
 * Is this the head of a folio that is frozen, for a moment, while it is split? Then
 * it is locked. A tail has no such flag; what is there is the order of the folio.
 */
static bool evict_page_frozen(const struct page *page)
{
	return !PageTail(page) && !page_ref_count(page) &&
	       test_bit(PG_locked, &page->flags.f);
}

static void evict_busy(struct evict_batch *batch, unsigned long index)
{
	batch->busy = min(batch->busy, index);
}

/*
 * Reference and lock folios from @index on. Those that somebody else has locked
 * are left for later: to wait for a lock with others held would be a deadlock.
 * Returns the index that is next.
 */
static unsigned long evict_lock(struct evict_batch *batch, unsigned long index,
				unsigned long end)
{
	end = min(end, index + EVICT_SCAN);
	batch->nr = 0;
	batch->busy = ULONG_MAX;

	/* Against depopulation, until there is a reference. */
	guard(rcu)();
	while (index < end && batch->nr < EVICT_BATCH) {
		struct page *page = evict_next_page(batch->pgmap, &index);
		unsigned long nr = 1;
		struct folio *folio;

		if (!page)
			return ULONG_MAX;
		if (index >= end)
			break;

		/* Tails of a folio that is in use have no reference either. */
		folio = folio_get_nontail_page(page);
		if (!folio) {
			if (evict_page_frozen(page))
				evict_busy(batch, index);
			index++;
			continue;
		}

		nr = folio_nr_pages(folio);
		if (!folio_trylock(folio)) {
			folio_put(folio);
			evict_busy(batch, index);
		} else if (!migrate_device_get_anon_vma(folio)) {
			/* Migrated or unmapped, and about to be freed. */
			folio_unlock(folio);
			folio_put(folio);
			evict_busy(batch, index);
		} else {
			batch->index[batch->nr] = index;
			batch->src[batch->nr++] = folio_to_migrate_pfn(folio);
		}
		index += nr;
	}

	return index;
}

/*
 * Allocate the destination of a folio and unmap the folio, or let go of it. One
 * that is too large for the memory there is will come again in pieces.
 */
static bool evict_unmap(migrate_pfn_t *src, migrate_pfn_t *dst)
{
	struct folio *folio = migrate_pfn_to_folio(*src);
	const unsigned int order = folio_order(folio);
	gfp_t gfp = GFP_HIGHUSER_MOVABLE;
	struct folio *to;

	if (order)
		gfp |= __GFP_NORETRY | __GFP_NOWARN;
	to = folio_alloc(gfp, order);
	if (!to) {
		if (order)
			split_folio(folio);
		migrate_device_unlock(folio);
		return false;
	}

	migrate_pfn_set(src, MIGRATE_PFN_MIGRATE);
	if (!migrate_device_unmap(src, 1, NULL, true)) {
		folio_put(to);
		return false;
	}

	folio_lock(to);
	*dst = folio_to_migrate_pfn(to);
	if (order)
		migrate_pfn_set(dst, MIGRATE_PFN_COMPOUND);
	return true;
}

/* Let the driver copy. The destination of what it could not copy is dropped. */
static void evict_copy(struct evict_batch *batch)
{
	struct migrate_device_copy *copy;
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		batch->copies[i] = (struct migrate_device_copy){
			.src = migrate_pfn_to_folio(batch->src[i]),
			.dst = migrate_pfn_to_folio(batch->dst[i]),
		};

	device_pages_hold();
	batch->copy(batch->pgmap, batch->copies, batch->nr);
	device_pages_unhold();

	for (i = 0; i < batch->nr; i++) {
		copy = &batch->copies[i];
		if (!copy->failed)
			continue;
		folio_unlock(copy->dst);
		folio_put(copy->dst);
		batch->dst[i] = migrate_pfn_none();
	}
}

/*
 * Evict some of the folios in use in [@index, @end). Returns the index up to which
 * there are no pages any more that were in use.
 */
static unsigned long evict_some(struct evict_batch *batch, unsigned long index,
				unsigned long end)
{
	const unsigned long next = evict_lock(batch, index, end);
	unsigned int i, nr;

	for (i = 0, nr = 0; i < batch->nr; i++) {
		batch->src[nr] = batch->src[i];
		batch->index[nr] = batch->index[i];
		if (evict_unmap(&batch->src[nr], &batch->dst[nr]))
			nr++;
		else
			evict_busy(batch, batch->index[i]);
	}
	batch->nr = nr;
	if (!nr)
		goto out;

	evict_copy(batch);
	migrate_device_pages(batch->src, batch->dst, nr);
	migrate_device_finalize(batch->src, batch->dst, nr);
	for (i = 0; i < nr; i++)
		if (!migrate_pfn_test(batch->src[i], MIGRATE_PFN_MIGRATE))
			evict_busy(batch, batch->index[i]);
out:
	return min(next, batch->busy);
}

/**
 * migrate_device_report() - Say what is in the way of freeing device memory.
 * @pgmap: pagemap of type MEMORY_DEVICE_PRIVATE or MEMORY_DEVICE_COHERENT
 * @index: first page to look at
 * @end: index after the last one
 * @seconds: for how long nothing has changed
 *
 * Prints a line, ratelimited, with the number of folios that are in use and the
 * state of the first one. The driver is told by the name of its folio_free.
 *
 * Context: May sleep.
 */
void migrate_device_report(struct dev_pagemap *pgmap, unsigned long index,
			   unsigned long end, unsigned int seconds)
{
	unsigned long left = 0, first = 0;
	int refs = 0, maps = 0;
	bool locked = false;

	for (; index < end; index++) {
		struct folio *folio;
		struct page *page;

		if (!(index % EVICT_SCAN))
			cond_resched();
		guard(rcu)();
		page = evict_next_page(pgmap, &index);
		if (!page || index >= end)
			break;
		if (!page_ref_count(page) || left++)
			continue;

		first = index;
		folio = folio_get_nontail_page(page);
		if (!folio)
			continue;
		locked = folio_test_locked(folio);
		refs = folio_ref_count(folio) - 1;
		maps = folio_mapcount(folio);
		folio_put(folio);
	}

	pr_warn_ratelimited("%ps: device memory is in use for %u s: %lu folios; index %lu has %d references, %d mappings%s\n",
			    pgmap->ops->folio_free, seconds, left, first, refs,
			    maps, locked ? ", is locked" : "");
}

static unsigned long evict_nr_pages(struct dev_pagemap *pgmap)
{
	switch (pgmap->type) {
	case MEMORY_DEVICE_PRIVATE:
		return device_private_nr_pages(pgmap);
	case MEMORY_DEVICE_COHERENT:
		return range_len(&pgmap->range) >> PAGE_SHIFT;
	default:
		return 0;
	}
}

/**
 * migrate_device_evict() - Move device memory that is in use to system memory.
 * @pgmap: pagemap of type MEMORY_DEVICE_PRIVATE, or MEMORY_DEVICE_COHERENT with
 *	   one range
 * @index: first page, counted from the start of the pagemap
 * @nr_pages: number of pages; large folios must not cross the ends
 * @copy: copies the contents of folios to system memory; when it returns they are
 *	  there. It marks what it cannot copy as failed: that stays on the device,
 *	  to be tried again. If the device is gone for good, clear the destination
 *	  instead. It may sleep.
 * @killable: give up on a fatal signal
 *
 * When it returns 0 each page of the range that was in use when it was called has
 * been migrated or freed. Who has locked a page, or has a reference to it that is
 * no mapping, is waited for. So the range is empty if the driver has stopped to
 * hand out pages of it. The folio_free of the last ones, and references of somebody
 * who met a struct page, may come a moment later.
 *
 * A large folio becomes a large folio. It is split if there is no memory for one.
 * What is not populated is skipped, so the size of a space does not matter. A line
 * in the kernel's log tells if there is no progress for long.
 *
 * Context: Process context, may sleep, for as long as others use the pages.
 * Allocates memory: not from reclaim. Folios are locked by trying, up to a batch of
 * them; with the folios locked it calls @copy, mmu notifiers, and takes anon_vma and
 * page table locks. It waits with nothing held of its own. The caller holds no lock
 * that any of these takes, or folio_free, and no lock that is taken by somebody who
 * holds device pages: in migrate_to_ram, or between migrate_vma_setup() and
 * migrate_vma_finalize(), where a driver allocates pages. So mmap_lock must not be
 * held. lockdep checks that, see device_pages_wait(). Others may migrate, fault,
 * depopulate and evict at the same time; the pagemap must stay.
 *
 * Returns: 0; -EINTR; -EINVAL if the pagemap is of another type or not registered,
 * or the range is not inside of it.
 */
int migrate_device_evict(struct dev_pagemap *pgmap, unsigned long index,
			 unsigned long nr_pages, migrate_device_copy_t copy,
			 bool killable)
{
	unsigned long since = jiffies, wait = 1, end, next;
	struct evict_batch *batch;
	unsigned int seconds = 0;
	int ret = 0;

	if (check_add_overflow(index, nr_pages, &end) ||
	    end > evict_nr_pages(pgmap))
		return -EINVAL;

	device_pages_wait();
	batch = kmalloc_obj(*batch, GFP_KERNEL | __GFP_NOFAIL);
	batch->pgmap = pgmap;
	batch->copy = copy;

	while (index < end) {
		if (killable && fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}

		cond_resched();
		next = evict_some(batch, index, end);
		if (next > index) {
			index = next;
			wait = 1;
			seconds = 0;
			since = jiffies;
			continue;
		}

		if (time_after_eq(jiffies, since + EVICT_REPORT)) {
			seconds += EVICT_REPORT / HZ;
			since = jiffies;
			migrate_device_report(pgmap, index, end, seconds);
		}
		if (killable)
			schedule_timeout_killable(wait);
		else
			schedule_timeout_uninterruptible(wait);
		wait = min(2 * wait, DIV_ROUND_UP(HZ, 10));
	}

	kfree(batch);
	return ret;
}
EXPORT_SYMBOL_GPL(migrate_device_evict);

// SPDX-License-Identifier: MIT
/*
 * A slot is free, in use (live), or stale: its page is gone but it is still mapped,
 * for pages are freed where nothing can be unmapped. A block is there while any
 * of its slots is not free, or until it is found to be empty.
 *
 * Two requests are never served at a time, which is up to the caller; only
 * nouveau_dmem_window_free() may come at any time.
 */
#include "nouveau_dmem_window.h"

#include <kunit/visibility.h>
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#define BLOCK_PAGES	NOUVEAU_DMEM_BLOCK_PAGES

/**
 * nouveau_dmem_window_new() - Make a window.
 * @nr_blocks: how many blocks it may have
 * @residency: how long a page has its slot at least, in jiffies, not 0
 * @ops: what it needs to have done
 * @data: for @ops
 *
 * Returns: the window, which is empty, %NULL if there is no memory for it.
 */
struct nouveau_dmem_window *
nouveau_dmem_window_new(unsigned int nr_blocks, unsigned long residency,
			const struct nouveau_dmem_window_ops *ops, void *data)
{
	struct nouveau_dmem_window *window;

	window = kvzalloc_flex(*window, blocks, nr_blocks);
	if (!window)
		return NULL;

	window->nr_blocks = nr_blocks;
	window->ops = ops;
	window->data = data;
	window->residency = residency;
	xa_init(&window->slot_of);
	INIT_LIST_HEAD(&window->slots);
	INIT_LIST_HEAD(&window->used);
	return window;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_new);

/**
 * nouveau_dmem_window_del() - Free a window.
 * @window: the window, of which nothing is in use, %NULL does nothing
 */
void nouveau_dmem_window_del(struct nouveau_dmem_window *window)
{
	if (!window)
		return;

	WARN_ON(!list_empty(&window->slots));
	nouveau_dmem_window_reap(window);
	xa_destroy(&window->slot_of);
	kvfree(window);
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_del);

/* Where there is room in the blocks that there are, -ENOSPC if nowhere. */
static long find_room(const struct nouveau_dmem_window *window, bool large,
		      unsigned long nr_pages)
{
	unsigned long i;

	for (i = 0; i < window->nr_blocks; i++) {
		struct nouveau_dmem_window_block *block = window->blocks[i];
		unsigned long slot;

		if (!block || block->large != large)
			continue;
		slot = bitmap_find_next_zero_area(block->taken, BLOCK_PAGES, 0,
						  nr_pages, 0);
		if (slot < BLOCK_PAGES)
			return i * BLOCK_PAGES + slot;
	}

	return -ENOSPC;
}

static void take_slots(struct nouveau_dmem_window *window, unsigned long first,
		       unsigned long index, unsigned long nr_pages,
		       unsigned long now)
{
	struct nouveau_dmem_window_block *block =
		nouveau_dmem_window_block(window, first);
	unsigned long i;

	for (i = 0; i < nr_pages; i++) {
		struct nouveau_dmem_window_slot *slot =
			&block->slots[(first + i) % BLOCK_PAGES];

		slot->index = index + i;
		slot->since = now;
		list_add_tail(&slot->lru, &window->slots);
		/* There is room: it has been reserved. */
		__xa_store(&window->slot_of, index + i, xa_mk_value(first + i), 0);
	}

	bitmap_set(block->taken, first % BLOCK_PAGES, nr_pages);
	bitmap_set(block->live, first % BLOCK_PAGES, nr_pages);
	block->since = now;
	list_move_tail(&block->lru, &window->used);
}

static long alloc_slots(struct nouveau_dmem_window *window, unsigned long index,
			unsigned long nr_pages, unsigned long now)
{
	unsigned long i, last = index;
	long slot;

	if (xa_find(&window->slot_of, &last, index + nr_pages - 1, XA_PRESENT))
		return -EEXIST;

	slot = find_room(window, nouveau_dmem_window_large(index, nr_pages),
			 nr_pages);
	if (slot < 0)
		return slot;

	for (i = 0; i < nr_pages; i++) {
		if (!xa_reserve(&window->slot_of, index + i, GFP_KERNEL))
			continue;
		while (i--)
			xa_release(&window->slot_of, index + i);
		return -ENOMEM;
	}

	xa_lock(&window->slot_of);
	take_slots(window, slot, index, nr_pages, now);
	xa_unlock(&window->slot_of);
	return slot;
}

static void free_slot(struct nouveau_dmem_window *window, unsigned long nr)
{
	struct nouveau_dmem_window_block *block =
		nouveau_dmem_window_block(window, nr);

	list_del(&block->slots[nr % BLOCK_PAGES].lru);
	__clear_bit(nr % BLOCK_PAGES, block->live);
	if (bitmap_empty(block->live, BLOCK_PAGES))
		list_del_init(&block->lru);
}

/**
 * nouveau_dmem_window_free() - Pages do not need their slots any more.
 * @window: the window
 * @index: index of the first page
 * @nr_pages: number of pages, those without a slot do no harm
 *
 * The slots stay mapped until nouveau_dmem_window_reap().
 *
 * Context: Any but interrupt.
 *
 * Returns: true if any page had one.
 */
bool nouveau_dmem_window_free(struct nouveau_dmem_window *window,
			      unsigned long index, unsigned long nr_pages)
{
	XA_STATE(xas, &window->slot_of, index);
	bool any = false;
	void *entry;

	if (xa_empty(&window->slot_of))
		return false;

	xas_lock(&xas);
	xas_for_each(&xas, entry, index + nr_pages - 1) {
		if (!xa_is_value(entry))
			continue;
		free_slot(window, xa_to_value(entry));
		xas_store(&xas, NULL);
		any = true;
	}
	xas_unlock(&xas);
	return any;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_free);

/* Stale slots from @start on that can be unmapped, how many. */
static unsigned long find_stale(const struct nouveau_dmem_window_block *block,
				unsigned long *start)
{
	DECLARE_BITMAP(stale, BLOCK_PAGES);

	/* What was mapped at once is unmapped at once. */
	if (block->large && !bitmap_empty(block->live, BLOCK_PAGES))
		return 0;

	bitmap_andnot(stale, block->taken, block->live, BLOCK_PAGES);
	*start = find_next_bit(stale, BLOCK_PAGES, *start);
	return find_next_zero_bit(stale, BLOCK_PAGES, *start) - *start;
}

static bool reap_block(struct nouveau_dmem_window *window, unsigned int i)
{
	struct nouveau_dmem_window_block *block = window->blocks[i];
	unsigned long start = 0, nr;
	bool any = false;

	for (;;) {
		xa_lock(&window->slot_of);
		nr = find_stale(block, &start);
		xa_unlock(&window->slot_of);
		if (!nr)
			break;

		window->ops->unmap(window, i * BLOCK_PAGES + start, nr);
		bitmap_clear(block->taken, start, nr);
		any = true;
	}

	if (!bitmap_empty(block->taken, BLOCK_PAGES))
		return any;

	window->ops->remove(window, i);
	window->blocks[i] = NULL;
	kvfree(block);
	return true;
}

/**
 * nouveau_dmem_window_reap() - Unmap what is not needed any more.
 * @window: the window
 *
 * When this returns nothing is mapped of pages that were freed before, except for
 * those of a large folio of which another page is in use still.
 *
 * Context: May sleep. Serialised by the caller.
 *
 * Returns: true if anything was unmapped.
 */
bool nouveau_dmem_window_reap(struct nouveau_dmem_window *window)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < window->nr_blocks; i++)
		if (window->blocks[i])
			any |= reap_block(window, i);

	return any;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_reap);

static int add_block(struct nouveau_dmem_window *window, bool large)
{
	struct nouveau_dmem_window_block *block;
	unsigned int i;
	int ret;

	for (i = 0; i < window->nr_blocks; i++)
		if (!window->blocks[i])
			break;
	if (i == window->nr_blocks)
		return -ENOSPC;

	block = kvzalloc_obj(*block);
	if (!block)
		return -ENOMEM;
	INIT_LIST_HEAD(&block->lru);
	block->large = large;

	window->blocks[i] = block;
	ret = window->ops->add(window, i);
	if (ret) {
		window->blocks[i] = NULL;
		kvfree(block);
	}
	return ret;
}

/*
 * Whom to throw out to make room for @nr_pages pages: the page that has its slot
 * for the longest time; for more than one page, which must lie in a row, one of
 * the block that got no page for the longest time.
 */
static long find_victim(const struct nouveau_dmem_window *window,
			unsigned long nr_pages, unsigned long before)
{
	const struct nouveau_dmem_window_block *block;
	const struct nouveau_dmem_window_slot *slot;

	if (list_empty(&window->slots))
		return -ENOENT;

	if (nr_pages == 1) {
		slot = list_first_entry(&window->slots,
					struct nouveau_dmem_window_slot, lru);
		return time_after(slot->since, before) ? -ENOENT : slot->index;
	}

	block = list_first_entry(&window->used, struct nouveau_dmem_window_block,
				 lru);
	if (time_after(block->since, before))
		return -ENOENT;
	return block->slots[find_first_bit(block->live, BLOCK_PAGES)].index;
}

/* The page can't be evicted, if it is still there: as if it just got its slot. */
static void touch(struct nouveau_dmem_window *window, unsigned long index,
		  unsigned long now)
{
	struct nouveau_dmem_window_block *block;
	struct nouveau_dmem_window_slot *slot;
	void *entry;

	xa_lock(&window->slot_of);
	entry = xa_load(&window->slot_of, index);
	if (xa_is_value(entry)) {
		block = nouveau_dmem_window_block(window, xa_to_value(entry));
		slot = &block->slots[xa_to_value(entry) % BLOCK_PAGES];
		slot->since = now;
		block->since = now;
		list_move_tail(&slot->lru, &window->slots);
		list_move_tail(&block->lru, &window->used);
	}
	xa_unlock(&window->slot_of);
}

/**
 * nouveau_dmem_window_evict() - Take the slot of a page.
 * @window: the window
 * @nr_pages: number of pages to make room for
 * @before: only of one that got it no later than this, in jiffies
 * @now: the time, in jiffies
 *
 * The slot is stale then. If it can't be taken it is treated as one that was given
 * out just now, so that it is another page's turn.
 *
 * Context: May sleep. Serialised by the caller.
 *
 * Returns: 0; -EBUSY if the page can't be evicted, -ENOENT if there is no page.
 */
int nouveau_dmem_window_evict(struct nouveau_dmem_window *window,
			      unsigned long nr_pages, unsigned long before,
			      unsigned long now)
{
	bool evicted;
	long index;

	xa_lock(&window->slot_of);
	index = find_victim(window, nr_pages, before);
	xa_unlock(&window->slot_of);
	if (index < 0)
		return index;

	evicted = window->ops->evict(window, index);
	touch(window, index, now);
	return evicted ? 0 : -EBUSY;
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_evict);

/**
 * nouveau_dmem_window_get() - Get slots for pages.
 * @window: the window
 * @index: index of the first page, none of them has a slot
 * @nr_pages: number of pages, no more than a block of them
 * @now: the time, in jiffies
 *
 * If need be others lose theirs: those that have had them for the longest time,
 * and for the window's residency at least. So what a request got before it does
 * not lose, and no two importers do nothing else but take the window from each
 * other.
 *
 * The slots are in a row, and nothing is mapped there. A block of pages gets a
 * block that is to be mapped at once, see nouveau_dmem_window_large().
 *
 * Context: May sleep. Serialised by the caller.
 *
 * Returns: the number of the first slot; -ENOSPC if all are taken by others who
 * can't be thrown out, or another error.
 */
long nouveau_dmem_window_get(struct nouveau_dmem_window *window,
			     unsigned long index, unsigned long nr_pages,
			     unsigned long now)
{
	const bool large = nouveau_dmem_window_large(index, nr_pages);
	long slot;
	int ret;

	if (!nr_pages || nr_pages > BLOCK_PAGES)
		return -EINVAL;

	for (;;) {
		slot = alloc_slots(window, index, nr_pages, now);
		if (slot != -ENOSPC)
			return slot;
		if (nouveau_dmem_window_reap(window) || !add_block(window, large))
			continue;

		do {
			ret = nouveau_dmem_window_evict(window, nr_pages,
							now - window->residency,
							now);
		} while (ret == -EBUSY);
		if (ret)
			return -ENOSPC;
	}
}
EXPORT_SYMBOL_IF_KUNIT(nouveau_dmem_window_get);

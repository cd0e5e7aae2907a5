/* SPDX-License-Identifier: MIT */
/*
 * The window of BAR1 through which other devices access device private memory:
 * which page is where in it. Knows neither of a GPU nor of struct page.
 */
#ifndef __NOUVEAU_DMEM_WINDOW_H__
#define __NOUVEAU_DMEM_WINDOW_H__

#include "nouveau_dmem_space.h"

#include <linux/align.h>
#include <linux/list.h>
#include <linux/xarray.h>

struct nouveau_dmem_window;

/**
 * struct nouveau_dmem_window_ops - what a window needs to have done
 * @add: have a block mapped in BAR1 as one of large pages, or of small ones; its
 *	handle is for the callee. May fail: BAR1 is not for this window alone.
 * @remove: undo this, nothing is mapped in the block
 * @unmap: unmap slots of one block
 * @evict: take the slots of a page, and of others that go with it, from their
 *	users and nouveau_dmem_window_free() them. False if this can't be done now.
 *
 * All are called under the lock that serialises the users of the window.
 */
struct nouveau_dmem_window_ops {
	int (*add)(struct nouveau_dmem_window *window, unsigned int block);
	void (*remove)(struct nouveau_dmem_window *window, unsigned int block);
	void (*unmap)(struct nouveau_dmem_window *window, unsigned long slot,
		      unsigned long nr_slots);
	bool (*evict)(struct nouveau_dmem_window *window, unsigned long index);
};

/**
 * struct nouveau_dmem_window_slot - a page's worth of the window
 * @lru: the slots in use, the one that was given out first comes first
 * @since: when that was, in jiffies
 * @index: the page that has it
 */
struct nouveau_dmem_window_slot {
	struct list_head lru;
	unsigned long since;
	unsigned long index;
};

/**
 * struct nouveau_dmem_window_block - as much of the window as a large folio needs
 * @lru: the blocks in use, the one that last got a new page first comes first
 * @since: when that was, in jiffies
 * @handle: for &nouveau_dmem_window_ops
 * @large: it is mapped at once, not slot by slot
 * @taken: bit per slot: it is or may be mapped
 * @live: bit per slot: it is in use
 * @slots: the slots
 */
struct nouveau_dmem_window_block {
	struct list_head lru;
	unsigned long since;
	void *handle;
	bool large;
	DECLARE_BITMAP(taken, NOUVEAU_DMEM_BLOCK_PAGES);
	DECLARE_BITMAP(live, NOUVEAU_DMEM_BLOCK_PAGES);
	struct nouveau_dmem_window_slot slots[NOUVEAU_DMEM_BLOCK_PAGES];
};

/**
 * struct nouveau_dmem_window - a window
 * @ops: what it needs to have done
 * @data: for @ops
 * @residency: how long a page has its slot at least, in jiffies
 * @slot_of: the slot of a page, by the index of the page. Its lock protects the
 *	lists and what of a block nouveau_dmem_window_free() changes: @live.
 * @slots: list of slots in use
 * @used: list of blocks that have one
 * @nr_blocks: how many blocks the window may have
 * @blocks: the blocks, %NULL where there is none
 */
struct nouveau_dmem_window {
	const struct nouveau_dmem_window_ops *ops;
	void *data;
	unsigned long residency;
	struct xarray slot_of;
	struct list_head slots;
	struct list_head used;
	unsigned int nr_blocks;
	struct nouveau_dmem_window_block *blocks[] __counted_by(nr_blocks);
};

struct nouveau_dmem_window *
nouveau_dmem_window_new(unsigned int nr_blocks, unsigned long residency,
			const struct nouveau_dmem_window_ops *ops, void *data);
void nouveau_dmem_window_del(struct nouveau_dmem_window *window);
long nouveau_dmem_window_get(struct nouveau_dmem_window *window,
			     unsigned long index, unsigned long nr_pages,
			     unsigned long now);
bool nouveau_dmem_window_free(struct nouveau_dmem_window *window,
			      unsigned long index, unsigned long nr_pages);
bool nouveau_dmem_window_reap(struct nouveau_dmem_window *window);
int nouveau_dmem_window_evict(struct nouveau_dmem_window *window,
			      unsigned long nr_pages, unsigned long before,
			      unsigned long now);

/**
 * nouveau_dmem_window_large() - Do pages get a block that is mapped at once?
 * @index: index of the first page
 * @nr_pages: number of pages
 *
 * Returns: true if they are a block of the device's memory.
 */
static inline bool nouveau_dmem_window_large(unsigned long index,
					     unsigned long nr_pages)
{
	return nr_pages == NOUVEAU_DMEM_BLOCK_PAGES &&
	       IS_ALIGNED(index, NOUVEAU_DMEM_BLOCK_PAGES);
}

/**
 * nouveau_dmem_window_block() - The block that a slot is in.
 * @window: the window
 * @slot: number of the slot
 *
 * Returns: the block.
 */
static inline struct nouveau_dmem_window_block *
nouveau_dmem_window_block(const struct nouveau_dmem_window *window,
			  unsigned long slot)
{
	return window->blocks[slot / NOUVEAU_DMEM_BLOCK_PAGES];
}

/**
 * nouveau_dmem_window_offset() - Where a slot is in its block.
 * @slot: number of the slot
 *
 * Returns: the offset from the start of the block, in bytes.
 */
static inline u64 nouveau_dmem_window_offset(unsigned long slot)
{
	return (u64)(slot % NOUVEAU_DMEM_BLOCK_PAGES) << PAGE_SHIFT;
}

#endif

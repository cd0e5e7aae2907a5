// SPDX-License-Identifier: MIT
/*
 * P2P aliases of device private memory in BAR1.
 *
 * Who holds what:
 *  - a folio is locked, by HMM or by trylock, while its pages get slots or are
 *    evicted from them, and then bar->mutex is taken: it serialises the users of
 *    the window and of what is mapped in it;
 *  - the window's own lock, for pages that are freed under a page table lock;
 *  - dmem->mutex is taken before bar->mutex.
 */
#include "nouveau_dmem_bar.h"
#include "nouveau_dmem_window.h"

#include <core/device.h>
#include <core/memory.h>
#include <subdev/bar.h>
#include <subdev/mmu.h>

#include <linux/device_private.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pci-p2pdma.h>
#include <linux/pm_runtime.h>

/* How long a page has its alias at least. */
#define NOUVEAU_DMEM_BAR_RESIDENCY	(HZ / 10)
/* When to unmap what was freed. */
#define NOUVEAU_DMEM_BAR_REAP_DELAY	HZ

enum nouveau_dmem_bar_state {
	NOUVEAU_DMEM_BAR_ACTIVE,
	NOUVEAU_DMEM_BAR_SUSPENDED,
	NOUVEAU_DMEM_BAR_GONE,
};

struct nouveau_dmem_bar {
	struct nvkm_device *device;
	struct dev_pagemap *pagemap;
	struct mutex mutex;		/* see above */
	enum nouveau_dmem_bar_state state;	/* under mutex */
	struct delayed_work reap_work;
	struct nouveau_dmem_window *window;
};

/* --- BAR1 --- */

static int
nouveau_dmem_bar_add(struct nouveau_dmem_window *window, unsigned int nr)
{
	struct nouveau_dmem_window_block *block = window->blocks[nr];
	struct nouveau_dmem_bar *bar = window->data;
	struct nvkm_vma *vma;
	int ret;

	ret = nvkm_bar_bar1_get(bar->device,
				ilog2(block->large ? NOUVEAU_DMEM_BLOCK_SIZE : SZ_4K),
				NOUVEAU_DMEM_BLOCK_SIZE, &vma);
	if (ret)
		return ret;

	block->handle = vma;
	return 0;
}

static void
nouveau_dmem_bar_remove(struct nouveau_dmem_window *window, unsigned int nr)
{
	struct nouveau_dmem_bar *bar = window->data;
	struct nvkm_vma *vma = window->blocks[nr]->handle;

	nvkm_bar_bar1_put(bar->device, &vma);
}

static void
nouveau_dmem_bar_unmap(struct nouveau_dmem_window *window, unsigned long slot,
		       unsigned long nr_slots)
{
	struct nouveau_dmem_bar *bar = window->data;

	nvkm_bar_bar1_unmap(bar->device,
			    nouveau_dmem_window_block(window, slot)->handle,
			    nouveau_dmem_window_offset(slot),
			    nr_slots << PAGE_SHIFT);
}

/*
 * Map pages of one chunk. They are in use, so that the chunk stays, and its VRAM
 * is pinned: not suspended.
 */
static int
nouveau_dmem_bar_map_slots(struct nouveau_dmem_bar *bar, unsigned long slot,
			   unsigned long index, unsigned long nr_pages,
			   phys_addr_t *phys)
{
	const struct nvkm_vma *vma =
		nouveau_dmem_window_block(bar->window, slot)->handle;
	const u64 start = nouveau_dmem_window_offset(slot);
	struct nvkm_memory *memory;
	int ret;

	memory = nouveau_dmem_memory(bar->pagemap, index);
	if (IS_ERR(memory))
		return PTR_ERR(memory);

	ret = nvkm_bar_bar1_map(bar->device, vma, start, nr_pages << PAGE_SHIFT,
				memory, nouveau_dmem_index_offset(index));
	nvkm_memory_unref(&memory);
	*phys = nvkm_bar_bar1_addr(bar->device, vma) + start;
	return ret;
}

/* --- folios --- */

/* The folio is locked and referenced. */
static void
nouveau_dmem_bar_revoke(struct nouveau_dmem_bar *bar, struct folio *folio)
{
	lockdep_assert_held(&bar->mutex);

	device_private_revoke_aliases(folio);
	nouveau_dmem_window_free(bar->window,
				 device_private_page_index(&folio->page),
				 folio_nr_pages(folio));
}

static bool
nouveau_dmem_bar_evict(struct nouveau_dmem_window *window, unsigned long index)
{
	struct nouveau_dmem_bar *bar = window->data;
	struct page *page = device_private_page(bar->pagemap, index);
	struct folio *folio = page_folio(page);
	bool evicted = false;

	/*
	 * The page had a slot a moment ago. If it has been freed, it is still
	 * populated: its chunk goes after its slot is reaped, under the mutex.
	 */
	if (!folio_try_get(folio))
		return false;

	/* The folio of the caller may be locked, and there is no order. */
	if (folio_trylock(folio)) {
		if (page_folio(page) == folio) {
			nouveau_dmem_bar_revoke(bar, folio);
			evicted = true;
		}
		folio_unlock(folio);
	}
	folio_put(folio);
	return evicted;
}

static const struct nouveau_dmem_window_ops nouveau_dmem_bar_ops = {
	.add = nouveau_dmem_bar_add,
	.remove = nouveau_dmem_bar_remove,
	.unmap = nouveau_dmem_bar_unmap,
	.evict = nouveau_dmem_bar_evict,
};

/*
 * Lock the mutex if the GPU is in use, or see to it that it will be. The folio is
 * locked by the caller, so that nobody else can revoke its aliases, and a suspension
 * needs them all.
 */
static int
nouveau_dmem_bar_lock_active(struct nouveau_dmem_bar *bar, struct folio *folio)
{
	bool gone;

	if (mutex_lock_killable(&bar->mutex))
		return -EINTR;
	if (bar->state == NOUVEAU_DMEM_BAR_ACTIVE)
		return 0;

	nouveau_dmem_bar_revoke(bar, folio);
	gone = bar->state == NOUVEAU_DMEM_BAR_GONE;
	mutex_unlock(&bar->mutex);
	if (gone)
		return -ENODEV;

	/*
	 * Does nothing if this is not runtime PM: that ends by itself. A GPU that has
	 * failed to resume stays as it is.
	 */
	return pm_request_resume(bar->device->dev) == -EINVAL ? -EIO : -EAGAIN;
}

/**
 * nouveau_dmem_bar_map() - Make pages accessible through BAR1.
 * @bar: the aliases of the device
 * @index: index of the first page
 * @nr_pages: number of pages, all of one folio, which is locked and referenced
 * @phys: set to the address of the first page, the others follow
 *
 * Context: May sleep.
 *
 * Returns: 0; -ENOSPC if there is no room; -EAGAIN if the GPU is suspended: to refuse
 * for good would mean to have the page migrated to RAM, by the GPU; or another error.
 */
int
nouveau_dmem_bar_map(struct nouveau_dmem_bar *bar, unsigned long index,
		     unsigned long nr_pages, phys_addr_t *phys)
{
	struct page *page = device_private_page(bar->pagemap, index);
	long slot;
	int ret;

	ret = nouveau_dmem_bar_lock_active(bar, page_folio(page));
	if (ret)
		return ret;

	slot = nouveau_dmem_window_get(bar->window, index, nr_pages, jiffies);
	if (slot < 0) {
		ret = slot;
		goto out;
	}

	ret = nouveau_dmem_bar_map_slots(bar, slot, index, nr_pages, phys);
	if (ret)
		nouveau_dmem_window_free(bar->window, index, nr_pages);
	else
		pm_runtime_mark_last_busy(bar->device->dev);
out:
	mutex_unlock(&bar->mutex);
	return ret;
}

/**
 * nouveau_dmem_bar_free() - Pages are freed, and with them their aliases.
 * @bar: the aliases of the device, %NULL if there are none
 * @index: index of the first page
 * @nr_pages: number of pages
 *
 * Context: Any but interrupt. What is mapped is left to a work item.
 */
void
nouveau_dmem_bar_free(struct nouveau_dmem_bar *bar, unsigned long index,
		      unsigned long nr_pages)
{
	if (bar && nouveau_dmem_window_free(bar->window, index, nr_pages))
		schedule_delayed_work(&bar->reap_work,
				      NOUVEAU_DMEM_BAR_REAP_DELAY);
}

/**
 * nouveau_dmem_bar_reap() - Unmap pages that were freed.
 * @bar: the aliases of the device, %NULL if there are none
 *
 * Before the VRAM of a chunk is given to others: no page of it is in use, and
 * none is mapped when this returns.
 *
 * Context: May sleep.
 */
void
nouveau_dmem_bar_reap(struct nouveau_dmem_bar *bar)
{
	if (!bar)
		return;

	guard(mutex)(&bar->mutex);
	nouveau_dmem_window_reap(bar->window);
}

static void
nouveau_dmem_bar_reap_work(struct work_struct *work)
{
	nouveau_dmem_bar_reap(container_of(to_delayed_work(work),
					   struct nouveau_dmem_bar, reap_work));
}

/*
 * Let there be no alias and none be made. Folios are not waited for with their lock:
 * who has it may be waiting for the mutex, in nouveau_dmem_bar_map(), and takes care
 * of his own.
 */
static void
nouveau_dmem_bar_stop(struct nouveau_dmem_bar *bar,
		      enum nouveau_dmem_bar_state state)
{
	int ret;

	mutex_lock(&bar->mutex);
	bar->state = state;
	mutex_unlock(&bar->mutex);

	do {
		mutex_lock(&bar->mutex);
		ret = nouveau_dmem_window_evict(bar->window, 1, jiffies, jiffies);
		mutex_unlock(&bar->mutex);
		if (ret == -EBUSY)
			schedule_timeout_uninterruptible(1);
	} while (ret != -ENOENT);

	nouveau_dmem_bar_reap(bar);
}

/**
 * nouveau_dmem_bar_suspend() - Revoke all aliases, and make none until the resume.
 * @bar: the aliases of the device, %NULL if there are none
 *
 * Context: May sleep. The GPU is in use still.
 */
void
nouveau_dmem_bar_suspend(struct nouveau_dmem_bar *bar)
{
	if (bar)
		nouveau_dmem_bar_stop(bar, NOUVEAU_DMEM_BAR_SUSPENDED);
}

/**
 * nouveau_dmem_bar_resume() - Make aliases again.
 * @bar: the aliases of the device, %NULL if there are none
 *
 * Context: May sleep. The GPU is in use, and the chunks are pinned.
 */
void
nouveau_dmem_bar_resume(struct nouveau_dmem_bar *bar)
{
	if (!bar)
		return;

	mutex_lock(&bar->mutex);
	bar->state = NOUVEAU_DMEM_BAR_ACTIVE;
	mutex_unlock(&bar->mutex);
}

/**
 * nouveau_dmem_bar_flush() - Let what was written through aliases arrive.
 * @bar: the aliases of the device, %NULL if there are none
 *
 * Before the GPU copies from pages of which importers have been told that they are
 * gone. PCI orders what the importer writes, and not the GPU's way from its BAR to its
 * memory.
 *
 * Context: The GPU is in use.
 */
void
nouveau_dmem_bar_flush(struct nouveau_dmem_bar *bar)
{
	if (bar)
		nvkm_bar_flush(bar->device->bar);
}

/**
 * nouveau_dmem_bar_fini() - Revoke all aliases, and make none any more.
 * @bar: the aliases of the device, %NULL if there are none
 *
 * Context: May sleep. The GPU is in use still.
 */
void
nouveau_dmem_bar_fini(struct nouveau_dmem_bar *bar)
{
	if (bar)
		nouveau_dmem_bar_stop(bar, NOUVEAU_DMEM_BAR_GONE);
}

/* --- the device --- */

static struct p2pdma_provider *
nouveau_dmem_bar_provider(struct nvkm_device *device)
{
	struct pci_dev *pdev;
	int i;

	if (!dev_is_pci(device->dev))
		return NULL;
	pdev = to_pci_dev(device->dev);
	if (pcim_p2pdma_init(pdev))
		return NULL;

	/* It has another number if BAR0 is a 64-bit one. */
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		if (pci_resource_len(pdev, i) &&
		    pci_resource_start(pdev, i) ==
		    device->func->resource_addr(device, NVKM_BAR1_FB))
			return pcim_p2pdma_provider(pdev, i);

	return NULL;
}

/**
 * nouveau_dmem_bar_new() - Let device private pages have P2P aliases.
 * @device: the device
 * @pagemap: its space, before it is registered; gets the provider
 *
 * No more than half of BAR1 is used, and only what is needed.
 *
 * Context: May sleep.
 *
 * Returns: the aliases of the device; %NULL if there can't be any, because the
 * device or the kernel has no P2P DMA, or there is no memory.
 */
struct nouveau_dmem_bar *
nouveau_dmem_bar_new(struct nvkm_device *device, struct dev_pagemap *pagemap)
{
	struct p2pdma_provider *provider;
	struct nouveau_dmem_bar *bar;
	unsigned int nr_blocks;

	provider = nouveau_dmem_bar_provider(device);
	nr_blocks = device->func->resource_size(device, NVKM_BAR1_FB) / 2 /
		    NOUVEAU_DMEM_BLOCK_SIZE;
	if (!provider || !nr_blocks)
		return NULL;

	bar = kzalloc_obj(*bar);
	if (!bar)
		return NULL;
	bar->window = nouveau_dmem_window_new(nr_blocks,
					      NOUVEAU_DMEM_BAR_RESIDENCY,
					      &nouveau_dmem_bar_ops, bar);
	if (!bar->window) {
		kfree(bar);
		return NULL;
	}

	bar->device = device;
	bar->pagemap = pagemap;
	mutex_init(&bar->mutex);
	INIT_DELAYED_WORK(&bar->reap_work, nouveau_dmem_bar_reap_work);
	pagemap->p2p_provider = provider;
	return bar;
}

/**
 * nouveau_dmem_bar_del() - Free what nouveau_dmem_bar_new() made.
 * @bar: the aliases of the device, of which there are none, or %NULL
 *
 * Context: May sleep. The space is not registered any more.
 */
void
nouveau_dmem_bar_del(struct nouveau_dmem_bar *bar)
{
	if (!bar)
		return;

	cancel_delayed_work_sync(&bar->reap_work);
	nouveau_dmem_window_del(bar->window);
	mutex_destroy(&bar->mutex);
	kfree(bar);
}

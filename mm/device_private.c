// SPDX-License-Identifier: GPL-2.0
/*
 * Device private memory by index: spaces and their memmaps.
 *
 * A space is a pagemap of type MEMORY_DEVICE_PRIVATE. It has an id, under which
 * it is found in a table, and a memmap: an array of struct page in a virtual
 * area of its own, so that the index of a page is its place in the array. The
 * area is reserved when the space is registered and backed in pieces, granules,
 * when the driver populates them.
 *
 * Who holds what:
 *  - device_private_mutex: the table and the allocation of ids;
 *  - space->mutex: backing of the memmap and changes of the presence bits;
 *  - RCU: table, space, presence bits and memmap as seen by lookups. A lookup
 *    that finds a page under RCU alone may use it until it leaves RCU. A lookup
 *    under a page table lock that covers the entry, or with a reference to the
 *    folio, may use it longer: the folio pins the pagemap.
 *
 * See Documentation/mm/device_private.rst.
 */
#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/device_private.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>
#include "device_private.h"
#include "internal.h"
#include "vmalloc.h"

/* Presence bits are allocated a page at a time, when first needed. */
#define PRESENT_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/* Backing pages that are mapped, or unmapped, at a time. */
#define BATCH		64

/* Seconds of waiting for pages that are worth a line. */
#define REPORT		10

struct device_private_map __rcu *
	device_private_maps[BIT(DEVICE_PRIVATE_ID_BITS)];
/* softleaf_to_page() looks here, which is for every module as it always was. */
EXPORT_SYMBOL(device_private_maps);

static DECLARE_BITMAP(device_private_ids, BIT(DEVICE_PRIVATE_ID_BITS));
static unsigned int device_private_last_id;
static DEFINE_MUTEX(device_private_mutex);

/**
 * device_private_granule() - Unit of population.
 *
 * The smallest number of pages whose struct pages fill whole backing pages, so
 * that no backing page has two owners: a power of two.
 *
 * Returns: the granule in pages.
 */
unsigned long device_private_granule(void)
{
	/* The largest power of two that divides the size of struct page. */
	const unsigned long unit = sizeof(struct page) & -sizeof(struct page);

	return PAGE_SIZE / min(unit, PAGE_SIZE);
}
EXPORT_SYMBOL_GPL(device_private_granule);

/**
 * arch_device_private_max_pages() - Limit of the size of a space.
 *
 * An architecture overrides this where the index cannot use all of its bits in
 * an entry.
 *
 * Returns: the largest number of pages that a space may have.
 */
unsigned long __weak arch_device_private_max_pages(void)
{
	return BIT(DEVICE_PRIVATE_INDEX_BITS);
}

static unsigned long nr_granules(const struct device_private_space *space)
{
	return DIV_ROUND_UP(space->nr_pages, device_private_granule());
}

static unsigned long nr_present(const struct device_private_space *space)
{
	return DIV_ROUND_UP(nr_granules(space), PRESENT_BITS);
}

/*
 * Is the page at @index populated? Pairs with set_present(): the struct page is
 * initialised if the bit is seen.
 */
static bool index_present(const struct device_private_space *space,
			  unsigned long index)
{
	const unsigned long granule = index / device_private_granule();
	const unsigned long *bits;

	if (index >= space->nr_pages)
		return false;

	bits = READ_ONCE(space->present[granule / PRESENT_BITS]);
	return bits && test_bit_acquire(granule % PRESENT_BITS, bits);
}

static struct page *space_page(const struct device_private_space *space,
			       unsigned long index)
{
	return index_present(space, index) ? space->map.memmap + index : NULL;
}

/**
 * device_private_space() - Find a space by the name of a page.
 * @index: name of the page
 *
 * Context: RCU is held for as long as the space is used, unless something else
 * pins the space.
 *
 * Returns: the space, NULL if it is gone.
 */
struct device_private_space *device_private_space(device_private_index_t index)
{
	struct device_private_map *map =
		rcu_dereference(device_private_maps[device_private_id(index)]);

	return map ? container_of(map, struct device_private_space, map) : NULL;
}

/**
 * device_private_index_to_page() - Find a page by its name.
 * @index: name of the page
 *
 * For every module, as hmm_pfn_to_page() is, which calls it.
 *
 * Context: Any. If nothing else pins the page, RCU must be held for as long as
 * the page is used.
 *
 * Returns: the page, NULL if its space is gone or the page is not populated.
 */
struct page *device_private_index_to_page(device_private_index_t index)
{
	const struct device_private_space *space;
	struct page *page = NULL;

	rcu_read_lock();
	space = device_private_space(index);
	if (space)
		page = space_page(space, device_private_nr(index));
	rcu_read_unlock();

	return page;
}
EXPORT_SYMBOL(device_private_index_to_page);

/**
 * page_has_pfn() - May page_to_pfn() be called for this page?
 * @page: any page, in whatever state: only its address is looked at
 *
 * For debugging code that can meet any page. Who knows what a page is used for
 * asks is_device_private_page() or folio_is_device_private().
 *
 * Context: Any.
 *
 * Returns: false if @page is in the memmap of a space, otherwise true.
 */
bool page_has_pfn(const struct page *page)
{
	/* No other memmap is in the vmalloc area: hotplug has vmemmap. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_MEMORY_HOTPLUG) &&
		     !IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP));
	return !is_vmalloc_addr(page);
}
EXPORT_SYMBOL_GPL(page_has_pfn);

/**
 * page_to_device_private_index() - The name of a page.
 * @page: a device private page, tail pages included
 *
 * Context: Any. @page is pinned by a reference to its folio or a lock.
 *
 * Returns: the name of @page.
 */
device_private_index_t page_to_device_private_index(const struct page *page)
{
	const struct device_private_space *space = page_pgmap(page)->space;

	return mk_device_private_index(ARCH_SOFTLEAF_OFFSET_BITS, space->id,
				       page - space->map.memmap);
}
EXPORT_SYMBOL_GPL(page_to_device_private_index);

/**
 * device_private_page_index() - The index of a page in its pagemap.
 * @page: a device private page, tail pages included
 *
 * Context: Any. @page is pinned by a reference to its folio, a lock, or by its
 * driver, which has not depopulated it.
 *
 * Returns: the index, in pages, from 0.
 */
unsigned long device_private_page_index(const struct page *page)
{
	return page - page_pgmap(page)->space->map.memmap;
}
EXPORT_SYMBOL_GPL(device_private_page_index);

/**
 * device_private_page() - The page of a pagemap at an index.
 * @pgmap: registered with device_private_register()
 * @index: index, in pages, from 0
 *
 * Context: Any. @pgmap stays registered and the page populated, which is the
 * driver's to know.
 *
 * Returns: the page, NULL if it is not populated or outside of the space.
 */
struct page *device_private_page(struct dev_pagemap *pgmap, unsigned long index)
{
	return pgmap->space ? space_page(pgmap->space, index) : NULL;
}
EXPORT_SYMBOL_GPL(device_private_page);

/**
 * device_private_nr_pages() - The size of a space.
 * @pgmap: registered with device_private_register(), or not any more
 *
 * Returns: the size in pages, 0 if @pgmap is not registered.
 */
unsigned long device_private_nr_pages(struct dev_pagemap *pgmap)
{
	return pgmap->space ? pgmap->space->nr_pages : 0;
}

/**
 * device_private_next() - Find the next page of a space that is populated.
 * @pgmap: registered with device_private_register()
 * @index: where to start
 *
 * Takes its time from what is populated, like a walk with it over all pages does,
 * and from the size of the space only one step for some millions of pages.
 *
 * Context: Any; under RCU if pages are depopulated at the same time.
 *
 * Returns: the index of the first page from @index on, ULONG_MAX if there is none.
 */
unsigned long device_private_next(struct dev_pagemap *pgmap, unsigned long index)
{
	const unsigned long granule = device_private_granule();
	const struct device_private_space *space = pgmap->space;
	unsigned long i, bit;

	if (index_present(space, index))
		return index;

	for (i = index / granule + 1; i < nr_granules(space);
	     i = round_down(i, PRESENT_BITS) + PRESENT_BITS) {
		const unsigned long *bits =
			READ_ONCE(space->present[i / PRESENT_BITS]);

		if (!bits)
			continue;
		bit = find_next_bit(bits, PRESENT_BITS, i % PRESENT_BITS);
		if (bit < PRESENT_BITS)
			return (round_down(i, PRESENT_BITS) + bit) * granule;
	}

	return ULONG_MAX;
}

static void init_page(const struct device_private_space *space,
		      struct page *page)
{
	mm_zero_struct_page(page);
	/* If flags have a section it tells the node, so take one of the node's. */
	set_page_links(page, ZONE_DEVICE, space->nid, node_start_pfn(space->nid));
	page_cpupid_reset_last(page);
	page_kasan_tag_reset(page);
	atomic_set(&page->_mapcount, -1);
	/* The driver's to hand out, see zone_device_page_init(). */
	set_page_count(page, 0);
	__folio_set_reserved(page_folio(page));
	page_folio(page)->pgmap = space->pgmap;
	page->zone_device_data = NULL;
}

/* Unmap and free what backs the struct pages [@start, @end). */
static void unback(struct device_private_space *space, unsigned long start,
		   unsigned long end)
{
	struct page *pages[BATCH];

	while (start < end) {
		const unsigned long next = min(end, start + BATCH * PAGE_SIZE);
		const unsigned long nr = (next - start) >> PAGE_SHIFT;
		unsigned long i;

		for (i = 0; i < nr; i++)
			pages[i] = vmalloc_to_page((void *)start + i * PAGE_SIZE);
		vm_area_unmap_pages(space->area, start, next);
		for (i = 0; i < nr; i++)
			__free_page(pages[i]);
		memmap_pages_add(-(long)nr);
		start = next;
		cond_resched();
	}
}

/* Allocate and map what backs the struct pages [@start, @end). */
static int back(struct device_private_space *space, unsigned long start,
		unsigned long end)
{
	const unsigned long first = start;
	struct page *pages[BATCH];
	int err = 0;

	while (start < end) {
		const unsigned long next = min(end, start + BATCH * PAGE_SIZE);
		const unsigned long nr = (next - start) >> PAGE_SHIFT;
		unsigned long i;

		for (i = 0; i < nr; i++) {
			/* No process is killed for it: the driver can do without. */
			pages[i] = alloc_pages_node(space->nid, GFP_KERNEL |
						    __GFP_RETRY_MAYFAIL |
						    __GFP_NOWARN, 0);
			if (!pages[i]) {
				err = -ENOMEM;
				break;
			}
		}
		if (!err)
			err = vm_area_map_pages(space->area, start, next, pages);
		if (err) {
			while (i--)
				__free_page(pages[i]);
			unback(space, first, start);
			return err;
		}
		memmap_pages_add(nr);
		start = next;
		cond_resched();
	}

	return 0;
}

/*
 * Is the page part of a folio that is in use? The struct page of a free page is
 * what its last use left behind: a tail may still point to a head that has been
 * handed out on its own, or whose memmap is gone.
 */
static bool page_in_use(const struct device_private_space *space,
			const struct page *page)
{
	const struct page *head = compound_head(page);

	if (page_ref_count(page))
		return true;
	if (head == page || !index_present(space, head - space->map.memmap))
		return false;

	return PageHead(head) && page_ref_count(head) &&
	       page - head < folio_nr_pages((const struct folio *)head);
}

/*
 * A free page after the range [@first, @end) may still look like a tail of a
 * head in it. Make it a head before the memmap of its last one goes. Not all of
 * the pages need be there, and the driver may hand out the page at this very
 * moment: then it has a new head, if any.
 */
static void forget_heads(const struct device_private_space *space,
			 unsigned long first, unsigned long end)
{
	const unsigned long max = BIT(DEVICE_PRIVATE_MAX_ORDER);
	unsigned long i;

	for (i = end; i < round_up(end, max); i++) {
		struct page *page = space->map.memmap + i;
		const struct page *head;
		unsigned long info;

		if (!index_present(space, i))
			continue;

		info = READ_ONCE(page->compound_info);
		head = compound_head(page);
		/* That word of a head is folio->pgmap. */
		if (head != page && head >= space->map.memmap + first &&
		    head < space->map.memmap + end)
			cmpxchg(&page->compound_info, info,
				(unsigned long)space->pgmap);
	}
}

static unsigned long memmap_addr(const struct device_private_space *space,
				 unsigned long granule)
{
	return (unsigned long)(space->map.memmap +
			       granule * device_private_granule());
}

static int granules_of(const struct device_private_space *space,
		       unsigned long index, unsigned long nr_pages,
		       unsigned long *first, unsigned long *last)
{
	const unsigned long granule = device_private_granule();
	unsigned long end;

	if (!space || !nr_pages || check_add_overflow(index, nr_pages, &end))
		return -EINVAL;
	if (end > space->nr_pages || !IS_ALIGNED(index, granule))
		return -EINVAL;
	if (end != space->nr_pages && !IS_ALIGNED(end, granule))
		return -EINVAL;

	*first = index / granule;
	*last = (end - 1) / granule;
	return 0;
}

static int alloc_present(struct device_private_space *space,
			 unsigned long first, unsigned long last)
{
	unsigned long i;

	for (i = first / PRESENT_BITS; i <= last / PRESENT_BITS; i++) {
		unsigned long *bits;

		if (space->present[i])
			continue;
		bits = kzalloc(PAGE_SIZE, GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
		/* Pairs with the address dependency in index_present(). */
		smp_store_release(&space->present[i], bits);
	}

	return 0;
}

static bool granule_present(const struct device_private_space *space,
			    unsigned long granule)
{
	return index_present(space, granule * device_private_granule());
}

static void set_present(struct device_private_space *space,
			unsigned long granule)
{
	/* Pairs with test_bit_acquire() in index_present(). */
	smp_mb__before_atomic();
	set_bit(granule % PRESENT_BITS, space->present[granule / PRESENT_BITS]);
}

static void clear_present(struct device_private_space *space,
			  unsigned long granule)
{
	clear_bit(granule % PRESENT_BITS,
		  space->present[granule / PRESENT_BITS]);
}

/**
 * device_private_populate() - Make pages of a space exist.
 * @pgmap: registered with device_private_register()
 * @index: first page, a multiple of device_private_granule()
 * @nr_pages: number of pages, a multiple of device_private_granule() unless the
 * end of the space is reached
 *
 * The pages are free: the driver hands them out with zone_device_page_init() or
 * zone_device_folio_init().
 *
 * Context: May sleep. May be called with mmap_lock held, not from reclaim.
 *
 * Returns: 0; -EINVAL if @pgmap is not registered, the range is empty, not
 * aligned, not inside the space or if part of it is populated already;
 * -ENOMEM. Nothing is changed on error.
 */
int device_private_populate(struct dev_pagemap *pgmap, unsigned long index,
			    unsigned long nr_pages)
{
	struct device_private_space *space = pgmap->space;
	unsigned long first, last, i;
	int err;

	err = granules_of(space, index, nr_pages, &first, &last);
	if (err)
		return err;

	guard(mutex)(&space->mutex);

	for (i = first; i <= last; i++)
		if (granule_present(space, i))
			return -EINVAL;

	err = alloc_present(space, first, last);
	if (err)
		return err;
	err = back(space, memmap_addr(space, first),
		   memmap_addr(space, last + 1));
	if (err)
		return err;

	for (i = first; i <= last; i++) {
		const unsigned long granule = device_private_granule();
		struct page *page = space->map.memmap + i * granule;
		unsigned long j;

		/* The pages differ in nothing yet; a granule is a power of two. */
		init_page(space, page);
		for (j = 1; j < granule; j *= 2)
			memcpy(page + j, page, j * sizeof(*page));
		set_present(space, i);
		cond_resched();
	}

	return 0;
}
EXPORT_SYMBOL_GPL(device_private_populate);

/**
 * device_private_depopulate() - Make pages of a space not exist any more.
 * @pgmap: registered with device_private_register()
 * @index: first page, a multiple of device_private_granule()
 * @nr_pages: number of pages, a multiple of device_private_granule() unless the
 * end of the space is reached
 *
 * The pages must be free: @folio_free of the pagemap has been called since they
 * were last handed out. The driver must not hand out any while this runs.
 *
 * Context: May sleep, waits for RCU. Not from reclaim, for device_private_populate()
 * allocates under the same lock.
 *
 * Returns: 0; -EINVAL if @pgmap is not registered, the range is empty, not
 * aligned, not inside the space or if part of it is not populated; -EBUSY if a
 * page is in use, which not every page is seen to be that is being split or
 * freed. Nothing is changed on error.
 */
int device_private_depopulate(struct dev_pagemap *pgmap, unsigned long index,
			      unsigned long nr_pages)
{
	struct device_private_space *space = pgmap->space;
	unsigned long first, last, i;
	int err;

	err = granules_of(space, index, nr_pages, &first, &last);
	if (err)
		return err;

	guard(mutex)(&space->mutex);

	for (i = first; i <= last; i++)
		if (!granule_present(space, i))
			return -EINVAL;

	for (i = index; i < index + nr_pages; i++)
		if (page_in_use(space, space->map.memmap + i))
			return -EBUSY;

	for (i = first; i <= last; i++)
		clear_present(space, i);

	forget_heads(space, index, index + nr_pages);

	/* Lookups that saw the pages present are over. */
	synchronize_rcu();
	unback(space, memmap_addr(space, first), memmap_addr(space, last + 1));

	return 0;
}
EXPORT_SYMBOL_GPL(device_private_depopulate);

static int alloc_id(struct device_private_space *space)
{
	const unsigned long nr_ids = BIT(DEVICE_PRIVATE_ID_BITS);
	unsigned long id;

	guard(mutex)(&device_private_mutex);

	/* Cyclic, so that a stale name is not soon valid again. 0 is no id. */
	id = find_next_zero_bit(device_private_ids, nr_ids,
				device_private_last_id + 1);
	if (id >= nr_ids)
		id = find_next_zero_bit(device_private_ids, nr_ids, 1);
	if (id >= nr_ids)
		return -ENOSPC;

	__set_bit(id, device_private_ids);
	device_private_last_id = id;
	space->id = id;
	return 0;
}

static void free_id(const struct device_private_space *space)
{
	guard(mutex)(&device_private_mutex);
	__clear_bit(space->id, device_private_ids);
}

static void device_private_ref_release(struct percpu_ref *ref)
{
	struct dev_pagemap *pgmap = container_of(ref, struct dev_pagemap, ref);

	complete(&pgmap->done);
}

static struct vm_struct *alloc_memmap(unsigned long nr_pages, int nid)
{
	const unsigned long granule = device_private_granule();
	unsigned long align = PAGE_SIZE, size;

	if (check_mul_overflow(round_up(nr_pages, granule),
			       sizeof(struct page), &size))
		return NULL;

	/* See compound_info_has_mask(): the head of a folio is found by a mask. */
	if (is_power_of_2(sizeof(struct page)))
		align = sizeof(struct page) << DEVICE_PRIVATE_MAX_ORDER;

	return __get_vm_area_node(size, max(align, PAGE_SIZE), PAGE_SHIFT,
				  VM_SPARSE | VM_SPARSE_SHADOW, VMALLOC_START,
				  VMALLOC_END, nid, GFP_KERNEL | __GFP_NOWARN,
				  __builtin_return_address(0));
}

/**
 * device_private_register() - Register a space of device private pages.
 * @pgmap: the pagemap: @type is MEMORY_DEVICE_PRIVATE, @ops with migrate_to_ram
 * and folio_free, and @owner are set; with @p2p_provider also p2p_map, or @p2p_phys
 * @nr_pages: size of the device's memory in pages
 * @nid: node that the pages count to, NUMA_NO_NODE for the current one
 *
 * Reserves virtual addresses for the struct pages, whatever the size of the
 * device's memory. No page exists until it is populated.
 *
 * Context: May sleep.
 *
 * Returns: 0; -EINVAL if the type is another one, an op or the owner is missing, such
 * as p2p_map with PGMAP_P2P_PER_IMPORTER, the size is zero, the pages would not be in
 * the BAR of the provider, or @pgmap is registered already; -E2BIG if there are more
 * pages than an entry can name; -ENOSPC if no id is left; -ENOMEM.
 */
int device_private_register(struct dev_pagemap *pgmap, unsigned long nr_pages,
			    int nid)
{
	struct device_private_space *space;
	unsigned long nr;
	int err;

	if (pgmap->type != MEMORY_DEVICE_PRIVATE || !pgmap->ops ||
	    !pgmap->ops->migrate_to_ram || !pgmap->ops->folio_free ||
	    !pgmap->owner || pgmap->space || !nr_pages)
		return -EINVAL;
	if (nr_pages > arch_device_private_max_pages())
		return -E2BIG;
	if (pgmap->p2p_provider && !pgmap->ops->p2p_map &&
	    !device_private_is_in_bar(pgmap, nr_pages, pgmap->p2p_phys))
		return -EINVAL;
	/* Nobody would be asked. */
	if (pgmap->flags & PGMAP_P2P_PER_IMPORTER && !pgmap->ops->p2p_map)
		return -EINVAL;
	if (nid == NUMA_NO_NODE)
		nid = numa_mem_id();

	nr = DIV_ROUND_UP(nr_pages, device_private_granule() * PRESENT_BITS);
	space = kvzalloc(struct_size(space, present, nr), GFP_KERNEL);
	if (!space)
		return -ENOMEM;

	space->pgmap = pgmap;
	space->owner = pgmap->owner;
	space->nr_pages = nr_pages;
	space->nid = nid;
	mutex_init(&space->mutex);
	device_private_init_aliases(space);

	err = -ENOMEM;
	space->area = alloc_memmap(nr_pages, nid);
	if (!space->area)
		goto err_space;
	space->map.memmap = space->area->addr;

	init_completion(&pgmap->done);
	err = percpu_ref_init(&pgmap->ref, device_private_ref_release, 0,
			      GFP_KERNEL);
	if (err)
		goto err_area;

	err = alloc_id(space);
	if (err)
		goto err_ref;

	pgmap->space = space;
	rcu_assign_pointer(device_private_maps[space->id], &space->map);
	return 0;

err_ref:
	percpu_ref_exit(&pgmap->ref);
err_area:
	free_vm_area(space->area);
err_space:
	kvfree(space);
	return err;
}
EXPORT_SYMBOL_GPL(device_private_register);

/*
 * Unback the granules of the @i-th page of presence bits. Takes its time from
 * what is populated, not from the size of the space.
 */
static void unback_present(struct device_private_space *space, unsigned long i)
{
	const unsigned long base = i * PRESENT_BITS;
	unsigned long first, end;

	if (!space->present[i])
		return;

	for_each_set_bitrange(first, end, space->present[i], PRESENT_BITS)
		unback(space, memmap_addr(space, base + first),
		       memmap_addr(space, base + end));
}

/**
 * device_private_unregister() - Unregister a space.
 * @pgmap: registered with device_private_register()
 *
 * Waits until every page of the space is free: the driver has stopped to hand
 * out pages and has migrated its memory away, see migrate_device_evict(). What a
 * driver has not migrated stays in use until processes have touched it, unmapped
 * it, or ended; a line in the kernel's log tells if that takes long. What is
 * populated is depopulated.
 *
 * Context: May sleep, waits for RCU. No lock may be held that somebody takes who
 * holds device pages, see migrate_device_evict().
 */
void device_private_unregister(struct dev_pagemap *pgmap)
{
	struct device_private_space *space = pgmap->space;
	unsigned int seconds = 0;
	unsigned long i;

	if (WARN_ON_ONCE(!space))
		return;

	device_pages_wait();

	/* Every folio in use, and so every entry that names one, has a reference. */
	percpu_ref_kill(&pgmap->ref);
	while (!wait_for_completion_timeout(&pgmap->done, REPORT * HZ)) {
		seconds += REPORT;
		migrate_device_report(pgmap, 0, space->nr_pages, seconds);
	}
	percpu_ref_exit(&pgmap->ref);

	RCU_INIT_POINTER(device_private_maps[space->id], NULL);
	synchronize_rcu();

	for (i = 0; i < nr_present(space); i++)
		unback_present(space, i);
	device_private_free_aliases(space);
	free_vm_area(space->area);
	free_id(space);

	for (i = 0; i < nr_present(space); i++)
		kfree(space->present[i]);
	pgmap->space = NULL;
	kvfree(space);
}
EXPORT_SYMBOL_GPL(device_private_unregister);

static void devm_device_private_release(void *pgmap)
{
	device_private_unregister(pgmap);
}

/**
 * devm_device_private_register() - Register a space until the driver unbinds.
 * @dev: the device; the pages count to its node
 * @pgmap: see device_private_register()
 * @nr_pages: see device_private_register()
 *
 * Context: May sleep.
 *
 * Returns: see device_private_register().
 */
int devm_device_private_register(struct device *dev, struct dev_pagemap *pgmap,
				 unsigned long nr_pages)
{
	int err = device_private_register(pgmap, nr_pages, dev_to_node(dev));

	if (err)
		return err;

	return devm_add_action_or_reset(dev, devm_device_private_release, pgmap);
}
EXPORT_SYMBOL_GPL(devm_device_private_register);

/**
 * devm_device_private_unregister() - Unregister a space before the driver unbinds.
 * @dev: the device
 * @pgmap: registered with devm_device_private_register()
 *
 * Context: see device_private_unregister().
 */
void devm_device_private_unregister(struct device *dev, struct dev_pagemap *pgmap)
{
	devm_release_action(dev, devm_device_private_release, pgmap);
}
EXPORT_SYMBOL_GPL(devm_device_private_unregister);

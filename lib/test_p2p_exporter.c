// SPDX-License-Identifier: GPL-2.0
/*
 * Test driver: an exporter of device private memory with P2P aliases.
 *
 * The device is QEMU's ivshmem-plain, for its BAR 2 that is backed by memory. It
 * plays the window of a GPU into its memory: the memory is larger, and a page of
 * it is accessible for others while it has a slot of the window. The contents of
 * a page are in its slot then, and in system memory, which only this driver
 * knows, otherwise. What the BAR has more than the window is p2pmem: memory with
 * PFNs, which processes can map. Or the window is as large as the memory, which then
 * is accessible as a whole: the exporter is linear.
 *
 * Who holds what:
 *  - exporter->mutex: the window is changed, folios move between it and memory;
 *  - exporter->lock: allocation of pages, slots; taken in folio_free and p2p_unmap,
 *    which run under a page table lock. The latter frees slots.
 */
#include <linux/bitmap.h>
#include <linux/device_private.h>
#include <linux/hmm.h>
#include <linux/highmem.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mmu_notifier.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/vmalloc.h>
#include "test_p2p_uapi.h"

#define BAR		2
#define OTHER_BAR	0
#define MEMORY_PAGES	(4 * HPAGE_PMD_NR)
#define WINDOW_PAGES	(MEMORY_PAGES / 2)
#define PART_PAGES	3UL

static_assert(HPAGE_PMD_NR > 1);

static bool linear;
module_param(linear, bool, 0644);
MODULE_PARM_DESC(linear, "The memory of devices bound from now on is in the BAR as a whole");

static bool per_importer;
module_param(per_importer, bool, 0644);
MODULE_PARM_DESC(per_importer, "Devices bound from now on have a say in who the importer is");

struct slot {
	unsigned long index;	/* of the page that has it */
	unsigned long since;	/* jiffies */
};

struct p2p_exporter {
	struct miscdevice misc;
	struct kref kref;
	struct pci_dev *pdev;
	struct dev_pagemap pagemap;
	int id;
	char name[24];
	bool linear;

	struct rw_semaphore alive;	/* read: the device is in use */
	bool gone;

	struct mutex mutex;		/* see above */
	spinlock_t lock;		/* see above */
	DECLARE_BITMAP(used, MEMORY_PAGES);
	void *memory;			/* the contents of pages without a slot */

	void __iomem *window;
	phys_addr_t window_phys;
	DECLARE_BITMAP(slots_used, WINDOW_PAGES);
	struct slot slots[WINDOW_PAGES];
	int slot_of[MEMORY_PAGES];	/* by index; -1: no slot */

	unsigned int window_pages;
	unsigned int residency;		/* jiffies */
	enum p2p_map_mode mode;
	unsigned int refused;
	u64 maps, unmaps, revokes;
};

static DEFINE_IDA(exporter_ida);

static struct p2p_exporter *to_exporter(struct dev_pagemap *pgmap)
{
	return container_of(pgmap, struct p2p_exporter, pagemap);
}

/* --- contents of pages --- */

static void read_page(struct p2p_exporter *exporter, unsigned long index,
		      void *to)
{
	const int slot = exporter->slot_of[index];

	if (slot < 0)
		memcpy(to, exporter->memory + index * PAGE_SIZE, PAGE_SIZE);
	else
		memcpy_fromio(to, exporter->window + slot * PAGE_SIZE, PAGE_SIZE);
}

static void write_page(struct p2p_exporter *exporter, unsigned long index,
		       const void *from)
{
	const int slot = exporter->slot_of[index];

	if (slot < 0)
		memcpy(exporter->memory + index * PAGE_SIZE, from, PAGE_SIZE);
	else
		memcpy_toio(exporter->window + slot * PAGE_SIZE, from, PAGE_SIZE);
}

/* --- the window --- */

/* Nobody reads or writes the slots of these pages any more. */
static void p2p_exporter_unmap(struct dev_pagemap *pgmap, unsigned long index,
			       unsigned long nr_pages)
{
	struct p2p_exporter *exporter = to_exporter(pgmap);
	unsigned long i;

	guard(spinlock)(&exporter->lock);
	for (i = index; i < index + nr_pages; i++) {
		if (exporter->slot_of[i] < 0)
			continue;
		read_page(exporter, i, exporter->memory + i * PAGE_SIZE);
		__clear_bit(exporter->slot_of[i], exporter->slots_used);
		exporter->slot_of[i] = -1;
		exporter->unmaps++;
	}
}

/* The folio is locked and referenced, the mutex held. */
static void evict_from_window(struct p2p_exporter *exporter, struct folio *folio)
{
	device_private_revoke_aliases(folio);
	spin_lock(&exporter->lock);
	exporter->revokes++;
	spin_unlock(&exporter->lock);
}

/* The folio of the page whose slot is the oldest one, referenced. */
static struct folio *oldest_folio(struct p2p_exporter *exporter)
{
	struct folio *folio = NULL;
	unsigned long slot, oldest = WINDOW_PAGES;
	struct page *page;

	spin_lock(&exporter->lock);
	for_each_set_bit(slot, exporter->slots_used, WINDOW_PAGES)
		if (oldest == WINDOW_PAGES ||
		    time_before(exporter->slots[slot].since,
				exporter->slots[oldest].since))
			oldest = slot;
	if (oldest != WINDOW_PAGES &&
	    time_after_eq(jiffies, exporter->slots[oldest].since +
			  exporter->residency)) {
		/* It cannot be freed before its slots are, which takes the lock. */
		page = device_private_page(&exporter->pagemap,
					   exporter->slots[oldest].index);
		folio = page_folio(page);
		if (!folio_try_get(folio))
			folio = NULL;
	}
	spin_unlock(&exporter->lock);
	return folio;
}

static bool make_room(struct p2p_exporter *exporter)
{
	struct folio *folio = oldest_folio(exporter);
	bool locked;

	if (!folio)
		return false;
	/* Another folio is locked already. */
	locked = folio_trylock(folio);
	if (locked) {
		evict_from_window(exporter, folio);
		folio_unlock(folio);
	}
	folio_put(folio);
	return locked;
}

static int alloc_slots(struct p2p_exporter *exporter, unsigned long index,
		       unsigned long nr_pages)
{
	unsigned long slot, i;

	guard(spinlock)(&exporter->lock);
	slot = bitmap_find_next_zero_area(exporter->slots_used,
					  exporter->window_pages, 0, nr_pages, 0);
	if (slot >= exporter->window_pages)
		return -ENOSPC;

	bitmap_set(exporter->slots_used, slot, nr_pages);
	for (i = 0; i < nr_pages; i++) {
		exporter->slots[slot + i].index = index + i;
		exporter->slots[slot + i].since = jiffies;
		exporter->slot_of[index + i] = slot + i;
	}
	exporter->maps += nr_pages;
	return slot;
}

/* How many of the pages, from the first on, have slots in a row, or have none. */
static unsigned long alike(struct p2p_exporter *exporter, unsigned long index,
			   unsigned long nr_pages)
{
	const int slot = exporter->slot_of[index];
	unsigned long i;

	for (i = 1; i < nr_pages; i++)
		if (exporter->slot_of[index + i] != (slot < 0 ? -1 : slot + (int)i))
			break;
	return i;
}

static bool is_refused(struct p2p_exporter *exporter, struct device *importer)
{
	return exporter->pagemap.flags & PGMAP_P2P_PER_IMPORTER &&
	       pci_dev_id(to_pci_dev(importer)) == READ_ONCE(exporter->refused);
}

static int sleep_until_killed(void)
{
	while (!fatal_signal_pending(current))
		schedule_timeout_killable(HZ);
	return -EINTR;
}

static long p2p_exporter_map(struct folio *folio, unsigned long index,
			     unsigned long nr_pages, struct device *importer,
			     phys_addr_t *phys)
{
	struct p2p_exporter *exporter = to_exporter(folio->pgmap);
	unsigned long i;
	int slot;

	might_sleep();
	switch (READ_ONCE(exporter->mode)) {
	case P2P_MAP_ENOSPC:
		return -ENOSPC;
	case P2P_MAP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	case P2P_MAP_EAGAIN:
		return -EAGAIN;
	case P2P_MAP_GARBAGE:
		*phys = ~0ULL << PAGE_SHIFT;
		return nr_pages;
	case P2P_MAP_OTHER_BAR:
		*phys = pci_resource_start(exporter->pdev, OTHER_BAR);
		return nr_pages;
	case P2P_MAP_NOTHING:
		*phys = exporter->window_phys;
		return 0;
	case P2P_MAP_TOO_MANY:
		*phys = exporter->window_phys;
		return nr_pages + 1;
	case P2P_MAP_PART:
		nr_pages = min(nr_pages, PART_PAGES);
		break;
	case P2P_MAP_SLEEP:
		return sleep_until_killed();
	default:
		break;
	}

	if (is_refused(exporter, importer))
		return -EPERM;

	guard(mutex)(&exporter->mutex);
	if (exporter->gone)
		return -ENODEV;

	/* Another importer may have it there already. */
	nr_pages = alike(exporter, index, nr_pages);
	slot = exporter->slot_of[index];
	if (slot >= 0)
		goto out;

	while ((slot = alloc_slots(exporter, index, nr_pages)) < 0)
		if (!make_room(exporter))
			return -ENOSPC;

	for (i = 0; i < nr_pages; i++)
		memcpy_toio(exporter->window + (slot + i) * PAGE_SIZE,
			    exporter->memory + (index + i) * PAGE_SIZE,
			    PAGE_SIZE);
out:
	*phys = exporter->window_phys + slot * PAGE_SIZE;
	return nr_pages;
}

/* --- pages --- */

static void p2p_exporter_folio_free(struct folio *folio)
{
	struct p2p_exporter *exporter = to_exporter(folio->pgmap);
	const unsigned long index = device_private_page_index(&folio->page);
	const unsigned long nr_pages = folio_nr_pages(folio);

	spin_lock(&exporter->lock);
	bitmap_clear(exporter->used, index, nr_pages);
	spin_unlock(&exporter->lock);
}

/* A free folio of the device, locked; NULL if there is none. */
static struct folio *alloc_device_folio(struct p2p_exporter *exporter,
					unsigned int order)
{
	const unsigned long nr_pages = 1UL << order;
	struct folio *folio;
	unsigned long index;

	spin_lock(&exporter->lock);
	index = bitmap_find_next_zero_area(exporter->used, MEMORY_PAGES, 0,
					   nr_pages, nr_pages - 1);
	if (index < MEMORY_PAGES)
		bitmap_set(exporter->used, index, nr_pages);
	spin_unlock(&exporter->lock);
	if (index >= MEMORY_PAGES)
		return NULL;

	/* Not page_folio(): a free page may look like a tail of its last folio. */
	folio = (struct folio *)device_private_page(&exporter->pagemap, index);
	zone_device_folio_init(folio, &exporter->pagemap, order);
	return folio;
}

/* Copy the pages of one entry, from system memory to the device. */
static void fill_device_folio(struct p2p_exporter *exporter, struct folio *folio,
			      struct page *from)
{
	const unsigned long index = device_private_page_index(&folio->page);
	unsigned long i;
	void *addr;

	for (i = 0; i < folio_nr_pages(folio); i++) {
		if (!from) {
			write_page(exporter, index + i, page_address(ZERO_PAGE(0)));
			continue;
		}
		addr = kmap_local_page(from + i);
		write_page(exporter, index + i, addr);
		kunmap_local(addr);
	}
}

static void copy_to_device(struct p2p_exporter *exporter, struct migrate_vma *args)
{
	unsigned long i, nr;

	for (i = 0; i < args->npages; i += nr) {
		const migrate_pfn_t src = args->src[i];
		const bool large = migrate_pfn_test(src, MIGRATE_PFN_COMPOUND);
		struct folio *folio;

		nr = 1;
		if (!migrate_pfn_test(src, MIGRATE_PFN_MIGRATE))
			continue;

		folio = alloc_device_folio(exporter, large ? HPAGE_PMD_ORDER : 0);
		if (!folio)
			continue;
		fill_device_folio(exporter, folio, migrate_pfn_to_page(src));
		args->dst[i] = folio_to_migrate_pfn(folio);
		if (migrate_pfn_test(src, MIGRATE_PFN_WRITE))
			migrate_pfn_set(&args->dst[i], MIGRATE_PFN_WRITE);
		if (large) {
			migrate_pfn_set(&args->dst[i], MIGRATE_PFN_COMPOUND);
			nr = HPAGE_PMD_NR;
		}
	}
}

static unsigned long count_migrated(const migrate_pfn_t *src,
				    unsigned long npages)
{
	unsigned long i, done = 0;

	for (i = 0; i < npages; i++)
		if (migrate_pfn_test(src[i], MIGRATE_PFN_VALID |
					     MIGRATE_PFN_MIGRATE))
			done += migrate_pfn_test(src[i], MIGRATE_PFN_COMPOUND) ?
				HPAGE_PMD_NR : 1;
	return done;
}

static int migrate_to_device(struct p2p_exporter *exporter,
			     struct p2p_range *range)
{
	const unsigned long end = range->addr + (range->npages << PAGE_SHIFT);
	struct mm_struct *mm = current->mm;
	unsigned long addr, next;
	migrate_pfn_t *src, *dst;
	int ret = 0;

	src = kvcalloc(HPAGE_PMD_NR, sizeof(*src), GFP_KERNEL);
	dst = kvcalloc(HPAGE_PMD_NR, sizeof(*dst), GFP_KERNEL);
	if (!src || !dst) {
		ret = -ENOMEM;
		goto out;
	}

	mmap_read_lock(mm);
	for (addr = range->addr; addr < end; addr = next) {
		struct migrate_vma args = {
			.vma = vma_lookup(mm, addr),
			.src = src,
			.dst = dst,
			.pgmap_owner = exporter,
			.flags = MIGRATE_VMA_SELECT_SYSTEM |
				 MIGRATE_VMA_SELECT_COMPOUND,
			.start = addr,
		};

		if (!args.vma) {
			ret = -EINVAL;
			break;
		}
		next = min3(end, args.vma->vm_end,
			    ALIGN(addr + 1, HPAGE_PMD_SIZE));
		args.end = next;
		memset(dst, 0, HPAGE_PMD_NR * sizeof(*dst));
		ret = migrate_vma_setup(&args);
		if (ret)
			break;
		copy_to_device(exporter, &args);
		migrate_vma_pages(&args);
		range->done += count_migrated(src, args.npages);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(mm);
out:
	kvfree(src);
	kvfree(dst);
	return ret;
}

static void copy_folio(struct p2p_exporter *exporter, struct folio *to,
		       struct folio *from)
{
	const unsigned long index = device_private_page_index(&from->page);
	unsigned long i;

	for (i = 0; i < folio_nr_pages(from); i++) {
		void *addr = kmap_local_folio(to, i * PAGE_SIZE);

		read_page(exporter, index + i, addr);
		kunmap_local(addr);
	}
}

static void p2p_exporter_copy_to_ram(struct dev_pagemap *pgmap,
				     struct migrate_device_copy *copies,
				     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		copy_folio(to_exporter(pgmap), copies[i].dst, copies[i].src);
}

/* Copy the pages that are to be migrated to system memory, one entry each. */
static void copy_to_system(struct p2p_exporter *exporter, const migrate_pfn_t *src,
			   migrate_pfn_t *dst, unsigned long npages)
{
	unsigned long i, nr;

	for (i = 0; i < npages; i += nr) {
		struct folio *from = migrate_pfn_to_folio(src[i]);
		struct folio *folio;

		nr = 1;
		if (!from || !migrate_pfn_test(src[i], MIGRATE_PFN_MIGRATE))
			continue;
		nr = folio_nr_pages(from);

		folio = folio_alloc(GFP_HIGHUSER_MOVABLE, folio_order(from));
		if (!folio)
			continue;
		copy_folio(exporter, folio, from);
		folio_lock(folio);
		dst[i] = folio_to_migrate_pfn(folio);
		migrate_pfn_set(&dst[i], migrate_pfn_flags(src[i]) &
				(MIGRATE_PFN_WRITE | MIGRATE_PFN_COMPOUND));
	}
}

static vm_fault_t p2p_exporter_migrate_to_ram(struct vm_fault *vmf)
{
	struct p2p_exporter *exporter = to_exporter(page_pgmap(vmf->page));
	/* A folio that is mapped by PTEs goes page by page. */
	const unsigned int order = vmf->pte ? 0 :
				   folio_order(page_folio(vmf->page));
	const unsigned long size = PAGE_SIZE << order;
	struct migrate_vma args = {
		.vma = vmf->vma,
		.start = ALIGN_DOWN(vmf->address, size),
		.end = ALIGN_DOWN(vmf->address, size) + size,
		.pgmap_owner = exporter,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = vmf->page,
	};
	vm_fault_t ret = VM_FAULT_OOM;

	args.src = kvcalloc(1 << order, sizeof(*args.src), GFP_KERNEL);
	args.dst = kvcalloc(1 << order, sizeof(*args.dst), GFP_KERNEL);
	if (!args.src || !args.dst)
		goto out;
	if (order)
		args.flags |= MIGRATE_VMA_SELECT_COMPOUND;

	ret = VM_FAULT_SIGBUS;
	if (migrate_vma_setup(&args))
		goto out;
	copy_to_system(exporter, args.src, args.dst, args.npages);
	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	ret = 0;
out:
	kvfree(args.src);
	kvfree(args.dst);
	return ret;
}

static const struct dev_pagemap_ops p2p_exporter_pagemap_ops = {
	.folio_free = p2p_exporter_folio_free,
	.migrate_to_ram = p2p_exporter_migrate_to_ram,
	.p2p_map = p2p_exporter_map,
	.p2p_unmap = p2p_exporter_unmap,
};

static const struct dev_pagemap_ops p2p_exporter_linear_ops = {
	.folio_free = p2p_exporter_folio_free,
	.migrate_to_ram = p2p_exporter_migrate_to_ram,
};

/* --- ioctls --- */

static bool ignore_invalidation(struct mmu_interval_notifier *notifier,
				const struct mmu_notifier_range *range,
				unsigned long seq)
{
	mmu_interval_set_seq(notifier, seq);
	return true;
}

static const struct mmu_interval_notifier_ops snapshot_ops = {
	.invalidate = ignore_invalidation,
};

static u8 type_of(unsigned long hmm_pfn)
{
	const u8 write = hmm_pfn & HMM_PFN_WRITE ? P2P_TYPE_WRITE : 0;

	if (hmm_pfn & HMM_PFN_ERROR)
		return P2P_TYPE_ERROR;
	if (!(hmm_pfn & HMM_PFN_VALID))
		return P2P_TYPE_NONE;
	return write | (hmm_pfn_is_device_private(hmm_pfn) ? P2P_TYPE_PRIVATE :
			P2P_TYPE_RAM);
}

/*
 * The folios of this exporter in a range of the caller: reported, or revoked.
 * The snapshot can be stale at once, which does no harm: a folio is looked at
 * again when it is locked.
 */
static int for_pages(struct p2p_exporter *exporter, struct p2p_range *range,
		     bool revoke)
{
	struct mmu_interval_notifier notifier;
	struct hmm_range hmm = {
		.notifier = &notifier,
		.start = range->addr,
		.end = range->addr + (range->npages << PAGE_SHIFT),
		.dev_private_owner = exporter,
	};
	unsigned long i;
	u8 *types;
	int ret;

	types = kvcalloc(range->npages, sizeof(*types), GFP_KERNEL);
	hmm.hmm_pfns = kvcalloc(range->npages, sizeof(*hmm.hmm_pfns), GFP_KERNEL);
	if (!types || !hmm.hmm_pfns) {
		ret = -ENOMEM;
		goto out;
	}

	ret = mmu_interval_notifier_insert(&notifier, current->mm, hmm.start,
					   hmm.end - hmm.start, &snapshot_ops);
	if (ret)
		goto out;
	ret = hmm_range_fault_unlocked_timeout(&hmm, 0);
	mmu_interval_notifier_remove(&notifier);
	if (ret)
		goto out;

	for (i = 0; i < range->npages; i++) {
		struct folio *folio;
		struct page *page;

		types[i] = type_of(hmm.hmm_pfns[i]);
		if (!revoke || !hmm_pfn_is_device_private(hmm.hmm_pfns[i]))
			continue;

		page = hmm_pfn_to_device_private_page(hmm.hmm_pfns[i]);
		folio = page_folio(page);
		if (!folio_try_get(folio))
			continue;
		folio_lock(folio);
		mutex_lock(&exporter->mutex);
		evict_from_window(exporter, folio);
		mutex_unlock(&exporter->mutex);
		folio_unlock(folio);
		folio_put(folio);
		range->done++;
	}

	if (range->types && copy_to_user(u64_to_user_ptr(range->types), types,
					 range->npages))
		ret = -EFAULT;
out:
	kvfree(hmm.hmm_pfns);
	kvfree(types);
	return ret;
}

static int configure(struct p2p_exporter *exporter,
		     const struct p2p_exporter_config *config)
{
	if (config->mode >= P2P_MAP_NR || config->refused > U16_MAX ||
	    config->window_pages > WINDOW_PAGES)
		return -EINVAL;

	guard(spinlock)(&exporter->lock);
	if (!exporter->linear)
		exporter->window_pages = config->window_pages ?: WINDOW_PAGES;
	exporter->residency = msecs_to_jiffies(config->residency_ms);
	WRITE_ONCE(exporter->mode, config->mode);
	WRITE_ONCE(exporter->refused, config->refused);
	return 0;
}

static void get_info(struct p2p_exporter *exporter,
		     struct p2p_exporter_info *info)
{
	guard(spinlock)(&exporter->lock);
	*info = (struct p2p_exporter_info){
		.memory_pages = MEMORY_PAGES,
		.window_pages = exporter->window_pages,
		.used_pages = bitmap_weight(exporter->used, MEMORY_PAGES),
		.mapped_pages = bitmap_weight(exporter->slots_used, WINDOW_PAGES),
		.maps = exporter->maps,
		.unmaps = exporter->unmaps,
		.revokes = exporter->revokes,
	};
}

static bool range_is_valid(const struct p2p_range *range)
{
	unsigned long end;

	return range->npages && range->npages <= ULONG_MAX >> PAGE_SHIFT &&
	       PAGE_ALIGNED(range->addr) &&
	       !check_add_overflow((unsigned long)range->addr,
				   (unsigned long)range->npages << PAGE_SHIFT,
				   &end);
}

static long range_ioctl(struct p2p_exporter *exporter, unsigned int cmd,
			void __user *arg)
{
	struct p2p_range range;
	long ret;

	if (copy_from_user(&range, arg, sizeof(range)))
		return -EFAULT;
	if (!range_is_valid(&range))
		return -EINVAL;
	if (cmd == P2P_EXPORTER_REVOKE && exporter->linear)
		return -EOPNOTSUPP;

	range.done = 0;
	if (cmd == P2P_EXPORTER_MIGRATE)
		ret = migrate_to_device(exporter, &range);
	else
		ret = for_pages(exporter, &range, cmd == P2P_EXPORTER_REVOKE);

	return copy_to_user(arg, &range, sizeof(range)) ? -EFAULT : ret;
}

static long p2p_exporter_ioctl(struct file *file, unsigned int cmd,
			       unsigned long param)
{
	struct p2p_exporter *exporter = file->private_data;
	void __user *arg = (void __user *)param;
	struct p2p_exporter_config config;
	struct p2p_exporter_info info;

	guard(rwsem_read)(&exporter->alive);
	if (exporter->gone)
		return -ENODEV;

	switch (cmd) {
	case P2P_EXPORTER_INFO:
		get_info(exporter, &info);
		return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
	case P2P_EXPORTER_CONFIG:
		if (copy_from_user(&config, arg, sizeof(config)))
			return -EFAULT;
		return configure(exporter, &config);
	case P2P_EXPORTER_MIGRATE:
	case P2P_EXPORTER_TYPES:
	case P2P_EXPORTER_REVOKE:
		return range_ioctl(exporter, cmd, arg);
	default:
		return -ENOTTY;
	}
}

static void p2p_exporter_release(struct kref *kref)
{
	struct p2p_exporter *exporter = container_of(kref, struct p2p_exporter,
						     kref);

	vfree(exporter->memory);
	kvfree(exporter);
}

static int p2p_exporter_open(struct inode *inode, struct file *file)
{
	struct p2p_exporter *exporter = container_of(file->private_data,
						     struct p2p_exporter, misc);

	kref_get(&exporter->kref);
	file->private_data = exporter;
	return 0;
}

static int p2p_exporter_close(struct inode *inode, struct file *file)
{
	struct p2p_exporter *exporter = file->private_data;

	kref_put(&exporter->kref, p2p_exporter_release);
	return 0;
}

static const struct file_operations p2p_exporter_fops = {
	.owner = THIS_MODULE,
	.open = p2p_exporter_open,
	.release = p2p_exporter_close,
	.unlocked_ioctl = p2p_exporter_ioctl,
};

/* --- the device --- */

static int p2p_exporter_init(struct p2p_exporter *exporter)
{
	struct pci_dev *pdev = exporter->pdev;
	struct dev_pagemap *pgmap = &exporter->pagemap;
	const u64 window = exporter->window_pages * PAGE_SIZE;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = pcim_p2pdma_init(pdev);
	if (ret)
		return ret;
	if (pci_resource_len(pdev, BAR) < window)
		return -ENODEV;
	exporter->window = pcim_iomap_region(pdev, BAR, KBUILD_MODNAME);
	if (IS_ERR(exporter->window))
		return PTR_ERR(exporter->window);
	exporter->window_phys = pci_resource_start(pdev, BAR);
	if (pci_resource_len(pdev, BAR) > window) {
		ret = pci_p2pdma_add_resource(pdev, BAR, 0, window);
		if (ret)
			return ret;
	}

	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->ops = exporter->linear ? &p2p_exporter_linear_ops :
					&p2p_exporter_pagemap_ops;
	pgmap->flags = per_importer ? PGMAP_P2P_PER_IMPORTER : 0;
	pgmap->owner = exporter;
	pgmap->p2p_provider = pcim_p2pdma_provider(pdev, BAR);
	pgmap->p2p_phys = exporter->window_phys;	/* if it is linear */
	ret = device_private_register(pgmap, MEMORY_PAGES,
				      dev_to_node(&pdev->dev));
	if (ret)
		return ret;
	ret = device_private_populate(pgmap, 0, MEMORY_PAGES);
	if (ret)
		goto err_register;

	exporter->id = ida_alloc(&exporter_ida, GFP_KERNEL);
	if (exporter->id < 0) {
		ret = exporter->id;
		goto err_register;
	}
	snprintf(exporter->name, sizeof(exporter->name), "p2p_exporter%d",
		 exporter->id);
	exporter->misc.minor = MISC_DYNAMIC_MINOR;
	exporter->misc.name = exporter->name;
	exporter->misc.fops = &p2p_exporter_fops;
	exporter->misc.parent = &pdev->dev;
	ret = misc_register(&exporter->misc);
	if (ret)
		goto err_id;
	return 0;

err_id:
	ida_free(&exporter_ida, exporter->id);
err_register:
	device_private_unregister(pgmap);
	return ret;
}

static int p2p_exporter_probe(struct pci_dev *pdev,
			      const struct pci_device_id *id)
{
	struct p2p_exporter *exporter;
	unsigned long i;
	int ret;

	exporter = kvzalloc_obj(*exporter);
	if (!exporter)
		return -ENOMEM;
	kref_init(&exporter->kref);
	init_rwsem(&exporter->alive);
	mutex_init(&exporter->mutex);
	spin_lock_init(&exporter->lock);
	exporter->pdev = pdev;
	exporter->linear = linear;
	exporter->window_pages = linear ? MEMORY_PAGES : WINDOW_PAGES;
	for (i = 0; i < MEMORY_PAGES; i++)
		exporter->slot_of[i] = exporter->linear ? i : -1;

	ret = -ENOMEM;
	exporter->memory = vmalloc(MEMORY_PAGES * PAGE_SIZE);
	if (exporter->memory)
		ret = p2p_exporter_init(exporter);
	if (ret) {
		kref_put(&exporter->kref, p2p_exporter_release);
		return ret;
	}

	pci_set_drvdata(pdev, exporter);
	return 0;
}

static void p2p_exporter_remove(struct pci_dev *pdev)
{
	struct p2p_exporter *exporter = pci_get_drvdata(pdev);

	misc_deregister(&exporter->misc);
	ida_free(&exporter_ida, exporter->id);

	/* No more pages, no more aliases. */
	down_write(&exporter->alive);
	mutex_lock(&exporter->mutex);
	exporter->gone = true;
	mutex_unlock(&exporter->mutex);
	up_write(&exporter->alive);

	migrate_device_evict(&exporter->pagemap, 0, MEMORY_PAGES,
			     p2p_exporter_copy_to_ram, false);
	device_private_unregister(&exporter->pagemap);
	kref_put(&exporter->kref, p2p_exporter_release);
}

static const struct pci_device_id p2p_exporter_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, 0x1110) },
	{ }
};
MODULE_DEVICE_TABLE(pci, p2p_exporter_ids);

static struct pci_driver p2p_exporter_driver = {
	.name = "test_p2p_exporter",
	.id_table = p2p_exporter_ids,
	.probe = p2p_exporter_probe,
	.remove = p2p_exporter_remove,
};
module_pci_driver(p2p_exporter_driver);

MODULE_DESCRIPTION("Test exporter of device private memory with P2P aliases");
MODULE_LICENSE("GPL");

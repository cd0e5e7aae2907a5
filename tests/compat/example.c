// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A driver for a device with memory of its own, for old kernels and new ones.
 *
 * The device is make-believe: its memory is a buffer that only copy_in() and copy_out()
 * touch, as a real device's copy engine would. All else is what a driver does: it
 * registers its memory, gives pages of it to processes, takes them back when the CPU
 * touches them, and looks up where the pages of a range are.
 */
#include <linux/highmem.h>
#include <linux/hmm.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "device_private_compat.h"

#define PAGES	1024UL

struct example {
	struct dev_pagemap pgmap;
	spinlock_t lock;		/* of the bits of pages that are handed out */
	DECLARE_BITMAP(used, PAGES);
	char *memory;
};

static struct example example;

/* The device's own copy engine. It knows a page by its index. */
static void copy_in(struct page *page, struct page *from)
{
	void *addr = kmap_local_page(from);

	memcpy(example.memory + device_private_page_index(page) * PAGE_SIZE, addr, PAGE_SIZE);
	kunmap_local(addr);
}

static void copy_out(struct page *to, struct page *page)
{
	void *addr = kmap_local_page(to);

	memcpy(addr, example.memory + device_private_page_index(page) * PAGE_SIZE, PAGE_SIZE);
	kunmap_local(addr);
}

static void give_back(struct page *page)
{
	spin_lock(&example.lock);
	__clear_bit(device_private_page_index(page), example.used);
	spin_unlock(&example.lock);
}

/* A page of device memory, locked and referenced; NULL if there is none. */
static struct page *take(void)
{
	struct page *page;
	unsigned long i;

	spin_lock(&example.lock);
	i = find_first_zero_bit(example.used, PAGES);
	if (i < PAGES)
		__set_bit(i, example.used);
	spin_unlock(&example.lock);
	if (i == PAGES)
		return NULL;

	page = device_private_page(&example.pgmap, i);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	zone_device_page_init(page, &example.pgmap, 0);
#else
	zone_device_page_init(page);
#endif
	return page;
}

/* Move what one page of a process is in to @to, or free @to. */
static void move_one(struct migrate_vma *args, struct page *to,
		     void (*copy)(struct page *to, struct page *from))
{
	struct page *from = migrate_pfn_to_page(args->src[0]);

	copy(to, from);
	args->dst[0] = page_to_migrate_pfn(to);
	migrate_pfn_set(&args->dst[0], migrate_pfn_flags(args->src[0]) & MIGRATE_PFN_WRITE);
	migrate_vma_pages(args);
	migrate_vma_finalize(args);
}

/* Move the page of a process at @addr to the device. mmap_lock is held. */
static int example_to_device(struct vm_area_struct *vma, unsigned long addr)
{
	migrate_pfn_t src = migrate_pfn_none(), dst = migrate_pfn_none();
	struct migrate_vma args = {
		.vma = vma,
		.start = addr,
		.end = addr + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.pgmap_owner = &example,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	struct page *to;
	int err;

	err = migrate_vma_setup(&args);
	if (err)
		return err;
	to = migrate_pfn_test(src, MIGRATE_PFN_MIGRATE | MIGRATE_PFN_VALID) ? take() : NULL;
	if (!to) {
		migrate_vma_finalize(&args);
		return -EAGAIN;
	}
	move_one(&args, to, copy_in);
	return 0;
}

/* The CPU has touched a page of the device. */
static vm_fault_t example_migrate_to_ram(struct vm_fault *vmf)
{
	migrate_pfn_t src = migrate_pfn_none(), dst = migrate_pfn_none();
	struct migrate_vma args = {
		.vma = vmf->vma,
		.start = vmf->address & PAGE_MASK,
		.end = (vmf->address & PAGE_MASK) + PAGE_SIZE,
		.src = &src,
		.dst = &dst,
		.pgmap_owner = &example,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = vmf->page,
	};
	struct page *to;

	if (migrate_vma_setup(&args))
		return VM_FAULT_SIGBUS;
	/* Somebody else was faster. */
	if (!migrate_pfn_test(src, MIGRATE_PFN_MIGRATE | MIGRATE_PFN_VALID)) {
		migrate_vma_finalize(&args);
		return 0;
	}
	to = alloc_page(GFP_HIGHUSER_MOVABLE);
	if (!to) {
		migrate_vma_finalize(&args);
		return VM_FAULT_OOM;
	}
	lock_page(to);
	move_one(&args, to, copy_out);
	return 0;
}

/* The device forgets what it knows of a range. This one remembers nothing. */
static bool example_invalidate(struct mmu_interval_notifier *notifier,
			       const struct mmu_notifier_range *range, unsigned long seq)
{
	mmu_interval_set_seq(notifier, seq);
	return true;
}

static const struct mmu_interval_notifier_ops example_notifier_ops = {
	.invalidate	= example_invalidate,
};

/* Where the page at the start of a range is: its index, or -ENOENT if it is not ours. */
static long example_where(struct mmu_interval_notifier *notifier, unsigned long addr)
{
	unsigned long pfn = 0;
	struct hmm_range range = {
		.notifier = notifier,
		.notifier_seq = mmu_interval_read_begin(notifier),
		.start = addr,
		.end = addr + PAGE_SIZE,
		.hmm_pfns = &pfn,
		.default_flags = HMM_PFN_REQ_FAULT,
		.dev_private_owner = &example,
	};
	int err;

	mmap_read_lock(notifier->mm);
	err = hmm_range_fault(&range);
	mmap_read_unlock(notifier->mm);
	if (err)
		return err;

	/* A real driver holds the lock of its page tables from here on. */
	if (mmu_interval_read_retry(notifier, range.notifier_seq))
		return -EBUSY;
	if (!hmm_pfn_is_device_private(pfn))
		return -ENOENT;
	return device_private_page_index(hmm_pfn_to_device_private_page(pfn));
}

/* Move the page at an address to the device and tell its index there. */
static long example_ioctl(struct file *file, unsigned int command, unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct mmu_interval_notifier notifier;
	struct vm_area_struct *vma;
	long ret = -EFAULT;

	addr &= PAGE_MASK;
	mmap_read_lock(mm);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr)
		ret = example_to_device(vma, addr);
	mmap_read_unlock(mm);
	if (ret)
		return ret;

	ret = mmu_interval_notifier_insert(&notifier, mm, addr, PAGE_SIZE,
					   &example_notifier_ops);
	if (ret)
		return ret;
	ret = example_where(&notifier, addr);
	mmu_interval_notifier_remove(&notifier);
	return ret;
}

static const struct file_operations example_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= example_ioctl,
};

static struct miscdevice example_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "device_private_example",
	.fops	= &example_fops,
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
static void example_folio_free(struct folio *folio)
{
	give_back(folio_page(folio, 0));
}
#endif

static const struct dev_pagemap_ops example_ops = {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	.folio_free	= example_folio_free,
#else
	.page_free	= give_back,
#endif
	.migrate_to_ram	= example_migrate_to_ram,
};

static int __init example_init(void)
{
	const unsigned long nr = round_up(PAGES, device_private_granule());
	int err;

	spin_lock_init(&example.lock);
	example.memory = vmalloc(PAGES * PAGE_SIZE);
	if (!example.memory)
		return -ENOMEM;

	example.pgmap.type = MEMORY_DEVICE_PRIVATE;
	example.pgmap.ops = &example_ops;
	example.pgmap.owner = &example;
	err = device_private_register(&example.pgmap, nr, NUMA_NO_NODE);
	if (err)
		goto err_memory;
	err = device_private_populate(&example.pgmap, 0, nr);
	if (err)
		goto err_register;
	err = misc_register(&example_misc);
	if (err)
		goto err_register;

	return 0;

err_register:
	device_private_unregister(&example.pgmap);
err_memory:
	vfree(example.memory);
	return err;
}
module_init(example_init);

static void __exit example_exit(void)
{
	/* Waits until processes have touched or unmapped what is on the device. */
	misc_deregister(&example_misc);
	device_private_unregister(&example.pgmap);
	vfree(example.memory);
}
module_exit(example_exit);

MODULE_DESCRIPTION("Device private memory on old kernels and new ones");
MODULE_LICENSE("Dual MIT/GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * Test driver: an importer that does DMA to whatever a process has mapped.
 *
 * The device is QEMU's edu, which has a DMA engine and a buffer of 4096 bytes that
 * nothing else can access. Data go through it in two steps. Pages are mapped as
 * RDMA with on-demand paging maps them: hmm_range_fault(), then
 * hmm_dma_map_pfn(), until an invalidation.
 *
 * Who holds what: file->mutex protects the mappings and what the device does with
 * them; the invalidation takes it. importer->mutex is for the engine.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/hmm.h>
#include <linux/hmm-dma.h>
#include <linux/idr.h>
#include <linux/iopoll.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci-p2pdma.h>
#include <linux/sched/signal.h>
#include "test_p2p_uapi.h"

#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_DMA_START	BIT(0)
#define EDU_DMA_TO_HOST	BIT(1)
#define EDU_BUFFER	0x40000
#define EDU_TRANSFER	2048UL	/* QEMU does not survive 4096 */

struct p2p_importer {
	struct miscdevice misc;
	struct pci_dev *pdev;
	void __iomem *regs;
	struct mutex mutex;	/* the engine and the bounce buffer */
	void *bounce;
	dma_addr_t bounce_dma;
	char name[24];
};

struct p2p_importer_file {
	struct p2p_importer *importer;
	struct mutex register_mutex;	/* taken before mmap_lock */
	struct mutex mutex;	/* see above */
	struct mmu_interval_notifier notifier;
	struct hmm_dma_map map;
	unsigned long start;
	unsigned long npages;	/* 0: nothing is registered */
};

static DEFINE_IDA(importer_ida);

/* --- the engine --- */

static int edu_dma(struct p2p_importer *importer, u64 src, u64 dst, u64 bytes,
		   u32 cmd)
{
	void __iomem *regs = importer->regs;
	u32 status;

	writeq(src, regs + EDU_DMA_SRC);
	writeq(dst, regs + EDU_DMA_DST);
	writeq(bytes, regs + EDU_DMA_COUNT);
	writeq(cmd | EDU_DMA_START, regs + EDU_DMA_CMD);
	return readl_poll_timeout(regs + EDU_DMA_CMD, status,
				  !(status & EDU_DMA_START), 1000, 10 * USEC_PER_SEC);
}

/* Move @bytes, no more than a page, between the kernel's @data and @dma. */
static int transfer(struct p2p_importer *importer, dma_addr_t dma, void *data,
		    size_t bytes, bool write)
{
	size_t done, nr;
	int ret = 0;

	guard(mutex)(&importer->mutex);
	for (done = 0; done < bytes && !ret; done += nr) {
		const u64 src = write ? importer->bounce_dma : dma + done;
		const u64 dst = write ? dma + done : importer->bounce_dma;

		nr = min(bytes - done, EDU_TRANSFER);
		if (write)
			memcpy(importer->bounce, data + done, nr);
		ret = edu_dma(importer, src, EDU_BUFFER, nr, 0);
		if (!ret)
			ret = edu_dma(importer, EDU_BUFFER, dst, nr,
				      EDU_DMA_TO_HOST);
		if (!ret && !write)
			memcpy(data + done, importer->bounce, nr);
	}
	return ret;
}

/* --- mappings --- */

static void unmap_entry(struct p2p_importer_file *file, unsigned long i)
{
	struct device *dev = &file->importer->pdev->dev;
	const unsigned long pfn = file->map.pfn_list[i];

	lockdep_assert_held(&file->mutex);
	if (hmm_dma_unmap_pfn(dev, &file->map, i) && (pfn & HMM_PFN_WRITE) &&
	    !hmm_pfn_is_p2p(pfn))
		set_page_dirty(compound_head(hmm_pfn_to_page(pfn)));
	file->map.pfn_list[i] = 0;
}

static bool p2p_importer_invalidate(struct mmu_interval_notifier *notifier,
				    const struct mmu_notifier_range *range,
				    unsigned long seq)
{
	struct p2p_importer_file *file =
		container_of(notifier, struct p2p_importer_file, notifier);
	unsigned long first, last, i;

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&file->mutex);
	else if (!mutex_trylock(&file->mutex))
		return false;

	mmu_interval_set_seq(notifier, seq);
	first = max(range->start, file->start);
	last = min(range->end, file->start + (file->npages << PAGE_SHIFT));
	for (i = first; i < last; i += PAGE_SIZE)
		unmap_entry(file, (i - file->start) >> PAGE_SHIFT);
	mutex_unlock(&file->mutex);
	return true;
}

static const struct mmu_interval_notifier_ops p2p_importer_notifier_ops = {
	.invalidate = p2p_importer_invalidate,
};

static u8 type_of(unsigned long hmm_pfn)
{
	u8 flags = hmm_pfn & HMM_PFN_WRITE ? P2P_TYPE_WRITE : 0;

	if (hmm_pfn & HMM_PFN_ERROR)
		return P2P_TYPE_ERROR;
	if (!(hmm_pfn & HMM_PFN_VALID))
		return P2P_TYPE_NONE;
	if (hmm_pfn_to_map_order(hmm_pfn))
		flags |= P2P_TYPE_LARGE;
	if (hmm_pfn_is_device_private(hmm_pfn))
		return flags | P2P_TYPE_PRIVATE;
	if (hmm_pfn_is_alias(hmm_pfn))
		return flags | P2P_TYPE_ALIAS;
	return flags | (hmm_pfn_is_p2p(hmm_pfn) ? P2P_TYPE_P2PMEM : P2P_TYPE_RAM);
}

static u8 map_of(const struct p2p_importer_file *file, unsigned long i)
{
	switch (file->map.entry_state[i]) {
	case HMM_DMA_MAPPED:
		return P2P_MAP_MEMORY;
	case HMM_DMA_MAPPED_MMIO:
		return P2P_MAP_MMIO;
	case HMM_DMA_MAPPED_BUS:
		return P2P_MAP_BUS;
	default:
		return P2P_MAP_NONE;
	}
}

/* Map one entry and move its data, if any. The sequence is live. */
static int access_entry(struct p2p_importer_file *file, unsigned long i,
			unsigned long hmm_pfn, void *data, size_t bytes,
			bool write)
{
	struct p2p_importer *importer = file->importer;
	struct pci_p2pdma_map_state state = {};
	dma_addr_t dma;

	lockdep_assert_held(&file->mutex);
	file->map.pfn_list[i] = hmm_pfn;
	dma = hmm_dma_map_pfn(&importer->pdev->dev, &file->map, i, &state);
	if (dma_mapping_error(&importer->pdev->dev, dma))
		return -EFAULT;

	return data ? transfer(importer, dma, data, bytes, write) : 0;
}

static int fault(struct hmm_range *range, unsigned int flags)
{
	struct mm_struct *mm = range->notifier->mm;
	int ret;

	if (!(flags & P2P_ACCESS_LOCKED))
		return hmm_range_fault_unlocked_timeout(range,
					flags & P2P_ACCESS_IMPATIENT ? 1 : 0);

	do {
		range->notifier_seq = mmu_interval_read_begin(range->notifier);
		ret = mmap_read_lock_killable(mm);
		if (ret)
			return ret;
		ret = hmm_range_fault(range);
		mmap_read_unlock(mm);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (ret == -EBUSY);
	return ret;
}

/* Of what was reported: can an alias not be mapped, which must not be an error? */
static bool cannot_map(const struct p2p_access *access, unsigned long hmm_pfn, int ret)
{
	return hmm_pfn_is_alias(hmm_pfn) &&
	       (ret == -EFAULT || access->flags & P2P_ACCESS_CANNOT_MAP);
}

static int access_range(struct p2p_importer_file *file,
			const struct p2p_access *access, void *data, u8 *types,
			u8 *maps)
{
	const bool snapshot = access->flags & P2P_ACCESS_SNAPSHOT;
	const bool write = access->flags & P2P_ACCESS_WRITE;
	const unsigned long first = (access->addr - file->start) >> PAGE_SHIFT;
	struct hmm_range range = {
		.notifier = &file->notifier,
		.start = access->addr,
		.end = access->addr + (access->npages << PAGE_SHIFT),
		.dma_dev = &file->importer->pdev->dev,
	};
	unsigned long i;
	int ret;

	if (!(access->flags & P2P_ACCESS_NO_ALIAS))
		range.default_flags = HMM_PFN_REQ_P2P;
	if (!snapshot)
		range.default_flags |= HMM_PFN_REQ_FAULT |
				       (write ? HMM_PFN_REQ_WRITE : 0);
	range.hmm_pfns = kvcalloc(access->npages, sizeof(*range.hmm_pfns),
				  GFP_KERNEL);
	if (!range.hmm_pfns)
		return -ENOMEM;

again:
	ret = fault(&range, access->flags);
	if (ret)
		goto out;

	mutex_lock(&file->mutex);
	if (mmu_interval_read_retry(&file->notifier, range.notifier_seq)) {
		mutex_unlock(&file->mutex);
		goto again;
	}
	for (i = 0; i < access->npages && !ret; i++) {
		types[i] = type_of(range.hmm_pfns[i]);
		if (!snapshot)
			ret = access_entry(file, first + i, range.hmm_pfns[i],
					   data ? data + i * access->bytes : NULL,
					   access->bytes, write);
		if (cannot_map(access, range.hmm_pfns[i], ret)) {
			mutex_unlock(&file->mutex);
			/* Get it in system memory, then. */
			range.default_flags &= ~HMM_PFN_REQ_P2P;
			goto again;
		}
		maps[i] = map_of(file, first + i);
	}
	mutex_unlock(&file->mutex);
out:
	kvfree(range.hmm_pfns);
	return ret;
}

/* --- ioctls --- */

static int p2p_importer_register(struct p2p_importer_file *file,
				 const struct p2p_range *range)
{
	struct device *dev = &file->importer->pdev->dev;
	int ret;

	guard(mutex)(&file->register_mutex);
	if (file->npages || !range->npages || !PAGE_ALIGNED(range->addr) ||
	    range->npages > SZ_1G >> PAGE_SHIFT)
		return -EINVAL;

	ret = hmm_dma_map_alloc(dev, &file->map, range->npages, PAGE_SIZE);
	if (ret)
		return ret;
	file->start = range->addr;
	file->npages = range->npages;
	ret = mmu_interval_notifier_insert(&file->notifier, current->mm,
					   range->addr,
					   range->npages << PAGE_SHIFT,
					   &p2p_importer_notifier_ops);
	if (ret) {
		hmm_dma_map_free(dev, &file->map);
		file->npages = 0;
	}
	return ret;
}

static bool access_is_valid(const struct p2p_importer_file *file,
			    const struct p2p_access *access)
{
	const unsigned long end = file->start + (file->npages << PAGE_SHIFT);

	return file->npages && current->mm == file->notifier.mm &&
	       PAGE_ALIGNED(access->addr) && access->addr >= file->start &&
	       access->addr < end && access->npages &&
	       access->npages <= (end - access->addr) >> PAGE_SHIFT &&
	       access->bytes <= PAGE_SIZE;
}

static int p2p_importer_access(struct p2p_importer_file *file,
			       const struct p2p_access *access)
{
	const size_t size = access->data ? access->npages * access->bytes : 0;
	const bool write = access->flags & P2P_ACCESS_WRITE;
	u8 *types, *maps;
	void *data = NULL;
	int ret;

	if (!access_is_valid(file, access))
		return -EINVAL;

	/* Apart from user space: copying there faults, under no lock. */
	types = kvcalloc(2, access->npages, GFP_KERNEL);
	if (!types)
		return -ENOMEM;
	maps = types + access->npages;
	if (size) {
		ret = -ENOMEM;
		data = kvzalloc(size, GFP_KERNEL);
		if (!data)
			goto out;
		ret = -EFAULT;
		if (write && copy_from_user(data, u64_to_user_ptr(access->data),
					    size))
			goto out;
	}

	ret = access_range(file, access, data, types, maps);
	if (ret)
		goto out;

	ret = -EFAULT;
	if (access->types && copy_to_user(u64_to_user_ptr(access->types), types,
					  access->npages))
		goto out;
	if (access->maps && copy_to_user(u64_to_user_ptr(access->maps), maps,
					 access->npages))
		goto out;
	if (size && !write && copy_to_user(u64_to_user_ptr(access->data), data,
					   size))
		goto out;
	ret = 0;
out:
	kvfree(data);
	kvfree(types);
	return ret;
}

static long p2p_importer_ioctl(struct file *filp, unsigned int cmd,
			       unsigned long param)
{
	struct p2p_importer_file *file = filp->private_data;
	void __user *arg = (void __user *)param;
	struct p2p_access access;
	struct p2p_range range;

	switch (cmd) {
	case P2P_IMPORTER_REGISTER:
		if (copy_from_user(&range, arg, sizeof(range)))
			return -EFAULT;
		return p2p_importer_register(file, &range);
	case P2P_IMPORTER_ACCESS:
		if (copy_from_user(&access, arg, sizeof(access)))
			return -EFAULT;
		return p2p_importer_access(file, &access);
	default:
		return -ENOTTY;
	}
}

static int p2p_importer_open(struct inode *inode, struct file *filp)
{
	struct p2p_importer_file *file;

	file = kzalloc_obj(*file);
	if (!file)
		return -ENOMEM;
	file->importer = container_of(filp->private_data, struct p2p_importer,
				      misc);
	mutex_init(&file->register_mutex);
	mutex_init(&file->mutex);
	filp->private_data = file;
	return 0;
}

static int p2p_importer_release(struct inode *inode, struct file *filp)
{
	struct p2p_importer_file *file = filp->private_data;
	unsigned long i;

	if (file->npages) {
		mmu_interval_notifier_remove(&file->notifier);
		mutex_lock(&file->mutex);
		for (i = 0; i < file->npages; i++)
			unmap_entry(file, i);
		mutex_unlock(&file->mutex);
		hmm_dma_map_free(&file->importer->pdev->dev, &file->map);
	}
	kfree(file);
	return 0;
}

static const struct file_operations p2p_importer_fops = {
	.owner = THIS_MODULE,
	.open = p2p_importer_open,
	.release = p2p_importer_release,
	.unlocked_ioctl = p2p_importer_ioctl,
};

/* --- the device --- */

static void p2p_importer_put_id(void *name)
{
	unsigned int id;

	if (!kstrtouint(name + strlen("p2p_importer"), 10, &id))
		ida_free(&importer_ida, id);
}

static void p2p_importer_deregister(void *misc)
{
	misc_deregister(misc);
}

static int p2p_importer_probe(struct pci_dev *pdev,
			      const struct pci_device_id *device_id)
{
	struct device *dev = &pdev->dev;
	struct p2p_importer *importer;
	int ret, id;

	importer = devm_kzalloc(dev, sizeof(*importer), GFP_KERNEL);
	if (!importer)
		return -ENOMEM;
	importer->pdev = pdev;
	ret = devm_mutex_init(dev, &importer->mutex);
	if (ret)
		return ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	importer->regs = pcim_iomap_region(pdev, 0, KBUILD_MODNAME);
	if (IS_ERR(importer->regs))
		return PTR_ERR(importer->regs);
	importer->bounce = dmam_alloc_coherent(dev, EDU_TRANSFER,
					       &importer->bounce_dma, GFP_KERNEL);
	if (!importer->bounce)
		return -ENOMEM;

	id = ida_alloc(&importer_ida, GFP_KERNEL);
	if (id < 0)
		return id;
	snprintf(importer->name, sizeof(importer->name), "p2p_importer%d", id);
	ret = devm_add_action_or_reset(dev, p2p_importer_put_id, importer->name);
	if (ret)
		return ret;

	importer->misc.minor = MISC_DYNAMIC_MINOR;
	importer->misc.name = importer->name;
	importer->misc.fops = &p2p_importer_fops;
	importer->misc.parent = dev;
	ret = misc_register(&importer->misc);
	if (ret)
		return ret;
	return devm_add_action_or_reset(dev, p2p_importer_deregister,
					&importer->misc);
}

static const struct pci_device_id p2p_importer_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, p2p_importer_ids);

static struct pci_driver p2p_importer_driver = {
	.name = "test_p2p_importer",
	.id_table = p2p_importer_ids,
	.probe = p2p_importer_probe,
	/* Open files use the device. */
	.driver.suppress_bind_attrs = true,
};
module_pci_driver(p2p_importer_driver);

MODULE_DESCRIPTION("Test importer of P2P aliases, by DMA of QEMU's edu device");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * KUnit tests of drm_pagemap. The device has no hardware: its memory is memory of
 * the kernel, and the CPU copies.
 */
#include <drm/drm_drv.h>
#include <drm/drm_pagemap.h>
#include <drm/drm_pagemap_util.h>
#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/device_private.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define NR_USER	16	/* of user memory */
#define NR_ALLOC	8	/* of each allocation, half of it */

struct pagemap_test {
	struct device *dev;
	struct drm_device *drm;
	struct dev_pagemap pagemap;
	struct drm_pagemap dpagemap;
	struct completion destroyed;
	unsigned long nr_pages;
	u8 *vram;		/* NR_USER pages */
	unsigned long addr;
	unsigned int copies;	/* to RAM */
	unsigned int fail;	/* this many of them */
	atomic_t released;
};

struct test_allocation {
	struct drm_pagemap_devmem devmem;
	struct pagemap_test *pt;
	unsigned long index;
};

static struct pagemap_test *pagemap_test;	/* test cases run one by one */

static const struct file_operations test_fops = {
	.owner	= THIS_MODULE,
};

static const struct drm_driver test_driver = {
	.name	= "drm_pagemap_test",
	.fops	= &test_fops,
};

static void test_copy_page(struct page *page, const struct drm_pagemap_addr *addr,
			   bool to_ram)
{
	u8 *vram = pagemap_test->vram + device_private_page_index(page) * PAGE_SIZE;
	void *ram = phys_to_virt(addr->addr);

	if (to_ram)
		memcpy(ram, vram, PAGE_SIZE << addr->order);
	else
		memcpy(vram, ram, PAGE_SIZE << addr->order);
}

static void test_copy(struct page **pages, struct drm_pagemap_addr *addr,
		      unsigned long npages, bool to_ram)
{
	unsigned long i;

	for (i = 0; i < npages; i += NR_PAGES(addr[i].order))
		if (pages[i] && addr[i].addr)
			test_copy_page(pages[i], &addr[i], to_ram);
}

static int test_copy_to_ram(struct page **pages, struct drm_pagemap_addr *addr,
			    unsigned long npages, struct dma_fence *fence)
{
	pagemap_test->copies++;
	if (pagemap_test->fail) {
		pagemap_test->fail--;
		return -EIO;
	}
	test_copy(pages, addr, npages, true);
	return 0;
}

static int test_copy_to_devmem(struct page **pages, struct drm_pagemap_addr *addr,
			       unsigned long npages, struct dma_fence *fence)
{
	test_copy(pages, addr, npages, false);
	return 0;
}

static int test_populate(struct drm_pagemap_devmem *devmem, unsigned long npages,
			 migrate_pfn_t *mpfn)
{
	struct test_allocation *allocation =
		container_of(devmem, struct test_allocation, devmem);
	unsigned long i;

	for (i = 0; i < npages; i++)
		mpfn[i] = page_to_migrate_pfn(device_private_page(&allocation->pt->pagemap,
								  allocation->index + i));
	return 0;
}

static void test_release(struct drm_pagemap_devmem *devmem)
{
	struct test_allocation *allocation =
		container_of(devmem, struct test_allocation, devmem);

	atomic_inc(&allocation->pt->released);
}

static const struct drm_pagemap_devmem_ops test_devmem_ops = {
	.devmem_release		= test_release,
	.populate_devmem_mpfn	= test_populate,
	.copy_to_devmem		= test_copy_to_devmem,
	.copy_to_ram		= test_copy_to_ram,
};

static void test_destroy(struct drm_pagemap *dpagemap, bool is_atomic_or_reclaim)
{
	struct pagemap_test *pt = container_of(dpagemap, typeof(*pt), dpagemap);

	complete(&pt->destroyed);
}

static const struct drm_pagemap_ops test_ops = {
	.destroy	= test_destroy,
};

static u8 __user *user_page(struct pagemap_test *pt, unsigned long i)
{
	return (u8 __user *)(pt->addr + i * PAGE_SIZE);
}

/* Migrate NR_ALLOC user pages, from page @i on, to the device, to @index. */
static struct test_allocation *give(struct kunit *test, unsigned long i,
				    unsigned long index)
{
	static const struct drm_pagemap_migrate_details details;
	struct pagemap_test *pt = test->priv;
	unsigned long start = (unsigned long)user_page(pt, i), n;
	struct test_allocation *allocation;
	int err;

	allocation = kunit_kzalloc(test, sizeof(*allocation), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, allocation);
	allocation->pt = pt;
	allocation->index = index;
	for (n = 0; n < NR_ALLOC; n++)
		KUNIT_ASSERT_EQ(test, put_user(i + n + 1, user_page(pt, i + n)), 0);

	drm_pagemap_devmem_init(&allocation->devmem, pt->dev, &test_devmem_ops,
				&pt->dpagemap, NR_ALLOC * PAGE_SIZE, NULL);
	mmap_read_lock(current->mm);
	err = drm_pagemap_migrate_to_devmem(&allocation->devmem, current->mm, start,
					    start + NR_ALLOC * PAGE_SIZE, &details);
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_EQ(test,
			page_ref_count(device_private_page(&pt->pagemap, index)), 1);
	return allocation;
}

/* All user pages, in two allocations that follow each other on the device. */
static void give_all(struct kunit *test)
{
	give(test, 0, NR_ALLOC);
	give(test, NR_ALLOC, 0);
}

/* User pages have what was on the device, or are lost. */
static void check_pages(struct kunit *test, unsigned long from, unsigned long to,
			bool lost)
{
	struct pagemap_test *pt = test->priv;
	unsigned long i;
	u8 byte;

	for (i = from; i < to; i++) {
		byte = 0xff;
		KUNIT_EXPECT_EQ(test, get_user(byte, user_page(pt, i)), 0);
		KUNIT_EXPECT_EQ_MSG(test, byte, lost ? 0 : i + 1, "page %lu", i);
	}
}

static void check_empty(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;
	unsigned long i;

	for (i = 0; i < NR_USER; i++)
		KUNIT_EXPECT_EQ(test,
				page_ref_count(device_private_page(&pt->pagemap, i)), 0);
}

/* The device works: each allocation is copied at once. */
static void evict_copies(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;

	give_all(test);
	drm_pagemap_evict(&pt->dpagemap, pt->nr_pages, false);

	check_empty(test);
	KUNIT_EXPECT_EQ(test, pt->copies, 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->released), 2);
	check_pages(test, 0, NR_USER, false);
}

/* A hole in an allocation is where a call of copy_to_ram ends. */
static void evict_holes(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;

	give_all(test);
	KUNIT_ASSERT_EQ(test, vm_munmap((unsigned long)user_page(pt, 2), PAGE_SIZE), 0);
	drm_pagemap_evict(&pt->dpagemap, pt->nr_pages, false);

	check_empty(test);
	KUNIT_EXPECT_EQ(test, pt->copies, 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->released), 2);
	check_pages(test, 0, 2, false);
	check_pages(test, 3, NR_USER, false);
}

/* The device is gone: nothing is copied, and nothing of others is seen. */
static void evict_gone(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;

	give_all(test);
	drm_pagemap_evict(&pt->dpagemap, pt->nr_pages, true);

	check_empty(test);
	KUNIT_EXPECT_EQ(test, pt->copies, 0);
	check_pages(test, 0, NR_USER, true);
}

/* A copy fails: no other is tried. The allocation at index 0 is the first one. */
static void evict_fails(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;

	give_all(test);
	pt->fail = 1;
	drm_pagemap_evict(&pt->dpagemap, pt->nr_pages, false);

	check_empty(test);
	KUNIT_EXPECT_EQ(test, pt->copies, 1);
	check_pages(test, 0, NR_USER, true);
}

/* One allocation is evicted, and the CPU touches the other. */
static void evict_allocation(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;
	struct test_allocation *allocation = give(test, 0, NR_ALLOC);

	give(test, NR_ALLOC, 0);
	KUNIT_EXPECT_EQ(test, drm_pagemap_evict_to_ram(&allocation->devmem), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&pt->released), 1);
	KUNIT_EXPECT_EQ(test, pt->copies, 1);
	check_pages(test, 0, NR_ALLOC, false);
	KUNIT_EXPECT_EQ(test, pt->copies, 1);
	check_pages(test, NR_ALLOC, NR_USER, false);
	KUNIT_EXPECT_EQ(test, pt->copies, 2);
	check_empty(test);
}

/* The last user of a pagemap goes after the device, but before the cache. */
static void cache_forgets(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;
	struct drm_pagemap_shrinker *shrinker;
	struct drm_pagemap_cache *cache;
	struct drm_pagemap *dpagemap;

	KUNIT_ASSERT_EQ(test, drm_dev_register(pt->drm, 0), 0);
	shrinker = drm_pagemap_shrinker_create_devm(pt->drm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, shrinker);
	cache = drm_pagemap_cache_create_devm(shrinker);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, drm_pagemap_cache_lock_lookup(cache), 0);
	drm_pagemap_cache_set_pagemap(cache, &pt->dpagemap);
	drm_pagemap_cache_unlock_lookup(cache);

	dpagemap = drm_pagemap_get_from_cache_if_active(cache);
	KUNIT_EXPECT_PTR_EQ(test, dpagemap, &pt->dpagemap);
	drm_pagemap_put(dpagemap);

	drm_dev_unplug(pt->drm);
	KUNIT_EXPECT_FALSE(test, completion_done(&pt->destroyed));
	drm_pagemap_put(&pt->dpagemap);
	KUNIT_EXPECT_TRUE(test, completion_done(&pt->destroyed));
	/* It would be free now. */
	memset(&pt->dpagemap, 0x6b, sizeof(pt->dpagemap));

	KUNIT_EXPECT_NULL(test, drm_pagemap_get_from_cache_if_active(cache));
	kunit_device_unregister(test, pt->dev);
	pt->dev = NULL;
}

static int pagemap_test_init(struct kunit *test)
{
	struct pagemap_test *pt = kunit_kzalloc(test, sizeof(*pt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pt);
	test->priv = pt;
	pagemap_test = pt;
	init_completion(&pt->destroyed);
	pt->vram = vmalloc(NR_USER * PAGE_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, pt->vram);

	pt->dev = kunit_device_register(test, "drm_pagemap_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pt->dev);
	KUNIT_ASSERT_EQ(test, dma_set_mask(pt->dev, DMA_BIT_MASK(64)), 0);
	pt->drm = __devm_drm_dev_alloc(pt->dev, &test_driver, sizeof(*pt->drm), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pt->drm);

	pt->nr_pages = device_private_granule();
	pt->pagemap.type = MEMORY_DEVICE_PRIVATE;
	pt->pagemap.owner = pt;
	pt->pagemap.ops = drm_pagemap_pagemap_ops_get();
	KUNIT_ASSERT_EQ(test, device_private_register(&pt->pagemap, pt->nr_pages,
						      NUMA_NO_NODE), 0);
	KUNIT_ASSERT_EQ(test, device_private_populate(&pt->pagemap, 0, pt->nr_pages),
			0);
	KUNIT_ASSERT_EQ(test, drm_pagemap_init(&pt->dpagemap, &pt->pagemap, pt->drm,
					       &test_ops), 0);

	pt->addr = kunit_vm_mmap(test, NULL, 0, (NR_USER + NR_ALLOC) * PAGE_SIZE,
				 PROT_READ | PROT_WRITE,
				 MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, pt->addr, 0);
	KUNIT_ASSERT_LT(test, pt->addr, TASK_SIZE);
	/* A fault migrates what is aligned to the size of an allocation. */
	pt->addr = ALIGN(pt->addr, NR_ALLOC * PAGE_SIZE);
	return 0;
}

static void pagemap_test_exit(struct kunit *test)
{
	struct pagemap_test *pt = test->priv;

	if (!completion_done(&pt->destroyed))
		drm_pagemap_put(&pt->dpagemap);
	device_private_unregister(&pt->pagemap);
	wait_for_completion(&pt->destroyed);
	vfree(pt->vram);
}

static struct kunit_case pagemap_test_cases[] = {
	KUNIT_CASE(evict_copies),
	KUNIT_CASE(evict_holes),
	KUNIT_CASE(evict_gone),
	KUNIT_CASE(evict_fails),
	KUNIT_CASE(evict_allocation),
	KUNIT_CASE(cache_forgets),
	{}
};

static struct kunit_suite pagemap_test_suite = {
	.name = "drm_pagemap",
	.init = pagemap_test_init,
	.exit = pagemap_test_exit,
	.test_cases = pagemap_test_cases,
};

kunit_test_suite(pagemap_test_suite);

MODULE_DESCRIPTION("KUnit tests of drm_pagemap");
MODULE_LICENSE("Dual MIT/GPL");

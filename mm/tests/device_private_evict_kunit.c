// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the eviction of device private memory, with pages that user space
 * cannot have placed like that, or in the state that is tested.
 */
#include <linux/kthread.h>
#include <linux/migrate.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include "device_private_kunit.h"

#define NR_PAGES	16
#define GRANULE		device_private_granule()

/* The mock device remembers a byte for each page, and how it is to copy. */
struct evict_test {
	struct mock_device *mock;
	unsigned long addr;	/* NR_PAGES pages */
	unsigned long copied;
	unsigned int fail;	/* this many copies */
};

static struct evict_test *evict_test;	/* test cases run one by one */

static void evict_test_copy(struct dev_pagemap *pgmap,
			    struct migrate_device_copy *copies, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		unsigned long byte = (unsigned long)
				     folio_zone_device_data(copies[i].src);

		if (evict_test->fail) {
			evict_test->fail--;
			copies[i].failed = true;
			continue;
		}
		memset(folio_address(copies[i].dst), byte,
		       folio_size(copies[i].dst));
		evict_test->copied++;
	}
}

static struct evict_test *evict_init(struct kunit *test, unsigned long nr_pages)
{
	struct evict_test *et = kunit_kzalloc(test, sizeof(*et), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, et);
	et->mock = mock_register(test, nr_pages);
	et->addr = kunit_vm_mmap(test, NULL, 0, NR_PAGES * PAGE_SIZE,
				 PROT_READ | PROT_WRITE,
				 MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, et->addr, 0);
	KUNIT_ASSERT_LT(test, et->addr, TASK_SIZE);
	evict_test = et;
	return et;
}

/* All of it is populated. */
static struct evict_test *evict_populated(struct kunit *test, unsigned long nr_pages)
{
	struct evict_test *et = evict_init(test, nr_pages);

	KUNIT_ASSERT_EQ(test, device_private_populate(&et->mock->pgmap, 0, nr_pages),
			0);
	return et;
}

static u8 __user *user_page(const struct evict_test *et, unsigned int i)
{
	return (u8 __user *)(et->addr + i * PAGE_SIZE);
}

/* Migrate user page @i to the device, to the page at @index. */
static struct folio *evict_give(struct kunit *test, struct evict_test *et,
				unsigned int i, unsigned long index)
{
	migrate_pfn_t src = migrate_pfn_none(), dst = migrate_pfn_none();
	struct migrate_vma args = {
		.src = &src,
		.dst = &dst,
		.start = et->addr + i * PAGE_SIZE,
		.end = et->addr + (i + 1) * PAGE_SIZE,
		.pgmap_owner = et->mock,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	struct folio *folio;

	KUNIT_ASSERT_EQ(test, put_user(i + 1, user_page(et, i)), 0);

	folio = (struct folio *)device_private_page(&et->mock->pgmap, index);
	KUNIT_ASSERT_NOT_NULL(test, folio);
	mmap_read_lock(current->mm);
	args.vma = vma_lookup(current->mm, args.start);
	KUNIT_EXPECT_EQ(test, migrate_vma_setup(&args), 0);
	KUNIT_EXPECT_EQ(test, args.cpages, 1);
	if (args.cpages) {
		zone_device_folio_init(folio, &et->mock->pgmap, 0);
		folio_set_zone_device_data(folio, (void *)(i + 1UL));
		dst = folio_to_migrate_pfn(folio);
		migrate_vma_pages(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(current->mm);

	KUNIT_ASSERT_TRUE(test, migrate_pfn_test(src, MIGRATE_PFN_MIGRATE));
	KUNIT_ASSERT_TRUE(test, folio_mapped(folio));
	return folio;
}

/* User page @i is in RAM again, with what was on the device. */
static void check_back(struct kunit *test, struct evict_test *et, unsigned int i)
{
	u8 byte = 0;

	KUNIT_EXPECT_EQ(test, get_user(byte, user_page(et, i)), 0);
	KUNIT_EXPECT_EQ_MSG(test, byte, i + 1, "page %u", i);
}

static int evict_range(struct evict_test *et, unsigned long index,
		       unsigned long nr_pages)
{
	return migrate_device_evict(&et->mock->pgmap, index, nr_pages,
				    evict_test_copy, false);
}

/* Eviction in a thread of its own. */
struct evict_thread {
	struct evict_test *et;
	struct completion done;
	struct task_struct *task;
	unsigned long nr_pages;
	bool killable;
	int ret;
};

static int evict_thread_fn(void *param)
{
	struct evict_thread *t = param;

	allow_signal(SIGKILL);
	t->ret = migrate_device_evict(&t->et->mock->pgmap, 0, t->nr_pages,
				      evict_test_copy, t->killable);
	complete(&t->done);
	return 0;
}

static void evict_thread_start(struct kunit *test, struct evict_thread *t,
			       struct evict_test *et, unsigned long nr_pages)
{
	t->et = et;
	t->nr_pages = nr_pages;
	init_completion(&t->done);
	t->task = kthread_run(evict_thread_fn, t, "evict");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->task);
	get_task_struct(t->task);
}

static bool evict_thread_done(struct evict_thread *t, unsigned int ms)
{
	return wait_for_completion_timeout(&t->done, msecs_to_jiffies(ms));
}

/*
 * A free page says what its last use left behind. Here it is the head of a large
 * folio, of which other pages are in use now.
 */
static void evict_stale_heads(struct kunit *test)
{
	static const unsigned long index[] = { 2, 5, 15, 16, 31 };
	struct evict_test *et = evict_populated(test, 2 * GRANULE);
	struct dev_pagemap *pgmap = &et->mock->pgmap;
	unsigned int i;

	mock_put(test, mock_get(test, et->mock, 0, 4));
	mock_put(test, mock_get(test, et->mock, 16, 4));
	/* An odd order: in the flags of the first tail it looks like the lock. */
	mock_put(test, mock_get(test, et->mock, 32, 5));
	for (i = 0; i < ARRAY_SIZE(index); i++)
		evict_give(test, et, i, index[i]);

	KUNIT_EXPECT_EQ(test, evict_range(et, 0, 2 * GRANULE), 0);
	KUNIT_EXPECT_EQ(test, et->copied, ARRAY_SIZE(index));
	for (i = 0; i < ARRAY_SIZE(index); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    page_ref_count(device_private_page(pgmap, index[i])),
				    0, "index %lu", index[i]);
		check_back(test, et, i);
	}
}

/* The same for what a driver names page by page. */
static void pfns_stale_heads(struct kunit *test)
{
	static const unsigned long index[] = { 2, 5, 15 };
	struct evict_test *et = evict_populated(test, GRANULE);
	struct dev_pagemap *pgmap = &et->mock->pgmap;
	migrate_pfn_t src[NR_PAGES], dst[NR_PAGES] = {};
	unsigned int i;

	mock_put(test, mock_get(test, et->mock, 0, 4));
	for (i = 0; i < ARRAY_SIZE(index); i++)
		evict_give(test, et, i, index[i]);
	for (i = 0; i < NR_PAGES; i++)
		src[i] = page_to_migrate_pfn(device_private_page(pgmap, i));

	KUNIT_EXPECT_EQ(test, migrate_device_pfns(src, NR_PAGES), 0);
	for (i = 0; i < ARRAY_SIZE(index); i++)
		KUNIT_EXPECT_TRUE_MSG(test, migrate_pfn_test(src[index[i]],
							     MIGRATE_PFN_MIGRATE),
				      "index %lu", index[i]);
	migrate_device_pages(src, dst, NR_PAGES);
	migrate_device_finalize(src, dst, NR_PAGES);

	KUNIT_EXPECT_EQ(test, evict_range(et, 0, GRANULE), 0);
	for (i = 0; i < ARRAY_SIZE(index); i++)
		check_back(test, et, i);
}

/* A folio that somebody has locked is waited for, and not given up. */
static void evict_locked(struct kunit *test)
{
	struct evict_test *et = evict_populated(test, GRANULE);
	struct evict_thread t = {};
	struct folio *folio;
	bool done;

	folio = evict_give(test, et, 0, 3);
	evict_give(test, et, 1, 4);

	folio_get(folio);
	folio_lock(folio);
	evict_thread_start(test, &t, et, GRANULE);
	done = evict_thread_done(&t, 50);
	KUNIT_EXPECT_FALSE(test, done);
	KUNIT_EXPECT_TRUE(test, folio_mapped(folio));
	folio_unlock(folio);
	folio_put(folio);

	if (!done)
		KUNIT_EXPECT_TRUE(test, evict_thread_done(&t, 10000));
	KUNIT_EXPECT_EQ(test, t.ret, 0);
	put_task_struct(t.task);
	check_back(test, et, 0);
	check_back(test, et, 1);
	KUNIT_EXPECT_EQ(test, et->mock->nr_freed, 2);
}

/* Nor is one that somebody refers to, be it mapped or not. */
static void evict_referenced(struct kunit *test)
{
	struct evict_test *et = evict_populated(test, GRANULE);
	struct evict_thread t = {};
	struct folio *folio, *other;
	bool done;

	folio = evict_give(test, et, 0, 3);
	other = mock_get(test, et->mock, 5, 0);

	folio_get(folio);
	evict_thread_start(test, &t, et, GRANULE);
	done = evict_thread_done(&t, 50);
	KUNIT_EXPECT_FALSE(test, done);
	folio_put(folio);
	if (!done) {
		done = evict_thread_done(&t, 200);
		KUNIT_EXPECT_FALSE(test, done);
	}
	mock_put(test, other);
	if (!done)
		KUNIT_EXPECT_TRUE(test, evict_thread_done(&t, 10000));
	KUNIT_EXPECT_EQ(test, t.ret, 0);
	put_task_struct(t.task);
	check_back(test, et, 0);
	KUNIT_EXPECT_EQ(test, et->mock->nr_freed, 2);
}

/* A fatal signal ends it, if the caller says so. */
static void evict_killed(struct kunit *test)
{
	struct evict_test *et = evict_populated(test, GRANULE);
	struct evict_thread t = { .killable = true };
	struct evict_thread stays = {};
	struct folio *folio;

	folio = evict_give(test, et, 0, 3);
	folio_get(folio);

	evict_thread_start(test, &t, et, GRANULE);
	KUNIT_EXPECT_FALSE(test, evict_thread_done(&t, 50));
	send_sig(SIGKILL, t.task, 1);
	KUNIT_EXPECT_TRUE(test, evict_thread_done(&t, 10000));
	KUNIT_EXPECT_EQ(test, t.ret, -EINTR);
	put_task_struct(t.task);

	evict_thread_start(test, &stays, et, GRANULE);
	send_sig(SIGKILL, stays.task, 1);
	KUNIT_EXPECT_FALSE(test, evict_thread_done(&stays, 50));
	folio_put(folio);
	KUNIT_EXPECT_TRUE(test, evict_thread_done(&stays, 10000));
	KUNIT_EXPECT_EQ(test, stays.ret, 0);
	put_task_struct(stays.task);
	check_back(test, et, 0);
}

/* What is not populated takes no time: a space of 1 TiB, or what there is room for. */
static void evict_holes(struct kunit *test)
{
	const unsigned long nr_pages = min(1UL << (40 - PAGE_SHIFT),
					   arch_device_private_max_pages());
	struct evict_test *et = evict_init(test, nr_pages);
	struct dev_pagemap *pgmap = &et->mock->pgmap;
	const unsigned long at[] = { GRANULE, nr_pages / 2, nr_pages - GRANULE };
	unsigned int i;
	ktime_t start;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		KUNIT_ASSERT_EQ(test, device_private_populate(pgmap, at[i], GRANULE),
				0);
		evict_give(test, et, 2 * i, at[i]);
		evict_give(test, et, 2 * i + 1, at[i] + GRANULE - 1);
	}

	/* A part: nothing else is touched. */
	KUNIT_EXPECT_EQ(test, evict_range(et, at[1], 1), 0);
	KUNIT_EXPECT_EQ(test, et->copied, 1);
	check_back(test, et, 2);

	start = ktime_get();
	KUNIT_EXPECT_EQ(test, evict_range(et, 0, nr_pages), 0);
	kunit_info(test, "%lu pages: %lld us", nr_pages,
		   ktime_us_delta(ktime_get(), start));
	KUNIT_EXPECT_LT(test, ktime_ms_delta(ktime_get(), start), 1000);
	KUNIT_EXPECT_EQ(test, et->copied, 2 * ARRAY_SIZE(at));
	for (i = 0; i < 2 * ARRAY_SIZE(at); i++)
		check_back(test, et, i);
}

/* The driver cannot copy: the page stays, whole, and is tried again. */
static void evict_copy_fails(struct kunit *test)
{
	struct evict_test *et = evict_populated(test, GRANULE);
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		evict_give(test, et, i, 2 * i);
	et->fail = NR_PAGES + NR_PAGES / 2;

	KUNIT_EXPECT_EQ(test, evict_range(et, 0, GRANULE), 0);
	KUNIT_EXPECT_EQ(test, et->fail, 0);
	KUNIT_EXPECT_EQ(test, et->copied, NR_PAGES);
	for (i = 0; i < NR_PAGES; i++)
		check_back(test, et, i);
}

static void evict_bad(struct kunit *test)
{
	struct evict_test *et = evict_init(test, GRANULE);
	struct dev_pagemap *pgmap = &et->mock->pgmap;

	KUNIT_EXPECT_EQ(test, evict_range(et, 0, GRANULE), 0);
	KUNIT_EXPECT_EQ(test, evict_range(et, GRANULE, 0), 0);

	KUNIT_EXPECT_EQ(test, evict_range(et, 0, GRANULE + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, evict_range(et, GRANULE, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, evict_range(et, 1, ULONG_MAX), -EINVAL);
	mock_unregister(test, et->mock);
	KUNIT_EXPECT_EQ(test, migrate_device_evict(pgmap, 0, 1, evict_test_copy,
						   false), -EINVAL);
}

static struct kunit_case evict_cases[] = {
	KUNIT_CASE(evict_stale_heads),
	KUNIT_CASE(pfns_stale_heads),
	KUNIT_CASE(evict_locked),
	KUNIT_CASE(evict_referenced),
	KUNIT_CASE(evict_killed),
	KUNIT_CASE(evict_holes),
	KUNIT_CASE(evict_copy_fails),
	KUNIT_CASE(evict_bad),
	{}
};

static struct kunit_suite evict_suite = {
	.name = "device_private_evict",
	.test_cases = evict_cases,
};

kunit_test_suite(evict_suite);

MODULE_DESCRIPTION("KUnit tests of the eviction of device private memory");
MODULE_LICENSE("GPL");

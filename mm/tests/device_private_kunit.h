/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device without hardware for the KUnit tests of device private memory: a
 * pagemap, and what its folio_free() has seen.
 */
#ifndef _MM_TESTS_DEVICE_PRIVATE_KUNIT_H
#define _MM_TESTS_DEVICE_PRIVATE_KUNIT_H

#include <kunit/test.h>
#include <linux/device_private.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

/**
 * struct mock_device - a device with private memory
 * @pgmap: its pagemap; the owner is the mock_device
 * @nr_freed: number of pages given back to it
 * @freed: the folio given back to it last
 */
struct mock_device {
	struct dev_pagemap pgmap;
	unsigned long nr_freed;
	struct folio *freed;
};

static inline struct mock_device *to_mock_device(struct dev_pagemap *pgmap)
{
	return container_of(pgmap, struct mock_device, pgmap);
}

static inline vm_fault_t mock_migrate_to_ram(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static inline void mock_folio_free(struct folio *folio)
{
	struct mock_device *mock = to_mock_device(folio->pgmap);

	mock->nr_freed += folio_nr_pages(folio);
	mock->freed = folio;
}

static const struct dev_pagemap_ops mock_ops = {
	.migrate_to_ram	= mock_migrate_to_ram,
	.folio_free	= mock_folio_free,
};

KUNIT_DEFINE_ACTION_WRAPPER(mock_unregister_action, device_private_unregister,
			    struct dev_pagemap *);
KUNIT_DEFINE_ACTION_WRAPPER(mock_put_action, folio_put, struct folio *);

static inline void mock_init(struct mock_device *mock)
{
	memset(mock, 0, sizeof(*mock));
	mock->pgmap.type = MEMORY_DEVICE_PRIVATE;
	mock->pgmap.ops = &mock_ops;
	mock->pgmap.owner = mock;
}

/* A device that is not registered. */
static inline struct mock_device *mock_alloc(struct kunit *test)
{
	struct mock_device *mock;

	mock = kunit_kmalloc(test, sizeof(*mock), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mock);
	mock_init(mock);

	return mock;
}

/*
 * A device with @nr_pages pages on the node @nid, none of them populated. Skips the
 * test if there is no room in the vmalloc area.
 */
static inline struct mock_device *mock_register_on(struct kunit *test,
						   unsigned long nr_pages, int nid)
{
	struct mock_device *mock = mock_alloc(test);
	int err = device_private_register(&mock->pgmap, nr_pages, nid);

	if (err == -ENOMEM)
		kunit_skip(test, "no virtual area for %lu pages", nr_pages);
	if (err == -E2BIG)
		kunit_skip(test, "an entry cannot name %lu pages", nr_pages);
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test,
							mock_unregister_action,
							&mock->pgmap), 0);
	return mock;
}

static inline struct mock_device *mock_register(struct kunit *test,
						unsigned long nr_pages)
{
	return mock_register_on(test, nr_pages, NUMA_NO_NODE);
}

static inline void mock_unregister(struct kunit *test, struct mock_device *mock)
{
	kunit_release_action(test, mock_unregister_action, &mock->pgmap);
}

/* As mock_register(), and all of the pages are populated. */
static inline struct mock_device *mock_populated(struct kunit *test,
						 unsigned long nr_pages)
{
	struct mock_device *mock = mock_register(test, nr_pages);

	KUNIT_ASSERT_EQ(test, device_private_populate(&mock->pgmap, 0, nr_pages),
			0);
	return mock;
}

/* Hand out a folio, unlocked. It is put when the test ends, if not before. */
static inline struct folio *mock_get(struct kunit *test,
				     struct mock_device *mock,
				     unsigned long index, unsigned int order)
{
	struct page *page = device_private_page(&mock->pgmap, index);
	struct folio *folio;

	KUNIT_ASSERT_NOT_NULL(test, page);
	folio = (struct folio *)page;
	zone_device_folio_init(folio, &mock->pgmap, order);
	folio_unlock(folio);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, mock_put_action,
							folio), 0);
	return folio;
}

static inline void mock_put(struct kunit *test, struct folio *folio)
{
	kunit_release_action(test, mock_put_action, folio);
}

/* A folio of system memory, put when the test ends. */
static inline struct folio *ram_get(struct kunit *test, unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, mock_put_action,
							folio), 0);
	return folio;
}

#endif /* _MM_TESTS_DEVICE_PRIVATE_KUNIT_H */

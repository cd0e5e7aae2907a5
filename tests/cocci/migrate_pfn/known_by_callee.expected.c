// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

static int put_one(migrate_pfn_t *dst, unsigned long i)
{
	struct page *page = fresh();

	if (!page)
		return -ENOMEM;
	dst[i] = page_to_migrate_pfn(page);
	return 0;
}

int put_all(const migrate_pfn_t *src, migrate_pfn_t *dst, unsigned long n)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		if (migrate_pfn_test(src[i], MIGRATE_PFN_MIGRATE))
			err = put_one(dst, i);
	return err;
}

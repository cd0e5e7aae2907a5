// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

static int put_one(unsigned long *dst, unsigned long i)
{
	struct page *page = fresh();

	if (!page)
		return -ENOMEM;
	dst[i] = migrate_pfn(page_to_pfn(page));
	return 0;
}

int put_all(const unsigned long *src, unsigned long *dst, unsigned long n)
{
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; i++)
		if (src[i] & MIGRATE_PFN_MIGRATE)
			err = put_one(dst, i);
	return err;
}

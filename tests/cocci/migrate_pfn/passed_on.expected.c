// SPDX-License-Identifier: GPL-2.0
/* Known by the functions that are called, and by those that call. */
#include "fake.h"

static int forward(migrate_pfn_t *slots, unsigned long n);

static int part(migrate_pfn_t *dst)
{
	*dst = page_to_migrate_pfn(fresh());
	return 0;
}

int parts(migrate_pfn_t *all, unsigned long n)
{
	int err = 0;

	while (n-- && !err)
		err = part(&all[n]);
	return err ? err : part(all + 1);
}

static int forward(migrate_pfn_t *slots, unsigned long n)
{
	return parts(slots, n);
}

static void clear_one(migrate_pfn_t *slot)
{
	*slot = migrate_pfn_none();
}

static void clear_all(migrate_pfn_t *slots, unsigned long n)
{
	while (n--)
		clear_one(slots + n);
}

static bool is_moving(migrate_pfn_t entry)
{
	return migrate_pfn_test(entry, MIGRATE_PFN_MIGRATE);
}

static struct page *page_of(const migrate_pfn_t *entry)
{
	return migrate_pfn_to_page(*entry);
}

void down(struct migrate_vma *job)
{
	clear_all(job->dst, job->npages);
	forward(job->dst, job->npages);
	if (is_moving(job->src[0]))
		get_page(page_of(&job->src[0]));
}

// SPDX-License-Identifier: GPL-2.0
/* Known by the functions that are called, and by those that call. */
#include "fake.h"

static int forward(unsigned long *slots, unsigned long n);

static int part(unsigned long *dst)
{
	*dst = migrate_pfn(page_to_pfn(fresh()));
	return 0;
}

int parts(unsigned long *all, unsigned long n)
{
	int err = 0;

	while (n-- && !err)
		err = part(&all[n]);
	return err ? err : part(all + 1);
}

static int forward(unsigned long *slots, unsigned long n)
{
	return parts(slots, n);
}

static void clear_one(unsigned long *slot)
{
	*slot = 0;
}

static void clear_all(unsigned long *slots, unsigned long n)
{
	while (n--)
		clear_one(slots + n);
}

static bool is_moving(unsigned long entry)
{
	return entry & MIGRATE_PFN_MIGRATE;
}

static struct page *page_of(const unsigned long *entry)
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

// SPDX-License-Identifier: GPL-2.0
/* Entries that are taken apart by hand. */
#include "fake.h"

#define HMM_PFN_VALID (1UL << 63)
#define HMM_PFN_WRITE (1UL << 62)
#define HMM_PFN_DEVICE_PRIVATE (1UL << 60)
#define HMM_PFN_FLAGS (0xffUL << 56)
#define PFN_PHYS(x) ((x) << PAGE_SHIFT)
#define PAGE_MASK (~4095UL)
typedef unsigned long dma_addr_t, phys_addr_t;
struct hmm_range { unsigned long start, end; unsigned long *hmm_pfns; unsigned long default_flags; void *dev_private_owner; };
int hmm_range_fault(struct hmm_range *range);
int hmm_range_fault_unlocked_timeout(struct hmm_range *range, unsigned long timeout);
void *memset(void *p, int c, unsigned long n);
void init_range(struct hmm_range *range);
void map(struct page *page);
bool is_zone_device_page(const struct page *page);
int PageAnon(struct page *page);

void to_addresses(struct hmm_range *range, struct dev_pagemap *pgmap, unsigned long *addr)
{
	addr[0] = (range->hmm_pfns[0] << PAGE_SHIFT) - pgmap->range.start;
}

unsigned long apart(struct hmm_range *range, unsigned long i)
{
	unsigned long pfns[4];

	range->hmm_pfns = pfns;
	use(pfns[0] << PAGE_SHIFT);
	use((pfns[0] & ~HMM_PFN_FLAGS) << PAGE_SHIFT);
	use(PFN_PHYS(range->hmm_pfns[i]));
	map(pfn_to_page(range->hmm_pfns[i] & ~(HMM_PFN_VALID | HMM_PFN_WRITE)));
	use(range->hmm_pfns[i] & HMM_PFN_WRITE);
	use(range->hmm_pfns[i] & (HMM_PFN_VALID | HMM_PFN_WRITE));
	use((dma_addr_t)range->hmm_pfns[i] << 12);
	use((dma_addr_t)pfns[i]);
	use(*pfns & 0xffffffffff);
	use(i << PAGE_SHIFT);
	use(range->hmm_pfns[i] >> 56);
	return 0;
}

unsigned long local(struct hmm_range *range, unsigned long i)
{
	unsigned long pfn = range->hmm_pfns[i];

	return pfn << PAGE_SHIFT;
}

/* A variable of the same name in another function. */
unsigned long other(unsigned long pfn, unsigned long *pfns)
{
	return (pfn << PAGE_SHIFT) + (pfns[0] << PAGE_SHIFT);
}

int by_address(struct hmm_range *range)
{
	unsigned long pfn;

	range->hmm_pfns = &pfn;
	return hmm_range_fault(range) ?: pfn << PAGE_SHIFT;
}

/* The position in a large page is the same in any entry. */
unsigned long rest(unsigned long hmm_pfn, unsigned long size)
{
	return size - ((hmm_pfn & ~HMM_PFN_FLAGS) & (size - 1));
}

void map_numbers(unsigned long long *numbers);
void memset64(unsigned long long *numbers, unsigned long long value, unsigned long n);

void cast(struct hmm_range *range)
{
	memset64((unsigned long long *)range->hmm_pfns, 0, 1);
	map_numbers((unsigned long long *)range->hmm_pfns);
}

// SPDX-License-Identifier: GPL-2.0
/* Guards in loops. */
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

void map_local(struct page *page);
void map_host(struct page *page);

void map_all(struct hmm_range *range, unsigned long n)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		struct page *page = hmm_pfn_to_page(range->hmm_pfns[i]);

		if (!page)
			continue;
		if (is_device_private_page(page))
			map_local(page);
		else
			map_host(page);
	}
}

void uses_first(struct hmm_range *range, unsigned long n)
{
	unsigned long i;
	for (i = 0; i < n; i++) {
		struct page *page = hmm_pfn_to_page(range->hmm_pfns[i]);

		map(page);
		if (is_device_private_page(page))
			continue;
		use(1);
	}
}

void skips(struct hmm_range *range, unsigned long n)
{
	unsigned long i;
	for (i = 0; i < n; i++) {
		struct page *page;

		if (!(range->hmm_pfns[i] & HMM_PFN_VALID))
			continue;
		if (hmm_pfn_is_device_private(range->hmm_pfns[i]))
			continue;
		page = hmm_pfn_to_page(range->hmm_pfns[i]);
		map(page);
	}
}

void while_loop(unsigned long *hmm_pfns, unsigned long n)
{
	while (n--) {
		struct page *page = hmm_pfn_to_page(hmm_pfns[n]);

		if (!page || is_device_private_page(page))
			break;
		map(page);
	}
}

void flags(struct hmm_range *range, unsigned long n)
{
	unsigned long i;
	for (i = 0; i < n; i++) {
		if (range->hmm_pfns[i] & HMM_PFN_DEVICE_PRIVATE)
			continue;
		map(hmm_pfn_to_page(range->hmm_pfns[i]));
	}
}

void direct(struct hmm_range *range)
{
	map(hmm_pfn_to_page(range->hmm_pfns[0]));
	use(page_to_phys(hmm_pfn_to_page(range->hmm_pfns[0])));
	use(hmm_pfn_to_phys(range->hmm_pfns[0]));
}

void two_loops(struct hmm_range *range, unsigned long n)
{
	unsigned long i;
	for (i = 0; i < n; i++)
		if (hmm_pfn_is_device_private(range->hmm_pfns[i]))
			use(i);
	for (i = 0; i < n; i++)
		use(hmm_pfn_to_phys(range->hmm_pfns[i]));
}

void tern(unsigned long hmm_pfn)
{
	struct page *page = hmm_pfn_to_page(hmm_pfn);

	use(is_device_private_page(page) ? 0 : page_to_phys(page));
}

struct page *returned(unsigned long hmm_pfn)
{
	struct page *page = hmm_pfn_to_page(hmm_pfn);

	return page;
}

void put_away(struct page **pages, struct hmm_range *range)
{
	pages[0] = hmm_pfn_to_page(range->hmm_pfns[0]);
}

int ask(struct hmm_range *range, struct device *device)
{
	range->dev_private_owner = device;
	return hmm_range_fault(range);
}

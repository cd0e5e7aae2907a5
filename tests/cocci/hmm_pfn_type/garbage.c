// SPDX-License-Identifier: GPL-2.0
/* Members of the range that nobody has assigned. */
#include "fake.h"

#define HMM_PFN_VALID (1UL << 63)
#define HMM_PFN_WRITE (1UL << 62)
#define HMM_PFN_DEVICE_PRIVATE (1UL << 60)
#define HMM_PFN_FLAGS (0xffUL << 56)
#define PFN_PHYS(x) ((x) << PAGE_SHIFT)
#define PAGE_MASK (~4095UL)
typedef unsigned long dma_addr_t, phys_addr_t;
struct hmm_range;
int hmm_range_fault(struct hmm_range *range);
int hmm_range_fault_unlocked_timeout(struct hmm_range *range, unsigned long timeout);
void *memset(void *p, int c, unsigned long n);
void init_range(struct hmm_range *range);
void map(struct page *page);
bool is_zone_device_page(const struct page *page);
int PageAnon(struct page *page);

struct hmm_range {
	unsigned long start, end;
	unsigned long *hmm_pfns;
	unsigned long default_flags, pfn_flags_mask;
	void *dev_private_owner;
#ifdef AFTER
	struct device *dma_dev;
	unsigned long p2p_tried;
#endif
};

int look_at(unsigned long addr, void *owner)
{
	struct hmm_range range;
	unsigned long pfn;

	range.start = addr;
	range.end = addr + 4096;
	range.hmm_pfns = &pfn;
	range.default_flags = 0;
	range.pfn_flags_mask = 0;
	range.dev_private_owner = owner;
	return hmm_range_fault(&range);
}

int garbage(unsigned long *pfns)
{
	struct hmm_range range;

	range.hmm_pfns = pfns;
	do {
		range.start = 0;
		use(1);
	} while (hmm_range_fault(&range));
	return 0;
}

int garbage2(unsigned long *pfns)
{
	int ret;
	struct hmm_range range;

	if (more())
		memset(&range, 0, sizeof(range));
	range.hmm_pfns = pfns;
	ret = hmm_range_fault_unlocked_timeout(&range, 1);
	return ret;
}

int fine(unsigned long *pfns)
{
	struct hmm_range a = { .hmm_pfns = pfns }, b, c;

	b = a;
	init_range(&c);
	return hmm_range_fault(&a) | hmm_range_fault(&b) | hmm_range_fault(&c);
}

int fine2(unsigned long *pfns)
{
	struct hmm_range range;

	memset(&range, 0, sizeof(range));
	range.hmm_pfns = pfns;
	return hmm_range_fault(&range);
}

int fine3(unsigned long *pfns)
{
	struct hmm_range range;

	range = (struct hmm_range) { .hmm_pfns = pfns };
	return hmm_range_fault(&range);
}

int by_pointer(unsigned long *pfns)
{
	struct hmm_range range, *r = &range;

	r->hmm_pfns = pfns;
	return hmm_range_fault(r);
}

int zeroed(void)
{
	static struct hmm_range range;

	return hmm_range_fault(&range);
}

/* The function that is called assigns some members. */
static int fault(struct hmm_range *range, unsigned long *pfns)
{
	range->hmm_pfns = pfns;
	return hmm_range_fault(range);
}

int by_another(unsigned long *pfns)
{
	struct hmm_range range, good = { .start = 0 };

	return fault(&range, pfns) + fault(&good, pfns);
}

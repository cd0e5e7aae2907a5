// SPDX-License-Identifier: GPL-2.0
/* Entries and arrays of them that have another name. */
#include "fake.h"

#define HMM_PFN_VALID (1UL << 63)
#define HMM_PFN_WRITE (1UL << 62)
#define HMM_PFN_FLAGS (0xffUL << 56)
struct hmm_range { unsigned long start, end; unsigned long *hmm_pfns; unsigned long default_flags; void *dev_private_owner; };
int hmm_range_fault(struct hmm_range *range);
void *memcpy(void *to, const void *from, unsigned long n);

int initialised(unsigned long start, unsigned long *phys)
{
	unsigned long pfns[16], numbers[16];
	struct hmm_range range = {
		.start = start,
		.hmm_pfns = pfns,
	};
	int i, err = hmm_range_fault(&range);

	numbers[0] = start;
	for (i = 0; i < 16; i++)
		phys[i] = pfns[i] << PAGE_SHIFT;
	use(numbers[0] << PAGE_SHIFT);
	return err;
}

struct work { struct hmm_range range; int users; };

int nested(unsigned long start)
{
	unsigned long entries[1];
	struct work work = { .users = 1, .range = { .start = start, .hmm_pfns = entries } };
	int err = hmm_range_fault(&work.range);

	use(entries[0] << PAGE_SHIFT);
	return err;
}

int assigned(struct hmm_range *range)
{
	unsigned long frames[1];

	*range = (struct hmm_range) { .start = 0, .hmm_pfns = frames };
	use(frames[0] << PAGE_SHIFT);
	return 0;
}

void pointer(struct hmm_range *range, unsigned long n, unsigned long *phys)
{
	unsigned long *p = range->hmm_pfns;
	unsigned long entry, *q = p + 1;

	while (n--)
		*phys++ = (*p++ & ~HMM_PFN_FLAGS) << PAGE_SHIFT;
	entry = *q;
	use(entry << PAGE_SHIFT);
	n = p - range->hmm_pfns;
	use(n << PAGE_SHIFT);
}

void sum(struct hmm_range *range, unsigned long i)
{
	use(*(range->hmm_pfns + i) << PAGE_SHIFT);
	use((range->hmm_pfns)[i] << PAGE_SHIFT);
	get_page(pfn_to_page((*range->hmm_pfns) & ~HMM_PFN_FLAGS));
}

void changed(struct hmm_range *range)
{
	unsigned long e = range->hmm_pfns[0], f = range->hmm_pfns[1];

	e &= ~HMM_PFN_FLAGS;
	use(e * 4096);
	f &= HMM_PFN_VALID | HMM_PFN_WRITE;
	f <<= PAGE_SHIFT;
	range->hmm_pfns[0] &= ~HMM_PFN_FLAGS;
}

static void to_phys(const unsigned long *words, unsigned long n, unsigned long *phys)
{
	unsigned long i;

	for (i = 0; i < n; i++)
		phys[i] = words[i] << PAGE_SHIFT;
}

void passed(struct hmm_range *range, unsigned long n, unsigned long *phys)
{
	to_phys(range->hmm_pfns, n << 1, phys);
}

void copied(struct hmm_range *range, unsigned long *frames, unsigned long n, unsigned long *phys)
{
	memcpy(frames, range->hmm_pfns, n * sizeof(*frames));
	while (n--)
		phys[n] = frames[n] << PAGE_SHIFT;
}

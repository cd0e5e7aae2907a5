// SPDX-License-Identifier: GPL-2.0
/* The test is in the same expression, of several flags, or of another entry. */
#include "fake.h"

#define HMM_PFN_VALID (1UL << 63)
#define HMM_PFN_DEVICE_PRIVATE (1UL << 60)
struct hmm_range { unsigned long *hmm_pfns; void *dev_private_owner; };

unsigned long several(struct hmm_range *range, struct device *dev, int i)
{
	unsigned long e = range->hmm_pfns[i];

	range->dev_private_owner = dev;
	if ((e & (HMM_PFN_VALID | HMM_PFN_DEVICE_PRIVATE)) != HMM_PFN_VALID)
		return 0;
	return hmm_pfn_to_phys(e);
}

unsigned long chosen(unsigned long e)
{
	return hmm_pfn_is_device_private(e) ? 0 : hmm_pfn_to_phys(e);
}

unsigned long chosen_not(unsigned long e)
{
	return !hmm_pfn_is_device_private(e) ? hmm_pfn_to_phys(e) : 0;
}

bool both(unsigned long e)
{
	return e && !hmm_pfn_is_device_private(e) && hmm_pfn_to_phys(e) == 0;
}

/* The wrong ones */
unsigned long wrong(unsigned long e)
{
	return hmm_pfn_is_device_private(e) ? hmm_pfn_to_phys(e) : 0;
}

bool wrong_not(unsigned long e)
{
	return !hmm_pfn_is_device_private(e) || hmm_pfn_to_phys(e) == 0;
}

int first(struct hmm_range *range, unsigned long n, unsigned long *phys)
{
	unsigned long i;

	if (hmm_pfn_is_device_private(range->hmm_pfns[0]))
		return -EINVAL;
	for (i = 0; i < n; i++)
		phys[i] = hmm_pfn_to_phys(range->hmm_pfns[i]);
	return 0;
}

/* The first alone */
unsigned long only(struct hmm_range *range)
{
	if (hmm_pfn_is_device_private(range->hmm_pfns[0]))
		return 0;
	return hmm_pfn_to_phys(range->hmm_pfns[0]);
}

int all(struct hmm_range *range, unsigned long n, unsigned long *phys)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		if (hmm_pfn_is_device_private(range->hmm_pfns[i]))
			return -EINVAL;
		phys[i] = hmm_pfn_to_phys(range->hmm_pfns[i]);
	}
	return 0;
}

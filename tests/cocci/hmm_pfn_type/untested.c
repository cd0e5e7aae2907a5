// SPDX-License-Identifier: GPL-2.0
/* Entries that are taken for system memory. */
#include "fake.h"

unsigned long phys(unsigned long *hmm_pfns)
{
	return hmm_pfn_to_phys(hmm_pfns[0]);
}

unsigned long one_path(unsigned long hmm_pfn)
{
	if (more()) {
		if (hmm_pfn_is_device_private(hmm_pfn))
			return 0;
		use(1);
	}
	return hmm_pfn_to_phys(hmm_pfn);
}

void page(unsigned long hmm_pfn)
{
	struct page *page = hmm_pfn_to_page(hmm_pfn);

	use(page_to_pfn(page));
}

/* The file asks for device private memory. */
struct hmm_range { unsigned long *hmm_pfns; void *dev_private_owner; };
int hmm_range_fault(struct hmm_range *range);

int ask(struct hmm_range *range, struct device *device)
{
	range->dev_private_owner = device;
	return hmm_range_fault(range);
}

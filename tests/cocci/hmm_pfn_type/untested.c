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

// SPDX-License-Identifier: GPL-2.0
/* The type of the entry, or of its page, was asked for. */
#include "fake.h"

unsigned long phys(unsigned long hmm_pfn)
{
	if (hmm_pfn_is_device_private(hmm_pfn) || hmm_pfn_is_p2p(hmm_pfn))
		return 0;
	return hmm_pfn_to_phys(hmm_pfn);
}

void before(unsigned long hmm_pfn)
{
	if (hmm_pfn_is_device_private(hmm_pfn))
		get_page(hmm_pfn_to_page(hmm_pfn));
}

void after(unsigned long hmm_pfn)
{
	struct page *page = hmm_pfn_to_page(hmm_pfn);

	if (is_device_private_page(page))
		return;
	use(page_to_pfn(page));
}

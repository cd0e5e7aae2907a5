// SPDX-License-Identifier: GPL-2.0
/* The test and the number in the same statement. */
#include "fake.h"

struct page *lookup(unsigned long address);
struct holder_of_page { struct page *page; };

unsigned long both(struct page *page)
{
	return page && is_device_private_page(page) ? page_to_pfn(page) : 0;
}

unsigned long otherwise(struct page *page)
{
	return !page || !is_device_private_page(page) ? 0 : page_to_pfn(page);
}

unsigned long member(struct holder_of_page *h)
{
	return h->page && is_device_private_page(h->page) ? page_to_pfn(h->page) : 0;
}

unsigned long assigned(unsigned long address)
{
	struct page *page = lookup(address);

	return is_device_private_page(page) ? page_to_pfn(page) : 0;
}

bool same(unsigned long address, unsigned long pfn)
{
	struct page *page = lookup(address);

	return is_device_private_page(page) && page_to_pfn(page) == pfn;
}

/* Not private */
unsigned long not(struct page *page)
{
	return page && !is_device_private_page(page) ? page_to_pfn(page) : 0;
}

bool neither(unsigned long address, unsigned long pfn)
{
	struct page *page = lookup(address);

	return is_device_private_page(page) || page_to_pfn(page) == pfn;
}

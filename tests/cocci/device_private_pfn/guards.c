// SPDX-License-Identifier: GPL-2.0
/* Assertions, loops and labels that only a device private page gets past. */
#include "fake.h"

#define WARN_ON(c) ({ bool is = !!(c); is; })
#define VM_BUG_ON(c) BUG_ON(c)
struct page *next_page(struct page *page);

unsigned long asserted(struct page *page)
{
	VM_BUG_ON(!is_device_private_page(page));
	return page_to_pfn(page);
}

unsigned long warned(struct page *page)
{
	WARN_ON(!is_device_private_page(page));
	return page_to_phys(page);
}

unsigned long search(struct page *page)
{
	while (!is_device_private_page(page))
		page = next_page(page);
	return page_to_pfn(page);
}

unsigned long by_goto(struct page *page)
{
	if (is_device_private_page(page))
		goto private;
	return page_to_phys(page);
private:
	return page_to_pfn(page);
}

/* Not private */
unsigned long refused(struct page *page)
{
	BUG_ON(is_device_private_page(page));
	return page_to_pfn(page);
}

unsigned long skipped(struct page *page)
{
	while (is_device_private_page(page))
		page = next_page(page);
	return page_to_pfn(page);
}

unsigned long left_out(struct page *page)
{
	if (!is_device_private_page(page))
		goto system;
	return 0;
system:
	return page_to_pfn(page);
}

unsigned long another(struct page *page)
{
	if (is_device_private_page(page))
		goto next;
	return 0;
next:
	page = next_page(page);
	return page_to_pfn(page);
}

unsigned long asked_again(struct page *page)
{
	if (is_device_private_page(page))
		goto out;
	use(0);
out:
	if (is_device_private_page(page))
		return 0;
	return page_to_pfn(page);
}

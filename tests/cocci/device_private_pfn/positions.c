// SPDX-License-Identifier: GPL-2.0
/* Arithmetic on the PFN later on, and pages of more than one kind. */
#include "fake.h"

#define WARN(condition, ...) ({ bool is = (condition); if (is) print(__VA_ARGS__); is; })
#define BACKING_PAGE(page) \
	(is_device_private_page(page) ? (struct page *)(page)->zone_device_data : (page))
#define check(condition) use(condition)
void print(const char *format, ...);
bool is_zone_device_page(const struct page *page);

unsigned long later(struct page *page, unsigned long base)
{
	unsigned long pfn = page_to_pfn(page);

	check((pfn << PAGE_SHIFT) >= base);
	return (pfn << PAGE_SHIFT) - base;
}

unsigned long in_place(struct page *page, unsigned long first, bool local)
{
	unsigned long number = page_to_pfn(page);

	if (local)
		number -= first;
	return number;
}

int warn(struct page *page, struct page *other)
{
	return WARN(page && is_zone_device_page(page), "%lx %lx", page_to_pfn(page),
		    page_to_pfn(other));
}

unsigned long backing(struct page *page, void *data)
{
	struct page *other = BACKING_PAGE(page);

	other->zone_device_data = data;
	return page_to_pfn(other);
}

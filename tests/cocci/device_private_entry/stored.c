// SPDX-License-Identifier: GPL-2.0
/* The test is kept in a variable. */
#include "fake.h"

bool busy(void);

struct page *stored(swp_entry_t e)
{
	bool private = is_device_private_entry(e);

	use(private);
	if (!private)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *stored_stale(swp_entry_t e, swp_entry_t other)
{
	bool private = is_device_private_entry(e);

	e = other;
	if (!private)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *stored_or(swp_entry_t e)
{
	bool private = is_device_private_entry(e);

	private |= busy();
	return private ? pfn_swap_entry_to_page(e) : NULL;
}

struct page *stored_type(softleaf_t e)
{
	enum softleaf_type type = softleaf_type(e);

	if (type == SOFTLEAF_DEVICE_PRIVATE_READ || type == SOFTLEAF_DEVICE_PRIVATE_WRITE)
		return softleaf_to_page(e);
	return NULL;
}

struct page *switch_break(softleaf_t e)
{
	enum softleaf_type type = softleaf_type(e);

	switch (type) {
	case SOFTLEAF_DEVICE_PRIVATE_READ:
	case SOFTLEAF_DEVICE_PRIVATE_WRITE:
		break;
	default:
		return NULL;
	}
	return softleaf_to_page(e);
}

struct page *compared(softleaf_t e)
{
	if (softleaf_is_device_private(e) == false)
		return NULL;
	return softleaf_to_page(e);
}

struct page *stored_chain(swp_entry_t e)
{
	bool private = is_device_private_entry(e), ok = private && more();

	if (!ok)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *stored_other(swp_entry_t e, swp_entry_t f)
{
	bool private = is_device_private_entry(f);

	if (!private)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *stored_set(swp_entry_t e)
{
	bool private = is_device_private_entry(e);

	if (busy())
		private = true;
	if (!private)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *switch_true(swp_entry_t e)
{
	unsigned int type = swp_type(e);

	if (type != SWP_DEVICE_READ && type != SWP_DEVICE_WRITE)
		return NULL;
	return pfn_swap_entry_to_page(e);
}

// SPDX-License-Identifier: GPL-2.0
/* The entry may be device private, or not: nothing is changed, it is reported. */
#include "fake.h"

struct page *either(swp_entry_t entry)
{
	if (is_device_private_entry(entry) || is_migration_entry(entry))
		return pfn_swap_entry_to_page(entry);
	return NULL;
}

struct page *any_pfn(swp_entry_t entry)
{
	if (is_pfn_swap_entry(entry)) {
		if (is_device_private_entry(entry))
			use(1);
		return pfn_swap_entry_to_page(entry);
	}
	return NULL;
}

struct page *not_write(softleaf_t entry)
{
	if (!softleaf_is_device_private_write(entry) && softleaf_has_pfn(entry))
		return softleaf_to_page(entry);
	return NULL;
}

/* The test is not on every path. */
struct page *on_one_path(swp_entry_t entry)
{
	if (more()) {
		if (!is_device_private_entry(entry))
			return NULL;
		use(1);
	}
	return pfn_swap_entry_to_page(entry);
}

/* The branch that would leave comes back. */
struct page *comes_back(swp_entry_t entry)
{
	if (!is_device_private_entry(entry)) {
		use(1);
		goto out;
	}
	use(2);
out:
	return pfn_swap_entry_to_page(entry);
}

/* Another entry was tested. */
struct page *another(swp_entry_t entry, swp_entry_t other)
{
	if (is_device_private_entry(other))
		return pfn_swap_entry_to_page(entry);
	return NULL;
}

/* The entry is another one after the test. */
struct page *assigned(swp_entry_t entry, pte_t pte)
{
	if (is_device_private_entry(entry)) {
		entry = pte_to_swp_entry(pte);
		return pfn_swap_entry_to_page(entry);
	}
	return NULL;
}

struct page *fallthrough(softleaf_t entry)
{
	switch (softleaf_type(entry)) {
	case SOFTLEAF_DEVICE_PRIVATE_READ:
	case SOFTLEAF_MIGRATION_READ:
		return softleaf_to_page(entry);
	default:
		return NULL;
	}
}

struct page *untested(pte_t pte)
{
	return softleaf_to_page(softleaf_from_pte(pte));
}

unsigned long no_pfn(swp_entry_t entry)
{
	if (is_device_private_entry(entry))
		return swp_offset_pfn(entry);
	return 0;
}

unsigned long leaf_no_pfn(softleaf_t entry)
{
	return softleaf_is_device_private(entry) ? softleaf_to_pfn(entry) : 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Every form in which an entry can be known to be device private, up to 6.18. */
#include "fake.h"

#define hold(page) do { if (page) get_page(page); } while (0)
#define FLAGS_OF(entry) ((entry).val & 0xf)

struct page *plain_if(swp_entry_t entry)
{
	struct page *page = NULL;

	if (is_device_private_entry(entry)) {
		/* The comment stays where it is. */
		page = pfn_swap_entry_to_page(entry);	/* and so does this one */
		hold(page);
	}
	return page;
}

struct folio *without_braces(swp_entry_t entry)
{
	if (is_writable_device_private_entry(entry))
		return pfn_swap_entry_folio(entry);
	return NULL;
}

struct page *else_if(swp_entry_t entry)
{
	struct page *page = NULL;

	if (!non_swap_entry(entry)) {
		use(swp_offset(entry));
	} else if (is_migration_entry(entry)) {
		page = pfn_swap_entry_to_page(entry);
	} else if (is_device_private_entry(entry)) {
		page = pfn_swap_entry_to_page(entry);
	}
	return page;
}

struct page *early_return(swp_entry_t entry)
{
	use(FLAGS_OF(entry));
	if (!is_device_private_entry(entry))
		return NULL;

	return pfn_swap_entry_to_page(entry);
}

int early_goto(pte_t *pte)
{
	swp_entry_t entry = pte_to_swp_entry(*pte);
	int ret = -EINVAL;

	if (unlikely(!is_device_private_entry(entry))) {
		use(1);
		goto out;
	}
	get_page(pfn_swap_entry_to_page(entry));
	ret = 0;
out:
	return ret;
}

void in_loop(pte_t *pte)
{
	swp_entry_t entry;

	for (; more(); pte++) {
		entry = pte_to_swp_entry(*pte);
		if (is_migration_entry(entry) || !is_device_private_entry(entry))
			continue;
		folio_get(pfn_swap_entry_folio(entry));
	}
}

struct dev_pagemap *conjunction(swp_entry_t entry, void *owner)
{
	if (is_device_private_entry(entry) &&
	    pfn_swap_entry_to_page(entry)->pgmap->owner == owner)
		return pfn_swap_entry_to_page (entry)->pgmap;
	return NULL;
}

bool disjunction(swp_entry_t entry, void *owner)
{
	return !is_device_private_entry(entry) ||
		pfn_swap_entry_to_page(entry)->pgmap->owner != owner;
}

struct page *negation(swp_entry_t entry)
{
	if (!(is_device_private_entry(entry))) {
		use(0);
	} else {
		return pfn_swap_entry_to_page(entry);
	}
	return NULL;
}

struct page *ternary(swp_entry_t entry)
{
	return is_device_private_entry(entry) ? pfn_swap_entry_to_page(entry) : NULL;
}

struct page *by_type(swp_entry_t entry)
{
	switch (swp_type(entry)) {
	case SWP_DEVICE_READ:
	case SWP_DEVICE_WRITE:
		return pfn_swap_entry_to_page(entry);
	case SWP_MIGRATION_READ:
		return pfn_swap_entry_to_page(entry);
	default:
		return NULL;
	}
}

struct page *asserted(swp_entry_t entry)
{
	BUG_ON(!is_device_private_entry(entry));
	return pfn_swap_entry_to_page(entry);
}

struct page *by_pfn(swp_entry_t entry)
{
	if (is_device_private_entry(entry))
		return pfn_to_page(swp_offset_pfn(entry));
	return NULL;
}

struct page *odd_spacing(swp_entry_t entry)
{
	struct page*page=NULL;

	if(is_device_private_entry( entry ))
	{
		page=pfn_swap_entry_to_page(
			entry);
	}
	return page;
}

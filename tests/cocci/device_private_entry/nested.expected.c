// SPDX-License-Identifier: GPL-2.0
/* A switch in a switch, a choice in a choice, and what brings its own semicolon. */
#include "fake.h"

#define TRACE(x) { use(x); }
#define TAKE(x) use(x);

/* The outer switch has no default. */
struct page *inner_default(swp_entry_t e, int how)
{
	switch (swp_type(e)) {
	case SWP_MIGRATION_READ:
		switch (how) {
		case 1:
			break;
		default:
			return NULL;
		}
		return NULL;
	case SWP_DEVICE_READ:
	case SWP_DEVICE_WRITE:
		break;
	}
	return pfn_swap_entry_to_page(e);
}

/* The inner switch is on another entry. */
unsigned long inner_kinds(swp_entry_t e, swp_entry_t other)
{
	switch (swp_type(e)) {
	case SWP_MIGRATION_READ:
		switch (swp_type(other)) {
		case SWP_DEVICE_READ:
		case SWP_DEVICE_WRITE:
			use(1);
		}
		return 0;
	default:
		return swp_offset_pfn(e);
	}
}

struct page *inner_break(swp_entry_t e, int how)
{
	switch (swp_type(e)) {
	case SWP_DEVICE_READ:
	case SWP_DEVICE_WRITE:
		switch (how) {
		case 1:
			use(1);
			break;
		}
		break;
	default:
		return NULL;
	}
	return softleaf_to_device_private_page(e);
}

struct page *choice_in_choice(softleaf_t e, bool wanted)
{
	return softleaf_is_device_private(e) ? wanted ? softleaf_to_device_private_page(e) : NULL : NULL;
}

bool choice_in_condition(softleaf_t e, bool strict)
{
	if (strict ? more() ? true : false : !softleaf_is_device_private(e))
		return false;
	return softleaf_to_page(e)->pgmap;
}

struct page *choice_without_middle(softleaf_t e, struct page *page)
{
	return softleaf_is_device_private(e) ? page ?: softleaf_to_device_private_page(e) : NULL;
}

void no_semicolon(softleaf_t e)
{
	if (!softleaf_is_device_private(e))
		return;
	get_page(softleaf_to_device_private_page(e));
	TRACE(1)
}

struct page *own_semicolon(softleaf_t e, bool wanted)
{
	if (wanted) {
		TAKE(1)
	}
	if (!softleaf_is_device_private(e))
		return NULL;
	return softleaf_to_device_private_page(e);
}

// SPDX-License-Identifier: GPL-2.0
/* A branch for other entries that is not always left, and some that are. */
#include "fake.h"

#define WARN_ON(x) (!!(x))
#define BUG() __builtin_trap()

int busy(void);

/* The block is left only when busy(): any entry may arrive at the use. */
struct page *half_guarded(swp_entry_t e)
{
	if (!is_device_private_entry(e)) {
		if (busy())
			return NULL;
	}
	return pfn_swap_entry_to_page(e);
}

struct page *leaves_in_loop(swp_entry_t e)
{
	if (!is_device_private_entry(e)) {
		while (busy())
			return NULL;
	}
	return pfn_swap_entry_to_page(e);
}

struct page *breaks_inner(swp_entry_t e)
{
	for (; more(); ) {
		if (!is_device_private_entry(e)) {
			while (more()) {
				use(1);
				break;
			}
		}
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *both_arms(swp_entry_t e)
{
	if (!is_device_private_entry(e)) {
		if (busy())
			return NULL;
		else
			goto out;
	}
	return softleaf_to_device_private_page(e);
out:
	return NULL;
}

struct page *bug(swp_entry_t e)
{
	if (!is_device_private_entry(e))
		BUG();
	return softleaf_to_device_private_page(e);
}

struct page *warn_return(swp_entry_t e)
{
	if (WARN_ON(!is_device_private_entry(e)))
		return NULL;
	return softleaf_to_device_private_page(e);
}

struct page *do_once(softleaf_t e)
{
	do {
		if (!softleaf_is_device_private(e))
			break;
		get_page(softleaf_to_device_private_page(e));
	} while (0);
	return NULL;
}

struct page *again(softleaf_t e, pte_t *pte)
{
	if (!softleaf_is_device_private(e))
		return NULL;
retry:
	if (more()) {
		e = softleaf_from_pte(*pte);
		goto retry;
	}
	return softleaf_to_page(e);
}

struct page *with_ifdef(softleaf_t e)
{
#ifdef CONFIG_X
	if (!softleaf_is_device_private(e))
		return NULL;
#endif
	return softleaf_to_page(e);
}

struct page *leaves_else(swp_entry_t e)
{
	if (is_device_private_entry(e))
		use(1);
	else if (busy())
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *nested_leave(swp_entry_t e)
{
	if (!is_device_private_entry(e)) {
		if (busy()) {
			return NULL;
		} else {
			use(1);
			return NULL;
		}
	}
	return softleaf_to_device_private_page(e);
}

struct page *switch_leave(swp_entry_t e)
{
	switch (swp_type(e)) {
	case SWP_DEVICE_READ:
	case SWP_DEVICE_WRITE:
		break;
	case SWP_MIGRATION_READ:
		use(1);
		break;
	default:
		return NULL;
	}
	return pfn_swap_entry_to_page(e);
}

struct page *continue_in(swp_entry_t *t, int n)
{
	int i;
	for (i = 0; i < n; i++) {
		swp_entry_t e = t[i];

		if (!is_device_private_entry(e)) {
			if (busy())
				continue;
			break;
		}
		get_page(softleaf_to_device_private_page(e));
	}
	return NULL;
}

struct page *not_and(swp_entry_t e)
{
	if (!(is_device_private_entry(e) && busy()))
		return NULL;
	return softleaf_to_device_private_page(e);
}

struct page *not_or(swp_entry_t e)
{
	if (!(is_device_private_entry(e) || busy()))
		return NULL;
	return pfn_swap_entry_to_page(e);
}

struct page *goto_in(swp_entry_t e)
{
	if (busy())
		goto private;
	if (is_device_private_entry(e)) {
private:
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

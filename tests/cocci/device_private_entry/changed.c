// SPDX-License-Identifier: GPL-2.0
/* The entry may be another one since it was tested. */
#include "fake.h"

struct ctx { swp_entry_t entry; swp_entry_t *table; int n; };
bool busy(void);
void refill(struct ctx *ctx);
void refill_all(void);
void reload_table(swp_entry_t *table, int n);
static swp_entry_t global;

void reload(swp_entry_t *where);

struct page *may_be_new(swp_entry_t e)
{
	if (is_device_private_entry(e)) {
		reload(&e);
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *neighbour(swp_entry_t *table, int i)
{
	if (is_device_private_entry(table[i])) {
		i++;
		return pfn_swap_entry_to_page(table[i]);
	}
	return NULL;
}

struct page *pointer_moves(swp_entry_t *e)
{
	if (is_device_private_entry(*e)) {
		e++;
		return pfn_swap_entry_to_page(*e);
	}
	return NULL;
}

struct page *in_condition(swp_entry_t *e)
{
	if (is_device_private_entry(*e++))
		return pfn_swap_entry_to_page(*e++);
	return NULL;
}

struct page *loop_changes(swp_entry_t e, pte_t *pte)
{
	struct page *page = NULL;

	if (!is_device_private_entry(e))
		return NULL;
	while (more()) {
		page = pfn_swap_entry_to_page(e);
		e = pte_to_swp_entry(*pte++);
	}
	return page;
}

struct page *member(struct ctx *ctx)
{
	if (is_device_private_entry(ctx->entry)) {
		refill(ctx);
		return pfn_swap_entry_to_page(ctx->entry);
	}
	return NULL;
}

struct page *member2(struct ctx *ctx)
{
	if (is_device_private_entry(ctx->entry)) {
		use(ctx->n);
		return pfn_swap_entry_to_page(ctx->entry);
	}
	return NULL;
}

struct page *local_struct(pte_t pte)
{
	struct ctx ctx = { .entry = pte_to_swp_entry(pte) };

	if (is_device_private_entry(ctx.entry)) {
		refill(&ctx);
		return pfn_swap_entry_to_page(ctx.entry);
	}
	return NULL;
}

struct page *of_all(void)
{
	if (is_device_private_entry(global)) {
		refill_all();
		return pfn_swap_entry_to_page(global);
	}
	return NULL;
}

struct page *by_pointer(swp_entry_t e, swp_entry_t other)
{
	swp_entry_t *where = &e;

	if (is_device_private_entry(e)) {
		*where = other;
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *inner_shadow(softleaf_t e, pte_t *pte)
{
	if (softleaf_is_device_private(e)) {
		while (more()) {
			softleaf_t e = softleaf_from_pte(*pte);

			get_page(softleaf_to_page(e));
		}
	}
	return NULL;
}

struct page *copied(softleaf_t e, softleaf_t f)
{
	softleaf_t g = e;

	if (softleaf_is_device_private(e)) {
		e = f;
		get_page(softleaf_to_page(g));
		get_page(softleaf_to_page(e));
	}
	return NULL;
}

struct page *index_in_loop(softleaf_t *t, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (!softleaf_is_device_private(t[i]))
			continue;
		get_page(softleaf_to_page(t[i]));
	}
	return softleaf_to_page(t[i]);
}

struct page *comma(softleaf_t e, pte_t pte)
{
	return softleaf_is_device_private(e) ?
		(e = softleaf_from_pte(pte), softleaf_to_page(e)) : NULL;
}

struct page *table_to_callee(swp_entry_t *table, int i)
{
	if (is_device_private_entry(table[i])) {
		reload_table(table, i);
		return pfn_swap_entry_to_page(table[i]);
	}
	return NULL;
}

struct page *assigned_element(swp_entry_t *table, int i, int j, swp_entry_t e)
{
	if (is_device_private_entry(table[i])) {
		table[j] = e;
		return pfn_swap_entry_to_page(table[i]);
	}
	return NULL;
}

struct page *val(swp_entry_t e)
{
	if (is_device_private_entry(e)) {
		e.val += 1;
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *val2(swp_entry_t e)
{
	if (is_device_private_entry(e)) {
		e.val++;
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *fnptr(swp_entry_t e, void (*fn)(swp_entry_t *))
{
	if (is_device_private_entry(e)) {
		(*fn)(&e);
		return pfn_swap_entry_to_page(e);
	}
	return NULL;
}

struct page *pmd_again(pmd_t *pmd, pmd_t other)
{
	if (pmd_is_device_private_entry(*pmd)) {
		*pmd = other;
		return softleaf_to_page(softleaf_from_pmd(*pmd));
	}
	return NULL;
}

struct page *pmd_direct(pmd_t *pmd)
{
	if (pmd_is_device_private_entry(*pmd))
		return pfn_swap_entry_to_page(pmd_to_swp_entry(*pmd));
	return NULL;
}

struct page *two_names(swp_entry_t e)
{
	swp_entry_t entry = e;

	if (!is_device_private_entry(e))
		return NULL;
	return pfn_swap_entry_to_page(entry);
}

struct page *into(swp_entry_t *table, int i)
{
	swp_entry_t *p = &table[i];

	if (!is_device_private_entry(*p))
		return NULL;
	reload_table(table, i);
	return pfn_swap_entry_to_page(*p);
}

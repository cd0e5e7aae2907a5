// SPDX-License-Identifier: GPL-2.0
/* The PFN is taken after all, of what comes of the page or of a copy: reported only. */
#include "fake.h"

struct info { struct page *page; softleaf_t entry; };
struct page *compound_head(struct page *page);
void *kmap_atomic(struct page *page);
void refill(struct info *info);
void account(softleaf_t e);

unsigned long of_folio(softleaf_t e)
{
	struct folio *folio;
	struct page *page;

	if (!softleaf_has_pfn(e))
		return 0;
	page = softleaf_to_page(e);
	folio = page_folio(page);
	return folio_pfn(folio);
}

unsigned long of_ternary(softleaf_t e)
{
	struct folio *folio = softleaf_has_pfn(e) ? softleaf_to_folio(e) : NULL;

	return folio ? folio_pfn(folio) : 0;
}

unsigned long of_head(softleaf_t e)
{
	struct page *head;

	if (!softleaf_has_pfn(e))
		return 0;
	head = compound_head(softleaf_to_page(e));
	return page_to_pfn(head);
}

void of_member(struct info *info, softleaf_t e)
{
	if (!softleaf_has_pfn(e))
		return;
	info->page = softleaf_to_page(e);
	use(page_to_pfn(info->page));
}

void mapped(softleaf_t e)
{
	if (softleaf_has_pfn(e))
		kmap_atomic(softleaf_to_page(e));
}

void of_copy(softleaf_t e)
{
	softleaf_t old = e;

	if (softleaf_has_pfn(e)) {
		get_page(softleaf_to_page(e));
		use(softleaf_to_pfn(old));
	}
}

void of_later_copy(softleaf_t e, softleaf_t next)
{
	softleaf_t old;

	if (!softleaf_has_pfn(e))
		return;
	get_page(softleaf_to_page(e));
	old = e;
	e = next;
	use(softleaf_to_pfn(old));
}

void entry_replaced(softleaf_t e, softleaf_t next)
{
	struct page *page;

	if (!softleaf_has_pfn(e))
		return;
	page = softleaf_to_page(e);
	e = next;
	use(page_to_pfn(page) + e.val);
}

void copy_to_callee(softleaf_t e)
{
	softleaf_t old = e;

	if (softleaf_has_pfn(e)) {
		get_page(softleaf_to_page(e));
		account(old);
	}
}

void after_callee(struct info *info)
{
	if (softleaf_has_pfn(info->entry)) {
		get_page(softleaf_to_page(info->entry));
		refill(info);
		use(softleaf_to_pfn(info->entry));
	}
}

void behind_label(softleaf_t e)
{
	if (softleaf_has_pfn(e)) {
		get_page(softleaf_to_page(e));
		goto number;
	}
	return;
number:
	use(softleaf_to_pfn(e));
}

softleaf_t into_another(softleaf_t e)
{
	if (!softleaf_has_pfn(e))
		return e;
	get_page(softleaf_to_page(e));
	return make_readable_migration_entry(swp_offset(e));
}

// SPDX-License-Identifier: GPL-2.0-only
// The calls that a file is read for, as far as spatch can parse the file.

@use@
attribute name __free;
position p;
identifier f = {pfn_swap_entry_to_page, pfn_swap_entry_folio, swp_offset_pfn,
		softleaf_to_page, softleaf_to_folio, softleaf_to_pfn,
		request_free_mem_region, devm_request_free_mem_region,
		memremap_pages, devm_memremap_pages,
		page_to_pfn, folio_pfn, page_to_phys, range_len,
		hmm_pfn_to_page, hmm_pfn_to_phys};
@@
f@p(...)

@script:python@
p << use.p;
@@
print("seen", p[0].line, p[0].column, p[0].current_element)

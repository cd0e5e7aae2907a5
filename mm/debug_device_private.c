// SPDX-License-Identifier: GPL-2.0
/*
 * Trap device private pages that are taken for memory with a PFN, and indexes
 * that are taken for PFNs.
 */
#include <linux/bug.h>
#include <linux/device_private.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/mmzone.h>

/* Called by page_to_pfn(), see asm-generic/memory_model.h. */
void debug_page_to_pfn(const void *page)
{
	WARN_ONCE(!page_has_pfn(page),
		  "device private page %p has no PFN\n", page);
}
EXPORT_SYMBOL_GPL(debug_page_to_pfn);

/*
 * Called by pfn_to_page(). The id of a space is never 0, so a number without a
 * bit in its place is no name. With a bit there it may still be the PFN of
 * memory at a very high address. Hotplug asks where the memmap of such memory
 * goes before there is one, so look if the number names a page.
 */
void debug_pfn_to_page(unsigned long pfn)
{
	const device_private_index_t index = { pfn };

	WARN_ONCE(pfn >> DEVICE_PRIVATE_ID_SHIFT && !pfn_valid(pfn) &&
		  device_private_index_to_page(index),
		  "device private index %#lx taken for a PFN\n", pfn);
}
EXPORT_SYMBOL_GPL(debug_pfn_to_page);

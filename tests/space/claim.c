// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that take what the command line says, and what becomes of the machine.
 *
 *	claim.generic=GIB	a device whose memory is at the top of the physical address
 *				space: no more than what is left there
 *	claim.private=GIB,...	devices with private memory, of any size
 *
 * Each result is a line of the kernel's log. Compiles in the base and in the series.
 */
#include <linux/dma-mapping.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/memblock.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#if __has_include(<linux/device_private.h>)
#include <linux/device_private.h>
#define BY_INDEX
#endif

static unsigned long generic;
module_param(generic, ulong, 0444);

static unsigned long private[8];
static unsigned int nr_private;
module_param_array(private, ulong, &nr_private, 0444);

static vm_fault_t no_fault(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static void no_free(struct folio *folio)
{
}

static const struct dev_pagemap_ops ops = {
	.migrate_to_ram = no_fault,
	.folio_free = no_free,
};

/* The largest hole in the physical address space that the kernel can use. */
static struct range largest_hole(void)
{
	const u64 end = min_t(u64, iomem_resource.end, DIRECT_MAP_PHYSMEM_END);
	struct range hole = { 0, 0 };
	struct resource *res;
	u64 at = 0;

	for (res = iomem_resource.child; at <= end; res = res->sibling) {
		const u64 to = res ? min(res->start, end + 1) : end + 1;

		if (to > at && to - at > range_len(&hole))
			hole = (struct range) { at, to - 1 };
		if (!res)
			break;
		at = res->end + 1;
	}

	return hole;
}

static int map_range(struct dev_pagemap *pgmap, struct range range)
{
	pgmap->range = range;
	pgmap->nr_range = 1;
	return PTR_ERR_OR_ZERO(memremap_pages(pgmap, 0));
}

static int claim_generic(struct dev_pagemap *pgmap, u64 size)
{
	const u64 align = 1UL << PA_SECTION_SHIFT;
	struct range range = largest_hole();

	range.start = round_up(range.start, align);
	range.end = round_down(range.end + 1, align) - 1;
	range.start = max(range.start, range.end + 1 - min(size, range_len(&range)));
	if (!request_mem_region(range.start, range_len(&range), "claim"))
		return -EBUSY;

	pgmap->type = MEMORY_DEVICE_GENERIC;
	return map_range(pgmap, range);
}

#ifdef BY_INDEX
/* The whole of it, and the last page is there. */
static int claim_private(struct dev_pagemap *pgmap, u64 size)
{
	const unsigned long granule = device_private_granule();
	const unsigned long nr_pages = size >> PAGE_SHIFT;
	int err;

	err = device_private_register(pgmap, nr_pages, 0);
	if (err)
		return err;

	err = device_private_populate(pgmap, nr_pages - granule, granule);
	if (err)
		return err;

	return device_private_page(pgmap, nr_pages - 1) ? 0 : -ENXIO;
}
#else
static int claim_private(struct dev_pagemap *pgmap, u64 size)
{
	struct resource *res = request_free_mem_region(&iomem_resource, size, "claim");

	if (IS_ERR(res))
		return PTR_ERR(res);

	return map_range(pgmap, (struct range) { res->start, res->end });
}
#endif

static void claim(const char *kind, int (*how)(struct dev_pagemap *pgmap, u64 size),
		  unsigned long gib)
{
	struct dev_pagemap *pgmap = kzalloc_obj(*pgmap);
	int err;

	if (!pgmap)
		return;
	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->ops = &ops;
	pgmap->owner = pgmap;
	err = how(pgmap, (u64)gib << 30);
	pr_info("claim: %s %lu GiB: %d", kind, gib, err);
	if (!err && pgmap->nr_range)
		pr_cont(", at %#llx-%#llx", pgmap->range.start, pgmap->range.end);
	pr_cont("\n");
}

/* What others take for the end of memory. */
static void tell(const char *when, struct device *dev)
{
	const struct range hole = largest_hole();

	pr_info("claim: %s: %llu GiB left, node ends at %#lx, spans %#lx, max_pfn %#lx, DMA mask %#llx\n",
		when, range_len(&hole) >> 30, node_end_pfn(0), NODE_DATA(0)->node_spanned_pages,
		max_pfn, dma_get_required_mask(dev));
}

/* Before test_hmm, which comes later in the order of linking. */
static int __init claim_init(void)
{
	struct platform_device *pdev;
	unsigned int i;

	pdev = platform_device_register_simple("claim", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);

	pr_info("claim: %u physical address bits, direct map to %#llx\n",
		boot_cpu_data.x86_phys_bits, (u64)DIRECT_MAP_PHYSMEM_END);
	tell("before", &pdev->dev);
	if (generic)
		claim("generic", claim_generic, generic);
	for (i = 0; i < nr_private; i++)
		claim("private", claim_private, private[i]);
	tell("after", &pdev->dev);

	return 0;
}
device_initcall(claim_init);

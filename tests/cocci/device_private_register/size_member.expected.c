// SPDX-License-Identifier: GPL-2.0
/* The size is a member that nothing changes. */
#include "fake.h"

struct vram { unsigned long bytes; };

int probe(struct device *dev, struct dev_pagemap *pgmap, struct vram *vram)
{
	int err;

	pgmap->type = MEMORY_DEVICE_PRIVATE;
	err = devm_device_private_register(dev, pgmap,
					   vram->bytes >> PAGE_SHIFT);
	if (err)
		return err;
	err = device_private_populate(pgmap, 0, vram->bytes >> PAGE_SHIFT);
	if (err)
		return err;
	return 0;
}

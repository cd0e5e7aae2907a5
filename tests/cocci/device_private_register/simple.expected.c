// SPDX-License-Identifier: GPL-2.0
/* The region is for one pagemap, and devm releases everything. */
#include "fake.h"

static const int ops;

int probe(struct device *dev, struct dev_pagemap *pgmap, unsigned long size)
{
	int err;

	pgmap->type = MEMORY_DEVICE_PRIVATE;
	pgmap->ops = &ops;
	pgmap->owner = dev;

	err = devm_device_private_register(dev, pgmap, size >> PAGE_SHIFT);
	if (err)
		return err;
	err = device_private_populate(pgmap, 0, size >> PAGE_SHIFT);
	if (err)
		return err;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Flags that are no entry, and numbers that are no array of entries. */
#include "fake.h"

unsigned long collect(bool write, bool large)
{
	unsigned long flags = 0;
	unsigned long *numbers = &flags;

	if (write)
		flags |= MIGRATE_PFN_WRITE;
	if (large)
		flags = MIGRATE_PFN_COMPOUND;
	if (flags & MIGRATE_PFN_WRITE)
		flags &= ~MIGRATE_PFN_WRITE;
	numbers[0] = 0;
	return flags;
}

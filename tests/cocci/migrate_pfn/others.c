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

/* Flags in an argument and in a variable of its own. */
unsigned long count_large(unsigned long flags, unsigned long *large, bool write)
{
	unsigned long wanted = write ? MIGRATE_PFN_WRITE : 0;

	if (flags & MIGRATE_PFN_COMPOUND)
		(*large)++;
	return (flags & wanted) == wanted;
}

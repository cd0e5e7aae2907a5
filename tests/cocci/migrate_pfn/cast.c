// SPDX-License-Identifier: GPL-2.0
/* A cast tells that the other array has not the type of an entry, either. */
#include "fake.h"

int helper(const unsigned long *src, unsigned long *dst)
{
	struct migrate_vma job = {
		.src = (unsigned long *)src,
		.dst = dst,
	};

	return migrate_vma_setup(&job);
}

// SPDX-License-Identifier: GPL-2.0
/* Arrays of a structure without a name are for migrate_vma_setup(). */
#include "fake.h"

typedef struct {
	unsigned long src_pfn_array[16];
	unsigned long first_pfn;
} state;

typedef struct {
	struct {
		unsigned long src_pfns[16];
		union {
			unsigned long dst_pfns[16];
			struct page *pages[16];
		};
	} hmm;
} context;

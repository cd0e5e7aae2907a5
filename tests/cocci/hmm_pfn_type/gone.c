// SPDX-License-Identifier: GPL-2.0
/* Flags that are gone. */
#include "fake.h"

enum { HMM_PFN_VALID = 1, HMM_PFN_DMA_MAPPED = 2, HMM_PFN_P2PDMA = 4, HMM_PFN_P2PDMA_BUS = 8 };

bool is_mapped(unsigned long entry)
{
	return entry & HMM_PFN_VALID && entry & HMM_PFN_DMA_MAPPED;
}

unsigned long mark(unsigned long entry, bool bus)
{
	return entry | (bus ? HMM_PFN_P2PDMA_BUS : HMM_PFN_P2PDMA);
}

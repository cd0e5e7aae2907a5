// SPDX-License-Identifier: GPL-2.0
/* What is done with the entry is not understood: reported. */
#include "fake.h"

struct page *spelt_otherwise(softleaf_t *e)
{
	if (softleaf_has_pfn(*e++))
		return softleaf_to_page(e[-1]);
	return NULL;
}

void given_on(softleaf_t e, softleaf_t (*next)(softleaf_t e))
{
	for (; softleaf_has_pfn(e); e = next(e))
		get_page(softleaf_to_page(e));
}

// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

struct work {
	unsigned long sources[64];
	unsigned long targets[64];
};

void from_members(struct work *w, struct migrate_vma *job)
{
	job->src = w->sources;
	job->dst = w->targets + 2;
	w->targets[0] = migrate_pfn(page_to_pfn(fresh()));
}

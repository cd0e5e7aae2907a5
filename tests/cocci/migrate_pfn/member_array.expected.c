// SPDX-License-Identifier: GPL-2.0
#include "fake.h"

struct work {
	migrate_pfn_t sources[64];
	migrate_pfn_t targets[64];
};

void from_members(struct work *w, struct migrate_vma *job)
{
	job->src = w->sources;
	job->dst = w->targets + 2;
	w->targets[0] = page_to_migrate_pfn(fresh());
}

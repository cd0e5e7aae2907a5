// SPDX-License-Identifier: GPL-2.0
/* Members of structures that are declared here. */
#include "fake.h"

struct one { migrate_pfn_t entry; migrate_pfn_t *list; };
struct two { migrate_pfn_t *from; migrate_pfn_t *to; };
struct near { struct two two; struct migrate_vma job; };

void near(struct one *o, struct two *t, struct near *n, struct migrate_vma *job)
{
	o->entry = page_to_migrate_pfn(fresh());
	migrate_pfn_set(&o->entry, MIGRATE_PFN_WRITE);
	o->list = job->dst;
	job->src = t->from;
	t->from[1] = migrate_pfn_hole(MIGRATE_PFN_MIGRATE);
	if (!migrate_pfn_test(t->to[1], MIGRATE_PFN_VALID))
		t->to[1] = migrate_pfn_none();
	n->job.src[0] = migrate_pfn_none();
	n->two.to[0] = migrate_pfn_none();
	if (migrate_pfn_test(n->two.from[0], MIGRATE_PFN_MIGRATE))
		n->job.dst = n->two.to;
}

// SPDX-License-Identifier: GPL-2.0
/* Members of structures that are declared here. */
#include "fake.h"

struct one { unsigned long entry; unsigned long *list; };
struct two { unsigned long *from; unsigned long *to; };
struct near { struct two two; struct migrate_vma job; };

void near(struct one *o, struct two *t, struct near *n, struct migrate_vma *job)
{
	o->entry = migrate_pfn(page_to_pfn(fresh()));
	o->entry |= MIGRATE_PFN_WRITE;
	o->list = job->dst;
	job->src = t->from;
	t->from[1] = MIGRATE_PFN_MIGRATE;
	if (!(t->to[1] & MIGRATE_PFN_VALID))
		t->to[1] = 0;
	n->job.src[0] = 0;
	n->two.to[0] = 0;
	if (n->two.from[0] & MIGRATE_PFN_MIGRATE)
		n->job.dst = n->two.to;
}

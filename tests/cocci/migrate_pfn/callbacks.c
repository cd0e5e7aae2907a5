// SPDX-License-Identifier: GPL-2.0
/* Functions that are handed to others, which may call them with anything. */
#include "fake.h"

typedef void (*slot_fn)(unsigned long *slot, void *arg);
struct walk_ops { slot_fn each, last; };
void walk(unsigned long *words, slot_fn fn);
void walk_all(unsigned long *words, const struct walk_ops *ops);

static void clear_slot(unsigned long *slot, void *arg)
{
	*slot = 0;
	use(*(unsigned long *)arg);
}

static void clear_word(unsigned long *word, void *arg)
{
	*word = 0;
}

static void end_slot(unsigned long *end, void *arg)
{
	*end = 0;
}

static const struct walk_ops ops = { .each = clear_word, .last = &end_slot };

void both(struct migrate_vma *job, unsigned long *bitmap)
{
	clear_slot(&job->dst[0], job);
	walk(bitmap, clear_slot);
	clear_word(&job->dst[1], NULL);
	end_slot(&job->dst[2], NULL);
	walk_all(bitmap, &ops);
}

// SPDX-License-Identifier: GPL-2.0
/* Calls and macros that may change the entry by a pointer to what it is in. */
#include "fake.h"

#define to_job(work) ((struct job *)(work))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define take_entry(e, pte) ((e) = pte_to_swp_entry(*(pte)))

struct cursor { swp_entry_t entry; int n; };
struct walk { struct cursor *cursor; struct cursor here; };
struct table { swp_entry_t *slots; unsigned int head; };
struct work { int pending; };
struct job { struct work work; swp_entry_t entry; };
typedef struct { int value; } spinlock_t;
void advance(struct cursor *cursor);
void advance_all(struct walk *walk);
void rotate(swp_entry_t *slots, unsigned int n);
void run(void *argument);
void run_work(struct work *work);
pte_t ptep_get(pte_t *ptep);
void set_pte_at(unsigned long addr, pte_t *ptep, pte_t pte);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);

struct page *member_is_pointer(struct walk *walk)
{
	if (!is_device_private_entry(walk->cursor->entry))
		return NULL;
	advance(walk->cursor);
	return pfn_swap_entry_to_page(walk->cursor->entry);
}

struct page *copy_of_pointer(struct walk *walk)
{
	struct cursor *cursor = walk->cursor;

	if (!is_device_private_entry(walk->cursor->entry))
		return NULL;
	advance(cursor);
	return pfn_swap_entry_to_page(walk->cursor->entry);
}

struct page *one_of_two(struct walk *walk, bool here)
{
	struct cursor *cursor = here ? &walk->here : walk->cursor;

	if (!is_device_private_entry(cursor->entry))
		return NULL;
	advance_all(walk);
	return pfn_swap_entry_to_page(cursor->entry);
}

struct page *address_of_member(struct walk *walk)
{
	if (!is_device_private_entry(walk->here.entry))
		return NULL;
	advance(&walk->here);
	return pfn_swap_entry_to_page(walk->here.entry);
}

struct page *member_is_array(struct table *table, unsigned int n)
{
	if (!is_device_private_entry(table->slots[table->head]))
		return NULL;
	rotate(table->slots, n);
	return pfn_swap_entry_to_page(table->slots[table->head]);
}

struct page *cast(struct cursor *cursor)
{
	if (!is_device_private_entry(cursor->entry))
		return NULL;
	run((void *)cursor);
	return pfn_swap_entry_to_page(cursor->entry);
}

struct page *cast_address(swp_entry_t e, void (*how)(void *))
{
	if (!is_device_private_entry(e))
		return NULL;
	how((void *)&e);
	return pfn_swap_entry_to_page(e);
}

struct page *container(struct work *work)
{
	struct job *job = to_job(work);

	if (!is_device_private_entry(job->entry))
		return NULL;
	run_work(work);
	return pfn_swap_entry_to_page(job->entry);
}

struct page *read_again(unsigned long addr, pte_t *ptep, pte_t pte)
{
	if (!softleaf_is_device_private(softleaf_from_pte(ptep_get(ptep))))
		return NULL;
	set_pte_at(addr, ptep, pte);
	return softleaf_to_page(softleaf_from_pte(ptep_get(ptep)));
}

struct page *lock_dropped(pte_t *pte, spinlock_t *ptl)
{
	if (!softleaf_is_device_private(softleaf_from_pte(*pte)))
		return NULL;
	spin_unlock(ptl);
	spin_lock(ptl);
	return softleaf_to_page(softleaf_from_pte(*pte));
}

struct page *written_once(pmd_t *pmd, pmd_t value)
{
	if (!pmd_is_device_private_entry(*pmd))
		return NULL;
	WRITE_ONCE(*pmd, value);
	return softleaf_to_page(softleaf_from_pmd(*pmd));
}

struct page *macro_assigns(swp_entry_t e, pte_t *pte)
{
	if (!is_device_private_entry(e))
		return NULL;
	take_entry(e, pte);
	return pfn_swap_entry_to_page(e);
}

struct page *ternary_assigns(swp_entry_t e, swp_entry_t other)
{
	if (!is_device_private_entry(e))
		return NULL;
	more() ? e = other : other;
	return pfn_swap_entry_to_page(e);
}

/* Values change nothing. */
struct page *values(struct cursor *cursor, swp_entry_t *slots, int i)
{
	if (is_device_private_entry(cursor->entry)) {
		use(cursor->n + i);
		return softleaf_to_device_private_page(cursor->entry);
	}
	if (!is_device_private_entry(slots[i]))
		return NULL;
	use(slots[i].val);
	return softleaf_to_device_private_page(slots[i]);
}

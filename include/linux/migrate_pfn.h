/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MIGRATE_PFN_H
#define _LINUX_MIGRATE_PFN_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/types.h>

/**
 * DOC: Entries of the migration arrays
 *
 * The ``src`` and ``dst`` arrays of struct migrate_vma, migrate_device_pfns()
 * and their relatives have one migrate_pfn_t for each page of the range to
 * migrate. Such an entry holds one of
 *
 * * nothing: there is nothing to migrate, or no destination was given;
 * * a hole (``src`` only): the address has no page, but the driver may give a
 *   destination page to be inserted there;
 * * a page, with flags.
 *
 * An entry that holds nothing is all zeroes, so an array that comes from
 * kvcalloc() or that was cleared with memset() is ready for use.
 *
 * Entries are made from the page or the folio itself. How an entry names its
 * page is private to the functions below: an entry is not a PFN, and no PFN can
 * be had from it.
 *
 * The entry of a large folio that is migrated as a whole names its first page
 * and has MIGRATE_PFN_COMPOUND set. The entries of the folio's other pages hold
 * nothing.
 */

/**
 * typedef migrate_pfn_t - An entry of the migration arrays.
 *
 * This is a structure, of the size of an unsigned long, so that the compiler
 * refuses to take anything else for an entry, or an entry for anything else.
 * Its contents are for the functions in this header only.
 */
typedef struct {
	/* private: */
	unsigned long val;
} migrate_pfn_t;

/*
 * An entry is the address of the struct page, with flags in the bits that its
 * alignment leaves free: finding the page costs nothing, whatever kind it is of.
 */
#define MIGRATE_PFN_MIGRATE	BIT(0)
#define MIGRATE_PFN_WRITE	BIT(1)
#define MIGRATE_PFN_COMPOUND	BIT(2)

/* No bit of an entry: for migrate_pfn_test() to ask whether there is a page. */
#define MIGRATE_PFN_VALID	BIT(3)

/* The flags that migrate_pfn_set() and migrate_pfn_clear() may change. */
#define MIGRATE_PFN_FLAGS	(MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE | \
				 MIGRATE_PFN_COMPOUND)

/**
 * migrate_pfn_none() - Make an entry that holds nothing.
 *
 * Returns: The empty entry, which is all zeroes.
 */
static inline migrate_pfn_t migrate_pfn_none(void)
{
	return (migrate_pfn_t){};
}

/**
 * migrate_pfn_hole() - Make an entry for an address that has no page.
 * @flags: MIGRATE_PFN_MIGRATE for a page to be inserted there, together with
 *	   MIGRATE_PFN_COMPOUND where the hole has room for a large folio.
 *
 * Returns: The entry. It holds no page: migrate_pfn_to_page() gives NULL.
 */
static inline migrate_pfn_t migrate_pfn_hole(unsigned long flags)
{
	VM_WARN_ON_ONCE(flags & ~MIGRATE_PFN_FLAGS);
	return (migrate_pfn_t){ flags };
}

/**
 * page_to_migrate_pfn() - Make an entry that holds a page.
 * @page: The page: system memory, device private or device coherent. It may be
 *	  a tail page, and it may be a device page that is not in use yet.
 *
 * The entry does not take a reference on the page. Whether it stands for one
 * depends on the array it is stored in, see migrate_vma_setup().
 *
 * Returns: The entry, with none of the flags that migrate_pfn_set() sets.
 */
static inline migrate_pfn_t page_to_migrate_pfn(const struct page *page)
{
	BUILD_BUG_ON(MIGRATE_PFN_FLAGS & ~(__alignof__(struct page) - 1));

	return (migrate_pfn_t){ (unsigned long)page };
}

/**
 * folio_to_migrate_pfn() - Make an entry that holds the first page of a folio.
 * @folio: The folio, see page_to_migrate_pfn().
 *
 * MIGRATE_PFN_COMPOUND is left to the caller: a large folio is migrated as a
 * whole only if source and destination both say so.
 *
 * Returns: The entry, with none of the flags that migrate_pfn_set() sets.
 */
static inline migrate_pfn_t folio_to_migrate_pfn(const struct folio *folio)
{
	return page_to_migrate_pfn(&folio->page);
}

/**
 * migrate_pfn_to_page() - Get the page that an entry holds.
 * @mpfn: The entry.
 *
 * Returns: The page, or NULL if @mpfn is a hole or holds nothing.
 */
static inline struct page *migrate_pfn_to_page(migrate_pfn_t mpfn)
{
	return (struct page *)(mpfn.val & ~MIGRATE_PFN_FLAGS);
}

/**
 * migrate_pfn_to_folio() - Get the folio of the page that an entry holds.
 * @mpfn: The entry.
 *
 * Context: As for page_folio(), something has to keep the folio from being
 *	    split or freed. Between migrate_vma_setup() and
 *	    migrate_vma_finalize() the folios of both arrays are locked and
 *	    referenced.
 * Returns: The folio, or NULL if @mpfn is a hole or holds nothing.
 */
static inline struct folio *migrate_pfn_to_folio(migrate_pfn_t mpfn)
{
	struct page *page = migrate_pfn_to_page(mpfn);

	return page ? page_folio(page) : NULL;
}

/**
 * migrate_pfn_test() - Test flags of an entry.
 * @mpfn: The entry.
 * @flags: MIGRATE_PFN_* flags. MIGRATE_PFN_VALID asks whether @mpfn holds a
 *	   page.
 *
 * Returns: true if all of @flags are set, otherwise false.
 */
static inline bool migrate_pfn_test(migrate_pfn_t mpfn, unsigned long flags)
{
	if (flags & MIGRATE_PFN_VALID && !migrate_pfn_to_page(mpfn))
		return false;

	flags &= MIGRATE_PFN_FLAGS;
	return (mpfn.val & flags) == flags;
}

/**
 * migrate_pfn_flags() - Get the flags of an entry, to give them to another.
 * @mpfn: The entry.
 *
 * Returns: The flags that are set, of those that migrate_pfn_set() may set.
 */
static inline unsigned long migrate_pfn_flags(migrate_pfn_t mpfn)
{
	return mpfn.val & MIGRATE_PFN_FLAGS;
}

/**
 * migrate_pfn_set() - Set flags of an entry.
 * @mpfn: Pointer to the entry.
 * @flags: Zero or more of MIGRATE_PFN_MIGRATE, MIGRATE_PFN_WRITE and
 *	   MIGRATE_PFN_COMPOUND.
 */
static inline void migrate_pfn_set(migrate_pfn_t *mpfn, unsigned long flags)
{
	VM_WARN_ON_ONCE(flags & ~MIGRATE_PFN_FLAGS);
	mpfn->val |= flags;
}

/**
 * migrate_pfn_clear() - Clear flags of an entry.
 * @mpfn: Pointer to the entry.
 * @flags: Zero or more of MIGRATE_PFN_MIGRATE, MIGRATE_PFN_WRITE and
 *	   MIGRATE_PFN_COMPOUND. To make the entry hold nothing, assign
 *	   migrate_pfn_none() to it.
 */
static inline void migrate_pfn_clear(migrate_pfn_t *mpfn, unsigned long flags)
{
	VM_WARN_ON_ONCE(flags & ~MIGRATE_PFN_FLAGS);
	mpfn->val &= ~flags;
}

#endif /* _LINUX_MIGRATE_PFN_H */

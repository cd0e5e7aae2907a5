// SPDX-License-Identifier: GPL-2.0-only
///
/// Make migration entries and device private entries from the page, not from a
/// PFN: a device private page has none. softleaf_mk_migration() and
/// softleaf_mk_device_private() take the page and the permissions,
/// softleaf_wrprotect() takes write permission from an entry without looking at
/// what it refers to.
///
// Confidence: High
// Comments: What makes an entry from a number that is not visibly the PFN of a
// Comments: page is reported only. hugetlb and debug_vm_pgtable have such numbers.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
def say(f, number):
    number = number.replace(" ", "")
    if number.startswith("swp_offset("):
        return "softleaf_wrprotect() instead of %s()" % f
    to = "softleaf_mk_%s()" % ("migration" if "migration" in f else "device_private")
    if number.startswith(("page_to_pfn(", "folio_pfn(")):
        return "%s instead of %s()" % (to, f)
    return "%s() takes a number: pass the page to %s" % (f, to)

// ---------------------------------------------------------------------------
// A choice among constructors is the constructor's own.

@depends on patch@
expression X, P, W, R;
@@
- if (W)
- 	X = make_writable_migration_entry(page_to_pfn(P));
- else if (R)
- 	X = make_readable_exclusive_migration_entry(page_to_pfn(P));
- else
- 	X = make_readable_migration_entry(page_to_pfn(P));
+ X = softleaf_mk_migration(P, W, R);

@depends on patch@
expression X, F, W, R;
@@
- if (W)
- 	X = make_writable_migration_entry(folio_pfn(F));
- else if (R)
- 	X = make_readable_exclusive_migration_entry(folio_pfn(F));
- else
- 	X = make_readable_migration_entry(folio_pfn(F));
+ X = softleaf_mk_migration(&F->page, W, R);

@depends on patch@
expression X, P, W;
@@
- if (W)
- 	X = make_writable_migration_entry(page_to_pfn(P));
- else
- 	X = make_readable_migration_entry(page_to_pfn(P));
+ X = softleaf_mk_migration(P, W, false);

@depends on patch@
expression X, P, W;
@@
- if (W)
- 	X = make_writable_device_private_entry(page_to_pfn(P));
- else
- 	X = make_readable_device_private_entry(page_to_pfn(P));
+ X = softleaf_mk_device_private(P, W);

@depends on patch@
expression X, F, W;
@@
- if (W)
- 	X = make_writable_device_private_entry(folio_pfn(F));
- else
- 	X = make_readable_device_private_entry(folio_pfn(F));
+ X = softleaf_mk_device_private(&F->page, W);

@depends on patch@
expression X, R;
@@
- if (R)
- 	X = make_readable_exclusive_migration_entry(swp_offset(X));
- else
- 	X = make_readable_migration_entry(swp_offset(X));
+ X = softleaf_wrprotect(X, R);

// ---------------------------------------------------------------------------
// One at a time.

@depends on patch@
expression P, F, E;
@@
(
- make_writable_migration_entry(page_to_pfn(P))
+ softleaf_mk_migration(P, true, false)
|
- make_readable_exclusive_migration_entry(page_to_pfn(P))
+ softleaf_mk_migration(P, false, true)
|
- make_readable_migration_entry(page_to_pfn(P))
+ softleaf_mk_migration(P, false, false)
|
- make_writable_device_private_entry(page_to_pfn(P))
+ softleaf_mk_device_private(P, true)
|
- make_readable_device_private_entry(page_to_pfn(P))
+ softleaf_mk_device_private(P, false)
|
- make_writable_migration_entry(folio_pfn(F))
+ softleaf_mk_migration(&F->page, true, false)
|
- make_readable_exclusive_migration_entry(folio_pfn(F))
+ softleaf_mk_migration(&F->page, false, true)
|
- make_readable_migration_entry(folio_pfn(F))
+ softleaf_mk_migration(&F->page, false, false)
|
- make_writable_device_private_entry(folio_pfn(F))
+ softleaf_mk_device_private(&F->page, true)
|
- make_readable_device_private_entry(folio_pfn(F))
+ softleaf_mk_device_private(&F->page, false)
|
- make_readable_exclusive_migration_entry(swp_offset(E))
+ softleaf_wrprotect(E, true)
|
- make_readable_migration_entry(swp_offset(E))
+ softleaf_wrprotect(E, false)
|
- make_readable_device_private_entry(swp_offset(E))
+ softleaf_wrprotect(E, false)
)

// What has just become a leaf entry is put into the page table as one.

@depends on patch@
expression E, X;
@@
  E = \(softleaf_mk_migration\|softleaf_mk_device_private\|softleaf_wrprotect\)(...);
- X = swp_entry_to_pte(E);
+ X = softleaf_to_pte(E);

// ---------------------------------------------------------------------------

@found depends on context || org || report@
identifier f = {make_writable_migration_entry,
		make_readable_exclusive_migration_entry,
		make_readable_migration_entry,
		make_writable_device_private_entry,
		make_readable_device_private_entry};
expression N;
position p;
@@
f@p(N)

@depends on context@
identifier found.f;
position found.p;
@@
* f@p(...)

@script:python depends on org@
p << found.p;
f << found.f;
N << found.N;
@@
coccilib.org.print_todo(p[0], say(f, N))

@script:python depends on report@
p << found.p;
f << found.f;
N << found.N;
@@
coccilib.report.print_report(p[0], say(f, N))

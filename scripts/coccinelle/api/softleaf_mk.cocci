// SPDX-License-Identifier: GPL-2.0-only
///
/// Make migration entries and device private entries from the page, not from a
/// PFN: a device private page has none. softleaf_mk_migration() and
/// softleaf_mk_device_private() take the page and the permissions,
/// softleaf_wrprotect() takes write permission from an entry without looking at
/// what it refers to.
///
// Confidence: High
// Comments: Needs Python.
// Comments: What makes an entry from a number that is not visibly the PFN of a
// Comments: page is reported only. hugetlb and debug_vm_pgtable are left: they have no
// Comments: device private pages.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

turned = set()	# places where an entry of one type is made of one of another

def place(p):
    return p[0].file, p[0].line, p[0].column

def elsewhere(p):
    """Is it in a file that never has device private pages?"""
    return bool(re.search(r"(^|[/-])(hugetlb\w*|debug_vm_pgtable)\.[ch]$", p[0].file))

def same_type(p):
    return place(p) not in turned and not elsewhere(p)

def plain(text):
    """Is it nothing but variables, members and operators that change nothing?"""
    return not re.search(r"\w\s*\(|\+\+|--|(?<![=!<>])=(?!=)", text)

def one_call(text, *names):
    """Is it a call of one of the functions, and nothing more?"""
    found = re.match(r"(\w+)\s*\((.*)\)\s*$", text.strip(), re.S)
    depth = 0
    for letter in found[2] if found else "":
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return bool(found) and found[1] in names

def say(p, f, number):
    to = "softleaf_mk_%s()" % ("migration" if "migration" in f else "device_private")
    if f == "make_device_private_entry" or one_call(number, "page_to_pfn", "folio_pfn"):
        return "%s instead of %s()" % (to, f)
    if f == "make_device_private_entry_read" or \
       one_call(number, "swp_offset") and "readable" in f and same_type(p):
        return "softleaf_wrprotect() instead of %s()" % f
    if f == "make_migration_entry":
        return "%s instead of %s(), with what is exclusive" % (to, f)
    if f == "make_migration_entry_read":
        return "softleaf_wrprotect() instead of %s(), with what is exclusive" % f
    return "%s() takes a number: pass the page to %s" % (f, to)

// ---------------------------------------------------------------------------
// An entry that gets another type is not just made read-only.

@to_migration exists@
attribute name __free;
expression E, X;
statement S;
identifier t = {is_device_private_entry, is_writable_device_private_entry,
		softleaf_is_device_private, softleaf_is_device_private_write,
		is_device_exclusive_entry, softleaf_is_device_exclusive};
identifier f = {make_readable_migration_entry, make_readable_exclusive_migration_entry};
position p;
@@
(
  if (\(t(E)\|t(E) && X\|X && t(E)\)) { ... f@p(swp_offset(E)) ... when any
  }
|
  if (\(t(E)\|t(E) && X\|X && t(E)\)) { ... f@p(swp_offset(E)) ... when any
  } else S
)

@script:python@
p << to_migration.p;
@@
turned.add(place(p))

@to_device_private exists@
expression E, X;
statement S;
identifier t = {is_migration_entry, is_readable_migration_entry, is_writable_migration_entry,
		is_readable_exclusive_migration_entry, softleaf_is_migration,
		softleaf_is_migration_read, softleaf_is_migration_write,
		softleaf_is_migration_read_exclusive, is_device_exclusive_entry,
		softleaf_is_device_exclusive};
position p;
@@
(
  if (\(t(E)\|t(E) && X\|X && t(E)\)) {
	... make_readable_device_private_entry@p(swp_offset(E)) ... when any
  }
|
  if (\(t(E)\|t(E) && X\|X && t(E)\)) {
	... make_readable_device_private_entry@p(swp_offset(E)) ... when any
  } else S
)

@script:python@
p << to_device_private.p;
@@
turned.add(place(p))

// ---------------------------------------------------------------------------
// A choice among constructors is the constructor's own.

@depends on patch@
expression X, P, W;
expression R : script:python() { plain(R) };
position p : script:python() { not elsewhere(p) };
@@
- if (W)
- 	X = make_writable_migration_entry@p(page_to_pfn(P));
- else if (R)
- 	X = make_readable_exclusive_migration_entry(page_to_pfn(P));
- else
- 	X = make_readable_migration_entry(page_to_pfn(P));
+ X = softleaf_mk_migration(P, W, R);

@depends on patch@
expression X, F, W;
expression R : script:python() { plain(R) };
position p : script:python() { not elsewhere(p) };
@@
- if (W)
- 	X = make_writable_migration_entry@p(folio_pfn(F));
- else if (R)
- 	X = make_readable_exclusive_migration_entry(folio_pfn(F));
- else
- 	X = make_readable_migration_entry(folio_pfn(F));
+ X = softleaf_mk_migration(&F->page, W, R);

@depends on patch@
expression X, P, W;
position p : script:python() { not elsewhere(p) };
@@
- if (W)
- 	X = make_writable_migration_entry@p(page_to_pfn(P));
- else
- 	X = make_readable_migration_entry(page_to_pfn(P));
+ X = softleaf_mk_migration(P, W, false);

@depends on patch@
expression X, P, W;
position p : script:python() { not elsewhere(p) };
@@
- if (W)
- 	X = make_writable_device_private_entry@p(page_to_pfn(P));
- else
- 	X = make_readable_device_private_entry(page_to_pfn(P));
+ X = softleaf_mk_device_private(P, W);

@depends on patch@
expression X, F, W;
position p : script:python() { not elsewhere(p) };
@@
- if (W)
- 	X = make_writable_device_private_entry@p(folio_pfn(F));
- else
- 	X = make_readable_device_private_entry(folio_pfn(F));
+ X = softleaf_mk_device_private(&F->page, W);

@depends on patch@
expression X, R;
position p : script:python() { same_type(p) };
@@
- if (R)
- 	X = make_readable_exclusive_migration_entry@p(swp_offset(X));
- else
- 	X = make_readable_migration_entry(swp_offset(X));
+ X = softleaf_wrprotect(X, R);

// ---------------------------------------------------------------------------
// One at a time.

@depends on patch@
expression P, F, E, W;
position p : script:python() { same_type(p) };
@@
(
- make_device_private_entry@p(P, W)
+ softleaf_mk_device_private(P, W)
|
- make_device_private_entry_read@p(&E)
+ E = softleaf_wrprotect(E, false)
|
- make_writable_migration_entry@p(page_to_pfn(P))
+ softleaf_mk_migration(P, true, false)
|
- make_readable_exclusive_migration_entry@p(page_to_pfn(P))
+ softleaf_mk_migration(P, false, true)
|
- make_readable_migration_entry@p(page_to_pfn(P))
+ softleaf_mk_migration(P, false, false)
|
- make_writable_device_private_entry@p(page_to_pfn(P))
+ softleaf_mk_device_private(P, true)
|
- make_readable_device_private_entry@p(page_to_pfn(P))
+ softleaf_mk_device_private(P, false)
|
- make_writable_migration_entry@p(folio_pfn(F))
+ softleaf_mk_migration(&F->page, true, false)
|
- make_readable_exclusive_migration_entry@p(folio_pfn(F))
+ softleaf_mk_migration(&F->page, false, true)
|
- make_readable_migration_entry@p(folio_pfn(F))
+ softleaf_mk_migration(&F->page, false, false)
|
- make_writable_device_private_entry@p(folio_pfn(F))
+ softleaf_mk_device_private(&F->page, true)
|
- make_readable_device_private_entry@p(folio_pfn(F))
+ softleaf_mk_device_private(&F->page, false)
|
- make_readable_exclusive_migration_entry@p(swp_offset(E))
+ softleaf_wrprotect(E, true)
|
- make_readable_migration_entry@p(swp_offset(E))
+ softleaf_wrprotect(E, false)
|
- make_readable_device_private_entry@p(swp_offset(E))
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
		make_readable_device_private_entry, make_device_private_entry,
		make_device_private_entry_read, make_migration_entry,
		make_migration_entry_read};
expression N;
position p : script:python() { not elsewhere(p) };
@@
f@p(N, ...)

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
coccilib.org.print_todo(p[0], say(p, f, N))

@script:python depends on report@
p << found.p;
f << found.f;
N << found.N;
@@
coccilib.report.print_report(p[0], say(p, f, N))

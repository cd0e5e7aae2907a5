// SPDX-License-Identifier: GPL-2.0-only
///
/// The entries of the src and dst arrays of struct migrate_vma and of the
/// migrate_device functions are of type migrate_pfn_t. They are made from a page
/// or a folio, and tested and changed with accessors: an entry is not a PFN.
///
// Confidence: Moderate
// Comments: Needs Python. A variable is known for an entry, or for an array of
// Comments: them, by what is done with it in its function, or by being handed to
// Comments: a function of the same file that takes one. What is left over does not
// Comments: compile, and is found by report mode.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

entries = set()		# (file, function, variable)
passed = set()		# (function, parameter)
pieces = {}

def name_at(p, argument=False):
    """The variable in the source at a position, or that an argument is part of."""
    if p[0].file not in pieces:
        with open(p[0].file, encoding="utf-8", errors="replace") as source:
            pieces[p[0].file] = source.read().split("\n")
    line = pieces[p[0].file][int(p[0].line) - 1]
    text = line[int(p[0].column):]
    if not argument:
        return re.match(r"\w*", text)[0]
    # An element may hold something else yet: only its address tells.
    found = re.match(r"(&?)(\w+)\s*(->|[.([])?", text)
    return found[2] if found and found[3] in (None, found[1] and "[") else ""

def variable(p, argument=False):
    # Once a rule has changed the file, what the next one sees is a copy.
    name = re.sub(r"^cocci_\w*output-\d+-[0-9a-f]+-", "", p[0].file.rpartition("/")[2])
    return name, p[0].current_element, name_at(p, argument)

def note(p):
    entries.add(variable(p))

def is_entry(p, argument=False):
    return variable(p, argument) in entries

def plain(text):
    return text.strip("() \t\n").isidentifier()

def only_flags(text):
    """Nothing but flags, or-ed, and none that the constructors set."""
    words = re.findall(r"\w+|\S", text)
    flags = [word for word in words if word not in ("|", "(", ")", "~")]
    return bool(flags) and all(re.match(r"MIGRATE_PFN_(MIGRATE|WRITE|COMPOUND)$", word)
                               for word in flags)

// ---------------------------------------------------------------------------
// What is an entry, or an array of entries?

@used@
identifier v;
expression i;
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
position p;
struct migrate_vma *M;
struct migrate_vma N;
@@
(
  migrate_pfn_to_page(\(v@p\|*v@p\|v@p[i]\))
|
  \(v@p\|*v@p\|v@p[i]\) = migrate_pfn(...)
|
  \(v@p\|*v@p\|v@p[i]\) = migrate_pfn(...) | ...
|
  \(*v@p\|v@p[i]\) & F
|
  v@p & MIGRATE_PFN_VALID
|
  \(M->src\|M->dst\|N.src\|N.dst\) = v@p
|
  v@p = \(M->src\|M->dst\|N.src\|N.dst\)
|
  v@p = \(M->src[i]\|M->dst[i]\|N.src[i]\|N.dst[i]\)
|
  \(migrate_device_range\|migrate_device_pfns\)(\(v@p\|&v@p\), ...)
)

@script:python@
p << used.p;
@@
note(p)

@flagged@
identifier v;
expression i;
expression F : script:python() { only_flags(F) };
position p;
@@
(
  \(*v@p\|v@p[i]\) = F
|
  \(*v@p\|v@p[i]\) |= F
|
  \(*v@p\|v@p[i]\) &= ~(F)
)

@script:python@
p << flagged.p;
@@
note(p)

@named@
identifier s;
identifier v;
position p;
@@
(
struct migrate_vma s = { .src = v@p, };
|
struct migrate_vma s = { .dst = v@p, };
)

@script:python@
p << named.p;
@@
note(p)

@both@
identifier v, w;
position p, q;
@@
\(migrate_device_pages\|migrate_device_finalize\)(\(v@p\|&v@p\), \(w@q\|&w@q\), ...)

@script:python@
p << both.p;
q << both.q;
@@
note(p)
note(q)

// An array that is handed on: three calls deep is enough for what there is.

@src_handed@
identifier f;
expression list[n] before;
struct migrate_vma *M;
struct migrate_vma N;
@@
f(before, \(M->src\|N.src\|&M->src[...]\|&N.src[...]\), ...)

@script:python@
f << src_handed.f;
n << src_handed.n;
@@
passed.add((f, int(n)))

@dst_handed@
identifier f;
expression list[n] before;
struct migrate_vma *M;
struct migrate_vma N;
@@
f(before, \(M->dst\|N.dst\|&M->dst[...]\|&N.dst[...]\), ...)

@script:python@
f << dst_handed.f;
n << dst_handed.n;
@@
passed.add((f, int(n)))

@handed1@
identifier f;
expression X;
position p;
expression list[n] before;
@@
f(before, X@p, ...)

@script:python@
f << handed1.f;
n << handed1.n;
p << handed1.p;
@@
if is_entry(p, True):
    passed.add((f, int(n)))

@taken1@
identifier f, v;
parameter list[n] before;
type T;
position q;
@@
f(before, T v@q, ...) { ... }

@script:python@
f << taken1.f;
n << taken1.n;
q << taken1.q;
@@
if (f, int(n)) in passed:
    note(q)

@handed2@
identifier f;
expression X;
position p;
expression list[n] before;
@@
f(before, X@p, ...)

@script:python@
f << handed2.f;
n << handed2.n;
p << handed2.p;
@@
if is_entry(p, True):
    passed.add((f, int(n)))

@taken2@
identifier f, v;
parameter list[n] before;
type T;
position q;
@@
f(before, T v@q, ...) { ... }

@script:python@
f << taken2.f;
n << taken2.n;
q << taken2.q;
@@
if (f, int(n)) in passed:
    note(q)

@handed3@
identifier f;
expression X;
position p;
expression list[n] before;
@@
f(before, X@p, ...)

@script:python@
f << handed3.f;
n << handed3.n;
p << handed3.p;
@@
if is_entry(p, True):
    passed.add((f, int(n)))

@taken3@
identifier f, v;
parameter list[n] before;
type T;
position q;
@@
f(before, T v@q, ...) { ... }

@script:python@
f << taken3.f;
n << taken3.n;
q << taken3.q;
@@
if (f, int(n)) in passed:
    note(q)

// ---------------------------------------------------------------------------
// Expressions. What a plain variable is must be known: it may hold flags only.

@depends on patch@
expression X;
@@
- page_folio(migrate_pfn_to_page(X))
+ migrate_pfn_to_folio(X)

@depends on patch@
expression X, P, F;
@@
(
- *X = migrate_pfn(page_to_pfn(P)) | F;
+ *X = page_to_migrate_pfn(P);
+ migrate_pfn_set(X, F);
|
- *X = migrate_pfn(folio_pfn(P)) | F;
+ *X = folio_to_migrate_pfn(P);
+ migrate_pfn_set(X, F);
|
- X = migrate_pfn(page_to_pfn(P)) | F;
+ X = page_to_migrate_pfn(P);
+ migrate_pfn_set(&X, F);
|
- X = migrate_pfn(folio_pfn(P)) | F;
+ X = folio_to_migrate_pfn(P);
+ migrate_pfn_set(&X, F);
)

@depends on patch@
expression X, P;
@@
(
- X = migrate_pfn(page_to_pfn(P))
+ X = page_to_migrate_pfn(P)
|
- X = migrate_pfn(folio_pfn(P))
+ X = folio_to_migrate_pfn(P)
)

@depends on patch@
expression P;
@@
(
- return migrate_pfn(page_to_pfn(P));
+ return page_to_migrate_pfn(P);
|
- return migrate_pfn(folio_pfn(P));
+ return folio_to_migrate_pfn(P);
)

@depends on patch@
expression Y;
expression X : script:python() { not plain(X) };
expression F : script:python() { only_flags(F) };
@@
(
- *Y |= F;
+ migrate_pfn_set(Y, F);
|
- X |= F;
+ migrate_pfn_set(&X, F);
|
- *Y &= ~(F);
+ migrate_pfn_clear(Y, F);
|
- X &= ~(F);
+ migrate_pfn_clear(&X, F);
)

@depends on patch@
identifier v;
position p : script:python() { is_entry(p) };
expression i;
expression F : script:python() { only_flags(F) };
@@
(
- *v@p |= F;
+ migrate_pfn_set(v, F);
|
- v@p |= F;
+ migrate_pfn_set(&v, F);
|
- *v@p &= ~(F);
+ migrate_pfn_clear(v, F);
|
- v@p &= ~(F);
+ migrate_pfn_clear(&v, F);
|
  \(v@p\|*v@p\|v@p[i]\) =
- F
+ migrate_pfn_hole(F)
)

@depends on patch@
expression i;
struct migrate_vma *M;
struct migrate_vma N;
expression F : script:python() { only_flags(F) };
@@
  \(M->src[i]\|M->dst[i]\|N.src[i]\|N.dst[i]\) =
- F
+ migrate_pfn_hole(F)

@depends on patch@
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- !(X & F)
+ !migrate_pfn_test(X, F)

@depends on patch@
expression E;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (X & F)
+ migrate_pfn_test(X, F)
  && E

@depends on patch@
expression E;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  E &&
- (X & F)
+ migrate_pfn_test(X, F)

@depends on patch@
expression E;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (X & F)
+ migrate_pfn_test(X, F)
  || E

@depends on patch@
expression E;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  E ||
- (X & F)
+ migrate_pfn_test(X, F)

@depends on patch@
expression Y, Z;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (X & F)
+ migrate_pfn_test(X, F)
  ? Y : Z

@depends on patch@
statement S1, S2;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
(
  if (
- X & F
+ migrate_pfn_test(X, F)
  ) S1 else S2
|
  while (
- X & F
+ migrate_pfn_test(X, F)
  ) S1
)

@depends on patch@
identifier b;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  bool b =
- X & F
+ migrate_pfn_test(X, F)
  ;

@depends on patch@
bool b;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  b =
- X & F
+ migrate_pfn_test(X, F)

@depends on patch@
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- !(v@p & F)
+ !migrate_pfn_test(v, F)

@depends on patch@
expression E;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (v@p & F)
+ migrate_pfn_test(v, F)
  && E

@depends on patch@
expression E;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  E &&
- (v@p & F)
+ migrate_pfn_test(v, F)

@depends on patch@
expression E;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (v@p & F)
+ migrate_pfn_test(v, F)
  || E

@depends on patch@
expression E;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  E ||
- (v@p & F)
+ migrate_pfn_test(v, F)

@depends on patch@
expression Y, Z;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
- (v@p & F)
+ migrate_pfn_test(v, F)
  ? Y : Z

@depends on patch@
statement S1, S2;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
(
  if (
- v@p & F
+ migrate_pfn_test(v, F)
  ) S1 else S2
|
  while (
- v@p & F
+ migrate_pfn_test(v, F)
  ) S1
)

@depends on patch@
identifier b;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  bool b =
- v@p & F
+ migrate_pfn_test(v, F)
  ;

@depends on patch@
bool b;
identifier v;
position p : script:python() { is_entry(p) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
  b =
- v@p & F
+ migrate_pfn_test(v, F)

// ---------------------------------------------------------------------------
// Nothing, and the size of an entry.

@depends on patch@
expression i;
struct migrate_vma *M;
struct migrate_vma N;
@@
  \(M->src[i]\|M->dst[i]\|N.src[i]\|N.dst[i]\|*M->src\|*M->dst\|*N.src\|*N.dst\) =
- 0
+ migrate_pfn_none()

@depends on patch@
identifier v;
expression i;
position p : script:python() { is_entry(p) };
@@
  \(v@p\|*v@p\|v@p[i]\) =
- 0
+ migrate_pfn_none()

@depends on patch@
struct migrate_vma *M;
struct migrate_vma N;
expression V;
identifier alloc = {kcalloc, kvcalloc, kmalloc_array, kvmalloc_array};
@@
  \(\(M->src\|M->dst\|N.src\|N.dst\)\&V\) = alloc(...,
- sizeof(unsigned long)
+ sizeof(*V)
  , ...)

// ---------------------------------------------------------------------------
// Declarations. One that declares several variables is left.

@depends on patch@
identifier f, v;
position p : script:python() { is_entry(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  *v@p, ...) { ... }

@depends on patch@
identifier f, v;
position p : script:python() { is_entry(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  v@p[], ...) { ... }

@depends on patch@
identifier f, v;
position p : script:python() { is_entry(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  v@p, ...) { ... }

@depends on patch@
identifier f, v;
position p : script:python() { is_entry(p) };
@@
f(...,
  const
- unsigned long
+ migrate_pfn_t
  *v@p, ...) { ... }

@depends on patch@
identifier v;
expression E;
position p : script:python() { is_entry(p) };
@@
(
- unsigned long
+ migrate_pfn_t
  *v@p;
|
- unsigned long
+ migrate_pfn_t
  *v@p = E;
|
  const
- unsigned long
+ migrate_pfn_t
  *v@p = E;
|
- unsigned long
+ migrate_pfn_t
  v@p;
|
- unsigned long
+ migrate_pfn_t
  v@p = E;
|
- unsigned long
+ migrate_pfn_t
  v@p[...];
)

// ---------------------------------------------------------------------------
// Report: all of the above, and what is left to do by hand.

@depends on context@
expression N;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
@@
(
* migrate_pfn(N)
|
* X & F
|
* X |= F
|
* X &= ~F
|
* X >> MIGRATE_PFN_SHIFT
)

@depends on context@
identifier v;
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
position p : script:python() { is_entry(p) };
@@
(
* v@p & F
|
* v@p |= F
|
* v@p &= ~F
|
* v@p >> MIGRATE_PFN_SHIFT
)

@raw depends on org || report@
expression N;
expression X : script:python() { not plain(X) };
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
position p;
@@
(
  migrate_pfn@p(N)
|
  X@p & F
|
  X@p |= F
|
  X@p &= ~F
|
  X@p >> MIGRATE_PFN_SHIFT
)

@raw_variable depends on org || report@
identifier v;
identifier F =~ "^MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$";
position p : script:python() { is_entry(p) };
@@
(
  v@p & F
|
  v@p |= F
|
  v@p &= ~F
|
  v@p >> MIGRATE_PFN_SHIFT
)

@script:python depends on org@
p << raw.p;
@@
coccilib.org.print_todo(p[0], "use the migrate_pfn_t accessors")

@script:python depends on report@
p << raw.p;
@@
coccilib.report.print_report(p[0], "use the migrate_pfn_t accessors")

@script:python depends on org@
p << raw_variable.p;
@@
coccilib.org.print_todo(p[0], "use the migrate_pfn_t accessors")

@script:python depends on report@
p << raw_variable.p;
@@
coccilib.report.print_report(p[0], "use the migrate_pfn_t accessors")

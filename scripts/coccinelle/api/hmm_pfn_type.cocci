// SPDX-License-Identifier: GPL-2.0-only
///
/// What hmm_range_fault() reports has a type. hmm_pfn_to_phys() is for system
/// memory only, and the page that hmm_pfn_to_page() gives may be one that neither
/// the CPU nor DMA can reach. Find where the type of the entry was not tested, where
/// an entry is taken apart by hand, where a flag is used that is gone, and where
/// hmm_range_fault() is given a range with members that hold garbage.
///
// Confidence: Moderate
// Comments: Needs Python. A caller that sets neither dev_private_owner nor HMM_PFN_REQ_P2P
// Comments: gets to see system memory only, and need not test. The type is missed only in a
// Comments: file that sets one of them: an owner that is NULL, or that is an argument of the
// Comments: function, does not count.
// Options: --no-includes --include-headers
//

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

found = {}	# place: what to report
arrays = set()	# file, function, variable that holds entries; or file, None, member
links = set()	# what is given what another holds: two of these
params = {}	# file, function, number: name of the parameter
about = {}	# file: does it have the names?
asking = {}	# file: does it ask for more than system memory?
kept, used = set(), set()	# hmm_pfn_to_page() whose page is kept; and used untested
statics = set()	# ranges that are zero where nothing is assigned
tested = set()	# operands that a test in the same expression decides on
system = set()	# those of them that are not for device private memory
TEST = re.compile(r"\b(hmm_pfn_is_\w+|is_device_\w+_page|is_zone_device_page|folio_is_device_\w+|"
                  r"folio_is_zone_device)\b")

def place(p):
    return p[0].file, int(p[0].line), int(p[0].column), int(p[0].line_end), int(p[0].column_end)

def inside(p, area):
    return area[:3] <= place(p)[:3] < area[:1] + area[3:]

def mm(p):
    """Is it mm itself, or a header of it?"""
    return bool(re.search(r"(^|/)(mm|include)/", p[0].file))

def note(p, text):
    if not mm(p):
        found.setdefault(place(p), text)

def mentions(p):
    """Does the file have to do with HMM?"""
    name = p[0].file
    if name not in about:
        with open(name, encoding="utf-8", errors="replace") as source:
            about[name] = bool(re.search(r"\b(hmm_pfn|hmm_range|HMM_PFN_)", source.read()))
    return about[name]

def asks(p):
    """Does the file ask for more than system memory?"""
    name = p[0].file
    if name not in asking:
        with open(name, encoding="utf-8", errors="replace") as source:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", "", source.read(), flags=re.S)
        owners = set(re.findall(r"\bdev_private_owner\s*=\s*([^;,}]+)", text)) - {"NULL"}
        asking[name] = "HMM_PFN_REQ_P2P" in text or any(
            not re.search(r"\bvoid\s*\*\s*%s\s*[,)]" % re.escape(owner.strip()), text)
            for owner in owners)
    return asking[name]

def untyped(p, text):
    if asks(p):
        note(p, text)

def closing(text, at):
    """Where the bracket that opens here closes."""
    depth = 0
    for here in range(at, len(text)):
        depth += (text[here] in "([") - (text[here] in ")]")
        if not depth:
            return here
    return len(text)

def holder(p, text):
    """What holds entries, or is an element of it: a variable of the function, or a member."""
    text, before = re.sub(r"\s", "", text), None
    while text != before:
        before = text
        text = re.sub(r"^(\+\+|--|\*|&)|(\+\+|--)$", "", text)
        if text.startswith("(") and not text[closing(text, 0) + 1:].startswith(("->", ".")):
            text = text[1:closing(text, 0)] + text[closing(text, 0) + 1:]
        if "(" not in text:	# what is added to an array
            text = re.sub(r"(?<=\w)\+(?!\+).*$", "", text)
        found = re.search(r"\[[^][]*\]$", text)
        text = text[:found.start()] if found else text
    found = re.search(r"^\w(?:[\w.()]|->|\[[^]]*\])*?(->|\.)(\w+)$|^(\w+)$", text)
    return found and (p[0].file, None if found[1] else p[0].current_element, found[2] or found[3])

def holds(where):
    return where[2] in ("hmm_pfn", "hmm_pfns") or where in arrays

def link(left, right):
    if left and right and left[2] != "NULL":
        links.add((left, right))

def raw(p, text):
    """Is it an entry of hmm_pfns?"""
    while links:
        known = {pair for pair in links if holds(pair[1])}
        if not known:
            break
        links.difference_update(known)
        arrays.update(pair[0] for pair in known)
    where = holder(p, text)
    return bool(where) and holds(where)

def constant(text):
    """Is it an entry by a number?"""
    return bool(re.search(r"\[\s*\d+\s*\]$", text.strip()))

def asks_type(mask):
    return bool(re.search(r"\bHMM_PFN_(DEVICE_PRIVATE|P2P|TYPE_MASK)\b", mask))

def decide(text, true, false):
    """Note which operands a test decides on, and which are not for device private memory."""
    alone = re.fullmatch(r"\s*(!?)\s*(hmm_pfn_is_device_private|is_device_private_page|"
                         r"folio_is_device_private)\s*\([^()]*(\([^()]*\)[^()]*)*\)\s*", text)
    for p, private in (true, "!"), (false, ""):
        if p:
            tested.add(place(p))
            if not alone or alone[1] == private:
                system.add(place(p))

def tests(text):
    return bool(TEST.search(text))

def address(mask):
    """Does a mask leave more of an entry than flags?"""
    return bool(re.match(r"\W*~|\W*\d|.*(PAGE_MASK|GENMASK|PAYLOAD)", mask.strip()))

// Nothing else is looked at in a file without the names.

@worth@
attribute name __free;
identifier f;
position p : script:python() { mentions(p) };
@@
f@p(...) { ... }

// ---------------------------------------------------------------------------
// Tests in the same expression. A disjunction finds one of them in a statement only.

@and_operand depends on worth@
expression T : script:python() { tests(T) };
expression X;
position p;
@@
  T && X@p

@script:python@
p << and_operand.p;
T << and_operand.T;
@@
decide(T, p, None)

@or_operand depends on worth@
expression T : script:python() { tests(T) };
expression X;
position p;
@@
  T || X@p

@script:python@
p << or_operand.p;
T << or_operand.T;
@@
decide(T, None, p)

@chosen_operand depends on worth@
expression T : script:python() { tests(T) };
expression X, Y;
position p1, p2;
@@
  T ? X@p1 : Y@p2

@script:python@
p1 << chosen_operand.p1;
p2 << chosen_operand.p2;
T << chosen_operand.T;
@@
decide(T, p1, p2)

// ---------------------------------------------------------------------------
// On every path a test comes before hmm_pfn_to_phys().

@phys depends on worth exists@
expression E, F;
identifier fn;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page};
expression M : script:python() { asks_type(M) };
position p;
@@
fn(...)
{
	... when != t(...)
	    when != F & M
	    when any
	hmm_pfn_to_phys@p(E)
	... when any
}

@script:python@
p << phys.p;
@@
if not any(inside(p, area) for area in system):
    untyped(p, "hmm_pfn_to_phys() of an entry whose type was not tested")

// A test of one entry does not tell of the others.

@first_tested depends on worth exists@
expression E : script:python() { "[" in E and not constant(E) };
expression T : script:python() { not constant(T) };
expression F;
identifier fn;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page, folio_is_device_private, folio_is_zone_device};
identifier f = {hmm_pfn_to_phys, hmm_pfn_to_page};
expression M : script:python() { asks_type(M) };
position p;
@@
fn(...)
{
	... when != t(T)
	    when != F & M
	    when any
	f@p(E)
	... when any
}

// The page may also be tested after it was taken from the entry, but before it is
// used.

@page depends on worth exists@
expression E, F;
identifier fn;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page, folio_is_device_private, folio_is_zone_device};
expression M : script:python() { asks_type(M) };
position p;
@@
fn(...)
{
	... when != t(...)
	    when != F & M
	    when any
	hmm_pfn_to_page@p(E)
	... when any
}

@kept depends on worth@
expression P, E;
position page.p;
@@
  P = hmm_pfn_to_page@p(E)

@used depends on kept exists@
expression kept.P, kept.E, X, F;
position page.p, q, u;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page, folio_is_device_private, folio_is_zone_device,
		page_pgmap};
identifier f != {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		 is_zone_device_page, folio_is_device_private, folio_is_zone_device,
		 page_pgmap, page_folio, compound_head, is_device_coherent_page,
		 folio_is_device_coherent, likely, unlikely, WARN_ON,
		 WARN_ON_ONCE};
expression M : script:python() { asks_type(M) };
@@
  P = hmm_pfn_to_page@p@q(E)
  ... when != t(...)
      when != F & M
      when != P = X
(
  f@u(..., \(P\|page_folio(P)\), ...)
|
  X@u = P
)

@returned depends on kept exists@
expression kept.P, kept.E, X, F;
position page.p, q;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page, folio_is_device_private, folio_is_zone_device,
		page_pgmap};
expression M : script:python() { asks_type(M) };
@@
  P = hmm_pfn_to_page@p@q(E)
  ... when != t(...)
      when != F & M
      when != P = X
  return P;

@script:python@
p << page.p;
P << kept.P;
@@
# What is stored elsewhere is used there.
if P.isidentifier():
    kept.add(place(p))

@script:python@
q << used.q;
u << used.u;
@@
if not any(inside(u, area) for area in tested):
    used.add(place(q))

@script:python@
q << returned.q;
@@
used.add(place(q))

@script:python@
p << page.p;
@@
if place(p) in used or place(p) not in kept:
    untyped(p, "hmm_pfn_to_page() of an entry whose type was not tested")

@script:python@
p << first_tested.p;
f << first_tested.f;
@@
if place(p) not in kept and not any(inside(p, area) for area in system):
    untyped(p, "%s() of an entry whose type was not tested" % f)

// ---------------------------------------------------------------------------
// What an entry holds is not always a PFN.

@array depends on worth@
expression E, A;
position p;
@@
(
  E.hmm_pfns@p = A
|
  E->hmm_pfns@p = A
)

@script:python@
p << array.p;
A << array.A;
@@
if holder(p, A) and A != "NULL":
    arrays.add(holder(p, A))

@array_initialised depends on worth@
identifier r;
expression A;
position p;
@@
  struct hmm_range r@p = { ..., .hmm_pfns = A, ..., };

@script:python@
p << array_initialised.p;
A << array_initialised.A;
@@
if holder(p, A) and A != "NULL":
    arrays.add(holder(p, A))

@array_nested depends on worth@
identifier S, r, m;
expression A;
position p;
@@
  struct S r@p = { ..., .m = { ..., .hmm_pfns = A, ..., }, ..., };

@script:python@
p << array_nested.p;
A << array_nested.A;
@@
if holder(p, A) and A != "NULL":
    arrays.add(holder(p, A))

@array_literal depends on worth@
expression E, A;
position p;
@@
  E = (struct hmm_range@p) { ..., .hmm_pfns = A, ..., }

@script:python@
p << array_literal.p;
A << array_literal.A;
@@
if holder(p, A) and A != "NULL":
    arrays.add(holder(p, A))

// Copies of an entry, and of the array.

@copied depends on worth@
idexpression I;
expression H;
position p;
@@
  I@p = H

@script:python@
p << copied.p;
I << copied.I;
H << copied.H;
@@
link(holder(p, I), holder(p, H))

@copied_array depends on worth@
expression I, H;
position p;
@@
  \(memcpy@p\|memmove@p\)(I, H, ...)

@script:python@
p << copied_array.p;
I << copied_array.I;
H << copied_array.H;
@@
link(holder(p, I), holder(p, H))

@takes depends on worth@
identifier fn, i;
type T;
parameter list[n] before;
position p;
@@
  fn@p(before, T i, ...) { ... }

@script:python@
p << takes.p;
fn << takes.fn;
i << takes.i;
n << takes.n;
@@
params[(p[0].file, fn, int(n))] = i

@call depends on worth@
identifier f;
expression H;
expression list[n] before;
position p;
@@
  f@p(before, H, ...)

@script:python@
p << call.p;
f << call.f;
H << call.H;
n << call.n;
@@
if (p[0].file, f, int(n)) in params:
    link((p[0].file, f, params[(p[0].file, f, int(n))]), holder(p, H))

@apart depends on worth@
typedef dma_addr_t, phys_addr_t;
expression H, M;
position p;
@@
(
  H@p << M
|
  H@p >> M
|
  PFN_PHYS(H@p)
|
  __pfn_to_phys(H@p)
|
  pfn_to_page(H@p)
|
  pfn_folio(H@p)
|
  (dma_addr_t)H@p
|
  (phys_addr_t)H@p
|
  (struct page *)H@p
|
  H@p * M
|
  H@p <<= M
|
  H@p >>= M
|
  H@p *= M
)

@script:python@
p << apart.p;
H << apart.H;
M << apart.M = "";
@@
if raw(p, H) and "HMM_PFN_" not in M:
    note(p, "an entry of hmm_pfns is not always a PFN: use the accessors")

// Who gets the array as one of another type takes the entries apart.
@passed depends on worth@
type T;
expression H;
identifier f !~ "^mem";
position p;
@@
  f(..., (T *)H@p, ...)

@script:python@
p << passed.p;
H << passed.H;
T << passed.T;
@@
if raw(p, H) and T not in ("void", "unsigned long"):
    note(p, "an entry of hmm_pfns is not always a PFN: use the accessors")

// Of a large page, the position in it is the same in a PFN and in an index.
@in_large_page depends on worth@
expression H, M, N;
position p;
@@
  (H@p & M) & (N - 1)

// An entry of the array may be made one that is not valid; a copy becomes a number.
@masked depends on worth@
expression H, M;
idexpression I;
position p != in_large_page.p;
@@
  \(H@p & M\|I@p &= M\)

@gone depends on worth@
constant F =~ "^HMM_PFN_(DMA_MAPPED|P2PDMA|P2PDMA_BUS)$";
position p;
@@
  F@p

@script:python@
p << gone.p;
F << gone.F;
@@
note(p, "%s is gone" % F)

@script:python@
p << masked.p;
H << masked.H = "";
I << masked.I = "";
M << masked.M;
@@
if raw(p, H or I) and address(M):
    note(p, "an entry of hmm_pfns is not always a PFN: use the accessors")

// ---------------------------------------------------------------------------

@zeroed depends on worth@
identifier r;
position p;
@@
  static struct hmm_range r@p;

@script:python@
p << zeroed.p;
@@
statics.add(place(p))

@garbage depends on worth exists@
identifier r;
expression X;
identifier f = {hmm_range_fault, hmm_range_fault_unlocked_timeout};
identifier init =~ "mem|init|set|clear|zero|prepare|fill";
position p;
@@
  struct hmm_range r@p;
  ... when != r = X
      when != init(&r, ...)
  f(...)

@script:python@
p << garbage.p;
@@
if place(p) not in statics:
    note(p, "members that are not assigned hold garbage: initialise the range")

@filler depends on worth@
identifier fn, r;
identifier f = {hmm_range_fault, hmm_range_fault_unlocked_timeout};
@@
fn(..., struct hmm_range *r, ...)
{
	<+... f(r, ...) ...+>
}

@fills depends on worth@
identifier filler.fn, filler.r;
expression X;
identifier init =~ "mem|init|set|clear|zero|prepare|fill";
@@
fn(..., struct hmm_range *r, ...)
{
	<+... \(*r = X\|init(r, ...)\) ...+>
}

@garbage_filled depends on !fills && worth exists@
identifier r;
expression X;
identifier filler.fn;
identifier init =~ "mem|init|set|clear|zero|prepare|fill";
position p;
@@
  struct hmm_range r@p;
  ... when != r = X
      when != init(&r, ...)
  fn(..., &r, ...)

@script:python@
p << garbage_filled.p;
@@
if place(p) not in statics:
    note(p, "members that are not assigned hold garbage: initialise the range")

@garbage_heap depends on worth exists@
expression R, X;
expression list L;
identifier a = {kmalloc, kvmalloc, kmalloc_node, devm_kmalloc, kmalloc_obj};
identifier f = {hmm_range_fault, hmm_range_fault_unlocked_timeout};
identifier init =~ "mem|init|set|clear|zero|prepare|fill";
position p;
@@
  R = a@p(L)
  ... when != *R = X
      when != init(R, ...)
  f(R, ...)

@script:python@
p << garbage_heap.p;
L << garbage_heap.L;
@@
if "ZERO" not in str(L):
    note(p, "members that are not assigned hold garbage: initialise the range")

@garbage_member depends on worth exists@
identifier S, c, m;
expression X;
identifier f = {hmm_range_fault, hmm_range_fault_unlocked_timeout};
identifier init =~ "mem|init|set|clear|zero|prepare|fill";
position p;
@@
  struct S c@p;
  ... when != c = X
      when != c.m = X
      when != init(&c, ...)
      when != init(&c.m, ...)
  f(&c.m, ...)

@zeroed_struct depends on garbage_member@
identifier S, c;
position garbage_member.p;
@@
  static struct S c@p;

@script:python depends on !zeroed_struct@
p << garbage_member.p;
@@
note(p, "members that are not assigned hold garbage: initialise the range")

// ---------------------------------------------------------------------------

@hit depends on worth && (context || org || report)@
identifier f;
expression E;
position p : script:python() { place(p) in found };
@@
(
  f@p(...)
|
  E@p
)

@declared depends on worth && (context || org || report)@
identifier S, r;
position p : script:python() { place(p) in found };
@@
  struct S r@p;

@depends on context && worth@
expression E;
position hit.p;
@@
* E@p

@depends on context && worth@
identifier S, r;
position declared.p;
@@
* struct S r@p;

@script:python depends on org@
p << hit.p;
@@
coccilib.org.print_todo(p[0], found[place(p)])

@script:python depends on org@
p << declared.p;
@@
coccilib.org.print_todo(p[0], found[place(p)])

@script:python depends on report@
p << hit.p;
@@
coccilib.report.print_report(p[0], found[place(p)])

@script:python depends on report@
p << declared.p;
@@
coccilib.report.print_report(p[0], found[place(p)])

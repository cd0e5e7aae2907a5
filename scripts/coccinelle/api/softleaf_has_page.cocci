// SPDX-License-Identifier: GPL-2.0-only
///
/// softleaf_has_page() is the question to ask before softleaf_to_page() and
/// softleaf_to_folio(). softleaf_has_pfn() is false for a device private entry, which
/// refers to a page that has no PFN. Up to Linux 6.18 it is called is_pfn_swap_entry():
/// where that is asked for the sake of the page, it is reported.
///
// Confidence: High
// Comments: Needs Python. A test that guards the use of a PFN only is left alone. If it
// Comments: guards a page, and a PFN or a call that is given the entry, it is reported.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

NAMES = {"softleaf_has_pfn", "is_pfn_swap_entry"}
PAGES = {"softleaf_to_page", "softleaf_to_folio", "pfn_swap_entry_to_page", "pfn_swap_entry_folio"}
NUMBERS = {"softleaf_to_pfn", "swp_offset_pfn", "swp_offset"}
HARMLESS = re.compile(r"(softleaf_(is|has|to|type)|is_\w+_entry|non_swap_entry|swp_type|likely|"
                      r"unlikely|(VM_)?(WARN|BUG)_?ON|sizeof)")

tests = {}	# place of a test: its entry
names = {}	# place of a test: what it is called
regions = {}	# place of a test: the statements where it is true
operands = {}	# place of a test: the operands where it is true
wanted = {}	# place of a test: page, number or call, what is guarded

def place(p):
    return p[0].file, p[0].current_element, int(p[0].line), int(p[0].column)

def extent(p):
    return (*place(p)[:2], int(p[0].line), int(p[0].column)), \
           (*place(p)[:2], int(p[0].line_end), int(p[0].column_end))

def inside(where, area):
    return area[0] <= where < area[1]

def split(text, operator):
    """Split at an operator outside of brackets."""
    parts, depth = [""], 0
    for word in re.findall(r"\w+|&&|\|\||\S", text):
        depth += (word in "([") - (word in ")]")
        if word == operator and not depth:
            parts.append("")
        else:
            parts[-1] += word + " "
    return parts

def implied(text):
    """The entries that have passed the test if a condition is true, and if it is false."""
    text = text.strip()
    for operator, surely in (("||", 1), ("&&", 0)):
        parts = split(text, operator)
        if len(parts) > 1:
            parts = [implied(part) for part in parts]
            pair = [set.intersection(*(part[i] for part in parts)) for i in (0, 1)]
            pair[surely] = set.union(*(part[surely] for part in parts))
            return pair
    if text.startswith("!"):
        return implied(text[1:])[::-1]
    found = re.match(r"(\w*)\s*\((.*)\)$", text)
    if found and found[1] in NAMES:
        return [{plain(found[2])}, set()]
    if found and re.match(r"$|(un)?likely|(VM_)?(WARN|BUG)_?ON", found[1]):
        return implied(split(found[2], ",")[0])
    return [set(), set()]

def plain(text):
    return re.sub(r"\s", "", text)

def rest(start):
    return start, (*start[:2], 1 << 30, 0)

def holds(pc, condition, true, false, where_to=regions):
    """Where a condition is true and where it is false, the tests in it are true."""
    for entries, area in zip(implied(condition), (true, false)):
        for where, entry in tests.items():
            if area and entry in entries and inside(where, extent(pc)):
                where_to.setdefault(where, []).append(area)

def guarded(where, entry, p, areas=regions):
    return tests[where] == plain(entry) and \
        any(inside(place(p), area) for area in areas.get(where, ()))

def note(where, what):
    wanted.setdefault(where, set()).add(what)

def verdict(p):
    what, name = wanted.get(place(p), set()), names.get(place(p))
    if what == {"page"}:
        return "softleaf_has_page() instead of %s()" % name
    if "page" in what or what == {"call"}:
        return "%s() is false for device private entries: " \
            "softleaf_has_page() if only the page is wanted" % name
    return None

def only_page(p):
    return wanted.get(place(p)) == {"page"}

// ---------------------------------------------------------------------------
// Where the tests are true.

@test@
attribute name __free;
expression E;
identifier t = {softleaf_has_pfn, is_pfn_swap_entry};
position p;
@@
  t@p(E)

@script:python@
p << test.p;
t << test.t;
E << test.E;
@@
tests[place(p)] = plain(E)
names[place(p)] = t

@branch depends on test@
expression C;
statement S1, S2;
position pc, p1, p2;
@@
(
  if (C@pc) S1@p1 else S2@p2
|
  if (C@pc) S1@p1
|
  while (C@pc) S1@p1
)

@script:python@
pc << branch.pc;
p1 << branch.p1;
p2 << branch.p2 = [];
C << branch.C;
@@
holds(pc, C, extent(p1), extent(p2) if p2 else rest(extent(p1)[1]))
if p2:
    holds(pc, C, None, rest(extent(p2)[1]))

@assertion depends on test@
expression C;
position pc;
identifier f =~ "^(VM_)?(WARN|BUG)_ON";
@@
  f(C@pc, ...);

@script:python@
pc << assertion.pc;
C << assertion.C;
@@
holds(pc, C, None, rest(extent(pc)[1]))

@operand depends on test@
expression C, X, Y;
position pc, px, py;
@@
(
  C@pc && X@px
|
  C@pc || Y@py
|
  C@pc ? X@px : Y@py
)

@script:python@
pc << operand.pc;
px << operand.px = [];
py << operand.py = [];
C << operand.C;
@@
holds(pc, C, px and extent(px), py and extent(py), operands)

// A test that is kept in a variable counts for all that comes after.

@stored@
expression V;
expression test.E;
identifier test.t;
position test.p;
@@
  V = <+... t@p(E) ...+>

@script:python@
p << test.p;
V << stored.V;
@@
regions[place(p)] = [rest(place(p))]

// ---------------------------------------------------------------------------
// What is done with the entry there.

@use exists@
expression test.E, X;
identifier test.t;
position test.p, q;
identifier f;
@@
  t@p(E)
  ... when != E = X
  f@q(..., \(E\|&E\), ...)

@script:python@
p << test.p;
E << test.E;
q << use.q;
f << use.f;
@@
if guarded(place(p), E, q):
    if f in PAGES or f in NUMBERS:
        note(place(p), "page" if f in PAGES else "number")
    elif not HARMLESS.match(f):
        note(place(p), "call")
elif "device_private" in f:
    # Device private entries are expected not to pass.
    note(place(p), "number")

@beside@
expression E;
position q;
identifier f = {softleaf_to_page, softleaf_to_folio, pfn_swap_entry_to_page,
		pfn_swap_entry_folio, softleaf_to_pfn, swp_offset_pfn, swp_offset};
@@
  f@q(E)

@script:python@
p << test.p;
q << beside.q;
E << beside.E;
f << beside.f;
@@
if guarded(place(p), E, q, operands):
    note(place(p), "page" if f in PAGES else "number")

@number exists@
expression E, P, X;
position q;
identifier to = {softleaf_to_page, softleaf_to_folio, pfn_swap_entry_to_page,
		 pfn_swap_entry_folio};
identifier f = {page_to_pfn, folio_pfn, page_to_phys, page_address, page_to_virt, kmap_local_page,
		kmap_local_folio, folio_address};
@@
  P = \(to@q(E)\|page_folio(to@q(E))\|folio_page(to@q(E), ...)\)
  ... when != P = X
  f(<+... P ...+>)

@number_at_once@
expression E;
position q;
identifier to = {softleaf_to_page, softleaf_to_folio, pfn_swap_entry_to_page,
		 pfn_swap_entry_folio};
identifier f = {page_to_pfn, folio_pfn, page_to_phys, page_address, page_to_virt, kmap_local_page,
		kmap_local_folio, folio_address};
@@
  f(<+... to@q(E) ...+>)

@script:python@
p << test.p;
q << number_at_once.q;
E << number_at_once.E;
@@
if guarded(place(p), E, q) or guarded(place(p), E, q, operands):
    note(place(p), "number")

@script:python@
p << test.p;
q << number.q;
E << number.E;
@@
if guarded(place(p), E, q) or guarded(place(p), E, q, operands):
    note(place(p), "number")

// ---------------------------------------------------------------------------

@depends on patch@
expression E;
position p : script:python() { only_page(p) };
@@
- softleaf_has_pfn@p(E)
+ softleaf_has_page(E)

@found depends on context || org || report@
identifier t = {softleaf_has_pfn, is_pfn_swap_entry};
position p : script:python() { verdict(p) is not None };
@@
  t@p(...)

@depends on context@
identifier found.t;
position found.p;
@@
* t@p(...)

@script:python depends on org@
p << found.p;
@@
coccilib.org.print_todo(p[0], verdict(p))

@script:python depends on report@
p << found.p;
@@
coccilib.report.print_report(p[0], verdict(p))

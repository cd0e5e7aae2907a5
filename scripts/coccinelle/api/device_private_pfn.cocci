// SPDX-License-Identifier: GPL-2.0-only
///
/// A device private page has no PFN and no physical address. Find where one is
/// taken from such a page, where such a page is taken from a number, and where a page
/// is computed from the range of a device private pagemap, or the other way round. What
/// to write instead is device_private_page_index() and device_private_page().
///
// Confidence: Moderate
// Comments: Needs Python. Looks only at files that deal with device private memory.
// Comments: A page counts as device private where it was tested to be, where it is
// Comments: set up with zone_device_page_init() or comes from a function that does so,
// Comments: in the callbacks of a pagemap and what they hand it to, and where its
// Comments: zone_device_data is used and no test tells. A page that pfn_to_page() gives
// Comments: counts where its zone_device_data is used or where it is asked for. The range
// Comments: of a pagemap is not reported where every path to it has asked for the type of
// Comments: the memory.
// Options: --no-includes --include-headers
//

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

SUBJECT = re.compile(r"\b(MEMORY_DEVICE_(PRIVATE|COHERENT)|is_device_private_page|"
                     r"folio_is_device_private|migrate_vma|zone_device_page_init|"
                     r"zone_device_folio_init|hmm_pfn_to_page|"
                     r"(devm_)?request_free_mem_region)\b")
TYPE = r"MEMORY_DEVICE_(\w+)"
TESTS = {"is_device_private_page", "folio_is_device_private"}
ZONE = TESTS | {"is_zone_device_page", "folio_is_zone_device"}
about = {}	# file: is it about device private memory?
found = {}	# place: what to report
places = []	# where, in the order it was found
regions = {}	# file, function, page: where it is tested to be device private
operands = {}	# the same, where the test is in the same expression
memory = {}	# file, function, private or other: where the memory is known to be so
jumps = {}	# file, function, page: labels that are gone to with it
known_other = set()	# places of pagemaps that are said to be of another type
ranges = set()	# places of pagemaps whose range is used
maps = set()	# file, text of what is a struct dev_pagemap
stored = {}	# file, function, variable: the condition that it holds
alias = {}	# file, function, name: the page that it is another name of
asked = set()	# file, function, page: of what memory it is was asked for
untested = set()	# place of a use: a path to it has the page assigned, and no test
types, owners = {}, {}	# file, pagemap: its types; file, operations: the pagemaps
callbacks = {}	# file, function: the operations that it belongs to
params = {}	# file, function, number: name of the parameter
calls = set()	# file, function, page, callee, number of the argument
members = set()	# file, name of a member that holds the address of a region
assignments = set()	# places where such a member is assigned

def matters(p):
    """Is the file about device private memory? mm has pages of all kinds."""
    name = p[0].file
    if name not in about:
        with open(name, encoding="utf-8", errors="replace") as source:
            about[name] = bool(SUBJECT.search(source.read()))
    return about[name] and "/mm/" not in "/" + name

lines = {}	# file: its lines

def text_at(p):
    name = p[0].file
    if name not in lines:
        with open(name, encoding="utf-8", errors="replace") as source:
            lines[name] = source.read().split("\n")
    text = lines[name][int(p[0].line) - 1:int(p[0].line_end)]
    text[-1] = text[-1][:int(p[0].column_end)]
    text[0] = text[0][int(p[0].column):]
    return "\n".join(text)

def pagemap(p):
    """Is it a pagemap, by its name or by its type?"""
    text = plain(text_at(p))
    return (p[0].file, text) in maps or \
        bool(re.search(r"((pagemap|pgmap)s?(\[.*\])?|page_pgmap\([^()]*\))\)*$", text))

def within(p):
    return p[0].file, p[0].current_element

def place(p):
    return p[0].file, int(p[0].line), int(p[0].column)

def extent(p):
    return place(p), (p[0].file, int(p[0].line_end), int(p[0].column_end))

def note(p, text):
    if matters(p) and place(p) not in found:
        found[place(p)] = text
        places.append(p)

def said():
    """What there is to say of the files that were read, once."""
    while places:
        p = places.pop(0)
        yield p, found[place(p)]

def plain(text):
    return re.sub(r"\s", "", text)

def name(text):
    words = re.findall(r"[A-Za-z_]\w*", text)
    return words[-1] if words else text

def page(p, text):
    """The page that an expression means, by the first name that it had."""
    for _ in range(9):
        text = plain(text)
        of = re.match(r"(?:page_folio|folio_page|compound_head)\((.*?)(?:,[^,]*)?\)$|"
                      r"&(.*)->page$", text)
        text = of[1] or of[2] if of else alias.get((*within(p), text), text)
    return text

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

def asks_page(p, call, which, tests=TESTS):
    """The page that a call tells to be device private if it is true, and if it is false."""
    return [{page(p, which)}, set()] if call in tests else None

def asks_zone(p, call, which):
    return asks_page(p, call, which, ZONE)

def asks_memory(p, call, which):
    """What memory a call tells it is."""
    if call in TESTS | {"hmm_pfn_is_device_private"}:
        return [{"private"}, set()]
    return [{"other"}, set()] if re.match(r"(folio_)?is_device_coherent", call) else None

def asks(condition):
    """May a condition tell what memory it is?"""
    return bool(re.search(r"MEMORY_DEVICE_|is_device_|folio_is_|^\W*\w+\W*$", condition))

def implied(p, text, asks=asks_page):
    """What is known if a condition is true, and if it is false: the pages that are private."""
    text = text.strip()
    for operator, surely in (("||", 1), ("&&", 0)):
        parts = split(text, operator)
        if len(parts) > 1:
            parts = [implied(p, part, asks) for part in parts]
            pair = [set.intersection(*(part[i] for part in parts)) for i in (0, 1)]
            pair[surely] = set.union(*(part[surely] for part in parts))
            return pair
    if text.startswith("!"):
        return implied(p, text[1:], asks)[::-1]
    call = re.match(r"(\w*)\s*\((.*)\)$", text)
    if call and re.match(r"$|(un)?likely|(VM_)?(WARN|BUG)_?ON", call[1]):
        return implied(p, split(call[2], ",")[0], asks)
    if (*within(p), text) in stored:
        return implied(p, stored[(*within(p), text)], asks)
    told = call and asks(p, call[1], call[2])
    type = asks == asks_memory and re.search(rf"[!=]\s*=\s*{TYPE}$|^{TYPE}\s*[!=]\s*=", text)
    if type:
        # What is not coherent in a driver that has both is private.
        told = {"PRIVATE": [{"private"}, {"other"}],
                "COHERENT": [{"other"}, {"private"}]}.get(type[1] or type[2], [{"other"}, set()])
        told = told[::-1] if "!" in type[0] else told
    return told or [set(), set()]

def holds(pc, condition, true, false, regions):
    """Note where a condition says that a page, or the memory, is device private."""
    for asks, areas in (asks_page, regions), (asks_memory, memory):
        for known, area in zip(implied(pc, condition, asks), (true, false)):
            for which in known:
                if area:
                    areas.setdefault((*within(pc), which), []).append(extent(area))

def inside(p, areas):
    return any(area[0] <= place(p) < area[1] for area in areas)

def is_memory(p, which):
    """Is the memory known to be private, or other, here?"""
    return inside(p, memory.get((*within(p), which), ()))

def other(file, pagemap):
    """Is a pagemap known to be of another type?"""
    values = types.get((file, pagemap), {"MEMORY_DEVICE_PRIVATE"})
    return all(re.match(r"MEMORY_DEVICE_(?!PRIVATE\b)\w+$", value) for value in values)

def handed(where, which, depth=4):
    """Does a function get a device private page by this name from a callback?"""
    if where in callbacks:
        maps = owners.get((where[0], callbacks[where]), set())
        if not maps or not all(other(where[0], pagemap) for pagemap in maps):
            if which in (params.get((*where, 0)), "%s->page" % params.get((*where, 0))):
                return True
    holder = which.removesuffix("->page")
    return depth > 0 and any(
        handed((file, caller), given + which[len(name):], depth - 1)
        for file, caller, given, callee, number in calls if (file, callee) == where
        for name in {which, holder} if params.get((*where, number)) == name)

def private(p, text):
    """Is a page known to be device private here?"""
    which = page(p, text)
    where = (*within(p), which)
    if where in asked:
        return inside(p, operands.get(where, ())) or \
            place(p) not in untested and inside(p, regions.get(where, ()))
    return handed(within(p), which)

// Nothing else is looked at in a file without the names.

@worth@
attribute name __free;
identifier f;
position p : script:python() { matters(p) };
@@
f@p(...) { ... }

// ---------------------------------------------------------------------------
// Which names mean the same page, and which functions are given one.

@another_name depends on worth@
idexpression I;
expression E, F;
position p : script:python() { matters(p) };
@@
(
  I@p = E->page
|
  I@p = &F->page
|
  I@p = page_folio(F)
|
  I@p = folio_page(F, ...)
)

@script:python@
p << another_name.p;
I << another_name.I;
E << another_name.E = "";
F << another_name.F = "";
@@
alias[(*within(p), I)] = F or plain(E) + "->page"

@operations depends on worth@
identifier o, fn;
identifier op = {page_free, folio_free, migrate_to_ram};
position p : script:python() { matters(p) };
@@
  struct dev_pagemap_ops o@p = { ..., .op = fn, ..., };

@script:python@
p << operations.p;
o << operations.o;
fn << operations.fn;
@@
callbacks[(p[0].file, fn)] = o

@operations_at_run_time depends on worth@
expression O;
identifier fn;
identifier op = {page_free, folio_free, migrate_to_ram};
position p : script:python() { matters(p) };
@@
  \(O@p.op\|O@p->op\) = \(fn\|&fn\)

@script:python@
p << operations_at_run_time.p;
O << operations_at_run_time.O;
fn << operations_at_run_time.fn;
@@
callbacks[(p[0].file, fn)] = name(O)

@belongs depends on operations@
expression E;
identifier operations.o;
position p;
@@
  \(E@p.ops\|E@p->ops\) = &o

@script:python@
p << belongs.p;
o << operations.o;
E << belongs.E;
@@
owners.setdefault((p[0].file, o), set()).add(name(E))

@typing depends on operations@
expression E, V;
position p;
@@
  \(E@p.type\|E@p->type\) = V

@script:python@
p << typing.p;
E << typing.E;
V << typing.V;
@@
types.setdefault((p[0].file, name(E)), set()).add(V)

@takes depends on operations || operations_at_run_time@
identifier fn, i;
type T;
parameter list[n] before;
position p;
@@
  fn@p(before, T *i, ...) { ... }

@script:python@
p << takes.p;
fn << takes.fn;
i << takes.i;
n << takes.n;
@@
params[(p[0].file, fn, int(n))] = i

@call depends on operations || operations_at_run_time@
identifier f;
expression E;
expression list[n] before;
position p;
@@
  f@p(before, E, ...)

@script:python@
p << call.p;
f << call.f;
E << call.E;
n << call.n;
@@
if (p[0].file, f, int(n)) in params:
    calls.add((*within(p), page(p, E), f, int(n)))

// ---------------------------------------------------------------------------
// What is taken of a page, and of a number.

@taken depends on worth@
expression P;
identifier f = {page_to_pfn, page_to_phys, folio_pfn, page_to_virt, page_address, kmap_local_page,
		kmap_local_folio, folio_address};
position p : script:python() { matters(p) };
@@
  f@p(P, ...)

@paged depends on worth@
expression N;
identifier g = {pfn_to_page, pfn_folio};
position p : script:python() { matters(p) };
@@
  g@p(N)

// ---------------------------------------------------------------------------
// Where a page is tested to be device private.

@test depends on worth@
expression P;
position p : script:python() { matters(p) };
identifier t = {is_device_private_page, folio_is_device_private, is_zone_device_page,
		folio_is_zone_device, is_device_coherent_page, folio_is_device_coherent};
@@
  t@p(P)

@script:python@
p << test.p;
P << test.P;
@@
asked.add((*within(p), page(p, P)))

@variable depends on test@
identifier I;
expression C;
position p;
identifier t = {is_device_private_page, folio_is_device_private};
@@
  I@p = <+... t(...) ...+>@C

@script:python@
p << variable.p;
I << variable.I;
C << variable.C;
@@
if not re.search(r"\b%s\b" % I, C):
    stored[(*within(p), I)] = C

@type_variable depends on worth@
idexpression I;
expression C : script:python() { "MEMORY_DEVICE_" in C and "==" in C.replace("!=", "==") };
position p;
@@
  I@p = C

@script:python@
p << type_variable.p;
I << type_variable.I;
C << type_variable.C;
@@
stored[(*within(p), I)] = C

@branch depends on worth@
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
holds(pc, C, p1, p2, regions)

// A disjunction finds one of them in a statement only.

@and_operand depends on worth@
expression C, X;
position pc, px;
@@
  C@pc && X@px

@script:python@
pc << and_operand.pc;
px << and_operand.px;
C << and_operand.C;
@@
holds(pc, C, px, [], operands)

@or_operand depends on worth@
expression C, X;
position pc, px;
@@
  C@pc || X@px

@script:python@
pc << or_operand.pc;
px << or_operand.px;
C << or_operand.C;
@@
holds(pc, C, [], px, operands)

@chosen_operand depends on worth@
expression C, X, Y;
position pc, px, py;
@@
  C@pc ? X@px : Y@py

@script:python@
pc << chosen_operand.pc;
px << chosen_operand.px;
py << chosen_operand.py;
C << chosen_operand.C;
@@
holds(pc, C, px, py, operands)

@jump depends on test@
identifier l;
position p;
@@
  goto l@p;

@script:python@
p << jump.p;
l << jump.l;
@@
for (*where, which), areas in regions.items():
    if tuple(where) == within(p) and inside(p, areas):
        jumps.setdefault((*where, which), set()).add(l)

@assigned_since depends on test exists@
expression P, X;
identifier t = {is_device_private_page, folio_is_device_private};
identifier taken.f;
position p;
@@
  P = X
  ... when != t(P)
  f@p(P)

@script:python@
p << assigned_since.p;
P << assigned_since.P;
X << assigned_since.X;
@@
if page(p, P) != page(p, X):
    untested.add(place(p))

// After a branch for pages that are not device private, those that are follow.

@excluded depends on test exists@
expression C, P, X;
statement S;
identifier taken.f;
identifier w =~ "^(VM_)?(WARN|BUG)_ON";
position pc, p;
@@
(
  if (C@pc) S
|
  while (C@pc) S
|
  w(C@pc, ...);
)
  ... when != P = X
  f@p(\(P\|&P->page\))

@script:python@
pc << excluded.pc;
p << excluded.p;
C << excluded.C;
P << excluded.P;
f << taken.f;
@@
if page(p, P) in implied(pc, C)[1]:
    note(p, "%s() of a device private page" % f)

// A label that is gone to with such a page.

@landed depends on jump exists@
identifier l;
expression P, X;
identifier taken.f;
identifier t = {is_device_private_page, folio_is_device_private};
position p;
@@
  l:
  ... when != P = X
      when != t(P)
  f@p(\(P\|&P->page\))

@script:python@
p << landed.p;
l << landed.l;
P << landed.P;
f << taken.f;
@@
if l in jumps.get((*within(p), page(p, P)), ()):
    note(p, "%s() of a device private page" % f)

// ---------------------------------------------------------------------------
// The PFN or the address of a device private page.

@script:python@
p << taken.p;
P << taken.P;
f << taken.f;
@@
if private(p, P):
    note(p, "%s() of a device private page" % f)

@sets_up depends on worth@
identifier fn;
position p : script:python() { matters(p) };
@@
fn@p(...)
{
	<+... \(zone_device_page_init\|zone_device_folio_init\)(...) ...+>
}

@made depends on worth exists@
identifier sets_up.fn;
expression P, X;
identifier taken.f;
position p : script:python() { matters(p) };
@@
  P = \(fn\|device_private_page\|softleaf_to_device_private_page\|hmm_pfn_to_device_private_page\|softleaf_to_device_private_folio\)(...)
  ... when != P = X
      when any
  f@p(\(P\|&P->page\))

@script:python@
p << made.p;
f << taken.f;
@@
note(p, "%s() of a device private page" % f)

@wraps depends on worth exists@
identifier sets_up.fn;
identifier wrapper;
expression P, X;
position p : script:python() { matters(p) };
@@
wrapper@p(...)
{
	... when any
	P = fn(...)
	... when != P = X
	    when any
	return P;
}

@wrapped depends on worth exists@
identifier wraps.wrapper;
expression P, X;
identifier taken.f;
position p : script:python() { matters(p) };
@@
  P = wrapper(...)
  ... when != P = X
      when any
  f@p(\(P\|&P->page\))

@script:python@
p << wrapped.p;
f << taken.f;
@@
note(p, "%s() of a device private page" % f)

@gives_out depends on worth exists@
identifier fn;
expression P, X;
position p : script:python() { matters(p) };
@@
fn@p(...)
{
	... when any
	P->zone_device_data
	... when != P = X
	return P;
}

@given depends on worth exists@
identifier gives_out.fn;
expression P, X;
identifier taken.f;
position p : script:python() { matters(p) };
@@
  P = fn(...)
  ... when != P = X
      when any
  f@p(P)

@script:python@
p << given.p;
f << taken.f;
@@
note(p, "%s() of a device private page" % f)

@fills_in depends on worth@
identifier fn, out;
type T;
parameter list[n] before;
position p : script:python() { matters(p) };
@@
fn@p(before, T **out, ...)
{
	<+... \((*out)->zone_device_data\|zone_device_page_init(*out, ...)\) ...+>
}

@filled_in depends on worth exists@
identifier fills_in.fn;
expression list[fills_in.n] before;
expression P, X;
identifier taken.f;
position p : script:python() { matters(p) };
@@
  fn(before, &P, ...)
  ... when != P = X
      when any
  f@p(P)

@script:python@
p << filled_in.p;
f << taken.f;
@@
note(p, "%s() of a device private page" % f)

@initialised depends on worth exists@
expression P, X;
identifier taken.f;
position p : script:python() { matters(p) };
@@
(
  zone_device_page_init(P, ...)
|
  zone_device_folio_init(P, ...)
)
  ... when != P = X
      when any
  f@p(P)

@script:python@
p << initialised.p;
f << taken.f;
@@
note(p, "%s() of a device private page" % f)

// A warning about a page of a device, whatever it is.

@warned depends on worth@
expression C, P;
identifier taken.f;
position p, pc;
@@
  \(WARN\|WARN_ONCE\)(C@pc, ..., <+... f@p(P) ...+>, ...)

@script:python@
p << warned.p;
P << warned.P;
C << warned.C;
f << taken.f;
@@
if page(p, P) in implied(p, C, asks_zone)[0]:
    note(p, "%s() of a device private page" % f)

// No other page of such a driver has zone_device_data, unless it is cleared. A macro may
// give a page of another kind.

@cleared depends on worth@
expression P;
position z;
@@
  P->zone_device_data@z = NULL

@by_macro depends on worth@
expression P;
identifier M =~ "^[A-Z][A-Z0-9_]*$";
position p : script:python() { matters(p) };
@@
  P@p = M(...)

@script:python@
p << by_macro.p;
P << by_macro.P;
@@
asked.add((*within(p), page(p, P)))

@data_before depends on worth exists@
expression P, X;
identifier taken.f;
position z != cleared.z;
position p : script:python() { matters(p) };
@@
  \(P->zone_device_data@z\|folio_zone_device_data(P)\|folio_set_zone_device_data(P, ...)\)
  ... when != P = X
  f@p(P)

@script:python@
p << data_before.p;
P << data_before.P;
f << taken.f;
@@
if (*within(p), page(p, P)) not in asked:
    note(p, "%s() of a device private page" % f)

@data_after depends on worth exists@
expression P, X;
identifier taken.f;
position z != cleared.z;
position p : script:python() { matters(p) };
@@
  f@p(P)
  ... when != P = X
  \(P->zone_device_data@z\|folio_zone_device_data(P)\|folio_set_zone_device_data(P, ...)\)

@script:python@
p << data_after.p;
P << data_after.P;
f << taken.f;
@@
if (*within(p), page(p, P)) not in asked:
    note(p, "%s() of a device private page" % f)

// The distance between the PFN of a page and another number.

@distance depends on worth@
expression P, B;
identifier f = {page_to_pfn, page_to_phys, folio_pfn};
position p : script:python() { matters(p) };
@@
(
  f@p(P) - B
|
  (f@p(P) << PAGE_SHIFT) - B
|
  PFN_PHYS(f@p(P)) - B
)

@script:python@
p << distance.p;
f << distance.f;
P << distance.P;
B << distance.B;
@@
# Where the page was asked for, the rules above tell.
if (*within(p), page(p, P)) not in asked or re.match(r"(page_to|folio)_pfn\b|\(", B):
    note(p, "%s() taken for a position in device memory" % f)

@kept depends on worth exists@
expression P, X, Y, B;
identifier f = {page_to_pfn, page_to_phys};
position p : script:python() { matters(p) };
@@
(
  X = f@p(P)
|
  X = f@p(P) << PAGE_SHIFT
)
  ... when != X = Y
      when any
(
  (X << PAGE_SHIFT) - B
|
  X - B
|
  X -= B
)

@script:python@
p << kept.p;
f << kept.f;
@@
note(p, "%s() taken for a position in device memory" % f)

@shifted depends on worth exists@
expression P, X, Y;
identifier f = {page_to_pfn, folio_pfn};
position p : script:python() { place(p) in found };
position q;
@@
  X = f@p(P)
  ... when != X = Y
      when any
  X@q << PAGE_SHIFT

@script:python@
q << shifted.q;
X << shifted.X;
@@
note(q, "%s is the PFN of a device private page" % X)

// ---------------------------------------------------------------------------
// The range of a pagemap, unless every path to it knows the type of the memory.

@map_pointer depends on worth@
struct dev_pagemap *E;
position p;
@@
  E@p->range

@script:python@
p << map_pointer.p;
@@
maps.add((p[0].file, plain(text_at(p))))

@map_object depends on worth@
struct dev_pagemap E;
position p;
@@
  E@p.range

@script:python@
p << map_object.p;
@@
maps.add((p[0].file, plain(text_at(p))))

@range depends on worth@
expression E, X;
position p : script:python() { matters(p) and pagemap(p) };
identifier m = {start, end};
identifier f;
@@
(
  E@p.range.m
|
  E@p->range.m
|
  f(..., \(&E@p.range\|&E@p->range\), ...)
|
  X = \(E@p.range\|E@p->range\|&E@p.range\|&E@p->range\)
)

@coherent depends on worth@
position range.p, q;
expression E, X;
constant K =~ "MEMORY_DEVICE_(COHERENT|GENERIC|FS_DAX|PCI_P2PDMA)$";
@@
  E@p@q
  ...
  X = K

@asserted depends on worth@
position range.p, q;
expression E, X;
constant K =~ "MEMORY_DEVICE_(COHERENT|GENERIC|FS_DAX|PCI_P2PDMA)$";
identifier f;
@@
  if (<+... E@p@q ...+>) {
	f(<+... X == K ...+>);
	...
  }

@script:python@
q << coherent.q;
@@
known_other.add(place(q))

@script:python@
q << asserted.q;
@@
known_other.add(place(q))

@unknown depends on worth exists@
position range.p;
position q;
expression E, X;
identifier fn;
identifier t = {is_device_private_page, folio_is_device_private,
		is_device_coherent_page, folio_is_device_coherent,
		hmm_pfn_is_device_private};
identifier r = {device_private_register, devm_device_private_register};
constant K =~ "MEMORY_DEVICE_(COHERENT|GENERIC|FS_DAX|PCI_P2PDMA)$";
constant C =~ "MEMORY_DEVICE_(PRIVATE|COHERENT|GENERIC|FS_DAX|PCI_P2PDMA)$";
@@
fn(...)
{
	... when != t(...)
	    when != r(...)
	    when != X == C
	    when != X != C
	    when != X = K
	E@p@q
	... when any
}

@script:python@
q << unknown.q;
@@
if place(q) not in known_other:
    note(q, "arithmetic on the range of a device private pagemap")

@script:python@
p << range.p;
@@
ranges.add(place(p))
if is_memory(p, "private") and not is_memory(p, "other"):
    note(p, "arithmetic on the range of a device private pagemap")

// After a branch for other memory, the private one follows.

@excluded_range depends on worth exists@
expression C : script:python() { asks(C) };
expression E, X;
position pc, q;
constant K =~ "MEMORY_DEVICE_";
statement S;
@@
  if (C@pc) S
  ... when != X = K
  \(E@q.range\|E@q->range\)

@script:python@
pc << excluded_range.pc;
q << excluded_range.q;
C << excluded_range.C;
@@
if place(q) in ranges and "private" in implied(pc, C, asks_memory)[1] and \
   not is_memory(q, "other"):
    note(q, "arithmetic on the range of a device private pagemap")

@only_private depends on worth exists@
position range.p, q;
expression E, X;
@@
  if (<+... X == MEMORY_DEVICE_PRIVATE ...+>) {
	... when any
	E@p@q
	... when any
  }

@script:python@
q << only_private.q;
@@
note(q, "arithmetic on the range of a device private pagemap")

// ---------------------------------------------------------------------------
// The page of a number. A page that has a PFN is not device private.

@becomes depends on worth exists@
expression P, N, X;
identifier paged.g;
position p;
position z != cleared.z;
@@
  P = g@p(N)
  ... when != P = X
(
  P->zone_device_data@z
|
  zone_device_page_init(P, ...)
|
  zone_device_folio_init(P, ...)
|
  is_device_private_page(P)
|
  folio_is_device_private(P)
)

@script:python@
p << becomes.p;
g << paged.g;
@@
note(p, "%s() of a device private page" % g)

@number depends on worth@
idexpression V;
expression E;
position range.p, v;
@@
  V@v = <+... \(E@p.range.start\|E@p->range.start\) ...+>

@numbered depends on worth exists@
idexpression number.V;
expression X, Y;
identifier paged.g;
position number.v, q;
@@
  V@v = X
  ... when != V = Y
      when any
  g@q(<+... V ...+>)

@script:python@
p << range.p;
v << number.v;
q << numbered.q;
g << paged.g;
@@
if place(p) in found:
    note(q, "%s() of a device private page" % g)

@gives_number depends on worth@
identifier fn;
expression E;
position range.p;
@@
fn(...)
{
	<+... return <+... \(E@p.range.start\|E@p->range.start\) ...+>; ...+>
}

@of_number depends on worth@
identifier gives_number.fn;
identifier paged.g;
position q;
@@
  g@q(<+... fn(...) ...+>)

@script:python@
q << of_number.q;
g << paged.g;
@@
note(q, "%s() of a device private page" % g)

// ---------------------------------------------------------------------------
// A member that holds the address of a region, or of a pagemap without one.

@region depends on worth@
expression R;
position p : script:python() { matters(p) };
@@
  R = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)

@address depends on worth exists@
expression region.R, E;
identifier m;
position region.p;
@@
  R = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  \(E.m\|E->m\) = <+... R->start ...+>

@script:python@
p << region.p;
m << address.m;
@@
if m != "start":
    members.add((p[0].file, m))

@address_in_variable depends on worth exists@
expression region.R, E;
idexpression I;
identifier m;
position region.p;
@@
  R = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  \(I = R->start\|I = R->start >> PAGE_SHIFT\|I = PHYS_PFN(R->start)\)
  ... when any
  \(E.m\|E->m\) = <+... I ...+>

@script:python@
p << region.p;
m << address_in_variable.m;
@@
if m != "start":
    members.add((p[0].file, m))

@address_in_global depends on worth exists@
expression region.R;
global idexpression G;
position region.p;
@@
  R = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  \(G = R->start\|G = R->start >> PAGE_SHIFT\|G = PHYS_PFN(R->start)\)

@global_base depends on worth@
global idexpression address_in_global.G;
identifier f = {pfn_to_page, pfn_folio};
position p;
@@
  f@p(<+... G ...+>)

@script:python@
p << global_base.p;
f << global_base.f;
@@
note(p, "%s() of the address of a region that device private memory does not have" % f)

@region_of_pagemap depends on worth@
expression E, F;
identifier m;
position p : script:python() { matters(p) };
@@
  \(E.m\|E->m\) = <+... \(F@p.range.start\|F@p->range.start\) ...+>

@script:python@
p << region_of_pagemap.p;
m << region_of_pagemap.m;
@@
if m not in ("start", "end") and place(p) in found:
    members.add((p[0].file, m))

@derived depends on region || region_of_pagemap@
expression E, F;
identifier m, b;
position p;
@@
  \(E@p.m\|E@p->m\) = <+... \(F.b\|F->b\) ...+>

@script:python@
p << derived.p;
m << derived.m;
b << derived.b;
@@
if (p[0].file, b) in members:
    members.add((p[0].file, m))

@written depends on region || region_of_pagemap@
expression E, X;
identifier m;
position p;
@@
  \(E->m@p\|E.m@p\) = X

@script:python@
p << written.p;
@@
assignments.add(place(p))

@base depends on region || region_of_pagemap@
expression E;
identifier m;
position p;
@@
  \(E->m@p\|E.m@p\)

@script:python@
p << base.p;
m << base.m;
@@
if (p[0].file, m) in members and place(p) not in assignments:
    note(p, "%s holds the address of a region that device private memory does not have" % m)

// ---------------------------------------------------------------------------

// One in another is not found by the same rule.

@hit depends on worth && context@
identifier f;
expression E;
position p : script:python() { place(p) in found };
@@
(
  f@p(...)
|
  E->f@p
|
  E.f@p
|
  E@p << PAGE_SHIFT
)

@hit_range depends on worth && context@
expression E;
position p : script:python() { place(p) in found };
@@
(
  E@p.range
|
  E@p->range
)

@depends on context && worth@
identifier f;
expression E;
position hit.p;
@@
(
* f@p(...)
|
* E->f@p
|
* E.f@p
|
* E@p << PAGE_SHIFT
)

@depends on context && worth@
expression E;
position hit_range.p;
@@
(
* E@p.range
|
* E@p->range
)

// Once for all: a script with a position would run for each way to come to it.

@script:python depends on org@
@@
for p, text in said():
    coccilib.org.print_todo(p[0], text)

@script:python depends on report@
@@
for p, text in said():
    coccilib.report.print_report(p[0], text)

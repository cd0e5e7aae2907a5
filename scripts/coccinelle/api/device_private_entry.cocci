// SPDX-License-Identifier: GPL-2.0-only
///
/// A device private entry of a page table has no PFN. Where an entry is known to
/// be device private, take its page or folio with softleaf_to_device_private_page()
/// or softleaf_to_device_private_folio(), not with what decodes a PFN:
/// pfn_swap_entry_to_page(), pfn_swap_entry_folio() and swp_offset_pfn() up to
/// Linux 6.18, softleaf_to_page(), softleaf_to_folio() and softleaf_to_pfn() since.
///
/// An entry is known to be device private if every path to the use passes a test
/// that says so after the entry was last assigned. Where it may be device private
/// or something else the use is reported, and left as it is.
///
// Confidence: High
// Comments: Needs Python. The tests understood are those in TESTS and KINDS below.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

PRIVATE = {"private read", "private write"}
MIGRATION = {"migration read", "migration exclusive", "migration write"}
PAGE = PRIVATE | MIGRATION | {"exclusive", "hwpoison"}
ALL = PAGE | {"none", "swap", "marker"}

# What an entry may be if the test is true. If it is false it is one of the rest.
TESTS = {
    "is_device_private_entry": PRIVATE,
    "is_writable_device_private_entry": {"private write"},
    "softleaf_is_device_private": PRIVATE,
    "softleaf_is_device_private_write": {"private write"},
    "is_migration_entry": MIGRATION,
    "is_readable_migration_entry": {"migration read"},
    "is_readable_exclusive_migration_entry": {"migration exclusive"},
    "is_writable_migration_entry": {"migration write"},
    "softleaf_is_migration": MIGRATION,
    "softleaf_is_migration_read": {"migration read"},
    "softleaf_is_migration_read_exclusive": {"migration exclusive"},
    "softleaf_is_migration_write": {"migration write"},
    "is_device_exclusive_entry": {"exclusive"},
    "softleaf_is_device_exclusive": {"exclusive"},
    "is_hwpoison_entry": {"hwpoison"},
    "softleaf_is_hwpoison": {"hwpoison"},
    "is_pfn_swap_entry": PAGE,
    "softleaf_has_pfn": PAGE,
    "softleaf_has_page": PAGE,
    "non_swap_entry": ALL - {"none", "swap"},
    "softleaf_is_swap": {"swap"},
    "softleaf_is_none": {"none"},
    "is_pte_marker_entry": {"marker"},
    "softleaf_is_marker": {"marker"},
    "softleaf_is_valid_pmd_entry": PRIVATE | MIGRATION,
}
# The same of the entry that a page table entry holds.
HOLDER_TESTS = {
    "is_pmd_device_private_entry": PRIVATE,
    "pmd_is_device_private_entry": PRIVATE,
    "is_pmd_migration_entry": MIGRATION,
    "pmd_is_migration_entry": MIGRATION,
    "is_hugetlb_entry_migration": MIGRATION,
    "is_hugetlb_entry_hwpoisoned": {"hwpoison"},
    "pmd_is_valid_softleaf": PRIVATE | MIGRATION,
}
HOLDERS = ("softleaf_from_pte", "softleaf_from_pmd", "pte_to_swp_entry",
           "pmd_to_swp_entry")
KINDS = {
    "SOFTLEAF_DEVICE_PRIVATE_READ": {"private read"},
    "SOFTLEAF_DEVICE_PRIVATE_WRITE": {"private write"},
    "SOFTLEAF_MIGRATION_READ": {"migration read"},
    "SOFTLEAF_MIGRATION_READ_EXCLUSIVE": {"migration exclusive"},
    "SOFTLEAF_MIGRATION_WRITE": {"migration write"},
    "SOFTLEAF_DEVICE_EXCLUSIVE": {"exclusive"},
    "SOFTLEAF_DEVICE_EXCLUSIVE_READ": {"exclusive"},
    "SOFTLEAF_DEVICE_EXCLUSIVE_WRITE": {"exclusive"},
    "SOFTLEAF_HWPOISON": {"hwpoison"},
    "SOFTLEAF_MARKER": {"marker"},
    "SOFTLEAF_SWAP": {"swap"},
    "SOFTLEAF_NONE": {"none"},
    "SWP_DEVICE_READ": {"private read"},
    "SWP_DEVICE_WRITE": {"private write"},
    "SWP_DEVICE_EXCLUSIVE": {"exclusive"},
    "SWP_DEVICE_EXCLUSIVE_READ": {"exclusive"},
    "SWP_DEVICE_EXCLUSIVE_WRITE": {"exclusive"},
    "SWP_MIGRATION_READ": {"migration read"},
    "SWP_MIGRATION_READ_EXCLUSIVE": {"migration exclusive"},
    "SWP_MIGRATION_WRITE": {"migration write"},
    "SWP_HWPOISON": {"hwpoison"},
    "SWP_PTE_MARKER": {"marker"},
}
TYPES = ("softleaf_type", "swp_type")
MAKERS = {
    "make_readable_device_private_entry": {"private read"},
    "make_writable_device_private_entry": {"private write"},
    "softleaf_mk_device_private": PRIVATE,
    "make_readable_migration_entry": {"migration read"},
    "make_readable_exclusive_migration_entry": {"migration exclusive"},
    "make_writable_migration_entry": {"migration write"},
    "softleaf_mk_migration": MIGRATION,
}
# These only say what they are given, loudly.
WRAPPERS = {"likely", "unlikely", "WARN_ON", "WARN_ON_ONCE", "VM_WARN_ON",
            "VM_WARN_ON_ONCE"}
PFN_USES = ("softleaf_to_pfn", "swp_offset_pfn")

def tokens(text):
    return re.findall(r'\w+|"(?:\\.|[^"])*"|&&|\|\||->|==|!=|\S', text)

def same(text, words):
    return tokens(text) == words

def split(words, at):
    """Split at an operator outside of parentheses."""
    parts, depth = [[]], 0
    for word in words:
        depth += (word in "([") - (word in ")]")
        if word == at and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts

def call(words):
    """f(x) as f and x, or nothing if it is more than that."""
    if len(words) < 4 or words[1] != "(" or words[-1] != ")" or not words[0].isidentifier():
        return None, None
    depth = 0
    for i, word in enumerate(words[1:], 1):
        depth += (word == "(") - (word == ")")
        if not depth and i < len(words) - 1:
            return None, None
    return words[0], words[2:-1]

def facts(words, use):
    """What the entry may be if the condition is true, and if it is false."""
    while words and words[0] == "(" and call(["f"] + words)[0]:
        words = words[1:-1]
    if len(split(words, "?")) > 1 or len(split(words, ",")) > 1:
        return ALL, ALL
    for operator in ("||", "&&"):
        parts = split(words, operator)
        if len(parts) > 1:
            both = [facts(part, use) for part in parts]
            when, unless = (1, 0) if operator == "||" else (0, 1)
            meet, join = set(ALL), set()
            for pair in both:
                meet &= pair[when]
                join |= pair[unless]
            return (join, meet) if operator == "||" else (meet, join)
    for operator in ("==", "!="):
        parts = split(words, operator)
        if len(parts) == 2:
            name, arg = call(parts[0])
            kind = KINDS.get(" ".join(parts[1]))
            if name not in TYPES or not use.is_entry(arg) or not kind:
                return ALL, ALL
            pair = kind, ALL - kind
            return pair if operator == "==" else pair[::-1]
    if words and words[0] == "!":
        return facts(words[1:], use)[::-1]
    name, arg = call(words)
    if name in WRAPPERS:
        return facts(arg, use)
    kind = None
    if name in TESTS and use.is_entry(arg):
        kind = TESTS[name]
    elif name in HOLDER_TESTS and use.is_holder(arg):
        kind = HOLDER_TESTS[name]
    return (kind, ALL - kind) if kind else (ALL, ALL)

def place(p):
    return p[0].file, int(p[0].line), int(p[0].column)

def extent(p):
    return (int(p[0].line), int(p[0].column)), (int(p[0].line_end), int(p[0].column_end))

def inside(use, area):
    return area is not None and area[0] <= use[1:] < area[1]

def leaves(p):
    """Does the statement end by going elsewhere?"""
    (line, column), (line_end, column_end) = extent(p)
    with open(p[0].file, encoding="utf-8", errors="replace") as source:
        lines = source.read().splitlines()[line - 1:line_end]
    lines[-1] = lines[-1][:column_end]
    lines[0] = lines[0][column:]
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", "\n".join(lines), flags=re.S)
    return bool(re.search(r"(^|[;{}:)\s])(return\b[^;]*|goto\s+\w+|break|continue|BUG\(\)|"
                          r"unreachable\(\))\s*;\s*(\}\s*)?$", text, re.S))

class Use:
    """A call that takes an entry apart."""
    def __init__(self, name, entry, at):
        self.at = at
        self.name = name
        self.entry = tokens(entry)
        self.sources = []	# page table entries that the entry is read from
        self.read = set()	# definitions that read one
        self.kept = set()	# definitions that leave the entry what it is
        self.sets = {}		# definition that reaches the use: what it may be
        self.known = []		# facts that hold for every definition
        self.tests = []		# (place of a test, what it says where the use is)
        self.around = set()	# (definition, test): a path leads around the test
        self.leaks = set()	# tests whose leaving branch comes back
        self.cases = {}		# switch: what leads to the use
    def is_entry(self, words):
        return words == self.entry
    def is_holder(self, words):
        holder = call(self.entry)
        return words in self.sources or (holder[0] in HOLDERS and holder[1] == words)
    def case(self, at, text, kinds):
        name, arg = call(tokens(text))
        if name in TYPES and self.is_entry(arg):
            self.cases.setdefault(at, set()).update(kinds)
    def kinds(self):
        total = set()
        for define, kinds in (self.sets or {None: ALL}).items():
            kinds = set(kinds)
            for fact in self.known:
                kinds &= fact
            for at, fact, area, of_holder in self.tests:
                # A test of the page table entry also holds for what is read from it
                # where the test leads to; softleaf_wrprotect() changes no page.
                read = area and define and inside(define, area) and (
                    of_holder and define in self.read or define in self.kept)
                if (define, at) in self.around and not read:
                    continue
                if area or at not in self.leaks:
                    kinds &= fact
            for at, cases in self.cases.items():
                if not define or not at < define < self.at:
                    kinds &= cases
            total |= kinds
        return total

uses = {}
tests = {}
cases = {}

def verdict(p):
    """private, mixed, untested, or None where there is nothing to say."""
    use = uses.get(place(p))
    if not use:
        return None
    kinds = use.kinds()
    if not kinds & PRIVATE:
        return None
    if kinds <= PRIVATE:
        return "private"
    return "untested" if kinds == ALL else "mixed"

def to_page(p):
    return verdict(p) == "private"

def say(p):
    use, what = uses.get(place(p)), verdict(p)
    if what == "private":
        if use.name in PFN_USES:
            return "a device private entry has no PFN: %s() does not apply" % use.name
        kind = "folio" if "folio" in use.name else "page"
        return "softleaf_to_device_private_%s() instead of %s()" % (kind, use.name)
    if what == "mixed":
        return "%s() of an entry that may be device private, or not" % use.name
    if what == "untested":
        return "%s() of an entry whose type is not tested here" % use.name
    return None

class Test:
    """A condition, and the statements that depend on it."""
    def __init__(self, text, then, function):
        self.words = tokens(text)
        self.then = extent(then) if then else None
        self.then_leaves = leaves(then) if then else True
        self.otherwise = None
        self.otherwise_leaves = False
        self.function = function

def speaks(text):
    """May the condition say something of an entry?"""
    return any(word in TESTS or word in HOLDER_TESTS or word in TYPES
               for word in tokens(text))

def meet(p, pc):
    """Note what a condition says where the use is; False if it is nothing."""
    use, test = uses[place(p)], tests[place(pc)]
    if p[0].current_element != test.function:
        return False
    at = place(pc)
    true, false = facts(test.words, use)
    if true == false == ALL:
        return False
    sources, use.sources = use.sources, []
    of_holder = facts(test.words, use) == (ALL, ALL)
    use.sources = sources
    if inside(place(p), test.then):
        use.tests.append((at, true, test.then, of_holder))
    elif inside(place(p), test.otherwise):
        use.tests.append((at, false, test.otherwise, of_holder))
    else:
        if test.then_leaves:
            use.tests.append((at, false, None, of_holder))
        if test.otherwise_leaves:
            use.tests.append((at, true, None, of_holder))
    return True

// ---------------------------------------------------------------------------
// The uses, and what the entry was last set to.

@use@
expression E;
position p;
identifier f = {pfn_swap_entry_to_page, pfn_swap_entry_folio, swp_offset_pfn,
		softleaf_to_page, softleaf_to_folio, softleaf_to_pfn};
@@
f@p(E)

@script:python@
p << use.p;
E << use.E;
f << use.f;
@@
uses[place(p)] = Use(f, E, place(p))

@define exists@
expression E, E0, E1;
position use.p, q, at;
identifier use.f;
@@
E@at = E0
... when != E = E1
f@p@q(E)

@script:python@
p << define.q;
at << define.at;
E0 << define.E0;
@@
words = tokens(E0)
name, arg = call(words)
use = uses[place(p)]
use.sets[place(at)] = MAKERS.get(name, ALL)
if name in HOLDERS:
    use.sources.append(arg)
    use.read.add(place(at))
if name == "softleaf_wrprotect" and arg[:len(use.entry) + 1] == use.entry + [","]:
    use.kept.add(place(at))

@entered exists@
expression E, E1;
position use.p, q;
identifier use.f, fn;
@@
fn(...)
{
... when != E = E1
f@p@q(E)
... when any
}

@script:python@
q << entered.q;
@@
uses[place(q)].sets[None] = ALL

// The page table entry itself may have been copied before it was decoded.

@copy exists@
expression Q, Q0, Q1, E;
identifier from = {softleaf_from_pte, softleaf_from_pmd, pte_to_swp_entry,
		   pmd_to_swp_entry};
position define.at;
@@
Q = Q0
... when != Q = Q1
E@at = from(Q)

@script:python@
p << use.p;
at << define.at;
Q << copy.Q;
Q0 << copy.Q0;
@@
use = uses[place(p)]
if tokens(Q) in use.sources:
    use.sources.append(tokens(Q0))

// ---------------------------------------------------------------------------
// Switch, and conditions within an expression.

@case_of exists@
expression E, T : script:python() { speaks(T) };
constant K;
position use.p, q, pc;
identifier use.f;
@@
switch (T@pc) {
case K:
	... when != break;
	f@p@q(E)
	... when any
}

@script:python@
p << case_of.q;
pc << case_of.pc;
T << case_of.T;
K << case_of.K;
@@
uses[place(p)].case(place(pc), T, KINDS.get(K, set()))

@listed exists@
expression T : script:python() { speaks(T) };
constant K;
position pc;
@@
switch (T@pc) {
case K:
	... when any
}

@script:python@
pc << listed.pc;
K << listed.K;
@@
cases.setdefault(place(pc), set()).update(KINDS.get(K, set()))

@default_of exists@
expression E, T : script:python() { speaks(T) };
position use.p, q, pc;
identifier use.f;
@@
switch (T@pc) {
default:
	... when != break;
	f@p@q(E)
	... when any
}

@script:python@
p << default_of.q;
pc << default_of.pc;
T << default_of.T;
@@
uses[place(p)].case(place(pc), T, ALL - cases.get(place(pc), set()))

@within@
expression C : script:python() { speaks(C) };
expression X, Y;
position px, py;
@@
(
C && X@px
|
C || Y@py
)

@script:python@
p << use.p;
px << within.px;
C << within.C;
@@
if inside(place(p), extent(px)):
    uses[place(p)].known.append(facts(tokens(C), uses[place(p)])[0])

@script:python@
p << use.p;
py << within.py;
C << within.C;
@@
if inside(place(p), extent(py)):
    uses[place(p)].known.append(facts(tokens(C), uses[place(p)])[1])

@chosen@
expression C : script:python() { speaks(C) };
expression X, Y;
position px, py;
@@
C ? X@px : Y@py

@script:python@
p << use.p;
px << chosen.px;
py << chosen.py;
C << chosen.C;
@@
for i, area in enumerate((px, py)):
    if inside(place(p), extent(area)):
        uses[place(p)].known.append(facts(tokens(C), uses[place(p)])[i])


// ---------------------------------------------------------------------------
// The conditions that say something of an entry.

@test@
expression C : script:python() { speaks(C) };
statement S1, S2;
position pc, p1;
@@
(
if (C@pc) S1@p1 else S2
|
if (C@pc) S1@p1
|
while (C@pc) S1@p1
|
\(BUG_ON\|VM_BUG_ON\)(C@pc);
)

@script:python@
pc << test.pc;
p1 << test.p1 = [];
C << test.C;
@@
tests[place(pc)] = Test(C, p1, pc[0].current_element)

@otherwise@
expression C;
statement S1, S2;
position test.pc, p2;
@@
if (C@pc) S1 else S2@p2

@script:python@
pc << test.pc;
p2 << otherwise.p2;
@@
tests[place(pc)].otherwise = extent(p2)
tests[place(pc)].otherwise_leaves = leaves(p2)

@script:python@
p << use.p;
pc << test.pc;
@@
if not meet(p, pc):
    cocci.include_match(False)

@around exists@
expression E, E0, E1, C;
position use.p, q, define.at, test.pc;
identifier use.f;
@@
E@at = E0
... when != E = E1
    when != C@pc
f@p@q(E)

@script:python@
p << around.q;
pc << test.pc;
at << define.at;
@@
uses[place(p)].around.add((place(at), place(pc)))

@enter exists@
expression E, E1, C;
position use.p, q, test.pc;
identifier use.f, fn;
@@
fn(...)
{
... when != E = E1
    when != C@pc
f@p@q(E)
... when any
}

@script:python@
q << enter.q;
pc << test.pc;
@@
uses[place(q)].around.add((None, place(pc)))

@leak exists@
expression E, E1, C;
position use.p, q, test.pc, j;
identifier use.f, l;
@@
(
goto@j l;
|
continue@j;
|
break@j;
)
... when != E = E1
    when != C@pc
f@p@q(E)

@script:python@
p << leak.q;
pc << test.pc;
j << leak.j;
@@
for area in (tests[place(pc)].then, tests[place(pc)].otherwise):
    if inside(place(j), area):
        uses[place(p)].leaks.add(place(pc))

// ---------------------------------------------------------------------------

@depends on patch@
expression E;
position p : script:python() { to_page(p) };
@@
(
- pfn_to_page(\(softleaf_to_pfn@p\|swp_offset_pfn@p\)(E))
+ softleaf_to_device_private_page(E)
|
- pfn_folio(\(softleaf_to_pfn@p\|swp_offset_pfn@p\)(E))
+ softleaf_to_device_private_folio(E)
|
- \(softleaf_to_page@p\|pfn_swap_entry_to_page@p\)
+ softleaf_to_device_private_page
  (E)
|
- \(softleaf_to_folio@p\|pfn_swap_entry_folio@p\)
+ softleaf_to_device_private_folio
  (E)
)

@depends on context@
identifier f = {pfn_swap_entry_to_page, pfn_swap_entry_folio, swp_offset_pfn,
		softleaf_to_page, softleaf_to_folio, softleaf_to_pfn};
position p : script:python() { verdict(p) is not None };
@@
* f@p(...)

@found depends on org || report@
identifier f = {pfn_swap_entry_to_page, pfn_swap_entry_folio, swp_offset_pfn,
		softleaf_to_page, softleaf_to_folio, softleaf_to_pfn};
position p : script:python() { verdict(p) is not None };
@@
f@p(...)

@script:python depends on org@
p << found.p;
@@
coccilib.org.print_todo(p[0], say(p))

@script:python depends on report@
p << found.p;
@@
coccilib.report.print_report(p[0], say(p))

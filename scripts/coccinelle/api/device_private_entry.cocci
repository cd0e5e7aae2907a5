// SPDX-License-Identifier: GPL-2.0-only
///
/// A device private entry of a page table has no PFN. Where an entry is known to
/// be device private, take its page or folio with softleaf_to_device_private_page()
/// or softleaf_to_device_private_folio(), not with a function that decodes a PFN:
/// device_private_entry_to_page() up to Linux 5.13, pfn_swap_entry_to_page(),
/// pfn_swap_entry_folio() and swp_offset_pfn() up to 6.18, softleaf_to_page(),
/// softleaf_to_folio() and softleaf_to_pfn() since.
///
/// An entry is known to be device private if every path to the use passes a test
/// that says so, and nothing can have changed the entry since. Every other use is
/// left as it is, and reported if the entry may be device private. The number in a
/// migration entry is reported, too: if the page is device private, it is no PFN. So
/// is the offset of what a test says has no PFN: that may be device private from now on.
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
# --- The same in device_private_entry, softleaf_has_page and softleaf_mk, from here ---

import re
import sys

PRIVATE = {"private read", "private write"}
MIGRATION = {"migration read", "migration exclusive", "migration write"}
PAGE = PRIVATE | MIGRATION | {"exclusive", "hwpoison"}
ALL = PAGE | {"none", "swap", "marker"}

# What an entry may be if the test is true. If it is false it is one of the rest.
TESTS = {
    "is_device_private_entry": PRIVATE,
    "is_writable_device_private_entry": {"private write"},
    "is_write_device_private_entry": {"private write"},
    "softleaf_is_device_private": PRIVATE,
    "softleaf_is_device_private_write": {"private write"},
    "is_migration_entry": MIGRATION,
    "is_readable_migration_entry": {"migration read"},
    "is_readable_exclusive_migration_entry": {"migration exclusive"},
    "is_writable_migration_entry": {"migration write"},
    "is_write_migration_entry": {"migration write"},
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
    # The same of the entry that a page table entry holds.
    "is_pmd_device_private_entry": PRIVATE,
    "pmd_is_device_private_entry": PRIVATE,
    "is_pmd_migration_entry": MIGRATION,
    "pmd_is_migration_entry": MIGRATION,
    "is_hugetlb_entry_migration": MIGRATION,
    "is_hugetlb_entry_hwpoisoned": {"hwpoison"},
    "pmd_is_valid_softleaf": PRIVATE | MIGRATION,
}
# A page table entry and the entry in it are the same thing here.
HOLDERS = {"softleaf_from_pte", "softleaf_from_pmd", "pte_to_swp_entry", "pmd_to_swp_entry",
           "softleaf_to_pte", "softleaf_to_pmd", "swp_entry_to_pte", "swp_entry_to_pmd"}
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
TYPES = {"softleaf_type", "swp_type"}
MAKERS = {
    "make_readable_device_private_entry": {"private read"},
    "make_writable_device_private_entry": {"private write"},
    "softleaf_mk_device_private": PRIVATE,
    "make_readable_migration_entry": {"migration read"},
    "make_readable_exclusive_migration_entry": {"migration exclusive"},
    "make_writable_migration_entry": {"migration write"},
    "make_device_private_entry": PRIVATE,
    "make_migration_entry": MIGRATION,
    "softleaf_mk_migration": MIGRATION,
}
# The functions that take an entry apart, and what some of them say of it by their name.
PAGES = {"pfn_swap_entry_to_page", "pfn_swap_entry_folio", "softleaf_to_page", "softleaf_to_folio",
         "device_private_entry_to_page", "migration_entry_to_page"}
# These take any entry that has a page: the function that is given it need not know more.
ANY = {"softleaf_to_page", "softleaf_to_folio"}
NUMBERS = {"swp_offset_pfn", "softleaf_to_pfn", "device_private_entry_to_pfn",
           "migration_entry_to_pfn", "swp_offset"}
NAMED = {
    "device_private_entry_to_page": PRIVATE,
    "device_private_entry_to_pfn": PRIVATE,
    "migration_entry_to_page": MIGRATION,
    "migration_entry_to_pfn": MIGRATION,
}
# These give back the truth of their argument.
WRAPPERS = {"likely", "unlikely", "WARN_ON", "WARN_ON_ONCE", "WARN", "WARN_ONCE", "VM_WARN_ON",
            "VM_WARN_ON_ONCE"}
# After these the argument is false.
ASSERTIONS = {"BUG_ON", "VM_BUG_ON"}
NO_RETURN = {"BUG", "unreachable", "__builtin_unreachable", "panic", "do_exit"}
# Macros in capitals that assign nothing; any other may assign what it is given.
TAME = re.compile(r"(VM_)?(WARN|BUG)|IS_|PTR_|ERR_|READ_ONCE$|ARRAY_SIZE$|BIT|GENMASK|PFN_|PHYS_|"
                  r"MIN|MAX|ALIGN")
# After these another may have had the lock.
UNLOCKED = re.compile(r"(^|_)(un|try)?lock(_|$)|wait|sched|sleep")
# Calls that change nothing.
READERS = {"ptep_get", "pmdp_get", "huge_ptep_get", "pte_present", "pte_none", "pmd_present",
           "pmd_none", "get_page", "folio_get", "page_folio", "sizeof"}
PURE = (set(TESTS) | HOLDERS | TYPES | set(MAKERS) | PAGES | NUMBERS | WRAPPERS | READERS |
        {"softleaf_wrprotect", "swp_entry"})
ASSIGN = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")
TESTED = frozenset({"tested"})
# What has no PFN by this test: a device private entry from now on, too.
HAS_PFN = {"is_pfn_swap_entry", "softleaf_has_pfn"}
NO_PFN = frozenset({"no PFN"})
# These gave no device private entries while they had this name.
NEVER_PRIVATE = {"pmd_to_swp_entry"}
class Word(str):
    """A word of the source, and its place there."""

class Lost(Exception):
    """The text cannot be followed."""

def blank(found):
    return found[0] if found[0][0] in "\"'" else re.sub(r"[^\n]", " ", found[0])

def code_of(name):
    """A file without comments."""
    with open(name, encoding="latin-1") as source:
        text = source.read()
    return re.sub(r'"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])+'|/\*.*?\*/|//[^\n]*", blank, text,
                  flags=re.S)

def assigning(text):
    """The macros of a file that assign something."""
    found = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(((?:[^\n]*\\\n)*[^\n]*)", text, re.M)
    return {name for name, body in found if re.search(r"(?<![=!<>])=(?!=)|\+\+|--", body)}

def words_in(line, number):
    """The words of a line, which know their place."""
    found = []
    for match in re.finditer(r'"(?:\\.|[^"])*"|' r"'(?:\\.|[^'])*'|\w+|->|\+\+|--|&&|\|\||"
                             r"<<=|>>=|[-+*/%&|^=!<>]=|<<|>>|\S", line):
        found.append(Word(match[0]))
        found[-1].place = number, match.start()
    return found

def words_of(text, first, last):
    """The words of some lines; #if, #else and #endif are words, too."""
    text = re.sub(r"^[ \t]*#[ \t]*(?!if|el|endif)(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)
    found = []
    for number, line in enumerate(text.split("\n")[first - 1:last], first):
        directive = re.match(r"\s*#\s*(if|elif|else|endif)", line)
        found += [Word("#" + directive[1])] if directive else words_in(line, number)
    return found

def words_of_macro(text, line):
    """A macro as if it were a function, or no words if there is none."""
    lines = text.split("\n")
    first = last = line - 1
    while first and re.search(r"\\$", lines[first - 1]):
        first -= 1
    while re.search(r"\\$", lines[last]):
        last += 1
    head = re.match(r"[ \t]*#[ \t]*define[ \t]+\w+(\([^)]*\))?", lines[first])
    if not head:
        return []
    lines[first] = " " * head.end() + lines[first][head.end():]
    body = [word for i in range(first, last + 1)
            for word in words_in(re.sub(r"\\$", "", lines[i]), i + 1)]
    words = ["macro", "(", ")", "{"] + ["return"] * (body[:1] == ["("]) + body + [";", "}"]
    return [word if hasattr(word, "place") else Word(word) for word in words]

def match(words, i):
    """The place of what closes the bracket at i."""
    depth = 0
    for j in range(i, len(words)):
        depth += (words[j] in "([{") - (words[j] in ")]}")
        if not depth:
            return j
    raise Lost

def find(words, *wanted):
    """The first of some operators outside of brackets, or None."""
    depth = 0
    for i, word in enumerate(words):
        if not depth and word in wanted:
            return i
        depth += (word in "([{") - (word in ")]}")
    return None

def until(words, *wanted):
    """The first of some operators outside of brackets; there must be one."""
    i = find(words, *wanted)
    if i is None:
        raise Lost
    return i

def colon(words):
    """The colon of a condition: the words begin behind its question mark."""
    i, inner = 0, 0
    while True:
        i += until(words[i:], "?", ":")
        inner += 1 if words[i] == "?" else -1
        if inner < 0:
            return i
        i += 1

def own(body):
    """The words of a switch that are not those of another in it."""
    out, i = [], 0
    while i < len(body):
        if body[i] == "switch":
            i = match(body, i + 1) + 1
            i = match(body, i) if body[i] == "{" else i
        else:
            out.append(body[i])
        i += 1
    return out

def has_call(words):
    return any(words[i].isidentifier() and words[i + 1] == "(" for i in range(len(words) - 1))

def memory(words):
    """Is it something that others may reach, not a variable alone?"""
    return "*" in words or "[" in words or "->" in words or has_call(words)

def chains(words):
    """The variables with their members in an argument, and if their address is taken."""
    i = 0
    while i < len(words):
        end = i + 1
        if words[i] in PURE and words[end:end + 1] == ["("]:
            end = match(words, end) + 1
        elif words[i].isidentifier() and words[end:end + 1] != ["("] and \
             words[max(i - 1, 0)] not in ("->", "."):
            while end < len(words) and words[end] in ("->", ".", "["):
                end = match(words, end) + 1 if words[end] == "[" else end + 2
            before = i
            while before and words[before - 1] in "(*":
                before -= 1
            yield words[i:end], before and words[before - 1] == "&" and \
                (before == 1 or not re.match(r"\w|\]", words[before - 2]))
        i = end

def split(words, at):
    i = find(words, at)
    return [words] if i is None else [words[:i]] + split(words[i + 1:], at)

def bare(words):
    while words and words[0] == "(" and match(words, 0) == len(words) - 1:
        words = words[1:-1]
    return words

def call(words):
    """f(x, y) as f and [x, y], or nothing if it is more than that."""
    if len(words) > 3 and words[0].isidentifier() and words[1] == "(" and \
       match(words, 1) == len(words) - 1:
        return words[0], split(words[2:-1], ",")
    return None, []

def key(words):
    """What an entry is called, or None if the words may mean another one each time."""
    words = bare(words)
    name, args = call(words)
    if name in HOLDERS:
        return key(args[0])
    for i, word in enumerate(words):
        calls = word == "(" and i and words[i - 1].isidentifier()
        if calls and words[i - 1] not in READERS or not re.match(r"\w+$|->$|[][().*&+-]$", word):
            return None
    return " ".join(words) or None

def join(a, b):
    """What holds after two ways have met; None is a way that nothing comes along."""
    if a is None or b is None:
        return a if b is None else b
    out = {}
    for name in a.keys() | b.keys():
        if name[0] == "?":
            if a.get(name) == b.get(name):
                out[name] = a[name]
            continue
        x, y = (state.get(name, (ALL, {name})) for state in (a, b))
        out[name] = (x[0] | y[0]) - {mark for mark in x[0] ^ y[0] if mark[0] == "!"}, x[1] & y[1]
    return out

class Flow:
    """
    What the entries may be at each place of a function.

    A state says for an expression what it may be and which others are equal to it.
    "?name" is the condition that a variable holds. What begins with "!" holds on all ways.
    """
    def __init__(self, words, macros=()):
        self.macros = macros	# those that assign
        self.at = {}		# place of a use: what the entry may be
        self.recent = []	# uses with nothing but statements since: place, entry
        self.labels = {}
        self.breaks, self.continues, self.switches = [], [], []
        self.words = self.whole = words
        if "{" not in words:
            raise Lost
        start = words.index("{")
        first = {}
        for i, word in enumerate(words):
            if words[i - 1] not in ("->", ".") and words[i + 1:i + 2] != ["("]:
                first.setdefault(word, i)
        # What somebody else may change: its address is kept, or it is not declared here.
        self.shared = {words[i + 2] for i in range(len(words) - 2)
                       if words[i] in ("=", ")", "{", "?", ":") and words[i + 1] == "&"}
        for word, i in first.items():
            while words[i - 1] == "*":
                i -= 1
            if word.isidentifier() and i > start and not words[i - 1].isidentifier() and \
               not (words[i - 1] == "," and self.declares(i)):
                self.shared.add(word)
        # What a pointer may point into: all that its value was made of.
        self.into = {}
        for i, word in enumerate(words[:-1]):
            if words[i + 1] == "=" and word.isidentifier():
                value = words[i + 2:i + 200]
                value = value[:find(value, ";", ",")]
                for chain, _ in chains(value):
                    self.into.setdefault(word, {word}).update(filter(str.isidentifier, chain))
        for _ in self.into:
            for near in self.into.values():
                near.update(*(self.into.get(word, ()) for word in list(near)))
        before = None
        while before != self.labels:
            before = dict(self.labels)
            self.statement(start, {})

    def declares(self, i):
        while self.words[i] not in ";{}":
            i -= 1
        return self.words[i + 1].isidentifier() and self.words[i + 2].isidentifier()

    def untested(self, name):
        """Is it an argument of the function, whose type is asked for nowhere?"""
        header, words = self.whole[:self.whole.index("{")], self.whole
        return len(name) == 1 and name[0] in header and not any(
            word in TESTS or word in TYPES for i, word in enumerate(words)
            if name[0] in words[i + 1:i + 4])

    def near(self, a, b):
        """May two pointers point into the same?"""
        return not {"NULL", "true", "false"} >= \
            self.into.get(a, {a}) & self.into.get(b, {b})

    def reached(self, words, chain):
        """May an expression be in what a callee reaches that is given a variable or a member?"""
        names = [word for i, word in enumerate(chain) if word.isidentifier() and
                 chain[:i].count("[") == chain[:i].count("]")]
        for i, word in enumerate(words):
            if not self.near(word, names[-1]):
                continue
            after = words[i + 1:]
            while after[:1] == [")"]:
                after = after[1:]
            if chain[-1] == "]" and after[:1] == ["["]:
                # An element was given, not the array.
                after = after[match(after, 0) + 1:]
            elif "*" in words or has_call(words):
                return True
            if after[:1] in (["["], ["->"]):
                return True
        return False

    # --- what is known ---

    def kinds(self, state, words):
        name, args = call(bare(words))
        if name in MAKERS:
            return frozenset(MAKERS[name]) | TESTED
        if name in NEVER_PRIVATE:
            kinds = self.kinds(state, args[0])
            return kinds if kinds & TESTED else frozenset(kinds - PRIVATE)
        if name == "softleaf_wrprotect":
            kinds = self.kinds(state, args[0])
            return kinds.union(*(both for both in (PRIVATE, MIGRATION) if kinds & both))
        return state.get(key(words), (ALL,))[0]

    def narrow(self, state, words, kinds):
        if state is None or key(words) is None:
            return state
        old, equal = state.get(key(words), (ALL, {key(words)}))
        new = old & kinds | TESTED | {mark for mark in old if mark[0] in "!~-"}
        if old & NO_PFN and kinds <= PRIVATE:
            new |= kinds
        elif old & NO_PFN and kinds & PRIVATE:
            new |= NO_PFN
        return {**state, **{name: (new, equal) for name in equal}}

    def passed(self, name, true, false, entry):
        """An entry has passed a test, or has not."""
        if name not in HAS_PFN or key(entry) is None:
            return
        for other in false[key(entry)][1]:
            false[other] = false[other][0] | NO_PFN, false[other][1]
        for other in true[key(entry)][1]:
            true[other] = true[other][0] - NO_PFN, true[other][1]

    def kill(self, state, spoilt):
        """Forget the expressions for which spoilt() is true."""
        if state is None:
            return None
        gone = {name for name in state if spoilt(re.sub(r"^\?", "", name).split())}
        gone |= {name for name, what in state.items() if name[0] == "?" and spoilt(list(what))}
        self.recent = [use for use in self.recent if use[1] and not spoilt(use[1].split())]
        return {name: what if name[0] == "?" else (what[0], what[1] - gone)
                for name, what in state.items() if name not in gone}

    def store(self, state, target):
        """Forget what an assignment changes."""
        target = bare(target)
        if len(target) == 1:
            return self.kill(state, lambda words: target[0] in words)
        members = [i for i, word in enumerate(target) if word in ("->", ".")]
        if members and target[-1] != "]":
            member = target[members[-1] + 1]
            return self.kill(state, lambda words: member in words or words[0] in self.shared or
                             words == target[:len(words)])
        return self.kill(state, lambda words: memory(words) or words[0] in self.shared or
                         target[0] in words)

    def called(self, state, name, args):
        """Forget what a callee can change."""
        if name in PURE:
            return state
        if name == "swap" or name in self.macros or \
           name.isupper() and not TAME.match(name):
            # A macro may assign what it is given.
            for arg in args:
                if arg and not call(bare(arg))[0]:
                    state = self.store(state, arg)
        if UNLOCKED.search(name):
            state = self.kill(state, memory)
        for chain, address in (found for arg in args for found in chains(arg)):
            if address:
                state = self.store(state, chain[:1])
            state = self.kill(state, lambda words, given=chain[:1] if address else chain:
                              self.reached(words, given))
        return self.kill(state, lambda words: any(
            word in self.shared and words[i - 1] not in ("->", ".") for i, word in enumerate(words)))

    # --- expressions ---

    def condition(self, words, state):
        """The states where it is true, and where it is false."""
        words = bare(words)
        if state is None or not words:
            return state, None
        i = find(words, ",")
        if i is not None:
            return self.condition(words[i + 1:], self.expression(words[:i], state))
        i = find(words, "?", *ASSIGN)
        if i is not None and words[i] != "?":
            state = self.expression(words, state)
            return self.condition(words[:i], state) if i == 1 else (state, state)
        if i is not None:
            j = i + 1 + colon(words[i + 1:])
            true, false = self.condition(words[:i], state)
            a = self.condition(words[i + 1:j], true)
            b = self.condition(words[j + 1:], false)
            return join(a[0], b[0]), join(a[1], b[1])
        for operator in ("||", "&&"):
            i = find(words, operator)
            if i is not None:
                true, false = self.condition(words[:i], state)
                if operator == "||":
                    also, false = self.condition(words[i + 1:], false)
                    return join(true, also), false
                true, also = self.condition(words[i + 1:], true)
                return true, join(false, also)
        i = find(words, "==", "!=")
        if i is not None:
            for left, right in ((words[:i], words[i + 1:]), (words[i + 1:], words[:i])):
                same = None
                entry, kinds = self.typed(left, state), KINDS.get(" ".join(right))
                if entry and kinds:
                    same = self.narrow(state, entry, kinds), self.narrow(state, entry, ALL - kinds)
                elif " ".join(right) in ("true", "false", "0"):
                    same = self.condition(left, state)
                    same = same if right == ["true"] else same[::-1]
                if same:
                    return same if words[i] == "==" else same[::-1]
        if words[0] == "!":
            return self.condition(words[1:], state)[::-1]
        if "?" + " ".join(words) in state:
            return self.condition(list(state["?" + " ".join(words)]), state)
        name, args = call(words)
        if name in WRAPPERS:
            return self.condition(args[0], state)
        state = self.expression(words, state)
        if name in TESTS:
            true, false = self.narrow(state, args[0], TESTS[name]), \
                self.narrow(state, args[0], ALL - TESTS[name])
            if state is not None:
                self.passed(name, true, false, args[0])
            return true, false
        if words in (["1"], ["true"]):
            return state, None
        return (None, state) if words == ["0"] else (state, state)

    def typed(self, words, state):
        """The entry whose type the words are, or None."""
        words = bare(words)
        words = list(state.get("?" + " ".join(words), words))
        name, args = call(words)
        return args[0] if name in TYPES else None

    def expression(self, words, state):
        """The state after it; the uses in it are noted."""
        if state is None or not words:
            return state
        i = find(words, ",")
        if i is not None:
            return self.expression(words[i + 1:], self.expression(words[:i], state))
        i = find(words, "?", *ASSIGN)
        if i is not None and words[i] != "?":
            return self.assign(words[:i], words[i], words[i + 1:], state)
        if find(words, "?", "||", "&&") is not None or words[0] == "!":
            return join(*self.condition(words, state))
        if words[0] == "{":
            return self.expression(words[1:match(words, 0)], state)
        i = 0
        while i < len(words):
            word = words[i]
            if word in "([{":
                end = match(words, i)
                inner, name = words[i + 1:end], words[i - 1] if i else ""
                if inner[:1] == ["{"]:
                    outer, self.words = self.words, inner
                    state = self.statement(0, state)[1]
                    self.words = outer
                    if state is None:
                        return None
                elif word == "(" and (name.isidentifier() or name in (")", "]")):
                    state = self.use(name, split(inner, ","), state)
                else:
                    state = self.expression(inner, state)
                i = end
            elif word in ("++", "--"):
                for near in filter(str.isidentifier, words):
                    state = self.store(state, [near])
            i += 1
        # A declaration makes a new variable.
        if len(words) > 1 and words[0].isidentifier() and words[-1].isidentifier() and \
           words[0] not in ("return", "sizeof") and all(word.isidentifier() or word == "*"
                                                        for word in words):
            state = self.store(state, words[-1:])
        return state

    def use(self, name, args, state):
        if name in WRAPPERS:
            return join(*self.condition(args[0], state))
        if name in ASSERTIONS:
            state = self.condition(args[0], state)[1]
            # What is asserted now was so before, as far as nothing has changed.
            for place, entry in self.recent:
                self.at[place] &= (state or {}).get(entry, (ALL,))[0] | TESTED
            return state
        for arg in args:
            inner = call(bare(arg))
            if name in MAKERS or name == "swp_entry":
                # An entry that is made of another keeps what is in it.
                arg = inner[1][0] if inner[0] == "swp_offset" else arg
            state = self.expression(arg, state)
            if state is None:
                return None
        if name in PAGES | NUMBERS:
            kinds = NAMED.get(name) or self.kinds(state, args[0])
            if kinds == ALL and name in ANY and self.untested(bare(args[0])):
                kinds = {"any"}
            self.at[name.place] = self.at.get(name.place, set()) | kinds
            self.recent.append((name.place, key(args[0])))
        self.seen(name, args, state)
        return self.called(state, name, args)

    def seen(self, name, args, state):
        """What a script wants to know of a call."""

    def assign(self, target, operator, value, state):
        state = self.expression(value, state)
        state = self.expression(target, state) if len(bare(target)) > 1 else state
        if state is None:
            return None
        if len(target) > 1 and target[0].isidentifier() and target[-1].isidentifier() and \
           all(word.isidentifier() or word == "*" for word in target):
            target = target[-1:]
        kinds = self.kinds(state, value)
        equal = state[key(value)][1] if key(value) in state else {key(value)} - {None}
        state = self.store(state, target)
        name = key(target)
        if operator != "=" or name is None or name in (key(value) or "").split():
            return state
        equal = frozenset(other for other in equal if other == key(value) or other in state) | {name}
        state = dict(state)
        for other in equal:
            state[other] = kinds, equal
        if name.isidentifier() and name not in value and \
           any(word in TESTS or word in TYPES or "?" + word in state for word in value):
            state["?" + name] = tuple(value)
        return state

    # --- statements ---

    def statement(self, i, state):
        """Go through a statement; what comes after it, and the state there."""
        words, word = self.words, self.words[i]
        if word.startswith("#") or words[i + 1] == ":" or \
           word in ("case", "default", "if", "while", "for", "do", "switch"):
            self.recent = []
        if word == "{":
            i, state = self.until(i + 1, state, "}")
            return i + 1, state
        if word == "#if":
            before, total, complete = state, None, False
            while words[i] != "#endif":
                complete |= words[i] == "#else"
                i, state = self.until(i + 1, before, "#elif", "#else", "#endif")
                total = join(total, state)
            return i + 1, total if complete else join(total, before)
        if word in ("case", "default"):
            end = i + until(words[i:], ":")
            return end + 1, join(state, self.case(words[i + 1:end]))
        if word.isidentifier() and words[i + 1] == ":":
            return i + 2, join(state, self.labels.get(word))
        if word == "if":
            end = match(words, i + 1)
            true, false = self.condition(words[i + 2:end], state)
            i, true = self.statement(end + 1, true)
            # An else that not every configuration has is taken for one that it has.
            configured = words[i:i + 2] == ["#if", "else"]
            if configured or words[i:i + 1] == ["else"]:
                i, false = self.statement(i + 1 + configured, false)
                if configured and words[i] != "#endif":
                    raise Lost
            self.recent = []
            return i + configured, join(true, false)
        if word == "while":
            end = match(words, i + 1)
            return self.loop(words[i + 2:end], end + 1, [], state)
        if word == "for":
            end = match(words, i + 1)
            first, test, step = split(words[i + 2:end], ";")
            return self.loop(test, end + 1, step, self.expression(first, state))
        if word == "do":
            return self.do_while(i + 1, state)
        if word == "switch":
            return self.switch(i, state)
        if word.isidentifier() and words[i + 1] == "(" and word != "return":
            end = match(words, i + 1)
            if words[end + 1] == "}":
                # A macro that needs no semicolon.
                return end + 1, self.expression(words[i:end + 1], state)
            if words[end + 1] == "{" or words[end + 1].isidentifier():
                # A macro that is a loop, or like one; it may assign what it is given.
                given = [arg for arg in words[i + 2:end] if arg.isidentifier()]
                state = self.expression(words[i + 2:end], state)
                return self.loop(None, end + 1, given, state)
        if word == "else" or word[0] in "})]#":
            raise Lost
        end = i + until(words[i:], ";")
        if word == "goto":
            self.labels[words[i + 1]] = join(self.labels.get(words[i + 1]), state)
        elif word == "break":
            self.breaks[-1] = join(self.breaks[-1], state)
        elif word == "continue":
            self.continues[-1] = join(self.continues[-1], state)
        else:
            state = self.expression(words[i + (word == "return"):end], state)
        if word in ("goto", "break", "continue", "return") or word in NO_RETURN:
            state = None
        return end + 1, state

    def until(self, i, state, *ends):
        while self.words[i] not in ends:
            i, state = self.statement(i, state)
        return i, state

    def loop(self, test, body, step, state):
        for _ in range(20):
            before = state
            if test is None:
                for name in step:
                    state = self.store(state, [name])
                true, false = state, state
            else:
                true, false = self.condition(test, state)
            self.breaks.append(None)
            self.continues.append(None)
            i, end = self.statement(body, true)
            end = join(end, self.continues.pop())
            after = join(self.left(false, test), self.breaks.pop())
            if test is not None:
                end = self.expression(step, end)
            state = join(before, end)
            if state == before:
                return i, after
        raise Lost

    def left(self, state, test):
        """What holds when a loop has ended by its condition."""
        return state

    def do_while(self, body, state):
        for _ in range(20):
            self.breaks.append(None)
            self.continues.append(None)
            i, end = self.statement(body, state)
            end = join(end, self.continues.pop())
            close = match(self.words, i + 1)
            true, false = self.condition(self.words[i + 2:close], end)
            after = join(false, self.breaks.pop())
            before, state = state, join(state, true)
            if state == before:
                return close + 2, after
        raise Lost

    def switch(self, i, state):
        end = match(self.words, i + 1)
        subject = self.words[i + 2:end]
        state = self.expression(subject, state)
        entry = self.typed(subject, state) if state is not None else None
        body = own(self.words[end + 2:match(self.words, end + 1)])
        listed = set()
        for j, word in enumerate(body):
            if word == "case":
                listed |= KINDS.get(" ".join(body[j + 1:j + until(body[j:], ":")]), set())
        self.switches.append((state, entry, listed))
        self.breaks.append(None)
        i, state = self.statement(end + 1, None)
        if "default" not in body:
            state = join(state, self.case([]))
        self.switches.pop()
        return i, join(state, self.breaks.pop())

    def case(self, constant):
        state, entry, listed = self.switches[-1]
        if not entry:
            return state
        kinds = KINDS.get(" ".join(constant), ALL) if constant else ALL - listed
        return self.narrow(state, entry, kinds)

flows = {}

def error(p, what):
    """An exception must not lose a file without a word."""
    print("error: %s: %s(): %s: %s" % (p[0].file, p[0].current_element, type(what).__name__, what),
          file=sys.stderr, flush=True)

def loud(function, otherwise):
    """A function whose exceptions are told, with something in place of its result then."""
    def run(p, *rest):
        try:
            return function(p, *rest)
        except Exception as what:
            error(p, what)
            return otherwise
    return run

def text_of(p):
    """The text of the function around a place."""
    lines = code_of(p[0].file).split("\n")
    return "\n".join(lines[int(p[0].current_element_line) - 1:int(p[0].current_element_line_end)])

def flow(p):
    """The flow of the function around a place; None where that is not understood."""
    where = p[0].file, p[0].current_element, p[0].current_element_line
    if p[0].current_element == "something_else":
        where += int(p[0].line),
    if where not in flows:
        flows[where] = None
        try:
            text = code_of(p[0].file)
            words = words_of_macro(text, int(p[0].line)) or \
                words_of(text, int(p[0].current_element_line), int(p[0].current_element_line_end))
            flows[where] = Followed(words, assigning(text))
        except (Lost, RecursionError):
            pass
        except Exception as what:
            error(p, what)
    return flows[where]

# --- to here ---

Followed = Flow

# A function tells by its name what its entry is.
BY_FUNCTION = ((r"migration_entry", MIGRATION), (r"exclusive_pte|device_exclusive", {"exclusive"}))

def use(p):
    """What the entry may be at a use; everything where that is not understood."""
    found = flow(p)
    return found.at.get((int(p[0].line), int(p[0].column)), ALL) if found else ALL

def elsewhere(p, f):
    """Is it in hugetlb, which has no device private pages, or in what defines the interface?"""
    p = p[0]
    return "hugetlb" in p.current_element or p.current_element == "something_else" or \
        re.search(r"(^|[/-])hugetlb\w*\.[ch]$", p.file) or \
        p.current_element in NUMBERS or f in PAGES and p.file.endswith("/leafops.h")

def private(p):
    """Is the entry known to be device private?"""
    kinds = use(p) - TESTED
    return bool(kinds) and kinds <= PRIVATE and not elsewhere(p, "")

def say(p, f):
    """What to report of a use, or None."""
    kinds, tested = use(p) - TESTED - NO_PFN, use(p) & TESTED
    if elsewhere(p, f):
        return None
    if kinds == ALL and not tested and f != "swp_offset":
        kinds = next((known for name, known in BY_FUNCTION
                      if re.search(name, p[0].current_element)), ALL)
    if f == "swp_offset" and not flow(p) and any(name in text_of(p) for name in HAS_PFN):
        return "swp_offset() in a function that is not understood: may it be what has no PFN?"
    if f == "swp_offset" and use(p) & NO_PFN:
        return "swp_offset() of what has no PFN: device private entries come here, too"
    if f == "swp_offset" and "swap" in kinds or not kinds & (PRIVATE | MIGRATION):
        return None
    if kinds <= PRIVATE:
        if f in NUMBERS:
            return "a device private entry has no PFN: %s() does not apply" % f
        kind = "folio" if "folio" in f else "page"
        return "softleaf_to_device_private_%s() instead of %s()" % (kind, f)
    if kinds & PRIVATE:
        if kinds == ALL and not tested:
            return "%s() of an entry whose type is not tested here" % f
        return "%s() of an entry that may be device private, or not" % f
    if f in NUMBERS:
        return "%s() of a migration entry: it holds no PFN if the page is device private" % f
    return "softleaf_to_page() instead of %s()" % f if f in NAMED else None

private = loud(private, False)
say = loud(say, "this use is not understood")

// ---------------------------------------------------------------------------

@depends on patch@
attribute name __free;
expression E;
position p : script:python() { private(p) };
@@
(
- pfn_to_page(\(softleaf_to_pfn@p\|swp_offset_pfn@p\|device_private_entry_to_pfn@p\|swp_offset@p\)(E))
+ softleaf_to_device_private_page(E)
|
- pfn_folio(\(softleaf_to_pfn@p\|swp_offset_pfn@p\|device_private_entry_to_pfn@p\|swp_offset@p\)(E))
+ softleaf_to_device_private_folio(E)
|
- \(softleaf_to_page@p\|pfn_swap_entry_to_page@p\|device_private_entry_to_page@p\)
+ softleaf_to_device_private_page
  (E)
|
- \(softleaf_to_folio@p\|pfn_swap_entry_folio@p\)
+ softleaf_to_device_private_folio
  (E)
)

@found depends on context || org || report@
identifier f = {pfn_swap_entry_to_page, pfn_swap_entry_folio, swp_offset_pfn, swp_offset,
		softleaf_to_page, softleaf_to_folio, softleaf_to_pfn,
		device_private_entry_to_page, device_private_entry_to_pfn,
		migration_entry_to_page, migration_entry_to_pfn};
position p : script:python(f) { say(p, f) is not None };
@@
f@p(...)

@depends on context@
identifier found.f;
position found.p;
@@
* f@p(...)

@script:python depends on org@
p << found.p;
f << found.f;
@@
coccilib.org.print_todo(p[0], say(p, f))

@script:python depends on report@
p << found.p;
f << found.f;
@@
coccilib.report.print_report(p[0], say(p, f))

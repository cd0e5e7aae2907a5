// SPDX-License-Identifier: GPL-2.0-only
///
/// The entries of the src and dst arrays of struct migrate_vma and of the
/// migrate_device functions are of type migrate_pfn_t. They are made from a page
/// or a folio, and tested and changed with accessors: an entry is not a PFN.
///
// Confidence: Moderate
// Comments: Needs Python. The first rules collect what a file does with its
// Comments: variables and members. Python concludes which of them hold entries.
// Comments: The other rules convert their uses and declarations. What cannot be
// Comments: converted is reported and left.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

USE = "use the migrate_pfn_t accessors"
DECLARE = "declare it as migrate_pfn_t"
HAND = "entries are of type migrate_pfn_t: convert this by hand"
NUMBER = "an entry is made from a page or a folio, not from a number"
FLAG = "an entry has no such flag"
SHIFT = "an entry holds no PFN"
RANGE = "migrate_device_range() takes a PFN"

SETTABLE = r"MIGRATE_PFN_(MIGRATE|WRITE|COMPOUND)$"
ANY_FLAG = r"MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND)$"
GONE = r"MIGRATE_PFN_(SHIFT|LOCKED|ERROR|DEVICE|UNADDRESSABLE|HAVE_PAGE)$"
ZERO = r"0[UuLl]*$"
MAKE = r"migrate_pfn\s*\(\s*(page_to|folio)_pfn\s*\("
# What is asked for a flag: before and after it is converted.
TEST = r"(\w+\s*&\s*MIGRATE_PFN_\w+|migrate_pfn_test\(\w+, MIGRATE_PFN_\w+\))(?=\s*\?)"
ACCESSOR = r"(page_to_migrate_pfn|folio_to_migrate_pfn|migrate_pfn_none|migrate_pfn_hole)\("
# What can be assigned to an array of any type.
ARRAY = r"NULL$|ERR_PTR\(|\(void\s*\*\)|\w*(alloc|dup)\w*\s*\("
# Functions of the kernel that take an array of any type.
ANY_ARRAY = {"kfree", "kvfree", "vfree", "kfree_sensitive", "devm_kfree", "ARRAY_SIZE"}

# Members that hold arrays of entries, by their name.
UNNAMED = r"(src|dst)_m?pfns?(_array)?$"
# Macros that only ask whether a value is zero.
ASKS = {"likely", "unlikely", "WARN_ON", "WARN_ON_ONCE", "BUG_ON", "VM_BUG_ON", "VM_WARN_ON",
        "VM_WARN_ON_ONCE"}

# How a variable is known to hold entries: it is a copy of an entry, all callers
# pass entries for it, or its use shows it.
COPIED, PASSED, SHOWN = 1, 2, 3
# Types that an entry cannot have had: "" stands for all that are not named here.
OTHER = "", "bool"

# --- the text of a file ---

texts = {}		# path: lines

def lines_of(path):
    if path not in texts:
        with open(path, encoding="utf-8", errors="replace") as source:
            texts[path] = source.read().split("\n")
    return texts[path]

def spot(p):
    return int(p[0].line), int(p[0].column)

def span(p, q=None):
    return spot(p) + (int((q or p)[0].line_end), int((q or p)[0].column_end))

def text_between(path, line, column, last, end):
    lines = lines_of(path)[line - 1:last]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][column:]
    return "\n".join(lines)

def text_at(p):
    return text_between(p[0].file, *spot(p), int(p[0].line_end), int(p[0].column_end))

def text_after(p):
    return text_between(p[0].file, *spot(p), int(p[0].line) + 40, None)

def text_before(p):
    """The statement or declaration, up to a position."""
    text = text_between(p[0].file, max(int(p[0].line) - 9, 1), 0, *spot(p))
    return re.split(r"[;{}]|\*/|^#.*$", text, flags=re.M)[-1]

def is_alone(p):
    """Is this a place for one statement or expression only, without braces to add?"""
    text = text_between(p[0].file, max(int(p[0].line) - 9, 1), 0, *spot(p))
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return "unsigned long" in text_before(p) or bool(re.search(r"\bdo\s*[(*]*$", text))

def mentions(p):
    """Does the file have to do with the arrays?"""
    return bool(re.search(r"\b(MIGRATE_PFN_|migrate_(pfn|vma|device_))|populate_devmem_pfn",
                          "\n".join(lines_of(p[0].file))))

def squeeze(text):
    return re.sub(r"\s+", "", text)

def path_at(first, last):
    """A member, as it is written: the structure at one position, the member at another."""
    return squeeze(text_between(first[0].file, *spot(first),
                                int(last[0].line_end), int(last[0].column_end)))

def closing(text, at):
    """Where the bracket that opens here closes."""
    depth = 0
    for here in range(at, len(text)):
        depth += (text[here] in "([{") - (text[here] in ")]}")
        if not depth:
            return here
    return len(text) - 1

def bare(text):
    """An expression without the parentheses around it, and how much was cut off in front."""
    cut = len(text) - len(text.lstrip())
    text = text.strip()
    while text.startswith("(") and closing(text, 0) == len(text) - 1:
        inner = text[1:-1]
        cut += 1 + len(inner) - len(inner.lstrip())
        text = inner.strip()
    return text, cut

def operands(text, operator="|"):
    """The operands of an expression, as far as it has no other operator."""
    parts, depth = [""], 0
    for c in bare(text)[0]:
        depth += (c in "([{") - (c in ")]}")
        if c == operator and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [bare(part)[0] for part in parts]

def outside(text):
    """What is outside of brackets."""
    out, depth = "", 0
    for c in text:
        depth -= c in ")]}"
        out += "" if depth else c
        depth += c in "([{"
    return out

def joined(parts):
    """Operands of |, those in parentheses that need them."""
    if len(parts) == 1:
        return parts[0]
    return " | ".join(part if re.fullmatch(r"(\w|->|\.|\[\w*\])+", part) else f"({part})"
                      for part in parts)

def only_flags(text, flags=SETTABLE):
    return all(re.match(flags, part) for part in operands(text))

def made(text, target=""):
    """What an entry is made of: page or folio, which, its flags. None if not known."""
    page, flags = None, []
    if re.search(r"[?=]|&&", outside(bare(text)[0])):	# these bind less than |
        return None
    for part in operands(text):
        found = re.match(MAKE, part)
        if found and not page:
            end = closing(part, found.end() - 1)
            page = found[1].removesuffix("_to"), part[found.end():end].strip()
            if squeeze(part[end + 1:]) != ")":
                return None
        elif not part:	# the operator is ||
            return None
        elif part != "MIGRATE_PFN_LOCKED":	# gone, and no longer needed
            flags.append(part)
    text = joined(flags)
    names = re.findall(r"MIGRATE_PFN_\w+", text)
    if not page or not all(re.match(SETTABLE, name) for name in names):
        return None
    # The flags are not taken from an entry. Two statements evaluate the target twice.
    if flags and (re.search(r"[\[&*^]|->(src|dst)\b", re.sub(TEST, "", text)) or
                  squeeze(bare(target)[0] or "=") in squeeze(text) or
                  re.search(r"\+\+|--|=|\w\s*\(", target)):
        return None
    return page + (text,)

def has_flags(text):
    entry = made(text)
    return bool(entry and entry[2])

def value(text):
    """What to assign instead, if it is one value."""
    text = bare(text)[0]
    entry = made(text)
    if re.match(ZERO, text):
        return "migrate_pfn_none()"
    if only_flags(text):
        return f"migrate_pfn_hole({text})"
    if entry and not entry[2]:
        return f"{entry[0]}_to_migrate_pfn({entry[1]})"
    return ""

class Use:
    """A variable or a member, an element of it or its address, in an expression."""
    def __init__(self, p, text=None, cut=0):
        text = text_at(p) if text is None else text
        text, more = bare(text)
        cut += more
        self.file, self.function = p[0].file, p[0].current_element
        self.path, self.moved, self.indexed = "", False, False
        self.depth = 0		# how often it is dereferenced
        while True:
            found = re.match(r"[*&]\s*", text)
            if found:
                self.depth += 1 if text[0] == "*" else -1
                text, cut = text[found.end():], cut + found.end()
            elif text.startswith("(") and not re.match(r"\s*(->|\.)", text[closing(text, 0) + 1:]):
                # An element or a part of what is in parentheses, or what is added to it.
                end = closing(text, 0)
                text, cut = text[1:end] + text[end + 1:], cut + 1
            elif text[:1].isspace():
                text, cut = text[1:], cut + 1
            else:
                break
        at = end = indexes = 0
        while True:
            found = re.match(r"\s*\w+", text[at:])
            if found:
                at += found.end()
            elif not at and text.startswith("("):
                at = closing(text, 0) + 1
            else:
                return
            if re.match(r"\s*\(", text[at:]):	# a function gives the structure
                at = closing(text, text.index("(", at)) + 1
            end, indexes = at, 0
            while re.match(r"\s*\[", text[at:]):
                at = closing(text, text.index("[", at)) + 1
                indexes += 1
            found = re.match(r"\s*(->|\.)", text[at:])
            if not found:
                break
            at += found.end()
        rest = re.sub(r"^\s*(\+\+|--)?\s*", "", text[at:])
        if rest and not re.match(r"[+-][^+=>-]", rest) or not re.search(r"[A-Za-z_]\w*$", text[:end]):
            return
        self.moved = bool(rest)
        self.indexed = indexes > 0
        self.depth += indexes
        self.path = squeeze(text[:end])
        where = cut + re.search(r"\w+$", text[:end]).start()
        before = text_at(p)[:where]
        line, column = spot(p)
        self.spot = line + before.count("\n"), \
            where - before.rfind("\n") - 1 + (0 if "\n" in before else column)

# --- what a file does ---

def tail(path):
    """A member without the variable that it is in."""
    return re.split(r"->|\.", path, 1)[-1]

def is_hmm(node):
    return node[2].endswith("hmm_pfns")

class File:
    def __init__(self):
        self.declared = {}	# (function, name): position, type, how deep, can it be changed
        self.members = {}	# (struct, name): the same
        self.typed = {}		# (function, path): struct
        self.vmas = set()	# what is passed as a struct migrate_vma
        self.functions = []	# where they are defined
        self.headers = {}	# function: what is in front of its name
        self.parameters = {}	# (function, number): name
        self.calls = []		# function, number, what is passed, position
        self.called = set()	# where functions are called
        self.named = []		# where functions are named: position, function
        self.seen = []		# position, path
        self.how = {}		# where: what is done with it, with what
        self.seeds = []		# what holds entries, src or dst
        self.links = []		# what is assigned, to what
        self.hmm = []		# what holds HMM PFNs
        self.tests = {}		# from where to where: what is tested, what to write instead
        self.returned = []	# what functions return, position
        self.masked = []	# what is tested for a flag, position
        self.filled = set()	# functions that fill an array of entries with PFNs
        self.arrays = []	# members of structures without a name: position
        self.flags = set()	# variables that hold flags of an entry, and no entry
        self.cast = []		# what is made an array of migrate_vma with a cast
        self.solved = False

    # The rules call these.

    def declare(self, table, key, p, parameter=False):
        """Note a declaration, and if the type can be changed: alone, and with a plain value."""
        before, after = text_before(p), text_after(p)
        if parameter:
            before = re.split(r"[,(]", before)[-1]
        stars = re.search(r"[*\s]*$", before)[0].count("*")
        at = re.match(r"\w*", after).end()
        while re.match(r"\s*\[", after[at:]):
            at = closing(after, after.index("[", at)) + 1
            stars += 1
        end, depth = at, 0
        while end < len(after) and (depth or after[end] not in ",;)"):
            depth += (after[end] in "([{") - (after[end] in ")]}")
            end += 1
        simple = re.fullmatch(r"\s*((static|const)\s+)*unsigned long\s*\*?\s*", before) and \
            (parameter or after[end:end + 1] == ";") and stars < 2 and \
            re.fullmatch(r"(\s*=\s*([^{]*|\{\s*0?\s*,?\s*\}))?\s*", after[at:end])
        kind = re.search(r"\bmigrate_pfn_t\b|\bunsigned long\b|\bvoid\b|\bbool\b|$", before)[0]
        if key in table and not parameter:	# in two blocks, and only one name
            kind = ""
        table[key] = p, kind, stars, bool(simple)

    def mark(self, use, what, *more):
        if use.path:
            self.how.setdefault(use.spot, (what, use) + more)

    def seed(self, use, *role):
        if use.path:
            self.seeds.append((use, role))

    def link(self, left, right):
        self.links.append((left, right))
        self.mark(left, "copy", right)
        self.mark(right, "copy", left)

    def test(self, where, use, what, text):
        if use.path:
            self.mark(use, what)
            self.tests[where] = use, text

    def give(self, pairs):
        """What a struct migrate_vma is initialised with: position, role."""
        casts = [re.match(r"(\(\s*unsigned\s+long\s*\*\s*\)\s*)?", text_at(p)) for p, _ in pairs]
        old = any(cast[0] for cast in casts)
        for (p, role), cast in zip(pairs, casts):
            use = Use(p, text_at(p)[cast.end():], cast.end())
            self.mark(use, "by hand" if old else "array")
            self.seed(use, role)
            if old:
                self.cast.append(use)

    def array(self, p):
        """A member of a structure without a name."""
        if "unsigned long" in text_before(p) and "migrate_vma" in "\n".join(lines_of(p[0].file)):
            self.arrays.append(p)

    def truth(self, p):
        """A value that is only asked whether it is zero."""
        text, cut = bare(text_at(p))
        parts = operands(text, "&")
        if len(parts) == 2 and re.match(ANY_FLAG, parts[1]):
            self.test(span(p), Use(p, text[:text.rindex("&")], cut), "test",
                      f"migrate_pfn_test({parts[0]}, {parts[1]})")
        else:
            self.test(span(p), Use(p), "truth", f"migrate_pfn_test({text}, MIGRATE_PFN_VALID)")

    def compare(self, p, q, no):
        """Flags that are compared with themselves, or something with zero."""
        whole = span(p, q)
        text, cut = bare(text_at(p))
        other = bare(text_at(q))[0]
        if re.match(ZERO, text):
            p, q, (text, cut), other = q, p, bare(text_at(q)), text
        parts = operands(text, "&")
        yes = "!" if not no else ""
        if len(parts) == 2 and only_flags(parts[1], ANY_FLAG):
            use = Use(p, text[:text.rindex("&")], cut)
            call = f"migrate_pfn_test({parts[0]}, {parts[1]})"
            if squeeze(other) == squeeze(parts[1]):
                self.test(whole, use, "test", no + call)
            elif re.match(ZERO, other) and "|" not in parts[1]:
                self.test(whole, use, "test", yes + call)
        elif re.match(ZERO, other):
            self.test(whole, Use(p), "truth", f"{yes}migrate_pfn_test({text}, MIGRATE_PFN_VALID)")
        elif re.match(ARRAY, other):
            self.mark(Use(p), "array")

    def mask(self, p, flags):
        """An element with flags is an entry. What else has flags may hold only flags."""
        use = Use(p)
        valid = "MIGRATE_PFN_VALID" in flags
        if valid or use.indexed:
            self.seed(use)
        if valid or use.depth or not use.path.isidentifier():
            self.masked.append((use, p))

    def assign(self, p, q):
        """What is assigned, to what: also where it is declared."""
        left, right = Use(p), Use(q)
        text = re.split(r"(?<![=!<>])=(?!=)", bare(text_at(q))[0])[-1].strip()
        declared = "unsigned long" in text_before(p)
        entry = made(text, "=" if is_alone(p) else text_at(p))
        if left.path and self.kind(self.node(left)) == "bool":
            self.truth(q)
            return
        if re.match(ZERO, text):
            self.mark(left, "clear")
        elif only_flags(text):
            self.mark(left, "change")
            if left.path and left.indexed:
                self.seed(left, "src")
        elif re.search(r"\bmigrate_pfn\s*\(", text):
            self.mark(left, "change" if self.fits(entry) else "by hand")
            self.seed(left)
            self.flags |= {("variable", left.function, part) for part in operands(text)} - \
                {("variable", left.function, left.path)}
        elif re.match(ACCESSOR, text):
            self.mark(left, "any")
            self.seed(left)
        elif right.path and right.path != "NULL":
            self.link(left, right)
        elif "migrate_pfn_t" in self.headers.get(re.match(r"\w*", text)[0], ""):
            self.mark(left, "any")
        elif re.match(r"\w+\s*\(", text) and closing(text, text.index("(")) == len(text) - 1 and \
             not re.match(ARRAY, text):
            self.mark(left, "from", re.match(r"\w+", text)[0])
        elif re.match(ARRAY, text):
            self.mark(left, "array")
        elif declared:
            self.mark(left, "by hand")

    def call(self, function, number, c, p):
        use = Use(p)
        self.called.add(spot(c))
        self.calls.append((function, number, use, p))
        if function in ASKS or re.fullmatch(r"[A-Z]+_ASSERT", function):
            self.truth(p)
        if function.startswith("migrate_vma_") and use.path:
            self.vmas.add(use.path)
        if re.match(r"migrate_pfn_(test|set|clear)$", function) and number == 1:
            self.flags |= {("variable", use.function, part) for part in operands(text_at(p))}
        self.mark(use, "pass", function, number)

    # What follows from it. A node is a variable or a member.

    def node(self, use):
        if use.path.isidentifier():
            local = (use.function, use.path) in self.declared
            return "variable", use.function if local else "", use.path
        holder, _, name = re.fullmatch(r"(.*?)(->|\.)?(\w*)", use.path, re.S).groups()
        struct = self.typed.get((use.function, use.path))
        if not struct and holder in self.vmas and name in ("src", "dst"):
            struct = "migrate_vma"
        return ("member", struct, name) if struct else ("path", use.function, use.path)

    def declaration(self, node):
        return (self.members if node[0] == "member" else self.declared).get(node[1:])

    def kind(self, node):
        found = self.declaration(node)
        return found and found[1]

    def depth(self, use):
        """0 for an entry, 1 for an array of entries."""
        node = self.node(use)
        if node[:2] == ("member", "migrate_vma"):
            return 1 - use.depth
        found = self.declaration(node)
        return found[2] - use.depth if found else int(not use.depth)

    def learn(self, node, source, roles=()):
        """Note that a node holds entries; True if that is new."""
        before = self.known.get(node), len(self.roles.get(node, ()))
        if self.kind(node) == "void" or is_hmm(node) or node[2] in ("", "NULL") or \
           node in self.numbers | self.flags:
            return False
        self.known[node] = max(self.known.get(node, 0), source)
        self.roles.setdefault(node, set()).update(roles)
        return before != (self.known[node], len(self.roles[node]))

    def solve(self):
        if self.solved:
            return self
        self.solved = True
        self.numbers = set()	# nodes that are given an entry, but take a number
        numbers = None
        while numbers != len(self.numbers):
            numbers = len(self.numbers)
            self.solve_once()
        return self

    def solve_once(self):
        self.known = {}		# node: how it is known
        self.roles = {}		# node: src, dst or both
        self.mixed = set()	# nodes that hold something else, too
        self.unclear = set()	# function and node, of which not every use is understood
        for name in ("src", "dst"):
            self.learn(("member", "migrate_vma", name), SHOWN, [name])
        for use, role in self.seeds:
            self.learn(self.node(use), SHOWN, role)
        while any([self.follow_links(), self.follow_calls()]):
            pass
        # Functions that return entries: their type is changed by hand.
        self.entries = {use.function for use, p in self.returned
                        if self.node(use) in self.known and not use.moved or
                        re.match(MAKE, text_at(p))}
        self.find_mixed()

    def is_exported(self, use):
        """Is this in a function that others call, too?"""
        return re.search(rf"EXPORT_SYMBOL\w*\s*\(\s*{use.function}\b",
                         "\n".join(lines_of(use.file)))

    def callbacks(self):
        """Where functions are handed to others, which call them with whatever they have."""
        return [(p, f) for p, f in self.named if spot(p) not in self.called and
                f in self.headers and not re.search(r"EXPORT_SYMBOL\w*\($", text_before(p).strip())]

    def follow_links(self):
        """Arrays that are assigned to each other are alike; a copy of an entry is one."""
        new = False
        for left, right in self.links:
            a, b = self.node(left), self.node(right)
            teaches = {node for node in (a, b) if node in self.known and
                       self.kind(node) not in OTHER}
            array = self.depth(left) == self.depth(right) == 1
            if b in teaches and (array or not right.moved):
                new |= self.learn(a, self.known[b] if array else COPIED, self.roles[b])
            if a in teaches and array:
                new |= self.learn(b, self.known[a], self.roles[a])
            # The same member of a structure, in another function.
            if b[0] == "path" and b not in self.known and self.kind(a) == "unsigned long" and array:
                for node in [node for node in self.known if node[0] == "path"]:
                    if tail(node[2]) == tail(b[2]):
                        new |= self.learn(b, SHOWN, self.roles[node])
        return new

    def follow_calls(self):
        """What is passed is what the function takes for an entry, and the other way round."""
        new, passed, handed = False, {}, {f for _, f in self.callbacks()}
        for function, number, use, _ in self.calls:
            if (function, number) in self.parameters:
                passed.setdefault((function, number), []).append(use)
        for (function, number), uses in passed.items():
            parameter = "variable", function, self.parameters[function, number]
            level = self.declaration(parameter)[2]
            uses = [use for use in uses if use.path != "NULL"]
            nodes = [self.node(use) for use in uses if self.depth(use) == level]
            inner = [self.node(use) for use in uses if self.depth(use) == level and
                     not self.is_exported(use)]
            given = [node for node in nodes if node in self.known and node != parameter]
            if self.known.get(parameter) == SHOWN:
                for node in inner:
                    new |= self.learn(node, SHOWN, self.roles[parameter])
            if given:
                all_known = all(self.node(use) in self.known or self.node(use) == parameter
                                for use in uses)
                roles = set().union(*(self.roles[node] for node in given))
                if parameter in self.known or all_known and function not in handed and \
                   re.search(r"\bstatic\b", self.headers[function]):
                    self.mixed.discard(parameter)
                    new |= self.learn(parameter, PASSED, roles)
                else:
                    self.mixed.add(parameter)
        return new

    def find_mixed(self):
        """What also holds HMM PFNs, has another type, or is copied and used as a number."""
        hmm = {self.node(use) for use in self.hmm if use.path}
        hmm |= {self.node(use) for link in self.links for use in link if is_hmm(self.node(use))}
        before = 0
        while before != len(hmm):
            before = len(hmm)
            for link in self.links:
                pair = {self.node(use) for use in link}
                if pair & hmm:
                    hmm |= {node for node in pair if node[1] != "migrate_vma"}
        self.mixed |= hmm & set(self.known)
        self.mixed |= {self.node(use) for use in self.cast if use.path}
        for node in self.known:
            if self.kind(node) in OTHER:
                self.mixed.add(node)
        for p, use in self.seen:
            node = self.node(use)
            if self.how.get(spot(p), ("",))[0] == "from":
                self.unclear.add((use.function, node))
            if node in self.known and self.verdict(spot(p), node) == HAND:
                self.unclear.add((use.function, node))
                if self.known[node] == COPIED:
                    self.mixed.add(node)
                # What is passed is no entry if it is used as a number.
                elif self.known[node] == PASSED and not self.declaration(node)[2]:
                    self.numbers.add(node)

    def changed(self, node):
        """Can its declaration be changed?"""
        found = self.declaration(node)
        if not found or not found[3] or not self.converted(node):
            return False
        where = spot(found[0])
        return where not in self.how or self.verdict(where, node) != HAND

    def is_stray(self, p, name):
        """A flag that an entry does not have, or cannot be given."""
        return re.match(GONE, name) or name == "MIGRATE_PFN_VALID" and not re.search(
            r"[^&]&\s*\(?$|migrate_pfn_test\s*\(.*,\s*$", text_before(p))

    def fits(self, entry):
        """Are the flags of a new entry known, or are there no other flags in the file?"""
        return entry and (re.fullmatch(r"(MIGRATE_PFN_\w+|[\s|?:()]|\b0\b)*",
                                       re.sub(rf"{TEST}|\w+(?=\s*\?)", "", entry[2])) or
                          not any(self.is_stray(p, use.path) for p, use in self.seen
                                  if use.path != "MIGRATE_PFN_SHIFT"))

    def is_visible(self, node):
        """Is it declared in this file, or a member whose declaration is reported in another?"""
        return self.declaration(node) or node[1] == "migrate_vma" or \
            node[0] == "path" and re.match(UNNAMED, re.search(r"\w*$", node[2])[0])

    def converted(self, node):
        return node in self.known and node not in self.mixed

    def verdict(self, where, node):
        """What to say of a use of a node: nothing if it can stay as it is."""
        if node in self.mixed or where not in self.how:
            return HAND
        what, use, *more = self.how[where]
        deep = self.depth(use)
        if what == "pass":
            function, number = more
            name = self.parameters.get((function, number))
            parameter = "variable", function, name
            good = function in ANY_ARRAY and deep == 1 or name and \
                self.converted(parameter) and self.declaration(parameter)[2] == deep
            return "" if good else HAND
        if what in ("copy", "related"):
            other, = more
            peer = self.node(other)
            good = deep == 1 and self.kind(peer) == "void" or self.converted(peer) and \
                self.depth(other) == deep and (deep == 1 or what == "copy" and
                                               not use.moved | other.moved)
            return "" if good and self.is_visible(node) and self.is_visible(peer) else HAND
        if what in ("from", "return") and deep == 0:
            return "" if (more or [use.function])[0] in self.entries else HAND
        if what == "any" or deep == 1 and what in ("array", "clear", "truth"):
            return ""
        if deep == 0 and (what in ("test", "change", "clear") or
                          what == "truth" and self.roles[node] == {"dst"} and
                          (use.function, node) not in self.unclear):
            return USE
        return HAND

    def is_filled(self, node):
        """Is it the array that a function fills with PFNs?"""
        return node[0] == "variable" and node[1] in self.filled and \
            self.kind(node) == "unsigned long" and self.declaration(node)[2] == 1

    def findings(self):
        """All that there is to say of the file: position, text."""
        self.solve()
        for p, use in self.seen:
            name, node = use.path, self.node(use)
            if self.is_stray(p, name):
                yield p, SHIFT if name == "MIGRATE_PFN_SHIFT" else FLAG
            elif name == "migrate_pfn" and spot(p) in self.called:
                yield p, USE if re.match(MAKE, text_after(p)) else NUMBER
            elif name == "migrate_device_range" and spot(p) in self.called:
                yield p, RANGE
            elif node in self.known or node in self.mixed:
                if self.verdict(spot(p), node):
                    yield p, self.verdict(spot(p), node)
            elif node[0] == "path" and re.search(r"(->|\.)(src|dst)$", name) and \
                 re.match(r"\w+\s*\[", text_after(p)) and \
                 "migrate_vma" in "\n".join(lines_of(p[0].file)):
                yield p, HAND
        for p in self.arrays:
            yield p, HAND
        for p, use in self.seen:
            if self.is_filled(self.node(use)):
                yield p, HAND
        for table, kind in (self.declared, "variable"), (self.members, "member"):
            for key, (p, type_, *_) in table.items():
                node = kind, *key
                if self.is_filled(node):
                    yield p, HAND
                elif node in self.known | dict.fromkeys(self.mixed) and type_ != "migrate_pfn_t":
                    yield p, DECLARE if self.changed(node) else HAND
        for function, number, use, p in self.calls:
            parameter = "variable", function, self.parameters.get((function, number))
            if parameter in self.mixed or parameter in self.known and use.path != "NULL" and \
               self.node(use) not in self.known:
                yield p, HAND
        for p, function in self.callbacks():
            if any(function == node[1] for node in self.known | dict.fromkeys(self.mixed)
                   if node[0] == "variable" and node[2] in [
                       name for (f, _), name in self.parameters.items() if f == function]):
                yield p, HAND
        for use, p in self.returned:
            if use.function in self.entries and re.match(ZERO, text_at(p)):
                yield p, HAND
        for p in self.functions:
            if p[0].current_element in self.entries and "migrate_pfn_t" not in text_before(p):
                yield p, HAND
        for use, p in self.masked:
            if not self.converted(self.node(use)):
                yield p, HAND

# --- what the rules ask ---

files = {}		# path: File
takers = set()		# functions that take something that may be an entry

def file_at(p):
    return files.setdefault(p[0].file, File())

def is_taker(function):
    return function in takers

def always(p, good):
    """Ask the file, or each that may be its original: once changed, it has another name."""
    path = p[0].file
    if path in files:
        return good(files[path].solve())
    name = re.sub(r"^cocci_\w*output-\d+-[0-9a-f]+-", "", path.rpartition("/")[2])
    found = [files[path].solve() for path in files if path.rpartition("/")[2] == name]
    return bool(found) and all(good(file) for file in found)

def is_entry(p, deep=0):
    use = Use(p)
    return bool(always(p, lambda file: use.path and file.converted(file.node(use)) and
                       file.depth(use) == deep))

def is_target(p):
    """Can an entry be assigned to this, or is it declared here and the declaration changed?"""
    return is_entry(p) and ("unsigned long" not in text_before(p) or is_declared(p))

def is_repeatable(p):
    """Can this entry be written twice, in statements of their own?"""
    entry = made(text_after(p).split("=", 1)[1].split(";")[0], text_at(p))
    return bool(is_entry(p) and not is_alone(p) and
                always(p, lambda file: file.fits(entry)))

def is_test(p):
    def good(file):
        use = file.tests.get(span(p), (None,))[0]
        node = use and file.node(use)
        return node in file.known and not file.depth(use) and \
            file.verdict(use.spot, node) == USE
    return bool(always(p, good))

class Name:
    def __init__(self, p, path):
        self.function, self.path = p[0].current_element, path

def is_declared(p, struct=None):
    name = re.match(r"\w*", text_after(p))[0]
    def good(file):
        node = file.node(Name(p, name)) if struct is None else ("member", struct, name)
        return file.changed(node)
    return bool(always(p, good))

told = {}		# path: where report mode says something

def is_told(p):
    path = p[0].file
    if path not in told:
        told[path] = {spot(q) for q, _ in file_at(p).findings()}
    return spot(p) in told[path]

@script:python@
@@
files.clear()
takers.clear()
texts.clear()
told.clear()

// Nothing else is looked at in a file without the names.

@worth@
identifier f;
position p : script:python() { mentions(p) };
@@
f@p(...) { ... }

// ---------------------------------------------------------------------------
// What is there: declarations, names, members and calls. A disjunction of
// expressions finds one of them in a statement only, so each has its rule.

@variables depends on worth@
attribute name __free;
identifier v;
type T;
initializer I;
position p;
@@
(
  T v@p;
|
  T v@p = I;
)

@script:python@
p << variables.p;
v << variables.v;
@@
function = p[0].current_element
file_at(p).declare(file_at(p).declared, ("" if function == v else function, v), p)

@functions depends on worth@
identifier f;
position p;
@@
f@p(...) { ... }

@script:python@
p << functions.p;
f << functions.f;
@@
file_at(p).functions.append(p)
file_at(p).headers[f] = text_before(p)

@parameters depends on worth@
identifier f, v;
parameter list[n] before;
type T;
position p;
@@
f(before, T v@p, ...) { ... }

@script:python@
p << parameters.p;
n << parameters.n;
f << parameters.f;
v << parameters.v;
@@
file_at(p).declare(file_at(p).declared, (f, v), p, parameter=True)
file_at(p).parameters[f, int(n)] = v
if "long" in text_before(p) or "migrate_pfn_t" in text_before(p):
    takers.add(f)
if f in ("migrate_device_pages", "migrate_device_finalize") and int(n) < 2:
    file_at(p).seed(Name(p, v), ("src", "dst")[int(n)])

@fields depends on worth@
identifier S, m;
type T;
position p;
@@
struct S { ... T m@p; ... };

@script:python@
p << fields.p;
S << fields.S;
m << fields.m;
@@
# What a driver has of this name is for a kernel that does not have it.
if S != "migrate_vma" or p[0].file.endswith("migrate.h"):
    file_at(p).declare(file_at(p).members, (S, m), p)

// The use of such a member is not seen in a header. Its name tells what it is.
@unnamed@
identifier m =~ "^(src|dst)_m?pfns?(_array)?$";
type T;
position p;
@@
struct { ... T m@p; ... }

@unnamed_union@
identifier m =~ "^(src|dst)_m?pfns?(_array)?$";
type T;
position p;
@@
union { ... T m@p; ... }

@operation@
identifier S, v;
type T;
position p;
@@
struct S { ... T (*populate_devmem_pfn)(..., unsigned long *v@p); ... };

@script:python@
p << unnamed.p;
@@
file_at(p).array(p)

@script:python@
p << unnamed_union.p;
@@
file_at(p).array(p)

@script:python@
p << operation.p;
@@
file_at(p).arrays.append(p)

// Other names cannot hold entries, and there are many.
@names depends on worth@
identifier v =~ "^(MIGRATE_PFN_|migrate_pfn$|migrate_device_range$)";
position p;
@@
  v@p

@script:python@
p << names.p;
v << names.v;
@@
file_at(p).seen.append((p, Name(p, v)))

// A function that is named and not called is a callback.
@handed_out depends on worth@
identifier f : script:python() { is_taker(f) };
position p;
@@
  f@p

@script:python@
p << handed_out.p;
f << handed_out.f;
@@
file_at(p).named.append((p, f))

@entries depends on worth@
typedef migrate_pfn_t;
idexpression {unsigned long, migrate_pfn_t} v;
position p;
@@
  v@p

@script:python@
p << entries.p;
v << entries.v;
@@
file_at(p).seen.append((p, Name(p, v)))

@pointers depends on worth@
idexpression {unsigned long, migrate_pfn_t} *v;
position p;
@@
  v@p

@script:python@
p << pointers.p;
v << pointers.v;
@@
file_at(p).seen.append((p, Name(p, v)))

@arrays depends on worth@
idexpression unsigned long[] v;
position p;
@@
  v@p

@script:python@
p << arrays.p;
v << arrays.v;
@@
file_at(p).seen.append((p, Name(p, v)))

@new_arrays depends on worth@
idexpression migrate_pfn_t[] v;
position p;
@@
  v@p

@script:python@
p << new_arrays.p;
v << new_arrays.v;
@@
file_at(p).seen.append((p, Name(p, v)))

@members depends on worth@
expression e;
identifier m;
position p, q;
@@
  e@q->m@p

@script:python@
p << members.p;
q << members.q;
@@
file_at(p).seen.append((p, Name(p, path_at(q, p))))

@members_of_object depends on worth@
expression e;
identifier m;
position p, q;
@@
  e@q.m@p

@script:python@
p << members_of_object.p;
q << members_of_object.q;
@@
file_at(p).seen.append((p, Name(p, path_at(q, p))))

@types depends on worth@
identifier S, m;
struct S *e;
position p, q;
@@
  e@q->m@p

@script:python@
p << types.p;
q << types.q;
S << types.S;
@@
file_at(p).typed[p[0].current_element, path_at(q, p)] = S

@types_of_object depends on worth@
identifier S, m;
struct S e;
position p, q;
@@
  e@q.m@p

@script:python@
p << types_of_object.p;
q << types_of_object.q;
S << types_of_object.S;
@@
file_at(p).typed[p[0].current_element, path_at(q, p)] = S

// ---------------------------------------------------------------------------
// What is done with it, and which uses show that it holds entries.

@sized depends on worth@
expression X;
position p;
@@
  sizeof(X@p)

@script:python@
p << sized.p;
@@
file_at(p).mark(Use(p), "any")

// What comes after an array in the same memory is something else.

@rest_of_memory depends on worth@
type T;
expression X;
position p;
@@
  (T *)X@p

@script:python@
p << rest_of_memory.p;
T << rest_of_memory.T;
@@
if Use(p).moved and squeeze(T) not in ("unsignedlong", "migrate_pfn_t"):
    file_at(p).mark(Use(p), "array")

@cleared depends on worth@
expression X;
position p;
@@
  memset(X@p, 0, ...)

@script:python@
p << cleared.p;
@@
file_at(p).mark(Use(p), "array")

@copied depends on worth@
expression X, Y;
position p, q;
@@
  \(memcpy\|memmove\)(X@p, Y@q, ...)

@script:python@
p << copied.p;
q << copied.q;
@@
file_at(p).link(Use(p), Use(q))

@accessor depends on worth@
expression X;
identifier f = {migrate_pfn_to_page, migrate_pfn_to_folio, migrate_pfn_test,
		migrate_pfn_set, migrate_pfn_clear, migrate_pfn_flags};
position p;
@@
f(X@p, ...)

@script:python@
p << accessor.p;
@@
file_at(p).mark(Use(p), "any")
file_at(p).seed(Use(p))

@device depends on worth@
expression X, Y;
identifier f = {migrate_device_range, migrate_device_pfns};
identifier g = {migrate_device_pages, migrate_device_finalize};
position p, q;
@@
(
  f(X@p, ...)
|
  g(X@p, Y@q, ...)
)

@script:python@
p << device.p;
q << device.q = [];
@@
for position, role in (p, "src"), (q, "dst"):
    if position:
        file_at(position).mark(Use(position), "array")
        file_at(position).seed(Use(position), role)

@passed depends on worth@
identifier f;
expression list[n] before;
expression X;
position c, p;
@@
f@c(before, X@p, ...)

@script:python@
f << passed.f;
n << passed.n;
c << passed.c;
p << passed.p;
@@
file_at(p).call(f, int(n), c, p)

@masked depends on worth@
expression X;
expression F : script:python() { "MIGRATE_PFN_" in F };
position p;
@@
  X@p & F

@script:python@
p << masked.p;
F << masked.F;
@@
file_at(p).mask(p, F)

@equal depends on worth disable is_zero@
expression X, Y;
position p, q;
@@
  X@p == Y@q

@script:python@
p << equal.p;
q << equal.q;
@@
file_at(p).compare(p, q, "")

@unequal depends on worth disable isnt_zero@
expression X, Y;
position p, q;
@@
  X@p != Y@q

@script:python@
p << unequal.p;
q << unequal.q;
@@
file_at(p).compare(p, q, "!")

@negated depends on worth@
expression X;
position p;
@@
  !X@p

@script:python@
p << negated.p;
@@
file_at(p).truth(p)

@both depends on worth@
expression X, Y;
position p, q;
@@
  X@p && Y@q

@script:python@
p << both.p;
q << both.q;
@@
file_at(p).truth(p)
file_at(q).truth(q)

@either depends on worth@
expression X, Y;
position p, q;
@@
  X@p || Y@q

@script:python@
p << either.p;
q << either.q;
@@
file_at(p).truth(p)
file_at(q).truth(q)

@chosen_by depends on worth@
expression X, E1, E2;
position p;
@@
  X@p ? E1 : E2

@script:python@
p << chosen_by.p;
@@
file_at(p).truth(p)

// The condition of do ... while cannot be matched.
@asked_by_statement depends on worth@
expression X, E1, E2;
statement S1, S2;
position p;
@@
(
  if (X@p) S1 else S2
|
  while (X@p) S1
|
  for (E1; X@p; E2) S1
)

@script:python@
p << asked_by_statement.p;
@@
file_at(p).truth(p)

@choice depends on worth@
expression X, C, Y, Z;
position x, y, z;
@@
  X@x = C ? Y@y : Z@z

@script:python@
x << choice.x;
y << choice.y;
z << choice.z;
@@
if Use(y).path and Use(z).path:
    file_at(x).link(Use(x), Use(y))
    file_at(x).link(Use(x), Use(z))

@returned depends on worth@
expression X;
position p;
@@
  return X@p;

@script:python@
p << returned.p;
@@
file_at(p).returned.append((Use(p), p))
if re.search(r"\bbool\b", file_at(p).headers.get(p[0].current_element, "")):
    file_at(p).truth(p)
else:
    file_at(p).mark(Use(p), "return")

@changes depends on worth@
expression X;
expression F : script:python() { only_flags(F) };
position p;
@@
(
  X@p |= F;
|
  X@p &= ~F;
)

@script:python@
p << changes.p;
@@
file_at(p).mark(Use(p), "change")
file_at(p).mask(p, "")

@assigned depends on worth@
expression X, E;
position p, q;
@@
  X@p = E@q

@script:python@
p << assigned.p;
q << assigned.q;
@@
file_at(p).assign(p, q)

@related depends on worth@
expression X, Y;
binary operator b = {-, <, <=, >, >=, ==, !=};
position p, q;
@@
  X@p b Y@q

@script:python@
p << related.p;
q << related.q;
@@
file_at(p).mark(Use(p), "related", Use(q))
file_at(q).mark(Use(q), "related", Use(p))

@moved depends on worth@
expression X, E;
position p;
@@
  \(X@p++\|++X@p\|X@p--\|--X@p\|X@p += E\|X@p -= E\)

@script:python@
p << moved.p;
@@
if not text_before(p).rstrip("+- ").endswith("*"):
    file_at(p).mark(Use(p), "array")

@given depends on worth@
identifier s;
expression X, Y;
position p, q;
@@
(
  struct migrate_vma s = { .src = X@p, .dst = Y@q, };
|
  struct migrate_vma s = { .src = X@p, };
|
  struct migrate_vma s = { .dst = Y@q, };
)

@script:python@
p << given.p = [];
q << given.q = [];
@@
given = [(position, role) for position, role in ((p, "src"), (q, "dst")) if position]
if given:
    file_at(given[0][0]).give(given)

// The operation fills an array of entries with PFNs, which become entries later.
@filled depends on worth@
identifier s, o, f;
@@
  struct s o = { .populate_devmem_pfn = f, };

@script:python@
f << filled.f;
o << filled.o;
@@
for file in files.values():
    file.filled.add(f)

@hmm depends on worth@
identifier s;
expression X;
position p;
@@
  struct hmm_range s = { .hmm_pfns = X@p, };

@script:python@
p << hmm.p;
@@
file_at(p).hmm.append(Use(p))

@hmm_entry depends on worth@
expression X;
identifier F =~ "^HMM_PFN_";
position p;
@@
(
  hmm_pfn_to_page(X@p)
|
  X@p & F
)

@script:python@
p << hmm_entry.p;
@@
file_at(p).hmm.append(Use(p))

// ---------------------------------------------------------------------------
// Tests. The positions are those of the rules above: nothing has changed yet.

// What is written instead, Python has composed already.
@tested depends on patch && worth@
expression E;
position p : script:python() { is_test(p) };
@@
  E@p

@script:python test@
p << tested.p;
T;
@@
coccinelle.T = cocci.make_expr(file_at(p).tests[span(p)][1])

@depends on patch && worth@
expression tested.E, test.T;
position tested.p;
@@
- E@p
+ T

@depends on patch && worth@
expression X;
@@
- page_folio(migrate_pfn_to_page(X))
+ migrate_pfn_to_folio(X)

// ---------------------------------------------------------------------------
// An assignment with flags becomes two statements. First they get braces.

@depends on patch && worth@
expression C, X, Y;
expression E : script:python() { has_flags(E) };
position p : script:python() { is_repeatable(p) };
@@
(
  if (C)
+ {
  X@p = E;
+ }
  else
+ {
  Y;
+ }
|
  if (C)
+ {
  Y;
+ }
  else
+ {
  X@p = E;
+ }
)

@depends on patch && worth@
expression C, X;
expression E : script:python() { has_flags(E) };
position p : script:python() { is_repeatable(p) };
statement S;
@@
  if (C)
+ {
  X@p = E;
+ }
  else S

// No line break between the brace and else.
@depends on patch && worth@
expression C, X, Y;
expression E : script:python() { has_flags(E) };
position p : script:python() { is_repeatable(p) };
statement S;
@@
(
  if (C) {
- X@p = E;
- } else
+ X = E;
+ } else
  S
|
  if (C) {
- Y;
- } else
+ Y;
+ } else
  {
  X@p = E;
  }
)

@split depends on patch && worth@
expression X;
expression E : script:python() { has_flags(E) };
position p : script:python() { is_repeatable(p) };
@@
  X@p = E;

@script:python parts@
X << split.X;
E << split.E;
V;
A;
F;
@@
kind, page, flags = made(E, X)
target = bare(X)[0]
coccinelle.V = cocci.make_expr(f"{kind}_to_migrate_pfn({page})")
coccinelle.A = cocci.make_expr(bare(target[1:])[0] if target[0] == "*" else "&" + target)
coccinelle.F = cocci.make_expr(flags)

@depends on patch && worth@
expression split.X, split.E;
expression parts.V, parts.A, parts.F;
position split.p;
@@
- X@p = E;
+ X = V;
+ migrate_pfn_set(A, F);

// ---------------------------------------------------------------------------
// Other assignments.

@valued depends on patch && worth@
expression X;
expression E : script:python() { bool(value(E)) };
position p : script:python() { is_target(p) };
@@
  X@p = E

@script:python instead@
E << valued.E;
V;
@@
coccinelle.V = cocci.make_expr(value(E))

@depends on patch && worth@
expression valued.X, valued.E, instead.V;
position valued.p;
@@
  X@p =
- E
+ V

@depends on patch && worth@
expression X, Y;
expression F : script:python() { only_flags(F) };
position p : script:python() { is_entry(p) };
position q : script:python() { is_entry(q, 1) };
@@
(
- *(Y@q) |= F;
+ migrate_pfn_set(Y, F);
|
- (*Y@q) |= F;
+ migrate_pfn_set(Y, F);
|
- *(Y@q) &= ~(F);
+ migrate_pfn_clear(Y, F);
|
- (*Y@q) &= ~(F);
+ migrate_pfn_clear(Y, F);
|
- *Y@q |= F;
+ migrate_pfn_set(Y, F);
|
- X@p |= F;
+ migrate_pfn_set(&X, F);
|
- *Y@q &= ~(F);
+ migrate_pfn_clear(Y, F);
|
- X@p &= ~(F);
+ migrate_pfn_clear(&X, F);
)

@depends on patch && worth@
expression X;
position p : script:python() { is_entry(p, 1) };
identifier alloc = {kcalloc, kvcalloc, kmalloc_array, kvmalloc_array};
@@
  X@p = alloc(...,
- sizeof(unsigned long)
+ sizeof(*X)
  , ...)

// ---------------------------------------------------------------------------
// Declarations. One that declares several variables is left.

@depends on patch && worth@
identifier f, v;
position p : script:python() { is_declared(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  *v@p, ...) { ... }

@depends on patch && worth@
identifier f, v;
position p : script:python() { is_declared(p) };
@@
f(...,
  const
- unsigned long
+ migrate_pfn_t
  *v@p, ...) { ... }

@depends on patch && worth@
identifier f, v;
position p : script:python() { is_declared(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  v@p[], ...) { ... }

@depends on patch && worth@
identifier f, v;
position p : script:python() { is_declared(p) };
@@
f(...,
- unsigned long
+ migrate_pfn_t
  v@p, ...) { ... }

@depends on patch && worth@
identifier v;
expression E;
initializer I;
position p : script:python() { is_declared(p) };
@@
(
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
  *v@p;
|
- unsigned long
+ migrate_pfn_t
  *v@p = E;
|
  const
- unsigned long
+ migrate_pfn_t
  *v@p;
|
  const
- unsigned long
+ migrate_pfn_t
  *v@p = E;
|
- unsigned long
+ migrate_pfn_t
  v@p[...];
|
- unsigned long
+ migrate_pfn_t
  v@p[...] = I;
)

@script:python chosen@
S << fields.S;
m << fields.m;
p << fields.p;
T;
M;
@@
if is_declared(p, S):
    coccinelle.T, coccinelle.M = S, m
else:
    cocci.include_match(False)

@depends on patch && worth@
identifier chosen.T, chosen.M;
@@
  struct T {
  ...
(
- unsigned long
+ migrate_pfn_t
  M[...];
|
- unsigned long
+ migrate_pfn_t
  *M;
|
- unsigned long
+ migrate_pfn_t
  M;
)
  ...
  };

// ---------------------------------------------------------------------------
// Report: what would be converted, and what is left to do by hand.

@depends on context@
idexpression v;
position p : script:python() { is_told(p) };
@@
* v@p

@depends on context@
expression e;
identifier m;
position p : script:python() { is_told(p) };
@@
* e->m@p

@depends on context@
expression e;
identifier m;
position p : script:python() { is_told(p) };
@@
* e.m@p

@depends on context@
type T;
identifier v;
position p : script:python() { is_told(p) };
@@
* T v@p;

@depends on context@
type T;
identifier v;
initializer I;
position p : script:python() { is_told(p) };
@@
* T v@p = I;

@depends on context@
type T;
identifier v;
position p : script:python() { is_told(p) };
@@
  struct {
  ...
* T v@p;
  ...
  }

@depends on context@
type T;
identifier v;
position p : script:python() { is_told(p) };
@@
  union {
  ...
* T v@p;
  ...
  }

@script:python depends on org@
@@
for file in files.values():
    for p, text in file.findings():
        coccilib.org.print_todo(p[0], text)

@script:python depends on report@
@@
for file in files.values():
    for p, text in file.findings():
        coccilib.report.print_report(p[0], text)

// SPDX-License-Identifier: GPL-2.0-only
///
/// Device private memory takes no physical address space: there is nothing to ask
/// request_free_mem_region() for, and memremap_pages() refuses it. Its pagemap is
/// registered with device_private_register(), pages of it are made with
/// device_private_populate(), and device_private_unregister() takes the place of
/// memunmap_pages().
///
// Confidence: Moderate
// Comments: Needs Python. Patch mode changes only what devm releases and what returns
// Comments: the errors as they are; everything else is reported with the line to write.
// Comments: A pagemap is recognised by the name of its member or variable. One whose type
// Comments: is not seen may be device private: where it is unmapped is reported.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

IF_PRIVATE = ", if the type is MEMORY_DEVICE_PRIVATE"
found = {}	# place: what to report
types = {}	# file, function, name of a pagemap: the types that it is given
assigned = set()	# the same, where that is by assignment
private = set()	# mapping of a pagemap that a type which may be private reaches
obsolete, renamed = {}, {}	# file and line of a declaration: place of the region it is for
sizes = {}	# mapping of a pagemap: the sizes of the regions before it
about = {}	# file: does it have the names?
changed = set()	# files that register device private pagemaps
members = set()	# file, name of a member that holds a region or its address

def place(p):
    return p[0].file, int(p[0].line), int(p[0].column)

def mentions(p):
    """Does the file have to do with pagemaps?"""
    name = p[0].file
    if name not in about:
        with open(name, encoding="utf-8", errors="replace") as source:
            about[name] = bool(re.search(r"dev_pagemap|request_free_mem_region|mem(re|un)map_pages",
                                         source.read()))
    return about[name]

def function_at(p):
    return p[0].file, p[0].current_element, p[0].current_element_line

def note(p, text):
    found.setdefault(place(p), text)

def name(text):
    """The variable or member that an expression ends with."""
    words = re.findall(r"[A-Za-z_]\w*", re.sub(r"\[[^\]]*\]", "", text))
    return words[-1] if words else text

def tight(text):
    text = re.sub(r"\s*(->|\.)\s*", r"\1", text.strip())
    text = re.sub(r"&\s+(?=\w)", "&", re.sub(r"\s*\(\s+|(?<=\w)\s+\(\s*", "(", text))
    return re.sub(r"\s+([],)])", r"\1", re.sub(r"\s*\[\s*", "[", text))

def pages(size):
    size = tight(size)
    return "%s >> PAGE_SHIFT" % (size if re.match(r"(\w|->|\.)+$", size) else "(%s)" % size)

def other(value):
    """Is it a type that is not device private?"""
    return bool(re.match(r"\s*(MEMORY_DEVICE_(?!PRIVATE\b)\w+|0)$", value))

def may_be_private(value):
    return not other(value)

def judge(values):
    if values - {"0"} == {"MEMORY_DEVICE_PRIVATE"}:
        return "private"
    return "other" if all(map(other, values)) else "either"

def kind(p, pagemap=""):
    """private, other or either; None where no type is seen."""
    file, function, called = p[0].file, p[0].current_element, name(pagemap)
    same = [(where, value) for where, values in types.items() for value in values
            if where[0] == file]
    values = {value for where, value in same if where[1:] == (function, called)} or \
        {value for where, value in same if where[2] == called} or \
        {value for where, value in same if "MEMORY_DEVICE" in value and where[1] == function} or \
        {value for where, value in same if "MEMORY_DEVICE" in value}
    if not values:
        return None
    # In a file that has been changed, what is left is for the other types.
    which = judge(values)
    return "other" if which == "either" and file in changed else which

def typed(p, pagemap, value):
    where = p[0].file, p[0].current_element, name(pagemap)
    types.setdefault(where, set()).add(value)
    return where

def alone(p, res, R, pagemap, size):
    """Is there nothing else in the function that has to do with the region?"""
    p = p[0]
    with open(p.file, encoding="utf-8", errors="replace") as source:
        lines = source.read().split("\n")
    first, last = int(p.current_element_line), int(p.current_element_line_end)
    body = re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub("[^\n]", " ", found[0]),
                  "\n".join(lines[first - 1:last]), flags=re.S)
    count = [len(re.findall(r"(?<!\.)(?<!->)\b%s\b" % word, body)) for word in (res, R, "err", "goto")]
    given = re.findall(r"^.*\btype\s*=[^=].*$", body, re.M)
    declared = [re.search(r"^\s+%s\s*\*\s*%s;" % each, body, re.M)
                for each in (("struct resource", res), ("void", R))]
    if count != [6, 4, 0, 0] or given != ["\t%s->type = MEMORY_DEVICE_PRIVATE;" % pagemap] or \
       len(re.findall(r"(\.|->)range\b", body)) != 2 or re.search(r"\w\s*\(|[=?]|\+\+|--", size) or \
       body.index(given[0]) > body.index("devm_memremap_pages") or not all(declared):
        return False
    # The size is used where the region was asked for until now, and once more.
    after = body[body.index("devm_request_free_mem_region"):]
    for word in re.findall(r"[A-Za-z_]\w*", size):
        if re.search(r"\b%s\b\s*([-+*/%%&|^]|<<|>>)?=(?!=)|(\+\+|--|&)\s*%s\b|\b%s\s*(\+\+|--)" %
                     (word, word, word), after):
            return False
    # A function that is called in between may change what is not a variable of this one.
    before = re.sub(r"\b(IS_ERR|PTR_ERR|if|return)\b", "", after[:after.index("devm_memremap_pages")])
    if re.search(r"->|\.", size) and len(re.findall(r"\w\s*\(", before)) > 1:
        return False
    where = sorted((p.file, first + body.count("\n", 0, each.end())) for each in declared)
    obsolete[where[0]] = renamed[where[1]] = p.file, int(p.line), int(p.column)
    return where[0] != where[1]

// Nothing else is looked at in a file without the names.

@worth@
attribute name __free;
identifier f;
position p : script:python() { mentions(p) };
@@
f@p(...) { ... }

// ---------------------------------------------------------------------------
// Which types pagemaps have.

@registers depends on worth@
position p;
@@
  \(device_private_register@p\|devm_device_private_register@p\)(...)

@script:python@
p << registers.p;
@@
changed.add(p[0].file)

@given depends on worth@
expression E, V;
position p;
@@
(
  E@p.type = V
|
  E@p->type = V
)

@script:python@
p << given.p;
E << given.E;
V << given.V;
@@
assigned.add(typed(p, E, V))

@initialised depends on worth@
identifier E;
expression V;
position p;
@@
  struct dev_pagemap E@p = { ..., .type = V, ..., };

@script:python@
p << initialised.p;
E << initialised.E;
V << initialised.V;
@@
typed(p, E, V)

@nested depends on worth@
identifier o, S, E;
expression V;
position p;
@@
  struct S o@p = { ..., .E = { ..., .type = V, ..., }, ..., };

@script:python@
p << nested.p;
E << nested.E;
V << nested.V;
@@
typed(p, E, V)

@literal depends on worth@
expression E, V;
position p;
@@
  E = (struct dev_pagemap@p) { ..., .type = V, ..., }

@script:python@
p << literal.p;
E << literal.E;
V << literal.V;
@@
typed(p, E, V)

// ---------------------------------------------------------------------------
// The region, and what is made of its address.

@asked depends on worth@
expression res;
position p;
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)

@script:python@
p << asked.p;
res << asked.res;
@@
if kind(p) == "other":
    cocci.include_match(False)
else:
    note(p, "device private memory takes no physical address space")
    if not res.isidentifier():
        members.add((p[0].file, name(res)))

// Without a variable.
@asked_at_once depends on worth@
position p;
@@
  \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)

@script:python@
p << asked_at_once.p;
@@
if kind(p) != "other":
    note(p, "device private memory takes no physical address space")

@address depends on worth exists@
expression asked.res;
position asked.p, q;
identifier f = {start, end};
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  res->f@q

@script:python@
q << address.q;
@@
note(q, "device private memory has no physical address")

@size depends on worth exists@
expression asked.res;
position asked.p, q;
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  resource_size@q(res)

@script:python@
q << size.q;
@@
note(q, "there is no region to have a size")

@address_kept depends on worth exists@
expression asked.res, E;
position asked.p;
identifier m;
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
(
  E.m = <+... res->start ...+>
|
  E->m = <+... res->start ...+>
)

@script:python@
p << asked.p;
m << address_kept.m;
@@
if m != "start":
    members.add((p[0].file, m))

@region_kept depends on worth exists@
expression asked.res, E;
position asked.p, q;
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)
  ... when any
  E = res@q

@script:python@
q << region_kept.q;
E << region_kept.E;
@@
note(q, "the region is kept: device private memory has none")
if not E.isidentifier():
    members.add((q[0].file, name(E)))

@by_member depends on worth@
expression E;
identifier m, f = {start, end};
position p;
@@
(
  E->m->f@p
|
  E.m->f@p
)

@script:python@
p << by_member.p;
m << by_member.m;
@@
if (p[0].file, m) in members:
    note(p, "device private memory has no physical address")

@released depends on worth@
expression P;
position p;
@@
(
  release_mem_region@p(P.range.start, ...)
|
  release_mem_region@p(P->range.start, ...)
|
  devm_release_mem_region@p(..., P->range.start, ...)
|
  devm_release_mem_region@p(..., P.range.start, ...)
)

@script:python@
p << released.p;
P << released.P;
@@
if kind(p, P) != "other":
    note(p, "there is no region to release")

@released_member depends on worth@
expression E;
identifier m;
position p;
@@
(
  release_mem_region@p(\(E->m->start\|E.m->start\|E->m\|E.m\|E->m << PAGE_SHIFT\|E.m << PAGE_SHIFT\), ...)
|
  devm_release_mem_region@p(..., \(E->m->start\|E.m->start\|E->m\|E.m\|E->m << PAGE_SHIFT\|E.m << PAGE_SHIFT\), ...)
|
  release_resource@p(\(E->m\|E.m\))
)

@script:python@
p << released_member.p;
m << released_member.m;
@@
if (p[0].file, m) in members:
    note(p, "there is no region to release")

// ---------------------------------------------------------------------------
// Mapping and unmapping the pagemap.

@sized depends on worth exists@
expression asked.res;
expression S;
symbol iomem_resource;
position asked.p, m;
@@
(
  res = request_free_mem_region@p(&iomem_resource, S, ...)
|
  res = devm_request_free_mem_region@p(..., S)
)
  ... when any
  \(memremap_pages@m\|devm_memremap_pages@m\)(...)

@script:python@
m << sized.m;
S << sized.S;
@@
sizes.setdefault(place(m), set()).add(S)

// The last type that was assigned may be device private.

@reached depends on worth exists@
expression P, Q;
expression V : script:python() { may_be_private(V) };
position m;
@@
  \(P.type\|P->type\) = V
  ... when != P.type = Q
      when != P->type = Q
  \(memremap_pages@m(\(P\|&P\), ...)\|devm_memremap_pages@m(..., \(P\|&P\))\)

@script:python@
m << reached.m;
@@
private.add(place(m))

@mapped depends on worth@
expression P, N, D;
position m;
@@
(
  memremap_pages@m(P, N)
|
  devm_memremap_pages@m(D, P)
)

@script:python@
m << mapped.m;
P << mapped.P;
N << mapped.N = "";
D << mapped.D = "";
@@
type, size = kind(m, P), sizes.get(place(m), ())
by_assignment = (m[0].file, m[0].current_element, name(P)) in assigned
if type == "other" or by_assignment and place(m) not in private or not (type or size):
    cocci.include_match(False)
else:
    text = "a device private pagemap is registered with device_private_register()"
    if len(size) == 1 and D:
        text = "write: devm_device_private_register(%s, %s, %s)" % (tight(D), tight(P), pages(*size))
    elif len(size) == 1:
        text = "write: device_private_register(%s, %s, %s)" % (tight(P), pages(*size), tight(N))
    note(m, text + (IF_PRIVATE if type == "either" else ""))

// What has a PFN is not device private.

@by_pfn depends on worth exists@
expression P;
identifier f =~ "GET_DEV_PAGEMAP|get_dev_pagemap";
position p;
@@
  P = f(...)
  ... when any
  \(memunmap_pages@p(P)\|devm_memunmap_pages@p(..., P)\)

@unmapped depends on worth@
expression P, D;
position p != by_pfn.p;
@@
(
  memunmap_pages@p(P)
|
  devm_memunmap_pages@p(D, P)
)

@script:python@
p << unmapped.p;
P << unmapped.P;
D << unmapped.D = "";
@@
type = kind(p, P)
if type != "other" and (type or "/mm/" not in "/" + p[0].file):
    text = "device_private_unregister() instead of memunmap_pages()"
    if D:
        text = "devm_memunmap_pages() of what devm_device_private_register() unregisters by itself"
    note(p, text + ("" if type == "private" else IF_PRIVATE))

// ---------------------------------------------------------------------------
// What patch mode changes: the region is asked for, becomes the range of one
// device private pagemap, and is used for nothing else. No variable of the name
// err is in the way.

@simple depends on patch && worth@
identifier res, R;
expression P, D, S;
symbol iomem_resource;
position a, b, c, d;
@@
  res@a = devm_request_free_mem_region(D, &iomem_resource, S);
  if (IS_ERR(res))
	return PTR_ERR(res);
  ...
  P->range.start@b = res->start;
  P->range.end@c = res->end;
  ...
  R@d = devm_memremap_pages(D, P);
  if (IS_ERR(R))
	return PTR_ERR(R);

@script:python@
a << simple.a;
res << simple.res;
R << simple.R;
P << simple.P;
S << simple.S;
@@
if not alone(a, res, R, tight(P), S):
    cocci.include_match(False)

// The declaration that comes last stays, with another type and name.

@depends on patch && worth@
identifier simple.res, simple.R;
expression simple.P, simple.D, simple.S;
symbol iomem_resource, err;
position simple.a, simple.b, simple.c, simple.d;
position gone : script:python(a) { obsolete.get(place(gone)[:2]) == place(a) };
position n : script:python(a) { function_at(n) == function_at(a) };
position last : script:python(a) { renamed.get(place(last)[:2]) == place(a) };
@@
(
- struct resource *res@gone;
|
- void *R@gone;
|
- struct resource *res@last
+ int err
  ;
|
- void *R@last
+ int err
  ;
|
- res@a = devm_request_free_mem_region(D, &iomem_resource, S);
- if (IS_ERR(res))
-	return PTR_ERR(res);
|
- P->range.start@b = res->start;
|
- P->range.end@c = res->end;
|
- P->nr_range@n = 1;
|
- R@d = devm_memremap_pages(D, P);
- if (IS_ERR(R))
-	return PTR_ERR(R);
+ err = devm_device_private_register(D, P, (S) >> PAGE_SHIFT);
+ if (err)
+	return err;
+ err = device_private_populate(P, 0, (S) >> PAGE_SHIFT);
+ if (err)
+	return err;
)

@depends on simple@
identifier i;
@@
  \(devm_device_private_register\|device_private_populate\)(...,
- (i)
+ i
  >> PAGE_SHIFT)

@depends on simple@
expression E;
identifier i;
@@
  \(devm_device_private_register\|device_private_populate\)(...,
- (E->i)
+ E->i
  >> PAGE_SHIFT)

// ---------------------------------------------------------------------------

@hit depends on worth && (context || org || report)@
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
  E = f@p
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
* E = f@p
)

@script:python depends on org@
p << hit.p;
@@
coccilib.org.print_todo(p[0], found[place(p)])

@script:python depends on report@
p << hit.p;
@@
coccilib.report.print_report(p[0], found[place(p)])

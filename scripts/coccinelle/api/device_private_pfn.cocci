// SPDX-License-Identifier: GPL-2.0-only
///
/// A device private page has no PFN and no physical address. Find where one is
/// taken from such a page, and where a page is computed from the range of a
/// device private pagemap, or the other way round. What to write instead is
/// device_private_page_index() and device_private_page().
///
// Confidence: Moderate
// Comments: Needs Python. Looks only at files that deal with device private memory.
// Comments: A page counts as device private where it was tested to be, where it is
// Comments: set up with zone_device_page_init(), and where it comes from a function
// Comments: that does so. The range of a pagemap is not reported where every path
// Comments: to it has asked for the type of the memory.
// Options: --no-includes --include-headers
//

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

SUBJECT = re.compile(r"\b(MEMORY_DEVICE_PRIVATE|is_device_private_page|"
                     r"folio_is_device_private|migrate_vma|zone_device_page_init|"
                     r"zone_device_folio_init|hmm_pfn_to_page)\b")
about = {}

def matters(p):
    """Is the file about device private memory? mm has pages of all kinds."""
    name = p[0].file
    if name not in about:
        with open(name, encoding="utf-8", errors="replace") as source:
            about[name] = bool(SUBJECT.search(source.read()))
    return about[name] and "/mm/" not in "/" + name

def pagemap(text):
    return bool(re.search(r"(pagemap|pgmap|page_pgmap\([^()]*\))$", text.replace(" ", "")))

told = set()

def tell(mode, p, text):
    """Say it once for a place."""
    if (p[0].file, p[0].line, p[0].column) not in told:
        told.add((p[0].file, p[0].line, p[0].column))
        mode(p[0], text)

// ---------------------------------------------------------------------------
// A page known to be device private.

@sets_up@
identifier fn;
@@
fn(...)
{
	<+... \(zone_device_page_init\|zone_device_folio_init\)(...) ...+>
}

@made exists@
identifier sets_up.fn;
expression P, X;
identifier f = {page_to_pfn, page_to_phys, folio_pfn, page_to_virt, page_address};
position p : script:python() { matters(p) };
@@
  P = \(fn\|device_private_page\|softleaf_to_device_private_page\|hmm_pfn_to_device_private_page\|softleaf_to_device_private_folio\)(...)
  ... when != P = X
      when any
  f@p(\(P\|&P->page\))

@tested exists@
expression P, X;
identifier f = {page_to_pfn, page_to_phys, folio_pfn, page_to_virt, page_address};
identifier t = {is_device_private_page, folio_is_device_private};
position p : script:python() { matters(p) };
@@
  if (t(P)) {
	... when != P = X
	    when any
	f@p(P)
	... when any
  }

@excluded exists@
expression P, X;
identifier f = {page_to_pfn, page_to_phys, folio_pfn, page_to_virt, page_address};
identifier t = {is_device_private_page, folio_is_device_private};
position p : script:python() { matters(p) };
@@
  if (!t(P)) { ... \(return ...;\|continue;\|break;\) }
  ... when != P = X
      when any
  f@p(P)

@initialised exists@
expression P, X;
identifier f = {page_to_pfn, page_to_phys, folio_pfn, page_to_virt, page_address};
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

// The distance between the PFN of a page and another number.

@distance@
expression P, Q, B;
identifier f = {page_to_pfn, page_to_phys, folio_pfn};
position p : script:python() { matters(p) };
@@
(
  f@p(P) - folio_pfn(Q)
|
  f@p(P) - page_to_pfn(Q)
|
  f@p(P) - (B >> PAGE_SHIFT)
|
  (f@p(P) << PAGE_SHIFT) - B
)

@kept exists@
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
)

// ---------------------------------------------------------------------------
// The range of a pagemap, unless every path to it knows the type of the memory.

@range@
expression E : script:python() { pagemap(E) };
position p : script:python() { matters(p) };
identifier m = {start, end};
@@
(
  E@p.range.m
|
  E@p->range.m
|
  range_len(&E@p.range)
|
  range_len(&E@p->range)
)

@unknown exists@
position range.p, q;
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

@private exists@
position range.p, q;
expression E, X;
@@
  if (<+... X == MEMORY_DEVICE_PRIVATE ...+>) {
	... when any
	E@p@q
	... when any
  }

@depends on context@
position made.p;
identifier f;
@@
* f@p(...)

@depends on context@
position tested.p;
identifier f;
@@
* f@p(...)

@depends on context@
position excluded.p;
identifier f;
@@
* f@p(...)

@depends on context@
position initialised.p;
identifier f;
@@
* f@p(...)

@depends on context@
position distance.p;
identifier f;
@@
* f@p(...)

@depends on context@
position kept.p;
identifier f;
@@
* f@p(...)

@depends on context@
position unknown.q;
expression E;
@@
* E@q

@depends on context@
position private.q;
expression E;
@@
* E@q

@script:python depends on org@
p << made.p;
f << made.f;
@@
tell(coccilib.org.print_todo, p, "%s() of a device private page" % f)

@script:python depends on report@
p << made.p;
f << made.f;
@@
tell(coccilib.report.print_report, p, "%s() of a device private page" % f)

@script:python depends on org@
p << tested.p;
f << tested.f;
@@
tell(coccilib.org.print_todo, p, "%s() of a device private page" % f)

@script:python depends on report@
p << tested.p;
f << tested.f;
@@
tell(coccilib.report.print_report, p, "%s() of a device private page" % f)

@script:python depends on org@
p << excluded.p;
f << excluded.f;
@@
tell(coccilib.org.print_todo, p, "%s() of a device private page" % f)

@script:python depends on report@
p << excluded.p;
f << excluded.f;
@@
tell(coccilib.report.print_report, p, "%s() of a device private page" % f)

@script:python depends on org@
p << initialised.p;
f << initialised.f;
@@
tell(coccilib.org.print_todo, p, "%s() of a device private page" % f)

@script:python depends on report@
p << initialised.p;
f << initialised.f;
@@
tell(coccilib.report.print_report, p, "%s() of a device private page" % f)

@script:python depends on org@
p << distance.p;
f << distance.f;
@@
tell(coccilib.org.print_todo, p, "%s() taken for a position in device memory" % f)

@script:python depends on report@
p << distance.p;
f << distance.f;
@@
tell(coccilib.report.print_report, p, "%s() taken for a position in device memory" % f)

@script:python depends on org@
p << kept.p;
f << kept.f;
@@
tell(coccilib.org.print_todo, p, "%s() taken for a position in device memory" % f)

@script:python depends on report@
p << kept.p;
f << kept.f;
@@
tell(coccilib.report.print_report, p, "%s() taken for a position in device memory" % f)

@script:python depends on org@
p << unknown.q;
@@
tell(coccilib.org.print_todo, p, "arithmetic on the range of a device private pagemap")

@script:python depends on report@
p << unknown.q;
@@
tell(coccilib.report.print_report, p, "arithmetic on the range of a device private pagemap")

@script:python depends on org@
p << private.q;
@@
tell(coccilib.org.print_todo, p, "arithmetic on the range of a device private pagemap")

@script:python depends on report@
p << private.q;
@@
tell(coccilib.report.print_report, p, "arithmetic on the range of a device private pagemap")

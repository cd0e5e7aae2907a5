// SPDX-License-Identifier: GPL-2.0-only
///
/// Who wants the page or the folio of a leaf entry asks softleaf_has_page() before,
/// not softleaf_has_pfn(): a device private entry refers to a page that has no PFN.
///
// Confidence: High
// Comments: A test is left alone where it also guards the use of a PFN.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

// ---------------------------------------------------------------------------

@depends on patch@
expression A, E;
@@
(
- softleaf_has_pfn(E)
+ softleaf_has_page(E)
  && <+... \(softleaf_to_page\|softleaf_to_folio\)(E) ...+>
|
  A &&
- softleaf_has_pfn(E)
+ softleaf_has_page(E)
  && <+... \(softleaf_to_page\|softleaf_to_folio\)(E) ...+>
)

@guard exists@
expression E;
position p;
@@
  if (softleaf_has_pfn@p(E)) {
	... when any
	\(softleaf_to_page\|softleaf_to_folio\)(E)
	... when any
  }

@number exists@
expression E;
position guard.p;
@@
  if (softleaf_has_pfn@p(E)) {
	... when any
	\(softleaf_to_pfn\|swp_offset_pfn\)(E)
	... when any
  }

@depends on patch && !number@
expression E;
position guard.p;
@@
- softleaf_has_pfn@p(E)
+ softleaf_has_page(E)

// ---------------------------------------------------------------------------

@both depends on context || org || report@
expression A, E;
position p;
@@
(
  softleaf_has_pfn@p(E) && <+... \(softleaf_to_page\|softleaf_to_folio\)(E) ...+>
|
  A && softleaf_has_pfn@p(E) && <+... \(softleaf_to_page\|softleaf_to_folio\)(E) ...+>
)

@depends on context@
position both.p;
@@
* softleaf_has_pfn@p(...)

@depends on context && !number@
position guard.p;
@@
* softleaf_has_pfn@p(...)

@script:python depends on org@
p << both.p;
@@
coccilib.org.print_todo(p[0], "softleaf_has_page() instead of softleaf_has_pfn()")

@script:python depends on report@
p << both.p;
@@
coccilib.report.print_report(p[0], "softleaf_has_page() instead of softleaf_has_pfn()")

@script:python depends on org && !number@
p << guard.p;
@@
coccilib.org.print_todo(p[0], "softleaf_has_page() instead of softleaf_has_pfn()")

@script:python depends on report && !number@
p << guard.p;
@@
coccilib.report.print_report(p[0], "softleaf_has_page() instead of softleaf_has_pfn()")

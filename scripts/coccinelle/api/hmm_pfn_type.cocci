// SPDX-License-Identifier: GPL-2.0-only
///
/// What hmm_range_fault() reports has a type. hmm_pfn_to_phys() is for system
/// memory only, and the page that hmm_pfn_to_page() gives may be one that neither
/// the CPU nor DMA can reach. Find where the type of the entry was not tested.
///
// Confidence: Moderate
// Comments: A caller that sets neither dev_private_owner nor dma_dev in its range gets
// Comments: to see system memory only, and need not test.
// Options: --no-includes --include-headers
//

virtual context
virtual org
virtual report

@initialize:python@
@@
told = set()

def tell(mode, p, text):
    """Say it once for a place."""
    if (p[0].file, p[0].line, p[0].column) not in told:
        told.add((p[0].file, p[0].line, p[0].column))
        mode(p[0], text)

// hmm_pfn_to_phys() must be preceded by a test, on every path.

@phys exists@
expression E;
identifier fn;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page};
position p;
@@
fn(...)
{
	... when != t(...)
	hmm_pfn_to_phys@p(E)
	... when any
}

// The page may also be tested after it was taken from the entry.

@page exists@
expression E;
identifier fn;
identifier t = {hmm_pfn_is_device_private, hmm_pfn_is_p2p, is_device_private_page,
		is_zone_device_page, folio_is_device_private, folio_is_zone_device};
position p;
@@
fn(...)
{
	... when != t(...)
	hmm_pfn_to_page@p(E)
	... when != t(...)
}

@depends on context@
position phys.p;
@@
* hmm_pfn_to_phys@p(...)

@depends on context@
position page.p;
@@
* hmm_pfn_to_page@p(...)

@script:python depends on org@
p << phys.p;
@@
tell(coccilib.org.print_todo, p, "hmm_pfn_to_phys() of an entry whose type was not tested")

@script:python depends on report@
p << phys.p;
@@
tell(coccilib.report.print_report, p, "hmm_pfn_to_phys() of an entry whose type was not tested")

@script:python depends on org@
p << page.p;
@@
tell(coccilib.org.print_todo, p, "hmm_pfn_to_page() of an entry whose type was not tested")

@script:python depends on report@
p << page.p;
@@
tell(coccilib.report.print_report, p, "hmm_pfn_to_page() of an entry whose type was not tested")

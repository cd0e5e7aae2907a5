// SPDX-License-Identifier: GPL-2.0-only
///
/// Device private memory takes no physical address space: there is nothing to ask
/// request_free_mem_region() for, and memremap_pages() refuses it. Its pagemap is
/// registered with device_private_register(), and pages of it are made with
/// device_private_populate().
///
// Confidence: Moderate
// Comments: Patch mode changes only what devm releases and what returns the errors
// Comments: as they are; everything else is reported with the line to write.
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
import re

def tight(text):
    text = text.strip()
    for a, b in ((" -> ", "->"), (" . ", "."), ("& ", "&"), (" ( ", "("), (" )", ")"),
                 (" , ", ", "), ("( ", "(")):
        text = text.replace(a, b)
    return text

def pages(size):
    size = tight(size)
    return "%s >> PAGE_SHIFT" % (size if re.match(r"(\w|->|\.)+$", size) else "(%s)" % size)

told = set()
taken = set()

def tell(mode, p, text):
    """Say it once for a place."""
    if (p[0].file, p[0].line, p[0].column) not in told:
        told.add((p[0].file, p[0].line, p[0].column))
        mode(p[0], text)

// ---------------------------------------------------------------------------
// The region is asked for, becomes the range of one pagemap, and is used for
// nothing else. No variable of the name err is in the way.

@named depends on patch@
identifier fn;
symbol err;
position p;
@@
fn(...)
{
	<+... err@p ...+>
}

@script:python@
p << named.p;
@@
taken.add((p[0].file, p[0].current_element))

@simple depends on patch@
identifier fn, res, R;
expression P, D, S;
symbol iomem_resource;
position p : script:python() { (p[0].file, p[0].current_element) not in taken };
@@
fn(...)
{
	... when != res
	res@p = devm_request_free_mem_region(D, &iomem_resource, S);
	if (IS_ERR(res))
		return PTR_ERR(res);
	... when != res
	P->range.start = res->start;
	P->range.end = res->end;
	... when != res
	    when != R
	R = devm_memremap_pages(D, P);
	if (IS_ERR(R))
		return PTR_ERR(R);
	... when != res
	    when != R
}

@depends on patch@
identifier simple.fn, simple.res, simple.R;
expression simple.P, simple.D, simple.S;
symbol iomem_resource;
@@
fn(...)
{
	<...
(
-	struct resource *res;
|
-	void *R;
+	int err;
|
-	res = devm_request_free_mem_region(D, &iomem_resource, S);
-	if (IS_ERR(res))
-		return PTR_ERR(res);
|
-	P->range.start = res->start;
|
-	P->range.end = res->end;
|
-	P->nr_range = 1;
|
-	R = devm_memremap_pages(D, P);
-	if (IS_ERR(R))
-		return PTR_ERR(R);
+	err = devm_device_private_register(D, P, (S) >> PAGE_SHIFT);
+	if (err)
+		return err;
+	err = device_private_populate(P, 0, (S) >> PAGE_SHIFT);
+	if (err)
+		return err;
)
	...>
}

// ----
@depends on simple@
identifier i;
@@
  \(devm_device_private_register\|device_private_populate\)(...,
- (i)
+ i
  >> PAGE_SHIFT)

// The whole of it in one function: the line to write can be told.

@plain exists@
expression S, P, N, res;
symbol iomem_resource;
position p, m;
@@
  res = \(request_free_mem_region@p(&iomem_resource, S, ...)\|devm_request_free_mem_region@p(..., S)\)
  ... when any
  memremap_pages@m(P, N)

@managed exists@
expression S, P, D, res;
symbol iomem_resource;
position p, m;
@@
  res = \(request_free_mem_region@p(&iomem_resource, S, ...)\|devm_request_free_mem_region@p(..., S)\)
  ... when any
  devm_memremap_pages@m(D, P)

// What is made of the address of the region, or of a pagemap that had one.

@asked@
expression res;
position p;
@@
  res = \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)

@address exists@
expression asked.res;
position p;
identifier f = {start, end};
@@
  res = \(request_free_mem_region\|devm_request_free_mem_region\)(...)
  ... when any
  res->f@p

@typed exists@
expression P, Q;
position m;
@@
  P.type = MEMORY_DEVICE_PRIVATE
  ... when != P.type = Q
  \(memremap_pages@m(&P, ...)\|devm_memremap_pages@m(..., &P)\)

@typed_pointer exists@
expression P, Q;
position m;
@@
  P->type = MEMORY_DEVICE_PRIVATE
  ... when != P->type = Q
  \(memremap_pages@m(P, ...)\|devm_memremap_pages@m(..., P)\)

@released@
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

@depends on context@
position asked.p;
@@
* \(request_free_mem_region@p\|devm_request_free_mem_region@p\)(...)

@depends on context@
position typed.m;
@@
* \(memremap_pages@m\|devm_memremap_pages@m\)(...)

@depends on context@
position typed_pointer.m;
@@
* \(memremap_pages@m\|devm_memremap_pages@m\)(...)

@depends on context@
position released.p;
@@
* \(release_mem_region@p\|devm_release_mem_region@p\)(...)

@script:python depends on org@
m << plain.m;
S << plain.S;
P << plain.P;
N << plain.N;
@@
tell(coccilib.org.print_todo, m, "write: device_private_register(%s, %s, %s)" % (tight(P), pages(S), tight(N)))

@script:python depends on report@
m << plain.m;
S << plain.S;
P << plain.P;
N << plain.N;
@@
tell(coccilib.report.print_report, m, "write: device_private_register(%s, %s, %s)" % (tight(P), pages(S), tight(N)))

@script:python depends on org@
m << managed.m;
S << managed.S;
P << managed.P;
D << managed.D;
@@
tell(coccilib.org.print_todo, m, "write: devm_device_private_register(%s, %s, %s)" % (tight(D), tight(P), pages(S)))

@script:python depends on report@
m << managed.m;
S << managed.S;
P << managed.P;
D << managed.D;
@@
tell(coccilib.report.print_report, m, "write: devm_device_private_register(%s, %s, %s)" % (tight(D), tight(P), pages(S)))

@script:python depends on org@
m << typed.m;
@@
tell(coccilib.org.print_todo, m, "a device private pagemap is registered with device_private_register()")

@script:python depends on report@
m << typed.m;
@@
tell(coccilib.report.print_report, m, "a device private pagemap is registered with device_private_register()")

@script:python depends on org@
m << typed_pointer.m;
@@
tell(coccilib.org.print_todo, m, "a device private pagemap is registered with device_private_register()")

@script:python depends on report@
m << typed_pointer.m;
@@
tell(coccilib.report.print_report, m, "a device private pagemap is registered with device_private_register()")

@script:python depends on org@
p << asked.p;
@@
tell(coccilib.org.print_todo, p, "device private memory takes no physical address space")

@script:python depends on report@
p << asked.p;
@@
tell(coccilib.report.print_report, p, "device private memory takes no physical address space")

@script:python depends on org@
p << address.p;
@@
tell(coccilib.org.print_todo, p, "device private memory has no physical address")

@script:python depends on report@
p << address.p;
@@
tell(coccilib.report.print_report, p, "device private memory has no physical address")

@script:python depends on org@
p << released.p;
@@
tell(coccilib.org.print_todo, p, "there is no region to release")

@script:python depends on report@
p << released.p;
@@
tell(coccilib.report.print_report, p, "there is no region to release")


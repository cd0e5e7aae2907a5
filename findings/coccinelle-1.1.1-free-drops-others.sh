#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A declaration with __free(kfree) makes spatch drop other functions of the file,
# those that call kfree(), without a word.
#
# Versions: Debian 12, coccinelle 1.1.1.deb-2+b1 (spatch 1.1.1, OCaml 4.13.1).
# Expected: an attribute that spatch does not know costs at most the function it is
#           in; what is dropped is an error, or at least told.
# Seen:     "struct box *b __free(kfree) = make();" is parsed: rules see b, of a type
#           that ends in "() __free", and kfree is taken for the name of a type from
#           there on. A later function with "kfree(x->p);" then does not parse. It is
#           matched by no rule, spatch prints nothing and exits with 0. Without the
#           attribute in the first function all are seen, and so they are if the
#           semantic patch says "attribute name __free;". The same declaration as a
#           macro in --macro-file changes nothing, as the first parse did not fail.
# Linux 7.3.4 has two thousand such declarations. Semantic patches for it need the
# line "attribute name __free;". This script fails if that is not so any more.
set -eu

VERSION=1.1.1.deb-2+b1

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

[ "$(dpkg-query -W -f '${Version}' coccinelle 2>/dev/null)" = "$VERSION" ] ||
	apt-get install -q -y --no-install-recommends "coccinelle=$VERSION" >/dev/null
spatch --version | head -n 1

cat > with.c <<'C'
void *make(void);
void kfree(const void *p);
struct box { void *p; };

int first(void)
{
	struct box *b __free(kfree) = make();

	return !b;
}

void second(struct box *x)
{
	kfree(x->p);
}
C
sed 's/ __free(kfree)//' with.c > without.c
printf '#define __free(f)\n' > macros.h
cat > plain.cocci <<'C'
@r@
identifier f;
@@
f(...) { ... }

@script:python@
f << r.f;
@@
print(f)
C
sed 's/^identifier f;/&\nattribute name __free;/' plain.cocci > told.cocci

seen() {
	spatch --very-quiet "$@" 2>&1 | sort | tr '\n' ' '
}

without=$(seen --cocci-file plain.cocci without.c)
with=$(seen --cocci-file plain.cocci with.c)
macro=$(seen --macro-file macros.h --cocci-file plain.cocci with.c)
told=$(seen --cocci-file told.cocci with.c)
echo "without the attribute: $without"
echo "with it:               $with"
echo "with a macro file:     $macro"
echo "attribute name __free: $told"
[ "$without" = "first second " ]
[ "$with" = "first " ]
[ "$macro" = "first " ]
[ "$told" = "first second " ]

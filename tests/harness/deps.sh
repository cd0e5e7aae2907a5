#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Install what the harness needs: with apt as root, else say what to install.
# usage: deps.sh [arch|32bit|bench]	what make check-arch, check-unchanged or bench needs, too
set -u

missing=
need() {	# need <command or file> <Debian package>
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac || missing="$missing $2"
}

need git git
need python3 python3
need perl perl
need make make
need gcc gcc
need ar binutils
need flex flex
need bison bison
need bc bc
need powerpc64le-linux-gnu-gcc gcc-powerpc64le-linux-gnu
need spatch coccinelle
need cpio cpio
need xz xz-utils
need gzip gzip
need ccache ccache
need qemu-system-x86_64 qemu-system-x86
need /usr/include/libelf.h libelf-dev
need "$(gcc -print-file-name=libc.a 2>/dev/null | grep / || echo /none)" libc6-dev
need /etc/ssl/certs/ca-certificates.crt ca-certificates

if [ "${1-}" = arch ]; then
	for pair in aarch64-linux-gnu:arm64 riscv64-linux-gnu:riscv64 s390x-linux-gnu:s390x \
		powerpc64le-linux-gnu:ppc64el mips64el-linux-gnuabi64:mips64el \
		sparc64-linux-gnu:sparc64; do
		cross=${pair%:*}
		need "$cross-gcc" "gcc-$cross"
		need "/usr/$cross/lib/libc.a" "libc6-dev-${pair#*:}-cross"
	done
	need hppa64-linux-gnu-gcc gcc-hppa64-linux-gnu
	need hppa-linux-gnu-gcc gcc-hppa-linux-gnu
	need qemu-system-aarch64 qemu-system-arm
	need qemu-system-riscv64 qemu-system-misc
	need qemu-system-s390x qemu-system-misc
	need qemu-system-ppc64 qemu-system-ppc
	need qemu-system-mips64el qemu-system-mips
	need qemu-system-sparc64 qemu-system-sparc
fi

if [ "${1-}" = 32bit ]; then
	need arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf
fi

if [ "${1-}" = bench ]; then
	need gnuplot gnuplot-nox
fi

[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "error: packages are missing; as root run: apt-get install$missing" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "error: install these (Debian names) with this system's packager:$missing" >&2
	exit 1
fi
echo "installing$missing"
apt-get update -q >/dev/null || echo "apt-get update failed; trying with the lists there are" >&2
# shellcheck disable=SC2086	# a list of words
if ! DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing; then
	echo "error: apt-get install failed for:$missing; install them by hand and run again" >&2
	exit 1
fi

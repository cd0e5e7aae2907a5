#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU 7.2 for powerpc64 with a host thread for each CPU: a broadcast tlbie and
# the ptesync after it complete while another CPU still uses the old translation.
#
# Versions: Debian 12, qemu-system-ppc 1:7.2+dfsg-7+deb12u18+b3 (QEMU 7.2.22),
#           linux-image-6.1.0-50-powerpc64le 6.1.176-1,
#           gcc-powerpc64le-linux-gnu 4:12.2.0-3, libc6-dev-ppc64el-cross 2.36-8cross1.
#           "--with-newer" adds Debian 13's qemu-system-ppc 1:10.0.13+ds-0+deb13u1.
# Expected: a page keeps its content once mprotect(PROT_READ) has returned.
# Seen:     another CPU goes on and stores into the page, up to the end of its
#           block of translated code. QEMU asks that CPU to drop the translation
#           and runs the next instruction before this is done. What Linux does
#           after mprotect(), munmap() or a page's migration races with such
#           stores. The page keeps its content with "-accel tcg,thread=single", and
#           with Linux's "disable_tlbie", which sends interrupts in place of tlbie.
# Fixed:    in QEMU 9.1, by its commit 82676f1fc4b1, sent to qemu-devel in April
#           2024 as "target/ppc: Fix broadcast tlbie synchronisation".
# This script fails if that is not so any more: 1 says it changed, 2 says that the
# set-up went wrong.
set -eu

QEMU=1:7.2+dfsg-7+deb12u18+b3
NEWER=1:10.0.13+ds-0+deb13u1
GCC=4:12.2.0-3
LIBC=2.36-8cross1
KERNEL=linux-image-6.1.0-50-powerpc64le=6.1.176-1

trouble() {
	echo "set-up: $*" >&2
	exit 2
}

dir=$(mktemp -d) || trouble "no temporary folder"
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' INT TERM
cd "$dir"

need() {
	[ "$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null)" = "$2" ] ||
		apt-get install -q -y --no-install-recommends "$1=$2" >/dev/null ||
		trouble "$1 $2 cannot be installed"
}
need qemu-system-ppc "$QEMU"
need gcc-powerpc64le-linux-gnu "$GCC"
need libc6-dev-ppc64el-cross "$LIBC"
command -v cpio >/dev/null || trouble "cpio is missing"

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
	'Release: bookworm' 'Component: main' | head -n 1)
[ "$mirror" ] || trouble "apt has no mirror of bookworm"

# fetch FOLDER RELEASE ARCHITECTURE COMMAND...: unpacks what this apt-get command
# fetches. Its lists are its own: the machine's packages stay as they are.
fetch() {
	folder=$dir/$1 release=$2 arch=$3
	shift 3
	mkdir -p "$folder/apt/lists/partial" "$folder/debs/partial"
	cd "$folder/debs"
	: > ../apt/status
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror $release main" > ../apt/sources.list
	cat > ../apt/apt.conf <<-END
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Sandbox::User "root";
		Acquire::Languages "none";
		Dir::State "$folder/apt";
		Dir::State::status "$folder/apt/status";
		Dir::Etc::sourcelist "$folder/apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Cache "$folder/apt";
		Dir::Cache::archives "$folder/debs";
	END
	(
		export APT_CONFIG="$folder/apt/apt.conf"
		apt-get update -q && apt-get -q -y "$@"
	) > ../apt/log 2>&1 || trouble "fetch failed: $(tail -n 3 ../apt/log)"
	for deb in *.deb; do
		dpkg-deb -x "$deb" ..
	done
	cd "$dir"
}
fetch kernel bookworm ppc64el download "$KERNEL"

# Two CPUs share a page. One stores into it without end. The other one takes the
# right to write away, and looks at the page before and after the writer's fault.
cat > init.c <<'END'
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <unistd.h>

#define ROUNDS 500

static volatile unsigned long *page;
static volatile int read_only, fault;

static void check(int failed, const char *what)
{
	if (!failed)
		return;
	printf("\n%s failed\n", what);
	sleep(1);
	reboot(RB_POWER_OFF);
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

static void protect(int prot)
{
	check(mprotect((void *)page, getpagesize(), prot), "mprotect");
}

static void on_fault(int sig)
{
	fault = 1;
	while (read_only)
		;
}

/* Many stores without a branch: QEMU translates them as one long block. */
static void *writer(void *unused)
{
	unsigned long n = 0;

	run_on(1);
	for (;;)
		asm volatile(".rept 200\n\taddi %0,%0,1\n\tstd %0,0(%1)\n\t.endr"
			     : "+b" (n) : "b" (page) : "memory");
	return NULL;
}

int main(void)
{
	unsigned long before, after, most = 0;
	int round, changed = 0;
	pthread_t thread;

	page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(page == MAP_FAILED, "mmap");
	signal(SIGSEGV, on_fault);
	run_on(0);
	check(pthread_create(&thread, NULL, writer, NULL), "pthread_create");
	for (round = 0; round < ROUNDS; round++) {
		before = *page;
		while (*page == before)
			usleep(1000);

		fault = 0;
		read_only = 1;
		protect(PROT_READ);
		before = *page;
		while (!fault)
			usleep(1000);
		after = *page;
		if (after != before)
			changed++;
		if (after - before > most)
			most = after - before;

		protect(PROT_READ | PROT_WRITE);
		read_only = 0;
	}
	printf("\nchanged in %d of %d rounds, by up to %lu stores\n", changed, round, most);
	sleep(1);
	reboot(RB_POWER_OFF);
	return 0;
}
END
mkdir initrd
powerpc64le-linux-gnu-gcc -O2 -Wall -static -pthread -o initrd/init init.c ||
	trouble "the program does not compile"
(cd initrd && echo init | cpio -o -H newc --quiet) > initrd.img

# All CPUs share one CPU of the host. So the writer's thread usually stands still
# in the middle of a block while the other one runs, as it does on a busy host.
cpu=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
boot() {
	name=$1 options=$2
	shift 2
	timeout 180 taskset -c "$cpu" "$@" -cpu power9 -smp 2 -m 1G \
		-M pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off \
		-nodefaults -display none -no-reboot -serial stdio \
		-kernel kernel/boot/vmlinux-* -initrd initrd.img \
		-append "console=hvc0 panic=-1 quiet $options" </dev/null 2>&1 | tr -d '\r' > console
	result=$(grep '^changed in' console) || trouble "$name: $(tail -n 5 console)"
	echo "$name: $result"
}

qemu-system-ppc64 --version | head -n 1
echo "expected: changed in 0 of 500 rounds"
boot thread=multi "" qemu-system-ppc64 -accel tcg,thread=multi
multi=$result
boot thread=single "" qemu-system-ppc64 -accel tcg,thread=single
single=$result
boot "thread=multi, disable_tlbie" disable_tlbie qemu-system-ppc64 -accel tcg,thread=multi
interrupts=$result
newer=
if [ "${1-}" = --with-newer ]; then
	fetch newer trixie amd64 install -d --no-install-recommends "qemu-system-ppc=$NEWER"
	set -- "$dir"/newer/usr/lib64/ld-linux-x86-64.so.2 \
		--library-path "$dir/newer/usr/lib/x86_64-linux-gnu" \
		"$dir/newer/usr/bin/qemu-system-ppc64"
	"$@" --version | head -n 1
	boot thread=multi "" "$@" -L "$dir/newer/usr/share/qemu" -accel tcg,thread=multi
	newer=$result
fi

for result in "$single" "$interrupts" "$newer"; do
	case $result in
	"" | "changed in 0 of"*) ;;
	*) echo "it changed: more than tlbie with thread=multi is at fault"; exit 1 ;;
	esac
done
case $multi in
"changed in 0 of"*) echo "it changed: tlbie with thread=multi waits"; exit 1 ;;
esac
echo "as described: with thread=multi stores reach the page after mprotect() has returned"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# QEMU for MIPS misses a pending interrupt when the instruction that enables
# interrupts stands in the delay slot of a branch.
#
# Versions: Debian 12, qemu-system-mips 1:7.2+dfsg-7+deb12u18+b3 (QEMU 7.2.22),
#           gcc-mips64el-linux-gnuabi64 4:12.2.0-4.
#           Debian 13's qemu-system-mips 1:10.0.13+ds-0+deb13u1 does the same. A
#           command of another QEMU can follow as arguments: it is run as well.
# Expected: a timer interrupt is pending, and "ei" or "mtc0" sets Status.IE. After
#           "ehb" the CPU takes the interrupt, wherever "ei" or "mtc0" stands.
# Seen:     the CPU takes it if "ei" or "mtc0" stands before the branch. In the
#           delay slot of "jr", "b" or "beq" they set Status.IE, and the CPU goes
#           on without the interrupt, in most cases for 100000 rounds of an empty
#           loop too. It takes the interrupt at once when it then reads Count. The
#           same with "-accel tcg,thread=single"; with "-icount" too, but for the
#           empty loop, which is long enough there.
# Reason:   QEMU looks for interrupts in its main loop. "ei", "mtc0" and a read of
#           Count end a block of translated code with a return to that loop. In a
#           delay slot the branch decides how the block ends: gen_branch() goes on
#           to the next block directly.
#           Linux can miss its timer that way in the idle loop: a function that
#           only enables interrupts can end with "jr" and "ei" in the delay
#           slot, and the idle loop disables them again soon.
# Known:    for MicroBlaze, where QEMU was changed: sent to qemu-devel in August 2020
#           as "target/microblaze: Handle DISAS_EXIT_NEXT in delay slot". For MIPS
#           no report was found.
# This script fails if that is not so any more: 1 says it changed, 2 says that the
# set-up went wrong.
set -eu

QEMU=1:7.2+dfsg-7+deb12u18+b3
GCC=4:12.2.0-4

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
need qemu-system-mips "$QEMU"
need gcc-mips64el-linux-gnuabi64 "$GCC"

# The handler counts, and clears the interrupt: Compare gets a value that Count has
# just passed. The functions below it enable interrupts, with $4 for Status.
cat > start.S <<'END'
	.set	noreorder
	.set	noat
	.text
	.globl	_start, base, taken
	.globl	ei_before_jr, ei_in_jr, mtc0_before_jr, mtc0_in_jr, ei_in_b, ei_in_beq

	.balign	4096
base:
	.org	base + 0x180
	lui	$26, %hi(taken)
	lw	$27, %lo(taken)($26)
	addiu	$27, $27, 1
	sw	$27, %lo(taken)($26)
	mfc0	$26, $9
	addiu	$26, $26, -1
	mtc0	$26, $11
	ehb
	eret

_start:
	lui	$29, 0x8020
	j	main
	nop

ei_before_jr:
	ei
	ehb
	jr	$31
	nop

ei_in_jr:
	jr	$31
	ei

mtc0_before_jr:
	mtc0	$4, $12
	ehb
	jr	$31
	nop

mtc0_in_jr:
	jr	$31
	mtc0	$4, $12

ei_in_b:
	b	1f
	ei
	nop
1:	ehb
	jr	$31
	nop

ei_in_beq:
	beq	$4, $4, 1f
	ei
	nop
1:	ehb
	jr	$31
	nop

	.bss
taken:	.space	4
END

cat > main.c <<'END'
#define ROUNDS 1000

#define KSEG1(address)	((volatile unsigned char *)(long)(int)(0xa0000000 + (address)))
#define UART		KSEG1(0x180003f8)
#define RESET		KSEG1(0x1f000500)

#define COUNT		"$9"
#define COMPARE		"$11"
#define STATUS		"$12"
#define CAUSE		"$13"
#define EBASE		"$15, 1"

#define get(from) ({ unsigned v; asm volatile("mfc0 %0, " from : "=r" (v)); v; })
#define set(to, v) asm volatile("mtc0 %0, " to "\n\tehb" : : "r" (v) : "memory")

#define IE		0x0001
#define TIMER		0x8000

typedef void enable_t(unsigned status);

extern enable_t ei_before_jr, ei_in_jr, mtc0_before_jr, mtc0_in_jr, ei_in_b, ei_in_beq;
extern char base[];
extern volatile unsigned taken;

static void put(char c)
{
	while (!(UART[5] & 0x20))
		;
	*UART = c;
}

static void print(const char *text)
{
	while (*text)
		put(*text++);
}

static void print_number(unsigned n)
{
	if (n > 9)
		print_number(n / 10);
	put('0' + n % 10);
}

/* Count can pass Compare before Compare is written: then the next try does it. */
static void make_pending(void)
{
	unsigned match;

	do {
		match = get(COUNT) + 10000;
		set(COMPARE, match);
		while ((int)(get(COUNT) - match) < 1000)
			;
	} while (!(get(CAUSE) & TIMER));
}

static void clear_pending(void)
{
	set(COMPARE, get(COUNT) - 1);
}

/*
 * The first two rounds have no interrupt. They are there for "b" and "beq": QEMU
 * connects two blocks when one follows the other without an interrupt.
 */
static void test(const char *name, enable_t *enable, unsigned loops, int count)
{
	unsigned round, i;

	clear_pending();
	for (round = 0; round < ROUNDS + 2; round++) {
		if (round == 2)
			taken = 0;
		if (round >= 2)
			make_pending();
		enable(get(STATUS) | IE);
		asm volatile("ehb; nop; nop; nop" : : : "memory");
		for (i = loops; i; i--)
			asm volatile("");
		if (count)
			get(COUNT);
		asm volatile("di; ehb" : : : "memory");
		clear_pending();
	}
	print(name);
	print(": ");
	print_number(taken);
	print("\n");
}

void main(void)
{
	set(EBASE, (unsigned)(long)base);
	set(CAUSE, 0);
	set(STATUS, TIMER);

	test("control: ei, then jr", ei_before_jr, 0, 0);
	test("control: mtc0, then jr", mtc0_before_jr, 0, 0);
	test("control: jr, ei, then mfc0 of Count", ei_in_jr, 0, 1);
	test("slot: jr, ei", ei_in_jr, 0, 0);
	test("slot: jr, mtc0", mtc0_in_jr, 0, 0);
	test("slot: b, ei", ei_in_b, 0, 0);
	test("slot: beq, ei", ei_in_beq, 0, 0);
	test("slot: jr, ei, then an empty loop", ei_in_jr, 100000, 0);
	print("end\n");

	*RESET = 0x42;
	for (;;)
		;
}
END
mips64el-linux-gnuabi64-gcc -O2 -Wall -Wno-main -march=mips64r2 -mabi=64 -msym32 \
	-mno-abicalls -fno-pic -G0 -msoft-float -ffreestanding -nostdlib -static \
	-Wl,-Ttext-segment=0xffffffff80100000,-e,_start,--build-id=none \
	-o program start.S main.c || trouble "the program does not compile"

# numbers KIND: how often the interrupt was taken, for each test of this kind.
numbers() {
	sed -n "s/^$1: .*: //p" console
}

# try COMMAND...: the program ends with a reset, which ends QEMU.
changed=
try() {
	"$@" --version | head -n 1
	timeout 60 "$@" -M malta -cpu MIPS64R2-generic -m 64 -nodefaults -display none \
		-no-reboot -serial stdio -kernel program </dev/null > console 2>&1 || :
	[ "$(tail -n 1 console)" = end ] || trouble "$1: $(tail -n 5 console)"
	sed '$d; s/^/  /' console
	for n in $(numbers control); do
		[ "$n" = 1000 ] || changed="more than delay slots is at fault"
	done
	for n in $(numbers slot); do
		[ "$n" -lt 500 ] || changed="interrupts are taken after a delay slot"
	done
}

echo "expected: the interrupt is taken in 1000 rounds of 1000, in each line"
try qemu-system-mips64el
[ $# = 0 ] || try "$@"

[ -z "$changed" ] || { echo "it changed: $changed"; exit 1; }
echo "as described: the interrupt is missed when it is enabled in a delay slot"

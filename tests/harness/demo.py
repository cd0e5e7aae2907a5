# SPDX-License-Identifier: GPL-2.0
"""make demo: boot the kernel in a small machine and show the demo's output alone, then in
one with PCI devices that access each other's memory."""

import guest
from common import entry, say

# 36 bits of physical address space: no room for a large device in it.
MACHINE = {"mem": "2G", "cpu": "qemu64,phys-bits=36"}
P2P = "device_private_p2p"
TABLE = "# p2p: "


def demo():
    inside = False

    def show(line):
        nonlocal inside
        if line.startswith("guest: "):
            inside = line.startswith("guest: start ")
        elif inside:
            say(line)

    result = guest.boot(["demo"], "demo", show=show, **MACHINE,
                        append="kunit.enable=0 test_hmm.private_gib=1024")
    return judge(result, "demo")


def p2p():
    def show(line):
        if line.startswith(TABLE) and not line.startswith(f"{TABLE}path: "):
            say(line[len(TABLE):])

    say("\nP2P: what another device gets of a page of device-private memory\n")
    say(f"{'case':36}| type    | mapped by   |  bytes | residency")
    result = guest.boot([P2P], "demo-p2p", show=show, qemu=guest.P2P_DEVICES,
                        append="kunit.enable=0 transparent_hugepage=madvise")
    failed = judge(result, P2P)
    totals = next((line for line in result.output if line.startswith("# Totals:")), "no totals")
    say(f"demo: P2P {totals[2:]}")
    return failed


def judge(result, program):
    for line in result.bad_lines():
        say(f"kernel: {line}")
    return int(result.status(program) != 0 or bool(result.bad_lines()))


def main(_):
    return int(bool(demo() | p2p()))


if __name__ == "__main__":
    entry(main)

# SPDX-License-Identifier: GPL-2.0
"""make demo: boot the kernel in a small machine and show the demo's output alone."""

import guest
from common import entry, say

# 36 bits of physical address space: no room for a large device in it.
MACHINE = {"mem": "2G", "cpu": "qemu64,phys-bits=36"}


def main(_):
    inside = False

    def show(line):
        nonlocal inside
        if line.startswith("guest: "):
            inside = line.startswith("guest: start ")
        elif inside:
            say(line)

    result = guest.boot(["demo"], "demo", append="kunit.enable=0 test_hmm.private_gib=1024", show=show, **MACHINE)
    for line in result.bad_lines():
        say(f"kernel: {line}")
    return int(result.status("demo") != 0 or bool(result.bad_lines()))


if __name__ == "__main__":
    entry(main)

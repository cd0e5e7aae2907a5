# SPDX-License-Identifier: GPL-2.0
"""make bench: what the series costs, beside the base, in instructions per page.

Two kernels of one configuration, as production kernels are built, run the program
bench with one CPU in QEMU, which counts instructions. BENCH=NAME takes only the
operations whose names start with it.
"""

import os
import re
from dataclasses import replace

import check
import guest
import kernel
import static
from common import Stop, entry, lock, say
from kernel import CONFIGS, X86, Config

SERIES = Config("bench-series", (*X86.fragments, CONFIGS / "bench.config"))
ONE_CPU = replace(guest.PC, cpus="1")


def results(lines):
    """Operation -> (min, median, max)."""
    found = {}
    for line in lines:
        if line.startswith("bench: error:"):
            raise Stop(line.removeprefix("bench: error: "))
        if match := re.fullmatch(r"bench: (\S+) (\S+) (\S+) (\S+)", line):
            found[match[1]] = tuple(map(float, match.groups()[1:]))
    return found


def measure(config):
    kernel.build(config)
    program = ",".join(["bench", *filter(None, [os.environ.get("BENCH")])])
    done = guest.boot([program], config.name, machine=ONE_CPU, kernel=config.image,
                      append=check.BOOT, accel="tcg")
    if done.status("bench"):
        raise Stop(f"bench failed in build/{config.name}: {done.output[-3:]}")
    return results(done.output)


def table(base, series):
    """Rows of text: operation, base, series, ratio, the wider spread of both."""
    rows = [("operation", "base", "series", "ratio", "spread")]
    for name in series:
        if name not in base:
            rows.append((name, "-", f"{series[name][0]:.1f}", "-", "-"))
            continue
        old, new = base[name], series[name]
        spread = max((worst - best) / best for best, _, worst in (old, new))
        rows.append((name, f"{old[0]:.1f}", f"{new[0]:.1f}", f"{new[0] / old[0]:.3f}",
                     f"{100 * spread:.2f} %"))
    return rows


def main(_):
    with lock():
        base = replace(SERIES, name="bench-base", source=static.base_tree(), lenient=True)
        old, new = measure(base), measure(SERIES)
    if not new:
        raise Stop(f"BENCH={os.environ.get('BENCH')}: no operation has such a name")
    for row in table(old, new):
        say(f"{row[0]:22}" + "".join(f"{cell:>12}" for cell in row[1:]))
    say("instructions per page of 4K: the best of nine rounds, without what no page costs")
    return 0


if __name__ == "__main__":
    entry(main)

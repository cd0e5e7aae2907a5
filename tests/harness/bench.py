# SPDX-License-Identifier: GPL-2.0
"""make bench: what operations on memory cost with the series, beside the base.

In QEMU, which counts instructions, kernels of one configuration run the program bench with
one CPU. By um they run it natively, in turns, and nanoseconds are compared in pairs. BENCH=NAME
takes only the operations whose names start with it. The tables in the README and the plots are
written if all operations were taken.
"""

import os
import platform
import re
import statistics
import subprocess
from dataclasses import replace

import check
import guest
import kernel
import static
from common import TOP, Stop, entry, git, lock, say, write
from kernel import CONFIGS, UM, Config

SERIES = Config("bench-series", (CONFIGS / "arch.config", CONFIGS / "bench.config"))
UM_SERIES = replace(UM, name="bench-um-series",
                    fragments=(CONFIGS / "um.config", CONFIGS / "bench-um.config"))
ONE_CPU = replace(guest.PC, cpus="1")
README = TOP / "README.md"
PLACE = TOP / "tests/bench"
NAMES = os.environ.get("BENCH", "").split(",") if os.environ.get("BENCH") else []
PAIRS = 5
# A spread from which on a ratio of times tells nothing.
NOISE = 0.5
HEADS = ("operation", "base", "series", "ratio", "reach", "spread")

# What the ratio is to come to, by the start of the operation's name; the first that fits.
REACH = {
    "snapshot-own-4K": 0.75,
    "snapshot-foreign-4K": 0.90,
    "snapshot-own-2M-sparse": 0.05,
    "snapshot-own-2M": 0.90,
    "populate-device": 0.50,
    "fork-swap": 1.001,
    **dict.fromkeys(("snapshot-", "fork-device", "exit-device", "munmap-device", "mprotect-device",
                     "mremap-device", "fault-back", "to-", "split-", "release-"), 1.00),
    "": 1.001,
}


def reach(name):
    return next(ratio for start, ratio in REACH.items() if name.startswith(start))


def results(lines):
    """Operation -> (min, median, max)."""
    found = {}
    for line in lines:
        if line.startswith("bench: error:"):
            raise Stop(line.removeprefix("bench: error: "))
        if match := re.fullmatch(r"bench: (\S+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+)", line):
            found[match[1]] = tuple(map(float, match.groups()[1:]))
    return found


def program(*options, names=None):
    return ",".join(["bench", *options, *(NAMES if names is None else names)])


def told(done, name):
    if done.status("bench"):
        raise Stop(f"bench failed in build/{name}: {' / '.join(done.output[-3:])}")
    return results(done.output)


def count(config, *options, names=None):
    """Instructions per page, by QEMU."""
    kernel.build(config)
    return told(guest.boot([program(*options, names=names)], config.name, machine=ONE_CPU, kernel=config.image,
                           append=check.BOOT, accel="tcg"), config.name)


def clock(config, *options):
    """Nanoseconds per page, by um."""
    return told(guest.boot_um([program("-n", *options)], config.name, kernel=config.image),
                config.name)


# --- what is made of them ---

def counted(base, series):
    """Rows of the table of instructions: the medians, and how far rounds are from each other."""
    rows = []
    for name, (_, middle, _) in series.items():
        row = dict.fromkeys(HEADS, "-")
        row.update(operation=name, series=f"{middle:.1f}")
        if name in base:
            before = base[name][1]
            wide = max(most - least for least, _, most in (base[name], series[name])) / before
            row.update(base=f"{before:.1f}", spread=f"{100 * wide:.2f} %")
            judge(row, name, middle / before)
        rows.append(row)
    return rows


def judge(row, name, ratio):
    limit = reach(name)
    row["ratio"] = f"{ratio:.3f}"
    row["reach"] = f"{limit:g}" if round(ratio, 3) <= limit else f"{limit:g}, missed"


def timed(pairs):
    """Rows of the table of nanoseconds: medians over the pairs, and of the pairs' ratios.

    The spread is that of the ratios, or of the series where the base has nothing to compare.
    """
    rows = []
    for name in pairs[0][1]:
        row = dict.fromkeys(HEADS, "-")
        series = [after[name][1] for _, after in pairs]
        row.update(operation=name, series=f"{statistics.median(series):.0f}",
                   spread=f"{100 * spread(series):.0f} %")
        if all(name in before for before, _ in pairs):
            base = [before[name][1] for before, _ in pairs]
            ratios = [new / old for old, new in zip(base, series)]
            wide = spread(ratios)
            row.update(base=f"{statistics.median(base):.0f}", spread=f"{100 * wide:.0f} %",
                       ratio=f"{statistics.median(ratios):.3f}" if wide <= NOISE else "-")
        rows.append(row)
    return rows


def spread(values):
    """Of the middle half, relative to the median."""
    low, middle, high = statistics.quantiles(values)
    return abs((high - low) / middle)


def markdown(rows):
    lines = ["| " + " | ".join(HEADS) + " |", "|---|" + "---:|" * (len(HEADS) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row[head] for head in HEADS) + " |"
                              for row in rows]) + "\n"


def show(rows):
    width = {head: max(len(head), *(len(row[head]) for row in rows)) for head in HEADS}
    for row in ({head: head for head in HEADS}, *rows):
        say("  ".join(row[head].rjust(width[head]) if head != "operation"
                      else row[head].ljust(width[head]) for head in HEADS))


def in_readme(name, text, command="bench"):
    """Put a table where the README shows it."""
    whole = README.read_text()
    start, end = (f"<!-- {word} of {name} by make {command} -->\n" for word in ("start", "end"))
    if start not in whole or end not in whole:
        raise Stop(f"README.md: the lines that hold {name} are gone: {start.strip()}")
    write(README, whole[:whole.index(start) + len(start)] + text + whole[whole.index(end):])


def plot(name, title, rows):
    """The ratios, as an SVG by gnuplot."""
    data = "".join(f'"{row["operation"]}" {row["ratio"]}\n' for row in rows if row["ratio"] != "-")
    done = subprocess.run(["gnuplot", "-e", f"title='{title}'; data='/dev/stdin'",
                           str(PLACE / "ratios.gp")], input=data, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Stop(f"gnuplot cannot plot {name}: {done.stderr.strip()[-200:]}")
    write(PLACE / f"{name}.svg", done.stdout)


def versions():
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True,
                         check=True).stdout.strip()
    qemu = subprocess.run([guest.PC.qemu, "--version"], capture_output=True, text=True,
                          check=True).stdout.split()[3]
    return (f"gcc {gcc}, QEMU {qemu}, {platform.machine()}, tree "
            f"{git('rev-parse', '--short=8', 'HEAD^{tree}').strip()} of build/linux")


# --- the self-test: a slowdown that is planted is seen ---

def self_test(honest):
    """Loops that cost a few per cent of an operation, and nothing else, show as such."""
    name = "fork-RAM-4K"
    slow = count(SERIES, "-x", "20", names=[name])[name]
    row = counted({name: honest[name]}, {name: slow})[0]
    if not row["reach"].endswith("missed"):
        raise Stop(f"the self-test failed: {name} with a planted slowdown has ratio {row['ratio']}")
    say(f"self-test: {name} with 20 loops a page more: ratio {row['ratio']}, seen")


def instructions():
    base = replace(SERIES, name="bench-base", source=static.base_tree(), lenient=True)
    old, new = count(base), count(SERIES)
    if not new:
        raise Stop(f"BENCH={','.join(NAMES)}: no operation has such a name, see tests/guest/bench.c")
    if "fork-RAM-4K" in new:
        self_test(new)
    return counted(old, new)


def nanoseconds():
    base = replace(UM_SERIES, name="bench-um-base", source=static.base_tree(), lenient=True)
    for config in (base, UM_SERIES):
        kernel.build(config)
    return timed([(clock(base), clock(UM_SERIES)) for _ in range(PAIRS)])


def main(_):
    with lock():
        tables = {"instructions": instructions(), "nanoseconds": nanoseconds()}
    for name, rows in tables.items():
        say(f"{name} per page of 4K")
        show(rows)
        if not NAMES:
            in_readme(name, markdown(rows))
            plot(name, f"{name} per page, series to base", rows)
    say(versions())
    if NAMES:
        say("the README and the plots are as they were: not all operations were taken")
    else:
        in_readme("versions", versions() + "\n")
    return 0


if __name__ == "__main__":
    entry(main)

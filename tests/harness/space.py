# SPDX-License-Identifier: GPL-2.0
"""make check-space: device-private memory and physical address space, base beside series.

Kernels of the base and of the series have tests/space built in: it claims memory for devices
as the command line says, and prints what they got. They boot on CPUs with more or less
physical address space. A device is as large as all of it; another device has the rest of it;
another device is at the very end of it. Tables show what the kernels printed. What passed is
remembered with a digest of its input (build/space.json). FRESH=1 forgets.
"""

import errno
import json
import math
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import check
import guest
import kernel
import series
from common import BUILD, LOGS, TOP, Stop, entry, git, lock, read_json, say, sha256, write
from kernel import CONFIGS, Config

MEMORY = BUILD / "space.json"
PLACE = BUILD / "space"
ADDED = TOP / "tests/space"
# As far from each other as build/linux and build/x86_64, for ccache to find what it knows.
SERIES = replace(kernel.X86, name="space/x86_64", source=PLACE / "linux")
ALONE = replace(kernel.ALONE, name="space/x86_64-alone", source=PLACE / "linux")
BASE = Config("space/x86_64-base", (*kernel.X86.fragments, CONFIGS / "base.config"),
              source=PLACE / "base")
KERNELS = {"base": BASE, "series": SERIES, "alone": ALONE}
TITLES = {"base": "base", "series": "series", "alone": "series without ZONE_DEVICE"}

# They compare the data after each move.
USED = ("hmm-tests,-t,migrate,-t,migrate_fault,-t,migrate_multiple",
        "device_private,-t,ping_pong,-t,pagemap_index")
# The rest is for what the series adds.
USED_BASE = USED[:1]
# With four levels of page tables Linux uses 46 bits, whatever the CPU has. The largest space
# has as many: 34 of index, with 4K pages.
MOST = 46
LA57 = "max,la57=on,phys-bits=52"
# The DMA mask of the GPUs in the report of what a stretched node does.
GPU_BITS = 47


@dataclass(frozen=True)
class Case:
    """A boot: a kernel, a CPU, and what devices claim."""
    name: str
    kernel: str
    cpu: str
    claims: str
    expect: Callable		# checks what the boot printed
    programs: tuple = ()

    def mark(self):
        return sha256(check.boot_mark(KERNELS[self.kernel].image), Path(__file__).read_bytes(),
                      self.cpu, self.claims, *self.programs)

    def run(self):
        append = " ".join(f"claim.{claim}" for claim in self.claims.split())
        if self.kernel != "base" and (size := re.search(r"private=(\d+)$", self.claims)):
            append += f" test_hmm.private_gib={size[1]}"
        result = guest.boot(self.programs, f"space-{self.name}", kernel=KERNELS[self.kernel].image,
                            cpu=self.cpu, append=f"{check.BOOT} {append}")
        return {**told(result.log), "bad": result.bad_lines(),
                "used": used(result, self.programs),
                "ended": [result.status(program.split(",")[0]) for program in self.programs]}


def used(result, programs):
    """What the selftests that use a page said: passed and failed cases."""
    lines = [line for program in programs for line in result.lines_of(program.split(",")[0])]
    return [len([line for line in lines if re.match(r"ok \d+ (?!.*# SKIP)", line)]),
            len([line for line in lines if line.startswith("not ok ")])]


def told(log):
    """What the kernel printed: KASLR's regions, what was claimed, the machine before and after."""
    facts = {"kaslr": None, "bits": None, "used_bits": None, "claimed": [], "before": None,
             "after": None}
    for line in log:
        _, found, text = line.partition("claim: ")
        if not found:
            continue
        if text.startswith("KASLR: "):
            facts["kaslr"] = [int(number) for number in re.findall(r"\d+", text)]
        elif match := re.match(r"(\d+) physical address bits, direct map to (\w+)", text):
            facts["bits"] = int(match[1])
            facts["used_bits"] = min(int(match[1]), int(match[2], 16).bit_length())
        elif match := re.match(r"(\w+) (\d+) GiB: (-?\d+)", text):
            facts["claimed"].append([match[1], int(match[2]), int(match[3])])
        elif match := re.match(r"(before|after): (\d+) GiB left, node ends at (\w+), spans (\w+), "
                               r"max_pfn (\w+), DMA mask (\w+)", text):
            facts[match[1]] = dict(zip(("left", "end", "spans", "max_pfn", "mask"),
                                       [int(match[2]), *(int(x, 16) for x in match.groups()[2:])]))
    return facts


# --- work trees and memory ---

def tree(config):
    """A work tree of the base or of the series, with a commit that adds tests/space."""
    place, rev = config.source, "base" if config is BASE else "series"
    mark = sha256(git("rev-parse", rev), *(path.read_bytes() for path in sorted(ADDED.iterdir())))
    git("worktree", "prune")
    if not place.exists():
        git("worktree", "add", "-q", "--detach", str(place), rev)
    if git("show", "-s", "--format=%s", cwd=place).strip() == mark:
        return
    git("checkout", "-q", "--force", "--detach", rev, cwd=place)
    git("apply", "--index", str(ADDED / "claim.patch"), cwd=place)
    shutil.copy(ADDED / "claim.c", place / "arch/x86/mm/claim.c")
    git("add", "arch/x86/mm/claim.c", cwd=place)
    git("commit", "-q", "-m", mark, cwd=place, env=series.NOBODY)


def run(case, report):
    """What a boot printed; judged, unless it passed before."""
    before = read_json(MEMORY).get(case.name, {})
    mark = case.mark()
    if before.get("mark") == mark and not check.FRESH:
        report.count.update(before["count"])
        return before["facts"]
    say(f"== {case.name}")
    part, facts = check.Report(), None
    try:
        facts = case.run()
        judge(case, facts, part)
    except Stop as error:
        part.add(case.name, False, str(error))
    report.count += part.count
    memory = read_json(MEMORY)
    memory.pop(case.name, None)
    if not part.count["failed"]:
        memory[case.name] = {"mark": mark, "facts": facts, "count": part.count}
    write(MEMORY, json.dumps(memory))
    return facts


# --- what is expected ---

def judge(case, facts, part):
    """All is printed that is looked at, and nothing bad; then what the case is about."""
    for what in ("kaslr", "bits", "before", "after"):
        part.add(f"{case.name}, {what}", facts[what] is not None, "the kernel log does not tell")
    asked = len(re.findall(r"\d+", case.claims))
    part.add(f"{case.name}, claims", len(facts["claimed"]) == asked,
             f"{len(facts['claimed'])} of {asked} in the kernel log")
    part.add(f"{case.name}, kernel log", not facts["bad"],
             f"{len(facts['bad'])} bad lines, first: {facts['bad'][:1]}")
    if not part.count["failed"]:
        case.expect(case, facts, part)


def expect_private(case, facts, part, error):
    """Every device gets all of its memory and the selftests use it, or none gets any."""
    got = [found for kind, _, found in facts["claimed"] if kind == "private"]
    part.add(f"{case.name}, private memory", got and set(got) == {error},
             f"{words(got)}, not {words([error])}")
    passed, failed = facts["used"]
    if case.programs:
        ok = failed and not passed if error else passed and not failed and not any(facts["ended"])
        part.add(f"{case.name}, selftests", ok,
                 f"{passed} passed, {failed} failed, exit status {facts['ended']}")


def expect_room(case, facts, part):
    """A device that is larger than what is left of the address space."""
    size = facts["claimed"][0][1]
    part.add(f"{case.name}, size", size > facts["before"]["left"],
             f"{size} GiB, and {facts['before']['left']} GiB are left")
    expect_private(case, facts, part, -errno.ERANGE if case.kernel == "base" else 0)


def expect_full(case, facts, part):
    """Another device has all that was left."""
    part.add(f"{case.name}, the other device", facts["claimed"][0][2] == 0,
             words([facts["claimed"][0][2]]))
    part.add(f"{case.name}, left", facts["after"]["left"] == 0, f"{facts['after']['left']} GiB")
    expect_private(case, facts, part, -errno.ERANGE if case.kernel == "base" else 0)


def expect_stretch(case, facts, part):
    """Only what has a PFN at the end of the address space stretches the node."""
    before, after = facts["before"], facts["after"]
    there = any(kind == "generic" and not found for kind, _, found in facts["claimed"])
    if case.kernel == "base" or there:
        part.add(f"{case.name}, node", not dma32(before) and dma32(after),
                 f"ends at {after['end']:#x}, before at {before['end']:#x}")
    else:
        part.add(f"{case.name}, node", before == after, f"{after}, before {before}")
    expect_private(case, facts, part, 0)


def dma32(state):
    """Does a GPU's driver that looks at the end of the node take GFP_DMA32?"""
    return state["end"] << 12 > 1 << GPU_BITS


def expect_entropy(regions, part):
    """ZONE_DEVICE costs slots. DEVICE_PRIVATE of the series can do without it."""
    slots = {name: kaslr[3] for name, kaslr in regions.items()}
    part.add("slots, ZONE_DEVICE=y", slots["series"] == slots["base"], str(slots))
    part.add("slots, ZONE_DEVICE=n", slots["alone"] > slots["base"], str(slots))


# --- the cases ---

def room(bits, name):
    gib = 1 << min(bits, MOST) - 30
    return Case(f"{bits}-{name}", name, f"qemu64,phys-bits={bits}", f"private={gib}", expect_room,
                () if name == "base" else USED)


def full(name):
    return Case(f"full-{name}", name, "qemu64,phys-bits=36", "generic=64 private=1", expect_full,
                USED_BASE if name == "base" else USED)


def stretch(title, name, claims):
    return Case(f"{title}-{name}", name, LA57, claims, expect_stretch,
                USED_BASE if name == "base" else USED)


ROOM = {bits: [room(bits, name) for name in KERNELS] for bits in (36, 40, 48)}
# Without ZONE_DEVICE there is no other device that could have pages with PFNs.
FULL = [full(name) for name in ("base", "series")]
STRETCH = [stretch(title, name, claims) for title, claims in
           (("four", "private=1,1,1,1"), ("other", "generic=1 private=1"))
           for name in ("base", "series")]
CASES = [*(case for cases in ROOM.values() for case in cases), *FULL, *STRETCH]


# --- what is shown ---

def words(errors):
    return ", ".join(errno.errorcode[-error] if error else "registered" for error in errors) or "-"


def outcome(case, facts):
    """Of private memory: an error, or that it is there and what the selftests say."""
    text = words(dict.fromkeys(found for kind, _, found in facts["claimed"] if kind == "private"))
    return text + (", selftests {}/{}".format(*facts["used"]) if case.programs else "")


def table(title, columns, rows):
    say(f"\n{title}\n")
    width = [max(len(str(row[i])) for row in (columns, *rows)) for i in range(len(columns))]
    for row in (columns, *rows):
        say("  ".join(str(text).ljust(wide) for text, wide in zip(row, width)).rstrip())


def regions(facts):
    return {case.kernel: facts[case.name]["kaslr"] for case in ROOM[48]}


def show(facts):
    """The tables, of what every case printed."""
    def row(cases):
        return [outcome(case, facts[case.name]) for case in cases]

    rows = []
    for bits, cases in ROOM.items():
        first = facts[cases[0].name]
        rows.append((f"{first['bits']} bits, {first['used_bits']} used",
                     f"{first['before']['left']} GiB", f"{first['claimed'][0][1]} GiB",
                     *row(cases)))
    last = facts[FULL[0].name]
    rows.append((f"{last['bits']} bits, another device has the rest",
                 f"{last['after']['left']} GiB", f"{last['claimed'][1][1]} GiB", *row(FULL), "-"))
    table("A device larger than what is left of the physical address space",
          ("CPU", "left", "device", *TITLES.values()), rows)
    table("Where KASLR can place the memory regions",
          ("kernel", "direct map", "vmalloc", "vmemmap", "slots", "bits"),
          [(TITLES[name], *(f"{size} TB" for size in kaslr[:3]), kaslr[3],
            f"{math.log2(kaslr[3]):.1f}") for name, kaslr in regions(facts).items()])
    table("A node stretched to the end of the physical address space, 52 bits",
          ("devices", "kernel", "node ends", "then", "spans", "then", "max_pfn", "then",
           "DMA mask", "then", f"{GPU_BITS}-bit GPU", "private memory"),
          [(case.claims, case.kernel,
            *(f"{facts[case.name][when][what]:#x}" for what in ("end", "spans", "max_pfn", "mask")
              for when in ("before", "after")),
            "GFP_DMA32" if dma32(facts[case.name]["after"]) else "any memory",
            outcome(case, facts[case.name])) for case in STRETCH])
    say("\nselftests: passed/failed. Slots: of 1 GiB, for the first of the three regions.\n"
        f"{GPU_BITS}-bit GPU: what a driver takes that compares the end of the node with a DMA "
        f"mask of {GPU_BITS} bits.")


def main(_):
    LOGS.mkdir(parents=True, exist_ok=True)
    report = check.Report()
    with lock():
        for config in KERNELS.values():
            tree(config)
            kernel.build(config)
        facts = {case.name: run(case, report) for case in CASES}
    if report.count["failed"]:
        say("no tables: see above")
    else:
        expect_entropy(regions(facts), report)
        show(facts)
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

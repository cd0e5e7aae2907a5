# SPDX-License-Identifier: GPL-2.0
"""make check-arch: a small kernel of each architecture, built, booted in QEMU and tested.

ARCH=NAME takes only those whose name starts with it. What passed is remembered with
a digest of its input (build/arch.json), so that an interrupted run carries on and a
second one does only what changed or failed, boot by boot. FRESH=1 forgets.
"""

import inspect
import json
import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, replace

import check
import guest
import kernel
import layout
import static
from common import BUILD, JOBS, LINUX, LOGS, TOP, Stop, entry, file_sha256, git, lock, \
    read_json, say, sha256, write
from guest import Machine, virtio
from kernel import CONFIGS, Config

MEMORY = BUILD / "arch.json"
README = TOP / "README.md"
# Emulation without the host's instruction set is slow.
LIMIT = max(guest.LIMIT, 3600)
# These want two nodes, devices for P2P, or a network.
LEFT_OUT = (check.P2P, *check.NODES, "device_private_rdma")


@dataclass(frozen=True)
class Arch:
    """A kernel to build and a machine to boot it on."""
    name: str
    config: Config
    machine: Machine
    arch: str = "x86"		# what the kernel calls it
    cross: str = ""
    mem: str = "4G"
    append: str = ""
    counts: bool = True		# QEMU can count its instructions
    counts_one: bool = False	# but then two CPUs stop at boot
    few: bool = False		# one more of a kind: not every selftest
    parallel: str = ""		# what Linux has to be told if CPUs run in parallel
    not_booted: str = ""	# why it is only built

    @property
    def root(self):
        return BUILD / ("guest" if self.arch == "x86" else f"guest-{self.arch}")

    @property
    def base(self):
        """The same configuration of the kernel without the series."""
        return replace(self.config, name=f"{self.config.name}-base", source=BUILD / "base",
                       lenient=True)

    def base_has_it(self):
        """Can the base have device private memory here?"""
        return "CONFIG_TEST_HMM=y\n" in (self.base.out / ".config").read_text()


def version(machine):
    """QEMU's version, as 7.2."""
    told = subprocess.run([machine.qemu, "--version"], capture_output=True, text=True,
                          check=True).stdout
    return re.search(r"version (\d+\.\d+)", told)[1]


def arch(name, kernel_arch, cross, boots, machine, *fragments, **more):
    paths = tuple(CONFIGS / f"{fragment}.config" for fragment in ("arch", *fragments))
    make = (f"ARCH={kernel_arch}", f"CROSS_COMPILE={cross}", f"CC=ccache {cross}gcc")
    return Arch(name, Config(name, paths, make=make, boots=boots), machine, kernel_arch, cross,
                **more)


ARM = Machine("qemu-system-aarch64", "qemu-system-arm", ("-M", "virt"), cpu="max", cpus="2",
              console="ttyAMA0", out="hvc0", terminal=virtio("virtio-serial-device"))
RISCV = Machine("qemu-system-riscv64", "qemu-system-misc", ("-M", "virt"), cpu="rv64", cpus="2",
                out="hvc0", terminal=virtio("virtio-serial-device"))
S390 = Machine("qemu-system-s390x", "qemu-system-misc", ("-M", "s390-ccw-virtio"), cpu="max",
               cpus="2", console="ttysclp0", out="hvc0", terminal=virtio("virtio-serial-ccw"))
POWER = Machine("qemu-system-ppc64", "qemu-system-ppc", ("-M", "pseries,cap-cfpc=broken,"
                "cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"), cpu="power9", cpus="2",
                console="hvc0", out="hvc1")
MIPS = Machine("qemu-system-mips64el", "qemu-system-mips", ("-M", "loongson3-virt"),
               cpu="Loongson-3A1000", cpus="1", out="hvc0", terminal=virtio("virtio-serial-pci"))
SPARC = Machine("qemu-system-sparc64", "qemu-system-sparc", ("-M", "sun4u"),
                cpu="TI-UltraSparc-IIi", cpus="1", out="hvc0",
                terminal=virtio("virtio-serial-pci,bus=pciB"))
LOONG = Machine("qemu-system-loongarch64", "qemu-system-misc", ("-M", "virt"), cpu="max",
                cpus="1", out="hvc0", terminal=virtio("virtio-serial-pci"))
LA57 = replace(guest.PC, cpu="max,la57=on")

ARM64 = ("arm64", "aarch64-linux-gnu-", "arch/arm64/boot/Image", ARM, "arm64")
POWERPC = ("powerpc", "powerpc64le-linux-gnu-", "vmlinux", POWER, "powerpc64le")
FIRST = (
    arch("arm64", *ARM64),
    arch("riscv64", "riscv", "riscv64-linux-gnu-", "arch/riscv/boot/Image", RISCV, "riscv64",
         counts_one=True),
    arch("s390x", "s390", "s390x-linux-gnu-", "arch/s390/boot/bzImage", S390, "s390x",
         counts_one=True),
    # Up to QEMU 9.0 tlbie returns while other CPUs can still write; interrupts are sure.
    arch("powerpc64le", *POWERPC, parallel="disable_tlbie"),
    # An idle CPU that has no "wait" misses interrupts in QEMU, one that polls gets them.
    arch("mips64el", "mips", "mips64el-linux-gnuabi64-", "vmlinux", MIPS, "mips64el", mem="2G",
         append="nohlt", few=True),
    arch("sparc64", "sparc", "sparc64-linux-gnu-", "arch/sparc/boot/image", SPARC, "sparc64",
         mem="2G", counts=False, few=True),
    # Debian 12 has no compiler for it, Debian 13 has.
    arch("loongarch64", "loongarch", "loongarch64-linux-gnu-", "vmlinux", LOONG, "loongarch64",
         counts=False, few=True),
    arch("parisc64", "parisc", "hppa64-linux-gnu-", "vmlinux", None, "parisc64",
         not_booted="no 64-bit libc"),
)
ARM4K, RISCV64 = FIRST[:2]
ARCHS = (
    *FIRST,
    # QEMU's "max" has 52 bits of addresses, these CPUs have 48.
    replace(ARM4K, name="arm64-48", machine=replace(ARM, cpu="neoverse-n1"), few=True),
    arch("arm64-16k", *ARM64, "arm64-16k", few=True),
    # A huge page has 512 MiB.
    arch("arm64-64k", *ARM64, "arm64-64k", few=True, mem="10G"),
    arch("arm64-kasan", *ARM64, "kasan", few=True),
    # Three and four levels of page tables; QEMU's CPU has five.
    replace(RISCV64, name="riscv64-sv39", append="no4lvl", few=True),
    replace(RISCV64, name="riscv64-sv48", append="no5lvl", few=True),
    arch("powerpc64le-4k", *POWERPC, "powerpc64le-4k", few=True),
    # The kernel that make check boots, with five levels of page tables.
    Arch("x86_64-la57", kernel.X86, LA57, few=True),
)
COLUMNS = ("architecture", "page", "offset bits", "id", "index", "built", "booted", "KUnit",
           "hmm-tests base", "hmm-tests", "selftests", "in parallel", "kernel log", "QEMU",
           "series")


def build_guest(target):
    done = subprocess.run(["make", "-s", "-C", str(TOP / "tests/guest"), f"LINUX={LINUX}",
                           f"OUT={target.root}", f"ARCH={target.arch}", f"CC={target.cross}gcc",
                           "PROGRAMS=", f"-j{JOBS}"], env=kernel.environment(), check=False)
    if done.returncode:
        raise Stop(f"guest programs for {target.arch} do not compile, see above")


def boot(target, report, programs, name, config, accel="tcg", append=check.NO_KUNIT):
    machine = target.machine
    if not target.counts:
        accel = "single"
    if accel == "tcg" and target.counts_one:
        machine = replace(machine, cpus="1")
    return check.boot(report, programs, f"arch-{target.name}{name}", machine=machine,
                      kernel=config.image, initrd=target.root / "initramfs.cpio.gz",
                      mem=target.mem, append=f"{append} {target.append}", accel=accel, limit=LIMIT)


def few(target, programs):
    return [program for program in programs
            if not target.few or program.split(",")[0] in ("hmm-tests", "device_private")]


def test(target, cells, report):
    """KUnit at boot and the selftests, instructions counted"""
    programs = [program for program in check.selftests() if program not in LEFT_OUT]
    result = boot(target, report, few(target, programs), "", target.config, append=check.BOOT)
    cells["booted"] = "yes"
    cells["kernel log"] = f"{len(result.bad_lines())} bad"
    cells["hmm-tests"] = brief(result.counts.pop("hmm-tests"))
    cells["selftests"] = brief(sum(result.counts.values(), Counter()))
    kunits = check.Report()
    check.kunit(kunits, result.log)
    cells["KUnit"] = brief(kunits.count)
    report.count += kunits.count
    if bits := layout.check(report, result.log):
        cells["page"], cells["offset bits"], cells["id"], cells["index"] = bits[1:]


def test_parallel(target, cells, report):
    """the tests of races, CPUs in parallel"""
    programs = [program for program in check.races() if program.split(",")[0] not in LEFT_OUT]
    result = boot(target, report, few(target, programs), "-parallel", target.config, "mttcg",
                  f"{check.NO_KUNIT} {target.parallel}")
    cells["in parallel"] = brief(sum(result.counts.values(), Counter()))


def test_base(target, cells, report):
    """upstream's test without the series; what fails there is only told"""
    result = boot(target, check.Report(), ["hmm-tests"], "-base", target.base)
    cells["hmm-tests base"] = brief(result.counts["hmm-tests"])
    report.add("base", True)


def steps(target):
    yield test
    if not target.few and target.machine.cpus != "1":
        yield test_parallel
    if not target.few and target.base_has_it():
        yield test_base


def brief(count):
    return f"{count['passed']}/{count['failed']}/{count['skipped']}"


def mark(target, step):
    """What the result of a step depends on."""
    config, root = (target.base, "root/bin/hmm-tests") if step is test_base \
        else (target.config, "initramfs.cpio.gz")
    return sha256(repr(target), version(target.machine), inspect.getsource(step),
                  inspect.getsource(boot), *(file_sha256(path) for path in (
                      config.image, target.root / root,
                      *(TOP / f"tests/harness/{name}.py" for name in ("check", "guest")))))


def run_step(target, step, row, report):
    """Do one step, unless that was done with the same input."""
    key = f"{target.name} {step.__name__}"
    now, before = mark(target, step), read_json(MEMORY).get(key, {})
    if before.get("mark") == now and not check.FRESH:
        report.count.update(before["count"])
        row.update(before["cells"])
        return
    say(f"== {target.name}, {step.__doc__}")
    part, cells = check.Report(), {}
    try:
        step(target, cells, part)
    except Stop as error:
        part.add(key, False, str(error))
    report.count += part.count
    row.update(cells)
    memory = read_json(MEMORY)
    memory.pop(key, None)
    if not part.count["failed"]:
        memory[key] = {"mark": now, "cells": cells, "count": part.count}
    write(MEMORY, json.dumps(memory))


def build(target, row):
    kernel.build(target.config)
    row["built"] = "yes"
    if target.not_booted:
        row["booted"] = target.not_booted
        return
    build_guest(target)
    if not target.few:
        static.base_tree()
        kernel.configure(target.base)
        if target.base_has_it():
            kernel.build(target.base)
        else:
            row["hmm-tests base"] = "cannot be selected"


def lacks(target):
    """What this machine has no package for, to build or boot @target."""
    need = [f"{target.cross}gcc", *([] if target.not_booted else [target.machine.qemu])]
    return [tool for tool in need if not shutil.which(tool)]


def run(target, report):
    row = dict.fromkeys(COLUMNS, "-")
    row["architecture"] = target.name
    row["series"] = git("rev-parse", "--short=8", "HEAD^{tree}").strip()
    if tools := lacks(target):
        row["built"] = f"lacks {', '.join(tools)}"
        report.count["skipped"] += 1
        return row
    try:
        build(target, row)
    except Stop as error:
        report.add(target.name, False, str(error))
        return row
    if target.not_booted:
        report.count["skipped"] += 1
        return row
    row["QEMU"] = version(target.machine)
    if target.machine.cpus == "1":
        row["in parallel"] = "one CPU"
    for step in steps(target):
        run_step(target, step, row, report)
    return row


def in_readme(rows):
    """Put rows where the README shows them, in place of older ones of the same name."""
    text = README.read_text()
    start, end = (text.index(f"<!-- {word} of the table by make check-arch -->")
                  for word in ("start", "end"))
    start = text.index("\n", start) + 1
    shown = {line.split("|")[1].strip(): line for line in text[start:end].splitlines()[2:]}
    for row in rows:
        shown[row["architecture"]] = "| " + " | ".join(row[column] for column in COLUMNS) + " |"
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|",
             *(shown[target.name] for target in ARCHS if target.name in shown)]
    write(README, text[:start] + "\n".join(lines) + "\n" + text[end:])


def table(rows):
    width = {column: max(len(column), *(len(row[column]) for row in rows)) for column in COLUMNS}
    for row in ({column: column for column in COLUMNS}, *rows):
        say("  ".join(row[column].ljust(width[column]) for column in COLUMNS).rstrip())


def main(_):
    wanted = os.environ.get("ARCH", "")
    targets = [target for target in ARCHS if target.name.startswith(wanted)]
    if not targets:
        raise Stop(f"ARCH={wanted}: there are {', '.join(target.name for target in ARCHS)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    report = check.Report()
    with lock():
        rows = [run(target, report) for target in targets]
    table(rows)
    in_readme(rows)
    say("KUnit, hmm-tests, selftests, in parallel: passed/failed/skipped; series: the tree tested")
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

# SPDX-License-Identifier: GPL-2.0
"""make check-arch: a small kernel of each architecture, built, booted in QEMU and tested.

ARCH=NAME takes only those whose name starts with it. What passed is remembered with
a digest of its input (build/arch.json), so that an interrupted run carries on and a
second one does only what changed or failed. FRESH=1 forgets.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass, replace

import check
import guest
import kernel
from common import BUILD, JOBS, LINUX, LOGS, TOP, Stop, entry, file_sha256, git, lock, read_json, say, \
    sha256, write
from guest import Machine, virtio
from kernel import CONFIGS, Config

MEMORY = BUILD / "arch.json"
DOCUMENT = LINUX / "Documentation/mm/device_private.rst"
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

    @property
    def root(self):
        return BUILD / ("guest" if self.arch == "x86" else f"guest-{self.arch}")


def arch(name, kernel_arch, cross, boots, machine, *fragments):
    paths = tuple(CONFIGS / f"{fragment}.config" for fragment in ("arch", *fragments))
    make = (f"ARCH={kernel_arch}", f"CROSS_COMPILE={cross}", f"CC=ccache {cross}gcc")
    return Arch(name, Config(name, paths, make=make, boots=boots), machine, kernel_arch, cross)


ARM = Machine("qemu-system-aarch64", "qemu-system-arm", ("-M", "virt"), cpu="max", cpus="2",
              console="ttyAMA0", out="hvc0", terminal=virtio("virtio-serial-device"))
RISCV = Machine("qemu-system-riscv64", "qemu-system-misc", ("-M", "virt"), cpu="rv64", cpus="2",
                out="hvc0", terminal=virtio("virtio-serial-device"))
S390 = Machine("qemu-system-s390x", "qemu-system-misc", ("-M", "s390-ccw-virtio"), cpu="max",
               cpus="2", console="ttysclp0", out="hvc0", terminal=virtio("virtio-serial-ccw"))
POWER = Machine("qemu-system-ppc64", "qemu-system-ppc", ("-M", "pseries,cap-cfpc=broken,"
                "cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"), cpu="power9", cpus="2",
                console="hvc0", out="hvc1")
LA57 = replace(guest.PC, cpu="max,la57=on")

ARM64 = ("arm64", "aarch64-linux-gnu-", "arch/arm64/boot/Image", ARM, "arm64")
ARCHS = (
    arch("arm64", *ARM64),
    arch("arm64-64k", *ARM64, "arm64-64k"),
    arch("riscv64", "riscv", "riscv64-linux-gnu-", "arch/riscv/boot/Image", RISCV, "riscv64"),
    arch("s390x", "s390", "s390x-linux-gnu-", "arch/s390/boot/bzImage", S390, "s390x"),
    arch("powerpc64le", "powerpc", "powerpc64le-linux-gnu-", "vmlinux", POWER, "powerpc64le"),
    # The kernel that make check boots, with five levels of page tables.
    Arch("x86_64-la57", kernel.X86, LA57),
)
COLUMNS = ("architecture", "page", "offset bits", "id", "index", "built", "booted", "KUnit",
           "selftests", "kernel log")


def build_guest(target):
    done = subprocess.run(["make", "-s", "-C", str(TOP / "tests/guest"), f"LINUX={LINUX}",
                           f"OUT={target.root}", f"ARCH={target.arch}", f"CC={target.cross}gcc",
                           f"-j{JOBS}"], env=kernel.environment(), check=False)
    if done.returncode:
        raise Stop(f"guest programs for {target.arch} do not compile, see above")


def layout(log):
    """What the kernel's own test says of the layout: machine, KiB in a page, bits."""
    for line in log:
        found = re.search(r"# \w+: (\w+), (\d+) KiB pages: (\d+) offset bits, (\d+) id bits, "
                          r"(\d+) index bits$", line)
        if found:
            return found.groups()
    return None


def documented():
    """The same from the table of the document."""
    return re.findall(r"^(\w+) +(\d+) KiB +(\d+) +(\d+) +(\d+) ", DOCUMENT.read_text(), re.M)


def test(target, row, report):
    programs = [program for program in check.selftests() if program not in LEFT_OUT]
    kernel.build(target.config)
    row["built"] = "yes"
    build_guest(target)
    part = check.Report()
    result = check.boot(part, programs, f"arch-{target.name}", machine=target.machine,
                        kernel=target.config.image, initrd=target.root / "initramfs.cpio.gz",
                        mem=target.mem, append=check.BOOT, accel="tcg")
    row["booted"] = "yes"
    row["selftests"] = brief(part)
    row["kernel log"] = f"{len(result.bad_lines())} bad"
    kunits = check.Report()
    check.kunit(kunits, result.log)
    row["KUnit"] = brief(kunits)
    bits = layout(result.log)
    part.add("layout", bool(bits), "the kernel log does not tell it")
    if bits:
        row["page"], row["offset bits"], row["id"], row["index"] = bits[1:]
        part.add("layout", bits in documented(), f"{bits} is not in {DOCUMENT}")
    report.count += part.count + kunits.count


def brief(report):
    return f"{report.count['passed']}/{report.count['failed']}/{report.count['skipped']}"


def run(target, report):
    """Test one, unless that was done with the same input."""
    row = dict.fromkeys(COLUMNS, "-")
    row["architecture"] = target.name
    harness = sorted((TOP / "tests/harness").glob("*.py")) + sorted((TOP / "tests/guest").glob("*"))
    head, dirt = (git(*args) for args in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    mark = sha256(target.config.digest(), head, *(file_sha256(path) for path in harness))
    before = read_json(MEMORY).get(target.name, {})
    if before.get("mark") == mark and not dirt and not check.FRESH:
        report.count.update(before["count"])
        return before["row"]
    say(f"== {target.name}")
    part = check.Report()
    try:
        test(target, row, part)
    except Stop as error:
        part.add(target.name, False, str(error))
    report.count += part.count
    memory = read_json(MEMORY)
    memory.pop(target.name, None)
    if not part.count["failed"]:
        memory[target.name] = {"mark": mark, "row": row, "count": part.count}
    write(MEMORY, json.dumps(memory))
    return row


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
    say("KUnit and selftests: passed/failed/skipped")
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

# SPDX-License-Identifier: GPL-2.0
"""make check-unchanged: without DEVICE_PRIVATE the compiler makes the same of the kernel.

What it writes for the assembler is compared function by function, before the series and
after it; tables and other data are not. Only a function of REASONS may differ. One that
has the same instructions in another order is counted apart.
"""

import re
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import check
import kernel
import static
from common import LOGS, Stop, entry, lock, say
from kernel import CONFIGS, X86, Config

OPTION = "CONFIG_DEVICE_PRIVATE"
# Offsets from an anchor depend on what other data a file has. A warning has its line in
# the code of arm, even without CONFIG_DEBUG_BUGVERBOSE.
FLAGS = "KCFLAGS=-fno-section-anchors"
NO_LINES = f"{FLAGS} -Wno-builtin-macro-redefined -D__LINE__=0"
# Why functions differ that may. What gcc inlines, and so which functions there are,
# depends on its version; these are of gcc 12.
REASONS = {
    "entries of devices, which do not exist, are not asked for any more":
        "__zap_vma_range copy_page_range do_swap_page restore_exclusive_pte.constprop check_pte "
        "page_vma_mapped_walk",
    "migration entries are made from a page, and made anew":
        "remove_migration_pte try_to_migrate_one",
    "what mprotect() does to an entry is a function of its own":
        "change_protection __pte_swp_wrprotect",
    "GUP dumps no hole where there is an entry":
        "__get_user_pages",
    "is_zero_page() first asks for device memory, a constant here":
        "folio_add_pins try_grab_folio try_grab_folio_fast",
    "without device private memory nobody calls it":
        "do_huge_pmd_device_private",
    "a huge device private entry is split by page, with other functions inlined":
        "__split_huge_pmd __split_huge_pmd_locked split_huge_pmd_locked",
    "UFFDIO_MOVE moves device private pages, too; other functions are inlined":
        "move_pages move_pages_ptes move_pages_huge_pmd userfaultfd_ioctl mfill_atomic_continue "
        "mfill_atomic_zeropage",
    "struct dev_pagemap has two members more":
        "__devm_create_dev_dax dev_dax_probe fsdev_dax_probe __dax_pmem_probe nvdimm_setup_pfn "
        "pmem_attach_disk __pci_p2pdma_update_state p2pdma_folio_free pci_p2pdma_add_resource "
        "pci_p2pdma_unmap_mappings xen_alloc_unpopulated_pages virtio_fs_probe pfn_first pfn_len "
        "pgmap_pfn_valid",
    "no longer for device private memory":
        "memremap_pages memunmap_pages free_zone_device_folio",
    "nothing is left of the last use of a page; the order is checked":
        "zone_device_page_init",
    "new, for P2P aliases":
        "pci_p2pdma_contains pci_p2pdma_no_bus_addr",
    "what was mapped is unmapped if the rest cannot be":
        "vm_area_map_pages",
}
EXPECTED = {name: reason for reason, names in REASONS.items() for name in names.split()}
DATA = "string|ascii|byte|2byte|value|short|4byte|long|word|8byte|quad|zero"
COLUMNS = ("configuration", "objects", "functions", "moved", "reordered", "differ")


@dataclass(frozen=True)
class Case:
    """A configuration, the targets of make to compare, and what starts a comment."""
    config: Config
    targets: tuple = ("mm/",)
    comment: str = "#"
    selectable: bool = False	# is DEVICE_PRIVATE?


def narrow(name, defconfig, arch, cross="", flags=FLAGS):
    fragments = tuple(CONFIGS / f"{fragment}.config" for fragment in ("unchanged", "32bit"))
    return Config(f"unchanged-{name}", fragments, base=defconfig,
                  make=(f"ARCH={arch}", f"CROSS_COMPILE={cross}", f"CC=ccache {cross}gcc", flags))


ZONE_DEVICE = Config("unchanged-x86_64", (*X86.fragments, *(
    CONFIGS / f"{fragment}.config" for fragment in ("without", "unchanged", "zone-device"))),
    make=("CC=ccache gcc", FLAGS))
CASES = (
    Case(narrow("i386", "i386_defconfig", "i386")),
    Case(narrow("arm", "multi_v7_defconfig", "arm", "arm-linux-gnueabihf-", NO_LINES),
         comment="@"),
    Case(ZONE_DEVICE, ("mm/memremap.o", "mm/zone_device.o", "mm/memory_hotplug.o",
                       "drivers/dax/", "fs/dax.o", "drivers/nvdimm/", "drivers/pci/p2pdma.o",
                       "fs/fuse/dax.o", "fs/fuse/virtio_fs.o",
                       "drivers/xen/unpopulated-alloc.o"),
         selectable=True),
)


def functions(text, comment="#"):
    """Function -> what the assembler gets of each of that name, without accidental numbers."""
    constants = dict(re.findall(rf"^(\.LC\d+):\n((?:\t\.(?:{DATA})\t.*\n)+)", text, re.M))
    found, name, lines = defaultdict(list), None, []
    typed = set(re.findall(r"^\t\.type\t(\S+), [@%]function", text, re.M))
    for line in text.splitlines():
        if name is None:
            label = line.partition(":")[0]
            if label in typed and line.startswith(f"{label}:"):
                name, lines = label, []
        elif re.match(rf"\t\.size\t{re.escape(name)},", line):
            found[numberless(name)].append(normal(lines, constants))
            name = None
        elif not line.lstrip().startswith(("#", comment)):
            # gcc -fverbose-asm tells which variables are meant.
            lines.append(line if '"' in line else line.partition(comment)[0].rstrip())
    return found


def numberless(line):
    """Without the numbers of static variables, of clones and of unique names."""
    return re.sub(r"(__UNIQUE_ID_\w*?)_?\d+\b|(?<=\w)\.\d+\b", r"\1", line)


def normal(lines, constants):
    labels = {}

    def label(found):
        return constants.get(found[0]) or labels.setdefault(found[0], f".L{len(labels)}")

    # Where the compiler aligns depends on how often it thinks that a place is reached.
    return [numberless(re.sub(r"\.L[A-Z]*\d+", label, line)) for line in lines
            if line.strip() and not line.startswith("\t.p2align")]


def unordered(body):
    """The instructions without their order, that is without labels and jumps."""
    return sorted(re.sub(r"\.L\d+", ".L", line) for line in body
                  if not re.match(r"\.L\d+:|\t(jmp|b)\t", line))


def objects(case, config):
    """Compile to assembler: object -> its functions."""
    kernel.configure(config, lenient=True)
    kernel.quiet(kernel.command(config, "prepare"), f"prepare-{config.name}")
    # A file may be new. Make itself knows what it would compile.
    targets = [target for target in case.targets if target.endswith("/") or
               (config.source / target).with_suffix(".c").exists()]
    done = subprocess.run(kernel.command(config, "-n", *targets), env=kernel.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", check=False)
    names = sorted(set(re.findall(r"echo '  CC +(?:\[M\] +)?((?!scripts/|arch/|tools/)\S+)\.o'",
                                  done.stdout)))
    if not names:
        raise Stop(f"make -n {' '.join(targets)} compiles nothing in build/{config.name}")
    kernel.quiet(kernel.command(config, *(f"{name}.s" for name in names)), config.name)
    # __FILE__ is relative to the objects.
    return {name: functions((config.out / f"{name}.s").read_text()
                            .replace(f"../{config.source.name}/", ""), case.comment)
            for name in names}


def compare(before, after):
    """(moved, reordered, differ): sets of (object, function).

    Before and after are object -> function -> bodies.
    """
    bodies = [{(name, function): sorted(found) for name, functions in side.items()
               for function, found in functions.items()} for side in (before, after)]
    differ = {key for key in {*bodies[0], *bodies[1]}
              if bodies[0].get(key) != bodies[1].get(key)}
    # What has gone from one object and is in another one has moved.
    places = Counter()
    for side, sign in ((bodies[0], -1), (bodies[1], 1)):
        for key in differ & set(side):
            for body in side[key]:
                places[key[1], "\n".join(body)] += sign
    moved = {key for key in differ if not any(
        places[key[1], "\n".join(body)] for side in bodies for body in side.get(key, ()))}
    reordered = {key for key in differ - moved if
                 sorted(map(unordered, bodies[0].get(key, ()))) ==
                 sorted(map(unordered, bodies[1].get(key, ())))}
    return moved, reordered, differ - moved - reordered


def check_option(report, case):
    """Without 64 bits, DEVICE_PRIVATE is not even asked for."""
    asked = re.search(rf"^(?:# )?{OPTION}\b", (case.config.out / ".config").read_text(), re.M)
    report.add(OPTION, bool(asked) == case.selectable,
               "is a line of .config" if asked else "is no line of .config")


def test(report, case, rows, seen):
    after = objects(case, case.config)
    before = objects(case, replace(case.config, name=f"{case.config.name}-base",
                                   source=static.base_tree()))
    check_option(report, case)
    moved, reordered, differ = compare(before, after)
    seen.update(function for _, function in differ)
    for name, function in sorted(differ):
        say(f"  {name}.o: {function}: {EXPECTED.get(function, 'differs')}")
    for name in sorted({*before, *after}):
        wrong = [function for place, function in sorted(differ)
                 if place == name and function not in EXPECTED]
        report.add(f"{name}.o", not wrong, f"not the same: {', '.join(wrong)}")
    there = {(name, function) for name in after for function in after[name]}
    rows.append((case.config.name, len(after), len(there), len(moved & there), len(reordered),
                 len(differ)))


def main(_):
    LOGS.mkdir(parents=True, exist_ok=True)
    report, rows, seen = check.Report(), [COLUMNS], set()
    with lock():
        for case in CASES:
            report.section(case.config.name, None,
                           lambda part, case=case: test(part, case, rows, seen))
    for name in set(EXPECTED) - seen:
        report.add(name, False, "is expected to differ, and does not")
    for row in rows:
        say(row[0].ljust(24) + "".join(str(cell).rjust(11) for cell in row[1:]))
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

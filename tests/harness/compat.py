# SPDX-License-Identifier: GPL-2.0
"""make check-compat: one driver, compiled for old kernels and for the series.

The driver is tests/compat/example.c, with Documentation/mm/device_private_compat.h. Debian has
the old kernels.
"""

import shutil
import subprocess
import urllib.error

import check
import fetch
import kernel
import static
from common import BUILD, LINUX, LOGS, TOP, entry, lock, say

PLACE = BUILD / "compat"
HEADER = "Documentation/mm/device_private_compat.h"
# The versions that were tried; a newer one of the same series will do.
OLD = {"6.1": "6.1.192-3", "6.12": "6.12.117-1"}
# What it takes to compile a module: no more than these of a source tree.
NEEDED = ("*/Kbuild*", "*/Kconfig*", "*/Makefile*", "*/scripts/*", "*/include/*", "*/arch/x86/*",
          "*/kernel/*", "*/lib/*", "*/mm/*", "*/tools/*", "*/security/*", "*/certs/*", "*/usr/*")
OPTIONS = ("-e ZONE_DEVICE -e MEMORY_HOTPLUG -e MEMORY_HOTREMOVE -e DEVICE_PRIVATE -e MODULES "
           "-e TRANSPARENT_HUGEPAGE -e RUNTIME_TESTING_MENU -m TEST_HMM -d OBJTOOL").split()


def make(*words, log):
    with open(log, "a", encoding="utf-8") as file:
        done = subprocess.run(["make", "-s", *words], stdout=file, stderr=subprocess.STDOUT,
                              env=kernel.environment(), check=False)
    return done.returncode == 0


def old_tree(series, version):
    """The part of an old kernel's source that a module needs."""
    tree = PLACE / f"linux-{series}"
    if not tree.exists():
        package = fetch.older(series, version)
        part = tree.with_name(f"{tree.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        fetch.unpack_archive(package, part, *NEEDED)
        part.rename(tree)
    return tree


def compiles(name, tree):
    """Does the driver compile for a tree? With the place of the compiler's words."""
    out, module = PLACE / f"{name}-out", PLACE / name
    log = LOGS / f"compat-{name}.log"
    log.write_text("")
    if not (out / ".config").exists():
        ok = make("-C", str(tree), f"O={out}", "x86_64_defconfig", log=log)
        if not ok:
            return False, f"no configuration, see {log}"
        subprocess.run([tree / "scripts/config", "--file", out / ".config", *OPTIONS], check=True)
    if not (make("-C", str(tree), f"O={out}", "olddefconfig", log=log) and
            make("-C", str(tree), f"O={out}", "modules_prepare", log=log)):
        return False, f"the kernel cannot be prepared, see {log}"
    for option in ("DEVICE_PRIVATE", "HMM_MIRROR"):
        if f"CONFIG_{option}=y\n" not in (out / ".config").read_text():
            return False, f"the configuration has no {option}"
    shutil.rmtree(module, ignore_errors=True)
    shutil.copytree(TOP / "tests/compat", module)
    shutil.copy(TOP / HEADER, module)
    return make("-C", str(tree), f"O={out}", f"M={module}", "example.o", log=log), f"see {log}"


def everything(report):
    for series, version in OLD.items():
        try:
            tree = old_tree(series, version)
        except (OSError, urllib.error.URLError) as error:
            report.count["skipped"] += 1
            say(f"  Linux {series}: skipped: {error}")
            continue
        report.add(f"Linux {series}", *compiles(series, tree))
    static.base_tree()
    for name, tree in (("base", BUILD / "base"), ("series", LINUX)):
        report.add(name, *compiles(name, tree))


def main(_):
    LOGS.mkdir(parents=True, exist_ok=True)
    report = check.Report()
    with lock():
        report.section("a driver for many kernels", None, everything)
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

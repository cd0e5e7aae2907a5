# SPDX-License-Identifier: GPL-2.0
"""What the compiler and sparse say of the C files that the series touches.

usage: static.py known    write base-warnings.txt: what the base says of them
"""

import os
import re
import subprocess
from collections import Counter
from dataclasses import replace

import kernel
import sparse
from common import BUILD, LINUX, LOGS, TOP, Stop, entry, git, lock, say, write
from kernel import CONFIGS, X86, Config

KNOWN = TOP / "tests/harness/base-warnings.txt"
# Files are compiled apart from the kernel that boots, for they are compiled with W=1.
CORE = replace(X86, name="x86_64-static")
DRIVERS = Config("x86_64-drivers", (*X86.fragments, CONFIGS / "drivers.config"))
POWERPC = Config("powerpc", (CONFIGS / "powerpc.config",), base="ppc64le_defconfig",
                 make=("ARCH=powerpc", "CROSS_COMPILE=powerpc64le-linux-gnu-",
                       "CC=ccache powerpc64le-linux-gnu-gcc"))
WITHOUT = Config("x86_64-without", (*DRIVERS.fragments, CONFIGS / "without.config"))
CORE_WITHOUT = Config("x86_64-without-core", (*X86.fragments, CONFIGS / "without.config"))
# Directories whose files are built from another directory's Makefile.
BUILT_FROM = {"drivers/gpu/drm/amd/amdkfd/": "drivers/gpu/drm/amd/amdgpu/../amdkfd/"}


def touched(rev="series"):
    return git("diff", "--name-only", "--no-renames", "--diff-filter=d", "base",
               rev).splitlines()


def consumers():
    """The callers of hmm_range_fault(): what it returns concerns them."""
    found = git("grep", "-lE", r"\bhmm_range_fault(_unlocked\w*)?\(", "series", "--", "drivers/*.c")
    return [line.split(":", 1)[1] for line in found.splitlines()]


def config_of(path):
    """The configuration in which a C file is compiled."""
    if path.startswith("arch/powerpc/"):
        return POWERPC
    return DRIVERS if path.startswith("drivers/") else CORE


def sources(config):
    """The C files to compile in a configuration."""
    paths = sorted({*touched(), *consumers()})
    return [path for path in paths if path.endswith(".c") and config_of(path) == config
            and not path.startswith("tools/")]


def object_of(path):
    for directory, place in BUILT_FROM.items():
        if path.startswith(directory):
            path = place + path[len(directory):]
    return path[:-2] + ".o"


def missing(config, path):
    return not (config.out / object_of(path)).exists()


def warnings_of(config, paths, again=True):
    """What W=1 and sparse say of C files, as "file: warning" without line numbers.

    A warning is only printed when the file is compiled: all are, again, unless only
    those are asked for that changed.
    """
    # Another tree than that of the series may lack what the series adds.
    kernel.configure(config, lenient=config.source != LINUX)
    kernel.quiet(kernel.command(config, "prepare"), f"prepare-{config.name}")
    names = [object_of(path) for path in paths]
    for name in names if again else ():
        (config.out / name).unlink(missing_ok=True)
    line = kernel.command(config, "-k", "W=1", "C=1", f"CHECK={sparse.path()}", *names)
    done = subprocess.run(line, env=kernel.environment(), capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, errors="replace", check=False)
    write(LOGS / f"static-{config.name}.log", done.stdout + done.stderr)
    found = re.findall(r"^(\S+\.[chS]):\d+(?::\d+)?: ((?:warning|error): .*)", done.stderr, re.M)
    return Counter(f"{os.path.relpath(config.out / path, config.source)}: {text}"
                   for path, text in found)


def known():
    return Counter(line for line in KNOWN.read_text().splitlines() if not line.startswith("#"))


def new_warnings(found):
    """What the base does not say. It says of a header once per file that includes it."""
    old = known()
    return [line for line in found - old if not (line.split(":")[0].endswith(".h") and line in old)]


def check(report, config):
    """No warning of W=1 or sparse beyond those the base has."""
    paths = sources(config)
    new = new_warnings(warnings_of(config, paths))
    for path in paths:
        mine = [line for line in new if line.startswith(f"{path}: ")]
        report.add(f"W=1, sparse {path}", not mine and not missing(config, path),
                   "; ".join(mine) or f"does not build (see {LOGS}/static-{config.name}.log)")
    for line in new:
        if line.split(": ")[0] not in paths:
            report.add("W=1, sparse", False, line)


def builds(report, config, names):
    """Whole directories build in a configuration."""
    kernel.configure(config, lenient=True)
    kernel.refuse_lost(config.out, config.fragments[-1])
    kernel.quiet(kernel.command(config, "prepare"), f"prepare-{config.name}")
    for name in names:
        try:
            kernel.quiet(kernel.command(config, name), f"{config.name}-{name.replace('/', '-')}")
            report.add(f"{config.name}: {name}", True)
        except Stop as error:
            report.add(f"{config.name}: {name}", False, str(error))


def without(report):
    """Whole directories of drivers, and of core code, build without DEVICE_PRIVATE."""
    # amdgpu is larger than all the rest: of it, the files that are touched.
    names = {os.path.dirname(path) + "/" for path in sources(DRIVERS)
             if not path.startswith("drivers/gpu/drm/amd/")} - {"drivers/gpu/drm/"}
    names |= {object_of(path) for path in sources(DRIVERS)
              if path.startswith("drivers/gpu/drm/amd/amdgpu/")}
    builds(report, WITHOUT, sorted({*names, "mm/", "lib/", "kernel/", "fs/proc/"}))


def core_without(report):
    """mm, HMM included, builds without DEVICE_PRIVATE."""
    builds(report, CORE_WITHOUT, ["mm/", "fs/proc/"])


def narrow(report):
    """Core code builds where an entry has few bits, and without the debug trap."""
    builds(report, POWERPC, ["mm/", "lib/", "fs/proc/"])


def symbols(config, names, kind):
    """The symbols of objects that nm calls by one of the letters in kind."""
    there = [str(config.out / name) for name in names if (config.out / name).exists()]
    done = subprocess.run(["nm", *there], capture_output=True, text=True, check=False)
    return {found[1] for found in re.finditer(rf"^[0-9a-f ]* [{kind}] (\S+)$", done.stdout, re.M)}


def exports(report):
    """What drivers take from mm is exported: each of them may be a module."""
    names = [object_of(path) for path in sources(DRIVERS)]
    wanted = symbols(DRIVERS, names, "U") | symbols(X86, ["lib/test_hmm.o"], "U")
    mm = [f"mm/{path.name}" for path in (X86.out / "mm").glob("*.o")]
    wanted &= symbols(X86, mm, "TDBR")
    text = git("grep", "-hE", r"^EXPORT_(PER_CPU_)?SYMBOL", "series", "--", "mm")
    exported = set(re.findall(r"^EXPORT_(?:PER_CPU_)?SYMBOL\w*\((\w+)", text, re.M))
    for name in sorted(wanted):
        report.add(f"export of {name}", name in exported, "a module uses it")


def base_tree():
    """A work tree of the base."""
    place = BUILD / "base"
    git("worktree", "prune")
    if not place.exists():
        git("worktree", "add", "-q", "--detach", str(place), "base")
    return place


def write_known():
    """What the base says of the files that the series touches, in every configuration."""
    source, found = base_tree(), Counter()
    for config in (CORE, DRIVERS, POWERPC):
        paths = [path for path in sources(config) if (source / path).exists()]
        say(f"{config.name}: {len(paths)} files of the base")
        found += warnings_of(replace(config, name=f"{config.name}-base", source=source), paths)
    write(KNOWN, "# SPDX-License-Identifier: GPL-2.0\n# Warnings that Linux gives without the "
          "series (static.py known)\n" + "".join(f"{line}\n" for line in sorted(found.elements())))


def main(args):
    if args != ["known"]:
        print(__doc__)
        return 2
    with lock():
        write_known()
    return 0


if __name__ == "__main__":
    entry(main)

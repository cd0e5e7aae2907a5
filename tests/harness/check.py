# SPDX-License-Identifier: GPL-2.0
"""make check: every test there is; the last line counts them.

What passed is remembered with a digest of its input (build/check.json), so
that a second run does only what changed. FRESH=1 forgets.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cocci
import common
import differences
import guest
import kernel
import layout
import patches
import series
import static
from common import BUILD, GIT_ENV, JOBS, LINUX, LOGS, TOP, Stop, entry, file_sha256, git, lock, \
    read_json, sha256, write

MEMORY = BUILD / "check.json"
FRESH = os.environ.get("FRESH", "") not in ("", "0")
# The files a series adds to mm/ are covered by the F: patterns MAINTAINERS has. Its
# typedefs are opaque structs of one word, which is what they are for: the compiler
# keeps the number spaces apart.
CHECKPATCH = ["--strict", "--terse", "--show-types", "-q", "--ignore",
              "FILE_PATH_CHANGES,NEW_TYPEDEFS"]
# What checkpatch says of mails that are right: one has a header which is all about versions of
# the kernel, the other macros that are for spatch, not for the compiler.
ALLOWED = (
    ("-Documentation-let-a-driver-be-built-for-older",
     r": (WARNING:(LINUX_VERSION_CODE|CONSTANT_COMPARISON)|(ERROR|CHECK):SPACING: .*'[<>/]')"),
    ("-coccicheck-tell-spatch-of-macros",
     r": (WARNING:(MACRO_ARG_UNUSED|EMBEDDED_FILENAME)|ERROR:COMPLEX_MACRO):"),
)
# The tests ask for huge pages where they want them.
BOOT = "transparent_hugepage=madvise"
NO_KUNIT = f"{BOOT} kunit.enable=0"
# Memory that the kernel is told to leave alone is that of two coherent devices.
COHERENT = (f"{NO_KUNIT} memmap=512M$0x50000000 test_hmm.spm_addr_dev0=0x50000000 "
            "test_hmm.spm_addr_dev1=0x60000000")
# Tests for which it makes a difference.
COHERENT_TESTS = ("device_private_batch", "device_private_dirty,-t,coherent",
                  "device_private_evict")
P2P = "device_private_p2p"
# Upstream's test without its benchmark, which takes a minute.
HMM_TESTS = "hmm-tests,-T,benchmark_thp_migration"
# Tests that want two nodes of memory, and the devices of P2P.
NODES = ("device_private_track", "device_private_trackers")
# Seconds a guest with expensive debugging may take.
DEBUG_LIMIT = max(guest.LIMIT, 7200)
# What pci_p2pdma thinks of host bridges depends on the CPU.
P2P_CPUS = ("qemu64", "EPYC")


# What a section says that runs beside others; it is printed when the section ends.
KEPT = threading.local()
REMEMBERING = threading.Lock()


def say(text):
    lines = getattr(KEPT, "lines", None)
    if lines is None:
        common.say(text)
    else:
        lines.append(text)


class Report:
    """Counts test cases and prints the ones that did not pass."""

    def __init__(self):
        self.count = Counter()

    def add(self, name, ok, why=""):
        self.count["passed" if ok else "failed"] += 1
        if not ok:
            say(f"  FAILED {name}: {why}")

    def section(self, title, mark, run):
        """Run a group of tests unless it passed on this very input before; did it pass?"""
        before = read_json(MEMORY).get(title, {})
        if mark and before.get("mark") == mark and not FRESH:
            part = Counter(before["count"])
            note = ", unchanged"
        else:
            say(f"== {title}")
            part, note = Report(), ""
            try:
                run(part)
            except Stop as error:
                part.add(title, False, str(error))
            part = part.count
            remember(title, mark, part)
        say(f"== {title}: {words(part)}{note}")
        self.count += part
        return not part["failed"]

    def sections(self, group):
        """Run sections, (title, mark, run) each, as many at a time as there are CPUs."""
        def one(arguments):
            KEPT.lines, part = [], Report()
            part.section(*arguments)
            with REMEMBERING:
                common.say("\n".join(KEPT.lines))
            return part.count

        # A guest has 4 GiB, and most of them one host CPU.
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
        with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, memory // 6))) as pool:
            for count in pool.map(one, group):
                self.count += count


def remember(title, mark, count):
    with REMEMBERING:
        memory = read_json(MEMORY)
        memory.pop(title, None)
        if not count["failed"]:
            memory[title] = {"mark": mark, "count": count}
        write(MEMORY, json.dumps(memory))


def words(count):
    return ", ".join(f"{count[key]} {key}" for key in ("passed", "failed", "skipped"))


# --- the harness itself ---

def unit_tests(report):
    class Result(unittest.TextTestResult):
        def stopTest(self, test):
            super().stopTest(test)
            say(f"  {test.id()}")

    suite = unittest.defaultTestLoader.discover(str(TOP / "tests/harness"), "test_*.py")
    with open(LOGS / "unittest.log", "w", encoding="utf-8") as log:
        result = unittest.TextTestRunner(stream=log, resultclass=Result, verbosity=2).run(suite)
    for test, trace in result.failures + result.errors:
        report.add(test.id(), False, f"{trace.strip().splitlines()[-1]} (see {log.name})")
    report.count["skipped"] += len(result.skipped)
    report.count["passed"] += result.testsRun - report.count["failed"] - len(result.skipped)


def harness_mark():
    files = sorted((TOP / "tests/harness").glob("*")) + [TOP / "Makefile"]
    return sha256(*(path.read_bytes() for path in files if path.is_file()))


# --- the queue and its mails ---

def loose(data):
    """A patch without the line numbers, which depend on who packed the base."""
    return re.sub(rb"^@@ .*$", b"@@", data, flags=re.M)


def round_trip(report):
    """Exporting the commits gives back the very files they were made from."""
    files, _ = series.queue_of_tree()
    for path, (_, data) in files.items():
        have = (TOP / path).read_bytes() if (TOP / path).is_file() else b""
        same = loose(have) == loose(data) if path.endswith(".patch") else have == data
        report.add(path, same, "differs from what make export would write: run make tree, "
                   "make export and commit the result")
    for path in set(series.old_files()) - set(files):
        report.add(path, False, "is not what make export would write")


def git_am(report):
    """The mails, applied with git am to a clean base, give the tree of the queue."""
    place = BUILD / "am"
    git("worktree", "remove", "--force", str(place), check=False)
    git("worktree", "prune")
    shutil.rmtree(place, ignore_errors=True)
    git("worktree", "add", "-q", "--no-checkout", "--detach", str(place), "base")
    try:
        touched = git("diff", "--name-only", "--no-renames", "base", "series").split()
        git("sparse-checkout", "set", "--no-cone", *(f"/{path}" for path in touched), cwd=place)
        git("checkout", "-q", "base", cwd=place)
        mails = sorted(map(str, (BUILD / "series").glob("0*.patch")))
        mails = [mail for mail in mails if not mail.endswith("/0000-cover-letter.patch")]
        git("am", "-q", *mails, cwd=place, env=series.NOBODY)
        trees = [git("rev-parse", f"{rev}^{{tree}}", cwd=place) for rev in ("HEAD", "series")]
        report.add("git am", trees[0] == trees[1], "the mails give another tree than the queue")
    finally:
        git("worktree", "remove", "--force", str(place), check=False)


def checkpatch_on(mails):
    """What checkpatch says of mails, as {name: lines}; one that it did not read has None."""
    done = subprocess.run(["perl", "scripts/checkpatch.pl", *CHECKPATCH, *map(str, mails)],
                          cwd=LINUX, env=GIT_ENV, capture_output=True, text=True, check=False)
    result = dict.fromkeys(mail.name for mail in mails)
    begun, found = iter(mails), []
    for line in done.stdout.splitlines():
        # The line that counts closes a mail.
        if line.startswith("total: "):
            result[next(begun).name], found = found, []
        elif line and not any(mail in line and re.search(said, line) for mail, said in ALLOWED):
            found.append(line.rpartition("/")[2])
    return result


def checkpatch(report):
    mails = [mail for mail in sorted((BUILD / "series").glob("0*.patch"))
             if mail.name != "0000-cover-letter.patch"]
    jobs = int(JOBS)
    with ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(checkpatch_on, [mails[i::jobs] for i in range(jobs)]):
            for name, lines in sorted(result.items()):
                report.add(f"checkpatch {name}", lines == [],
                           "was not read" if lines is None else "\n    ".join(lines))


# --- the C files that the series touches ---

def kernel_doc_warnings(path, text=None):
    """What kernel-doc says of a file, as it is or as it was with another text."""
    with tempfile.TemporaryDirectory() as temp:
        if text is not None:
            path = Path(temp) / Path(path).name
            path.write_bytes(text)
        done = subprocess.run(["scripts/kernel-doc", "-none", str(path)], cwd=LINUX, text=True,
                              capture_output=True, errors="replace", check=False)
    return Counter(line.split(" ", 2)[-1] for line in done.stderr.splitlines()
                   if re.match(r"warning|error", line, re.I))


def kernel_doc(report):
    """Comments of new and touched files parse; what the base has already is not counted."""
    def new_warnings(path):
        old = git("show", f"base:{path}", check=False, text=False).stdout
        return kernel_doc_warnings(path) - kernel_doc_warnings(path, old)

    paths = [path for path in static.touched() if path.endswith((".c", ".h"))]
    with ThreadPoolExecutor(int(JOBS)) as pool:
        for path, new in zip(paths, pool.map(new_warnings, paths)):
            report.add(f"kernel-doc {path}", not new, "; ".join(new))


# --- the kernel ---

def build(report):
    kernel.build()
    report.add("build", True)


def build_guest(report):
    done = subprocess.run(["make", "-s", "-C", str(TOP / "tests/guest"), f"LINUX={LINUX}",
                           f"OUT={BUILD}/guest", f"-j{JOBS}"], env=kernel.environment(), check=False)
    report.add("guest programs", done.returncode == 0, "do not compile, see above")


def selftests():
    return subprocess.run(["make", "-s", "-C", str(TOP / "tests/guest"), f"LINUX={LINUX}",
                           f"OUT={BUILD}/guest", "list"], env=kernel.environment(), text=True,
                          capture_output=True, check=True).stdout.split()


def kunit(report, log):
    """KUnit's results from the kernel log, with the kernel's own parser."""
    sys.path.insert(0, str(LINUX / "tools/testing/kunit"))
    sys.dont_write_bytecode = True
    import kunit_parser	# pylint: disable=import-outside-toplevel,import-error
    from kunit_printer import Printer	# pylint: disable=import-outside-toplevel,import-error
    test = kunit_parser.parse_run_tests(log, Printer(print=False))
    counts = test.counts
    report.count["passed"] += counts.passed
    report.count["skipped"] += counts.skipped
    for line in log:
        if re.search(r"\] +not ok \d", line):
            say(f"  FAILED kunit: {line.split('] ', 1)[1].strip()}")
    report.count["failed"] += counts.failed + counts.crashed + counts.errors
    say(f"  KUnit: {counts}")


def tap(report, program, result):
    """The cases of one selftest, and that it ended as it should."""
    lines = result.lines_of(program)
    cases = [line for line in lines if re.match(r"(not )?ok \d+", line)]
    plan = sum(int(line[3:]) for line in lines if re.fullmatch(r"1\.\.\d+", line))
    part = Report()
    for line in cases:
        if re.search(r"# SKIP", line):
            part.count["skipped"] += 1
        else:
            part.add(program, line.startswith("ok"), line)
    if len(cases) != plan or not plan:
        part.add(program, False, f"{len(cases)} of {plan} cases reported")
    status = result.status(program)
    if status not in (0, 4) and not part.count["failed"]:
        part.add(program, False, f"exit status {status}")
    say(f"  {program}: {words(part.count)}")
    report.count += part.count
    return part.count


def boot(report, programs, name, run=guest.boot, **how):
    """Run selftests in one guest; the kernel's log must be clean."""
    def show(line):
        if re.match(r"guest: start|not ok|# .*(FAIL|Assert)|.*:\d+:.*:Expected|# (p2p:|!! )", line):
            say(f"  {line}")

    result = run(programs, name, show=show, **how)
    result.counts = {}
    for program in programs:
        name = program.split(",")[0]
        result.counts[name] = tap(report, name, result)
        if program == differences.PROGRAM:
            differences.check(report, result.lines_of(program))
    bad = result.bad_lines()
    report.add("kernel log", not bad, f"{len(bad)} bad lines, first: {bad[:1]} "
               f"(all of it in {result.log_path})")
    return result


def ordinary():
    """The selftests that need no machine of their own."""
    return [HMM_TESTS if program == "hmm-tests" else program
            for program in selftests() if program not in (P2P, *NODES)]


def boot_all(report, name="check", **how):
    """KUnit at boot, then every selftest that needs no machine of its own."""
    log = boot(report, ordinary(), name, append=BOOT, **how).log
    kunit(report, log)
    layout.check(report, log)


def boot_um(report):
    """The same where no emulator is in the way, and no huge pages and no devices are."""
    boot_all(report, "check-um", run=guest.boot_um)


def um_sections(report):
    """um first: it builds and runs in a few minutes, and has most of what the series changes."""
    def build_um(part):
        kernel.build(kernel.UM)
        part.add("build", True)

    if not report.section("build, um", None, build_um):
        return []
    return [("um", boot_mark(kernel.UM.image), boot_um)]


def um(report):
    report.sections(um_sections(report))


def boot_coherent(report):
    """Upstream's test again, its devices now of coherent memory; and what else knows them."""
    boot(report, [HMM_TESTS, *COHERENT_TESTS], "check-coherent", append=COHERENT)


def boot_l1tf(report):
    """What an entry may hold on a CPU with L1TF."""
    result = boot(report, [], "check-l1tf", cpu="Nehalem",
                  append="kunit.filter_glob=device_private*")
    kunit(report, result.log)


def boot_p2p(report, cpu):
    boot(report, [P2P], f"check-p2p-{cpu}", append=NO_KUNIT, cpu=cpu, qemu=guest.P2P_DEVICES)


def boot_nodes(report, program, name="check", **how):
    """A machine with two nodes, on which NUMA balancing is on.

    With one CPU: two that take turns wait for each other, and races are run in parallel.
    """
    boot(report, [program], f"{name}-{program}", append=f"{NO_KUNIT} maxcpus=1",
         qemu=guest.TWO_NODES + guest.P2P_DEVICES, **how)


def nodes_sections(title, mark=None, **how):
    return [(f"{title}, {program}", mark,
             lambda part, program=program: boot_nodes(part, program, **how))
            for program in NODES]


def races():
    """The tests of races, each program with the arguments that choose them."""
    for program in selftests():
        source = (LINUX / f"tools/testing/selftests/mm/{program}.c").read_text()
        names = re.findall(r"^TEST_F(?:_TIMEOUT)?\(\w+, ((?:\w+_)?race(?:_\w+)?)\b", source, re.M)
        if names:
            yield ",".join([program, *(f"-t,{name}" for name in dict.fromkeys(names))])


def boot_parallel(report, name="check-parallel", **how):
    """CPUs in parallel and real time, for races that one thread at a time hides.

    On a busy host Linux may miss the timer interrupts that it checks for at boot.
    """
    boot(report, list(races()), name, append=f"{NO_KUNIT} no_timer_check",
         qemu=guest.P2P_DEVICES, accel="kvm" if guest.acceleration() == "kvm" else "mttcg", **how)


def boot_mark(image):
    """What the result of a guest depends on."""
    return sha256(file_sha256(image), file_sha256(guest.INITRD),
                  (TOP / "tests/harness/guest.py").read_bytes(),
                  (TOP / "tests/harness/check.py").read_bytes())


def boots(report):
    """Every boot; each is a section of its own."""
    image = boot_mark(kernel.IMAGE)
    guest.acceleration()
    # The longest first.
    report.sections([("guest", image, boot_all),
                     *reversed(nodes_sections("guest, two nodes", image)),
                     ("guest, coherent devices", image, boot_coherent),
                     *p2p_sections(image),
                     ("guest, CPU with L1TF", image, boot_l1tf)])
    report.section("guest, CPUs in parallel", image, boot_parallel)


def p2p_sections(mark=None):
    return [(f"guest, P2P, CPU {cpu}", mark, lambda part, cpu=cpu: boot_p2p(part, cpu))
            for cpu in P2P_CPUS]


def debug(report):
    """Every boot again with KASAN, lockdep and more; ten minutes of the P2P race.

    What has passed is not repeated: a run that was cut off goes on where it was.
    """
    kernel.build(kernel.DEBUG)
    mark = boot_mark(kernel.DEBUG.image)
    how = {"kernel": kernel.DEBUG.image, "limit": DEBUG_LIMIT}

    def section(title, run):
        return f"guest, debug, {title}", mark, run

    def of_program(program):
        return section(program, lambda part: boot(
            part, [program], f"debug-{program}", append=NO_KUNIT, **how))

    guest.acceleration()
    report.sections([
        *nodes_sections("guest, debug, two nodes", mark, name="debug", **how),
        *map(of_program, ordinary()),
        section("KUnit", lambda part: kunit(
            part, boot(part, [], "debug-kunit", append=BOOT, **how).log)),
        section("coherent devices", lambda part: boot(
            part, [HMM_TESTS, *COHERENT_TESTS], "debug-coherent", append=COHERENT, **how)),
        section("page_ref events", lambda part: boot(
            part, ["device_private,-f,device_private_pte"], "debug-page-ref",
            append=f"{NO_KUNIT} trace_event=page_ref:*", **how))])
    # CPUs in parallel and real time, for these are about races.
    report.section(*section("CPUs in parallel", lambda part: boot_parallel(
        part, "debug-parallel", **how)))
    report.section(*section("P2P", lambda part: boot(
        part, [P2P], "debug-p2p", append=f"{NO_KUNIT} P2P_RACE_SECONDS=600", accel="mttcg",
        qemu=guest.P2P_DEVICES, **how)))


def drivers(report):
    """The users of device-private memory and of HMM outside mm."""
    queue = patches.digest(patches.names()) + series.rev("series")
    for config in (static.DRIVERS, static.POWERPC):
        report.section(f"W=1 and sparse, {config.name}", queue + config.digest(),
                       lambda part, config=config: static.check(part, config))
    report.section("exports", None, static.exports)


def boot_drm(report, config, suites):
    """KUnit suites of DRM and its drivers, which need no GPU."""
    kernel.build(config)
    result = boot(report, [], f"check-{config.name}", kernel=config.image,
                  append=f"kunit.filter_glob={suites}")
    kunit(report, result.log)


def boot_alone(report):
    """DEVICE_PRIVATE without what pagemaps with PFNs need: ZONE_DEVICE, hotplug, NUMA."""
    kernel.build(kernel.ALONE)
    boot_all(report, "check-alone", kernel=kernel.ALONE.image)


def all_of_drivers(report):
    """What takes too long for every make check: whole directories, a kernel of its own."""
    drivers(report)
    report.section("without DEVICE_PRIVATE", None, static.without)
    report.section("core, powerpc", None, static.narrow)
    report.section("guest, drm_pagemap", None,
                   lambda part: boot_drm(part, kernel.DRM, "drm_pagemap"))
    report.section("guest, nouveau", None,
                   lambda part: boot_drm(part, kernel.NOUVEAU, "nouveau*"))
    report.section("guest, DEVICE_PRIVATE alone", None, boot_alone)


def everything(report):
    report.section("harness", harness_mark(), unit_tests)
    with lock():
        series.make_tree()
        tip = series.rev("series")
        queue = patches.digest(patches.names()) + tip
        if not report.section("guest programs", None, build_guest):
            return
        group = um_sections(report)
        if tip != series.rev("base"):
            series.make_mail()
            group += [("git am", queue, git_am),
                      ("round trip of the queue", queue, round_trip),
                      ("checkpatch", queue, checkpatch)]
        report.sections(group)
        if not report.section("build", None, build):
            return
        if tip != series.rev("base"):
            report.section("W=1 and sparse", queue + static.CORE.digest(),
                           lambda part: static.check(part, static.CORE))
            report.section("core without DEVICE_PRIVATE", queue + static.CORE_WITHOUT.digest(),
                           static.core_without)
            report.section("kernel-doc", queue, kernel_doc)
            drivers(report)
            cocci.fast(report)
        boots(report)


def only(group):
    def run(report):
        with lock():
            series.make_tree()
            group(report)
    return run


GROUPS = {"um": only(um), "drivers": only(all_of_drivers), "debug": only(debug)}


def main(args):
    if args and args[0] not in GROUPS:
        raise Stop(f"check.py {args[0]}: no such group, there are {', '.join(GROUPS)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    report = Report()
    (GROUPS[args[0]] if args else everything)(report)
    say(words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

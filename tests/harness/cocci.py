# SPDX-License-Identifier: GPL-2.0
"""make check-cocci: the semantic patches, on fixtures, on the series and on Linux 6.12.

usage: cocci.py          run everything
       cocci.py expect   write what is expected of the fixtures: to be read before it is committed
       cocci.py report TREE   what the semantic patches say of a kernel tree
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import BUILD, CACHE, LINUX, LOGS, TOP, Stop, entry, git, lock, need_tool, say, \
    sha256, write

SCRIPTS = TOP / "scripts/coccinelle/api"
TESTS = TOP / "tests/cocci"
LIST = TESTS / "linux-6.12"
WORKERS = 2

ENTRY = "device_private_entry"
HAS = "softleaf_has_page"
MAKE = "softleaf_mk"
ARRAYS = "migrate_pfn"
REGISTER = "device_private_register"
PFN = "device_private_pfn"
HMM = "hmm_pfn_type"
# What a file must have for the semantic patch to have a reason to read it.
SUBJECT = {
    ENTRY: r"\b(pfn_swap_entry_to_page|pfn_swap_entry_folio|swp_offset_pfn|softleaf_to_page|"
           r"softleaf_to_folio|softleaf_to_pfn)\s*\(",
    HAS: r"\bsoftleaf_has_pfn\s*\(",
    MAKE: r"\bmake_(writable|readable|readable_exclusive)_(migration|device_private)_entry\s*\(",
    ARRAYS: r"\b(migrate_pfn\s*\(|MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND|SHIFT)\b)",
    REGISTER: r"\b(request_free_mem_region\s*\(|MEMORY_DEVICE_PRIVATE\b)",
    PFN: r"\b(MEMORY_DEVICE_PRIVATE|is_device_private_page|folio_is_device_private|migrate_vma|"
         r"zone_device_page_init|zone_device_folio_init|hmm_pfn_to_page)\b",
    HMM: r"\bhmm_pfn_to_(page|phys)\s*\(",
}
# The calls that a file is read for: each must be in what spatch could parse.
CALLS = (r"\b(pfn_swap_entry_to_page|pfn_swap_entry_folio|swp_offset_pfn|softleaf_to_page|"
         r"softleaf_to_folio|softleaf_to_pfn|request_free_mem_region|memremap_pages|"
         r"devm_request_free_mem_region|devm_memremap_pages|page_to_pfn|folio_pfn|page_to_phys|"
         r"range_len|hmm_pfn_to_page|hmm_pfn_to_phys)\s*\(")
# The patches that semantic patches make, by their subject.
MECHANICAL = {
    "mm: make migration and device private entries from a page": (MAKE,),
    "mm, proc: ask a leaf entry for its page by what it is known to be": (ENTRY, HAS),
    "mm/migrate_device: use the migrate_pfn_t accessors": (ARRAYS,),
    "lib/test_hmm: use the migrate_pfn_t accessors": (ARRAYS,),
    "drm/nouveau: use the migrate_pfn_t accessors": (ARRAYS,),
    "drm/amdkfd: use the migrate_pfn_t accessors": (ARRAYS,),
    "drm/pagemap: use the migrate_pfn_t accessors": (ARRAYS,),
    "KVM: PPC: Book3S HV: use the migrate_pfn_t accessors": (ARRAYS,),
}


SPDX = "# SPDX-License-Identifier: GPL-2.0"


def kept(path):
    """The lines of a file of what is expected, without its comments."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if not line.startswith("#")]


def keep(path, lines):
    path.unlink(missing_ok=True)
    if lines:
        write(path, "".join(f"{line}\n" for line in [SPDX, *lines]))


def script(name):
    return SCRIPTS / f"{name}.cocci"


def modes(name):
    return re.findall(r"^virtual (\w+)$", script(name).read_text(), re.M)


def mark(*names):
    files = [script(name) for name in names or SUBJECT] + [Path(__file__)]
    files += sorted(path for path in TESTS.rglob("*") if path.is_file())
    return sha256(*(path.read_bytes() for path in files))


def spatch(cocci, mode, path, cwd, *options):
    """Run a semantic patch on a file; what it prints, or Stop with its words."""
    line = ["spatch", "--very-quiet", "--no-includes", "--include-headers", "--macro-file",
            str(TESTS / "macros.h"), *options]
    if mode:
        line += ["-D", mode]
    done = subprocess.run([*line, "--cocci-file", str(cocci), str(path)], cwd=cwd, text=True,
                          capture_output=True, errors="replace", check=False,
                          preexec_fn=lambda: os.nice(10))
    if done.returncode or "rror" in done.stderr:
        raise Stop(f"spatch {Path(cocci).name} {path}: {done.stderr.strip()[-300:]}")
    return done.stdout


def patch(name, path, cwd):
    spatch(script(name), "patch", path, cwd, "--in-place", "--no-show-diff")


def lines_of(name, path, cwd):
    """The lines of report mode, without the name of the file, in the file's order."""
    out = spatch(script(name), "report", path, cwd, "--no-show-diff")
    found = re.findall(rf"^{re.escape(str(path))}:(\d+):(\d+)-(\d+): (.*)$", out, re.M)
    found = sorted({(int(line), int(begin), int(end), text) for line, begin, end, text in found})
    return [f"{line}:{begin}-{end}: {text}" for line, begin, end, text in found]


def in_parallel(run, jobs):
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda job: run(*job), jobs))


# --- fixtures ---

def fixtures_of(name):
    return sorted(path for path in (TESTS / name).glob("*.c")
                  if not path.name.endswith(".expected.c"))


def compiles(path, *options):
    done = subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only",
                           f"-I{TESTS}", *options, str(path)], text=True, capture_output=True,
                          check=False)
    return done.returncode == 0, done.stderr[:300]


def changed(name, path, place):
    """A fixture as the semantic patch leaves it, and what a second run makes of that."""
    shutil.copy(path, place / path.name)
    patch(name, path.name, place)
    once = (place / path.name).read_text()
    patch(name, path.name, place)
    return once, (place / path.name).read_text()


def fixture(name, path):
    """The checks of one fixture, as (what, passed, why not)."""
    label, found = f"{name}/{path.name}", []
    expected = path.with_suffix(".expected.c")
    known = path.with_suffix(".report")
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        found.append((f"{label} compiles", *compiles(path)))
        if "patch" in modes(name):
            want = (expected if expected.exists() else path).read_text()
            once, twice = changed(name, path, place)
            diff = "".join(difflib.unified_diff(want.splitlines(True), once.splitlines(True),
                                                "expected", "changed", n=0))
            found.append((label, once == want, "\n" + diff))
            found.append((f"{label} again", twice == once, "a second run changes more"))
            if expected.exists():
                result = place / "result.c"
                result.write_text(once)
                found.append((f"{label} compiles when changed", *compiles(result, "-DAFTER")))
        shutil.copy(path, place / path.name)
        have = lines_of(name, path.name, place)
        want = kept(known)
        diff = "; ".join(line for line in difflib.ndiff(want, have) if line[0] in "+-")
        found.append((f"{label} report", have == want, diff))
        org = spatch(script(name), "org", path.name, place, "--no-show-diff")
        found.append((f"{label} org", bool(org.strip()) == bool(want), "org and report differ"))
        context = spatch(script(name), "context", path.name, place)
        found.append((f"{label} context", bool(context.strip()) == bool(want),
                      "context and report differ"))
    return found


def tried(name, path):
    try:
        return fixture(name, path)
    except Stop as error:
        return [(f"{name}/{path.name}", False, str(error))]


def form(report):
    """What a semantic patch of the kernel has in its head, and that it parses."""
    for name in SUBJECT:
        text = script(name).read_text()
        for need in ("// SPDX-License-Identifier: GPL-2.0", "\n///", "\n// Confidence: ",
                     "\n// Comments: ", "\n// Options: ", "\nvirtual context\n",
                     "\nvirtual org\n", "\nvirtual report\n"):
            report.add(f"{name}.cocci", need in text, f"has no {need.strip()}")
        try:
            for mode in modes(name):
                spatch(script(name), mode, "/dev/null", TOP, "--parse-cocci")
            report.add(f"{name}.cocci parses", True)
        except Stop as error:
            report.add(f"{name}.cocci parses", False, str(error))


def fixtures(report):
    need_tool("spatch", "coccinelle")
    form(report)
    jobs = [(name, path) for name in SUBJECT for path in fixtures_of(name)]
    for found in in_parallel(tried, jobs):
        for line in found:
            report.add(*line)


def write_expected():
    """Write NAME.expected.c and NAME.report of every fixture as they are now."""
    for name in SUBJECT:
        for path in fixtures_of(name):
            with tempfile.TemporaryDirectory() as temp:
                place = Path(temp)
                shutil.copy(path, place / path.name)
                lines = lines_of(name, path.name, place)
                once = changed(name, path, place)[0] if "patch" in modes(name) else path.read_text()
            keep(path.with_suffix(".report"), lines)
            expected = path.with_suffix(".expected.c")
            expected.unlink(missing_ok=True)
            if once != path.read_text():
                write(expected, once)


# --- the mechanical patches of the series ---

def tokens(lines):
    return re.findall(r"\w+|\S", " ".join(lines))


def difference(ours, theirs, path):
    """How two versions of a file differ, in lines and in line breaks and blanks alone."""
    out, layout = [], 0
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            continue
        if tokens(ours[a:b]) == tokens(theirs[c:d]):
            layout += 1
            continue
        out += [f"-{line}" for line in ours[a:b]] + [f"+{line}" for line in theirs[c:d]]
    return ([f"--- {path}"] + out if out else []), layout


def show(rev, path):
    return git("show", f"{rev}:{path}", check=False).stdout


def changed_lines(rev):
    text = git("diff", "-U0", f"{rev}^", rev)
    return len(re.findall(r"^[-+](?![-+])", text, re.M))


def commit_of(subject):
    revs = git("log", "--format=%H %s", "base..series").splitlines()
    revs = [rev for rev, text in (line.split(" ", 1) for line in revs) if text == subject]
    if len(revs) != 1:
        raise Stop(f"the series has {len(revs)} patches of the subject {subject}")
    return revs[0]


def remake(subject, names):
    """Make a patch of the series anew from its parent; how it differs from the one in the queue."""
    rev = commit_of(subject)
    wrong, layout = [], 0
    with tempfile.TemporaryDirectory() as temp:
        for path in git("diff", "--name-only", "--no-renames", f"{rev}^", rev).split():
            file = Path(temp) / path
            write(file, show(f"{rev}^", path))
            for name in names:
                if re.search(SUBJECT[name], file.read_text()):
                    patch(name, path, temp)
            lines, moved = difference(file.read_text().splitlines(),
                                      show(rev, path).splitlines(), path)
            wrong += lines
            layout += moved
    return wrong, layout, changed_lines(rev)


def regenerate(report):
    """Every mechanical patch is what the semantic patch makes of its parent."""
    need_tool("spatch", "coccinelle")
    jobs = list(MECHANICAL.items())
    for (subject, names), (wrong, layout, total) in zip(jobs, in_parallel(remake, jobs)):
        say(f"  {subject}: {', '.join(names)}; {total} changed lines, {layout} places differ in "
            f"line breaks")
        report.add(subject, not wrong, "differs from what is made:\n" + "\n".join(wrong))


# --- whole trees ---

def strip(text):
    """C without comments, strings and macros, its lines and columns as they were."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found[0])
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#[ \t]*define\b(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def selected(tree, pattern):
    """The C files of a tree that a semantic patch has a reason to read."""
    done = subprocess.run(["grep", "-rlE", "--include=*.c", "--include=*.h", pattern, "."],
                          cwd=tree, text=True, capture_output=True, check=False)
    paths = sorted(path[2:] for path in done.stdout.split())
    return [path for path in paths if not path.startswith(("tools/", "Documentation/", "scripts/"))]


def calls(tree, path):
    """The calls of interest in the text of a file: (line, column, name)."""
    found = []
    text = strip((Path(tree) / path).read_text(errors="replace"))
    for number, line in enumerate(text.split("\n"), 1):
        for call in re.finditer(CALLS, line):
            # Not where it is declared or defined.
            if not re.match(r"(static|extern|struct|unsigned|void|phys_addr_t)\b", line):
                found.append((number, call.start(), call[1]))
    return found


def seen(tree, path):
    """The same calls as spatch sees them; what it cannot parse is missing."""
    out = spatch(TESTS / "seen.cocci", None, path, tree, "--no-show-diff")
    return {(int(line), int(column)): function
            for line, column, function in re.findall(r"^seen (\d+) (\d+) (\S+)$", out, re.M)}


def parsed(report, tree, paths):
    """A call that spatch does not see is an error: the file matters."""
    where = {}
    for path, found in zip(paths, in_parallel(lambda path: seen(tree, path),
                                               [(path,) for path in paths])):
        where[path] = found
        lost = [f"{line}" for line, column, _ in calls(tree, path) if (line, column) not in found]
        report.add(f"spatch parses {path}", not lost, f"not seen: line {', '.join(lost)}")
    return where


def run_tree(tree, names):
    """Report mode of semantic patches over a tree: {script: {file: lines}}."""
    jobs = [(name, path, tree) for name in names for path in selected(tree, SUBJECT[name])]
    result = {name: {} for name in names}
    for (name, path, _), lines in zip(jobs, in_parallel(lines_of, jobs)):
        result[name][path] = lines
    return result


def checkout(rev, place):
    """The C files of a commit that one of the semantic patches has a reason to read."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    pattern = "|".join(f"({text})" for text in SUBJECT.values())
    # git grep knows no \b and \s in -E on every system; perl's syntax it does.
    found = git("grep", "-lP", pattern, rev, "--", "*.c", "*.h").split()
    paths = [path.split(":", 1)[1] for path in found]
    with subprocess.Popen(["git", "archive", rev, *paths], cwd=LINUX,
                          stdout=subprocess.PIPE) as out:
        subprocess.run(["tar", "-x", "-C", str(place)], stdin=out.stdout, check=True)


def no_pfn_left(report):
    """Report mode finds every device private PFN of the base, and none in the series."""
    counts = {}
    for rev in ("base", "series"):
        place = BUILD / "cocci" / rev
        checkout(rev, place)
        parsed(report, place, [path for path in selected(place, SUBJECT[PFN])
                               if not path.startswith("include/")])
        began = time.monotonic()
        counts[rev] = run_tree(place, (PFN, REGISTER, HMM))
        say(f"  {rev}: {time.monotonic() - began:.0f} s")
    for name in (PFN, REGISTER, HMM):
        for rev in ("base", "series"):
            kinds = Counter(line.split(": ", 1)[1].split(":")[0]
                            for lines in counts[rev][name].values() for line in lines)
            for text, number in sorted(kinds.items()):
                say(f"  {rev}: {number} times {text}")
    all_found(report, counts["base"])
    for name in (PFN, REGISTER):
        base = sum(map(len, counts["base"][name].values()))
        report.add(f"{name}.cocci on the base", base > 0, "finds nothing")
        for path in selected(BUILD / "cocci/series", SUBJECT[name]):
            lines = counts["series"][name][path]
            report.add(f"{name}.cocci on the series, {path}", not lines, "; ".join(lines))


def taken_out(path):
    """The lines of a file that the series takes out, by their number in the base."""
    number, found = 0, {}
    for line in git("diff", "-U0", "base", "series", "--", path).splitlines():
        hunk = re.match(r"@@ -(\d+)", line)
        if hunk:
            number = int(hunk[1])
        elif line.startswith("-") and not line.startswith("---"):
            found[number] = line[1:]
            number += 1
    return found


def all_found(report, said):
    """What the series took out of the drivers is what the base was reported for."""
    pattern = re.compile(r"(pagemap|pgmap)\)?(\.|->)range\b|request_free_mem_region\s*\(")
    for path in said[PFN]:
        if not path.startswith(("arch/", "drivers/", "lib/")):
            continue
        lines = {int(line.split(":")[0]) for name in (PFN, REGISTER)
                 for line in said[name].get(path, [])}
        for number, text in taken_out(path).items():
            if pattern.search(strip(text)):
                report.add(f"{path}:{number} of the base", number in lines,
                           f"not reported: {text.strip()}")


def known_uses():
    """The list made by hand: file, function, call, which one of its kind there, what it is."""
    lines = [line.split() for line in LIST.read_text().splitlines()
             if line and not line.startswith("#")]
    return {tuple(line[:4]): line[4] for line in lines}


def source_6_12():
    """Debian's Linux 6.12, its C files unpacked; None with a reason if there is none."""
    place = BUILD / "linux-6.12"
    if (place / "mm/memory.c").exists():
        return place, ""
    debs = sorted(CACHE.glob("linux-source-6.12_*.deb"))
    if not debs:
        if not shutil.which("apt-get"):
            return None, "no apt-get to fetch linux-source-6.12 with"
        CACHE.mkdir(parents=True, exist_ok=True)
        say("  fetching linux-source-6.12")
        done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
                               "linux-source-6.12"], cwd=CACHE, text=True, capture_output=True,
                              check=False)
        debs = sorted(CACHE.glob("linux-source-6.12_*.deb"))
        if done.returncode or not debs:
            return None, f"linux-source-6.12 cannot be had: {done.stderr.strip()[-200:]}"
    say(f"  unpacking {debs[-1].name}")
    need_tool("ar", "binutils")
    part = BUILD / "linux-6.12.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with subprocess.Popen(["ar", "p", debs[-1], "data.tar.xz"], stdout=subprocess.PIPE) as ar, \
         subprocess.Popen(["tar", "-xJO", "--wildcards", "./usr/src/linux-source-*.tar.xz"],
                          stdin=ar.stdout, stdout=subprocess.PIPE) as outer:
        done = subprocess.run(["tar", "-xJ", "--strip-components=1", "-C", str(part), "--wildcards",
                               "*.c", "*.h"], stdin=outer.stdout, check=False)
    if done.returncode:
        raise Stop(f"{debs[-1]} cannot be unpacked: delete it and run again")
    part.rename(place)
    return place, ""


def uses_of(report, tree):
    """Every use in a tree with what becomes of it: converted, reported or left."""
    paths = selected(tree, SUBJECT[ENTRY])
    where = parsed(report, tree, paths)
    found = {}
    for path, lines in zip(paths, in_parallel(lines_of, [(ENTRY, path, tree) for path in paths])):
        said = {}
        for line in lines:
            place, text = line.split(": ", 1)
            number, column = place.split("-")[0].split(":")
            said[int(number), int(column)] = "converted" if " instead of " in text else "reported"
        order = Counter()
        for line, column, name in calls(tree, path):
            if not re.match(SUBJECT[ENTRY], f"{name}("):
                continue
            function = where[path].get((line, column), "?")
            order[function, name] += 1
            found[path, function, name, str(order[function, name])] = \
                said.get((line, column), "left")
    return found


def linux_6_12(report):
    """Every device private use of Linux 6.12 is found: against a list made by hand."""
    tree, reason = source_6_12()
    if not tree:
        report.count["skipped"] += 1
        say(f"  skipped: {reason}")
        return
    began = time.monotonic()
    found, known = uses_of(report, tree), known_uses()
    took = time.monotonic() - began
    wanted = {"private": "converted", "mixed": "reported", "number": "reported", "other": "left"}
    say(f"  {'file':24} {'function':32} {'call':24} {'by hand':8} result")
    for use in sorted(set(found) | set(known)):
        what, result = known.get(use, "?"), found.get(use, "?")
        path, function, name, order = use
        say(f"  {path:24} {function:32} {name + ' ' + order:24} {what:8} {result}")
        report.add(" ".join(use), use in known and use in found,
                   f"is {what} in the list and {result} in the tree")
        # A use of which the semantic patch cannot tell what it is may be reported.
        good = result == wanted.get(what) or (what == "other" and result == "reported")
        report.add(f"{' '.join(use)}: {what}", good, f"is {result}")
    device = {use for use, what in known.items() if what != "other"}
    acted = {use for use, result in found.items() if result != "left"}
    rewritten = {use for use, result in found.items() if result == "converted"}
    private = {use for use, what in known.items() if what == "private"}
    say(f"  recall: {len(device & acted)} of {len(device)} device private uses are converted or "
        f"reported, {len(private & rewritten)} of {len(private)} that can be converted are")
    say(f"  precision: {len(private & rewritten)} of {len(rewritten)} conversions are of a device "
        f"private entry, {len(device & acted)} of {len(acted)} findings concern one")
    say(f"  {took:.0f} s")


def whole_tree(report):
    """All semantic patches over a whole tree, the files first chosen with grep."""
    tree, reason = source_6_12()
    if not tree:
        report.count["skipped"] += 1
        say(f"  skipped: {reason}")
        return
    began = time.monotonic()
    result = run_tree(tree, SUBJECT)
    took = time.monotonic() - began
    files = {path for found in result.values() for path in found}
    say(f"  {len(files)} files, {sum(len(lines) for found in result.values() for lines in found.values())} "
        f"findings, {took:.0f} s with {WORKERS} processes")
    report.add("whole tree", bool(files), "no file selected")


def fast(report):
    """What make check runs; the series must be there."""
    tip = git("rev-parse", "series").strip()
    report.section("semantic patches, fixtures", mark(), fixtures)
    report.section("semantic patches, mechanical patches", mark() + tip, regenerate)


def everything(report):
    fast(report)
    tip = git("rev-parse", "series").strip()
    report.section("semantic patches, no PFN left", mark() + tip, no_pfn_left)
    report.section("semantic patches, Linux 6.12", None, linux_6_12)
    report.section("semantic patches, whole tree", None, whole_tree)


def main(args):
    need_tool("spatch", "coccinelle")
    if args[:1] == ["expect"]:
        write_expected()
        return 0
    if args[:1] == ["report"] and len(args) == 2:
        for name, found in run_tree(args[1], SUBJECT).items():
            for path, lines in found.items():
                for line in lines:
                    say(f"{path}:{line} [{name}]")
        return 0
    if args:
        print(__doc__)
        return 2
    import check	# pylint: disable=import-outside-toplevel
    LOGS.mkdir(parents=True, exist_ok=True)
    report = check.Report()
    with lock():
        if git("rev-parse", "-q", "--verify", "series", check=False).returncode:
            raise Stop("build/linux has no branch series: run make tree")
        everything(report)
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

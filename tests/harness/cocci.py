# SPDX-License-Identifier: GPL-2.0
"""make check-cocci: the semantic patches, on fixtures, on the series and on Linux 6.12.

usage: cocci.py          run everything
       cocci.py expect   write what is expected of the fixtures: to be read before it is committed
       cocci.py fixtures      the fixtures alone
       cocci.py recall        against the lists made by hand alone
       cocci.py speed         what the semantic patches take alone
       cocci.py report TREE   what the semantic patches say of a kernel tree
"""

import difflib
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import recall
from common import BUILD, LOGS, TOP, Stop, entry, git, lock, need_tool, say, sha256, write
from smpl import ARRAYS, ENTRY, HAS, HMM, MACROS, MAKE, PFN, REGISTER, SUBJECT, TESTS, \
    WORKERS, calls, in_parallel, lines_of, modes, parsed, patch, report_lines, run_tree, \
    script, selected, spatch, strip

LIST = TESTS / "linux-6.12"
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


PATHS = re.compile(r"^# --- The same in .*?^# --- to here ---$", re.M | re.S)
SPDX = "# SPDX-License-Identifier: GPL-2.0"


def kept(path):
    """The lines of a file of what is expected, without its comments."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if not line.startswith("#")]


def keep(path, lines):
    path.unlink(missing_ok=True)
    if lines:
        write(path, "".join(f"{line}\n" for line in [SPDX, *lines]))


def mark(*names):
    """What the result depends on: the semantic patches, their tests, how they are run."""
    files = [script(name) for name in names or SUBJECT] + [MACROS, TOP / "scripts/cocciparse"]
    files += [Path(__file__).with_name(f"{name}.py") for name in ("cocci", "recall", "smpl")]
    files += sorted(path for path in TESTS.rglob("*") if path.is_file())
    return sha256(*(path.read_bytes() for path in files))


# --- fixtures ---

def fixtures_of(name):
    return sorted(path for path in (TESTS / name).glob("*.c")
                  if not path.name.endswith(".expected.c"))


def groups_of(name):
    """The fixtures of several files, a directory each; NAME.expected/ has those that change."""
    return sorted(path for path in (TESTS / name).iterdir()
                  if path.is_dir() and path.suffix != ".expected")


def beside(path, suffix):
    return path.with_name(path.name + suffix)


def members(group):
    return sorted(path.name for path in group.glob("*.[ch]"))


def texts(place, files):
    return {file: (place / file).read_text() for file in files}


def unlike(want, have):
    """How the files that should be alike differ."""
    return "".join(line for file in want if want[file] != have[file]
                   for line in difflib.unified_diff(
                       want[file].splitlines(True), have[file].splitlines(True),
                       f"{file} expected", f"{file} changed", n=0))


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


def group_report(name, files, place):
    out = spatch(script(name), "report", files, place, "--no-show-diff")
    return [f"{file}:{line}:{begin}-{end}: {text}"
            for file, line, begin, end, text in report_lines(out)]


def together(name, path):
    """The checks of a fixture of several files, which spatch gets at the same time."""
    label, found, files = f"{name}/{path.name}", [], members(path)
    sources = [file for file in files if file.endswith(".c")]
    found += [(f"{label}/{file} compiles", *compiles(path / file)) for file in sources]
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        shutil.copytree(path, place, dirs_exist_ok=True)
        have, want = group_report(name, files, place), kept(beside(path, ".report"))
        diff = "; ".join(line for line in difflib.ndiff(want, have) if line[0] in "+-")
        found.append((f"{label} report", have == want, diff))
        for mode in ("org", "context"):
            out = spatch(script(name), mode, files, place, *["--no-show-diff"] * (mode == "org"))
            found.append((f"{label} {mode}", bool(out.strip()) == bool(want),
                          f"{mode} and report differ"))
        if "patch" in modes(name):
            expected = texts(path, files)
            for file in beside(path, ".expected").glob("*.[ch]"):
                expected[file.name] = file.read_text()
            patch(name, files, place)
            once = texts(place, files)
            found.append((label, once == expected, "\n" + unlike(expected, once)))
            patch(name, files, place)
            found.append((f"{label} again", texts(place, files) == once,
                          "a second run changes more"))
            if once != texts(path, files):
                for file, text in once.items():
                    (place / file).write_text(text)
                found += [(f"{label}/{file} compiles when changed",
                           *compiles(place / file, "-DAFTER")) for file in sources]
    return found


# How the files of a driver may be given to spatch.
WAYS = {
    "one by one": lambda files: [[file] for file in files],
    "as a directory": lambda files: [["--dir", "."]],
    "by name": lambda files: [files],
    "by name, backwards": lambda files: [files[::-1]],
}


def laid_out(name, place):
    """All fixtures of a semantic patch in one directory; their names there."""
    for path in fixtures_of(name):
        shutil.copy(path, place / path.name)
    for path in groups_of(name):
        shutil.copytree(path, place / path.name)
    return sorted(str(path.relative_to(place)) for path in place.rglob("*.[ch]"))


def in_a_way(name, mode, way):
    """What the fixtures of a semantic patch become, or what is said of them: {file: text}."""
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        files = laid_out(name, place)
        if mode == "patch":
            for run in WAYS[way](files):
                patch(name, run, place)
            return texts(place, files)
        said = dict.fromkeys(files, "")
        for run in WAYS[way](files):
            for line in group_report(name, run, place):
                file, text = line.split(":", 1)
                said[file] += f"{text}\n"
        return said


def ways(name):
    """Files are changed and reported alike whichever way spatch gets them."""
    found = []
    for mode in ("patch", "report"):
        if mode not in modes(name):
            continue
        try:
            alone = in_a_way(name, mode, "one by one")
        except Stop as error:
            return [*found, (f"{name} {mode}, one by one", False, str(error))]
        for way in [way for way in WAYS if way != "one by one"]:
            label = f"{name} {mode}, fixtures {way}"
            try:
                have = in_a_way(name, mode, way)
                found.append((label, have == alone, "\n" + unlike(alone, have)))
            except Stop as error:
                found.append((label, False, str(error)))
    return found


def tried(check, name, path):
    try:
        return check(name, path)
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
        # Without it, "T *p __free(f) = e;" is a declaration of another type to spatch.
        report.add(f"{name}.cocci sees __free()",
                   re.search(r"^attribute name (\w+, *)*__free\b", text, re.M),
                   "has no line: attribute name __free;")
        try:
            for mode in modes(name):
                spatch(script(name), mode, "/dev/null", TOP, "--parse-cocci")
            report.add(f"{name}.cocci parses", True)
        except Stop as error:
            report.add(f"{name}.cocci parses", False, str(error))
    # spatch includes files of the working directory only: what follows the paths is in each.
    paths = {"".join(PATHS.findall(script(name).read_text())) for name in (ENTRY, HAS, MAKE)}
    report.add("what follows the paths", len(paths) == 1 and paths != {""},
               f"differs between {ENTRY}, {HAS} and {MAKE}")


def fixtures(report):
    """Every fixture as expected."""
    need_tool("spatch", "coccinelle")
    form(report)
    jobs = [(fixture, name, path) for name in SUBJECT for path in fixtures_of(name)]
    jobs += [(together, name, path) for name in SUBJECT for path in groups_of(name)]
    for found in in_parallel(tried, jobs):
        for line in found:
            report.add(*line)


def all_ways(report):
    """All fixtures of a semantic patch together."""
    for found in in_parallel(ways, [(name,) for name in SUBJECT]):
        for line in found:
            report.add(*line)


def write_expected():
    """Write what is expected of every fixture as it is now."""
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
        for path in groups_of(name):
            write_group(name, path)


def write_group(name, path):
    files, expected = members(path), beside(path, ".expected")
    with tempfile.TemporaryDirectory() as temp:
        place = Path(temp)
        shutil.copytree(path, place, dirs_exist_ok=True)
        keep(beside(path, ".report"), group_report(name, files, place))
        if "patch" in modes(name):
            patch(name, files, place)
        shutil.rmtree(expected, ignore_errors=True)
        for file, text in texts(place, files).items():
            if text != (path / file).read_text():
                write(expected / file, text)


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

def no_pfn_left(report):
    """Report mode finds every device private PFN of the base, and none in the series."""
    counts = {}
    for rev in ("base", "series"):
        place = BUILD / "cocci" / rev
        recall.checkout(rev, place)
        parsed(report, place, sorted({path for pattern in SUBJECT.values()
                                      for path in selected(place, pattern)
                                      if not path.startswith("include/")}))
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
    tree, reason = recall.source("6.12")
    if not tree:
        report.count["skipped"] += 1
        say(f"  skipped: {reason}")
        return
    began = time.monotonic()
    found, known = uses_of(report, tree), known_uses()
    took = time.monotonic() - began
    wanted = {"private": "converted", "mixed": "reported", "number": "reported",
              "migration": "reported", "other": "left"}
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
    tree, reason = recall.source("6.12")
    if not tree:
        report.count["skipped"] += 1
        say(f"  skipped: {reason}")
        return
    began = time.monotonic()
    result = run_tree(tree, SUBJECT)
    took = time.monotonic() - began
    files = {path for found in result.values() for path in found}
    total = sum(len(lines) for found in result.values() for lines in found.values())
    say(f"  {len(files)} files, {total} findings, {took:.0f} s with {WORKERS} processes")
    report.add("whole tree", bool(files), "no file selected")
    report.add("whole tree in time", took < recall.TREE_SECONDS,
               f"{took:.0f} s, should be less than {recall.TREE_SECONDS}")


def fast(report):
    """What make check runs; the series must be there."""
    tip = git("rev-parse", "series").strip()
    report.section("semantic patches, fixtures", mark(), fixtures)
    report.section("semantic patches, mechanical patches", mark() + tip, regenerate)


def everything(report):
    fast(report)
    tip = git("rev-parse", "series").strip()
    report.section("semantic patches, fixtures together", mark(), all_ways)
    report.section("semantic patches, no PFN left", mark() + tip, no_pfn_left)
    report.section("semantic patches, Linux 6.12", None, linux_6_12)
    report.section("semantic patches, lists made by hand", None, recall.lists)
    report.section("semantic patches, CPU seconds", None, recall.speed)
    report.section("semantic patches, whole tree", None, whole_tree)


PARTS = {
    "fixtures": (fixtures, all_ways),
    "recall": (recall.lists,),
    "speed": (recall.speed, whole_tree),
}


def main(args):
    need_tool("spatch", "coccinelle")
    if args == ["expect"]:
        write_expected()
        return 0
    if args[:1] == ["report"] and len(args) == 2:
        for name, found in run_tree(args[1], SUBJECT).items():
            for path, lines in found.items():
                for line in lines:
                    say(f"{path}:{line} [{name}]")
        return 0
    if args and (len(args) > 1 or args[0] not in PARTS):
        print(__doc__)
        return 2
    import check	# pylint: disable=import-outside-toplevel
    LOGS.mkdir(parents=True, exist_ok=True)
    report = check.Report()
    with lock():
        if git("rev-parse", "-q", "--verify", "series", check=False).returncode:
            raise Stop("build/linux has no branch series: run make tree")
        if args:
            for part in PARTS[args[0]]:
                report.section(part.__doc__.splitlines()[0], None, part)
        else:
            everything(report)
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)

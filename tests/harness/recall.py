# SPDX-License-Identifier: GPL-2.0
"""The semantic patches on whole kernels: against lists made by hand, and how long they take."""

import os
import re
import shutil
import subprocess
from collections import Counter, defaultdict

import fetch
from common import BUILD, LINUX, TOP, Stop, git, need_tool, say, write
from smpl import ENTRY, HAS, MAKE, SUBJECT, TESTS, in_parallel, measured, modes, report_lines, \
    script, selected, strip

LISTS = TESTS / "lists"
# The scripts for what mm itself has.
INTERFACE = (ENTRY, HAS, MAKE)
# The revision whose semantic patches those of today are compared with.
BEFORE = os.environ.get("COCCI_BEFORE") or "a58d4288197d"
FILE_SECONDS = 10	# CPU seconds that a file may take
TREE_SECONDS = 60	# seconds for a whole kernel, all semantic patches
DIRECTORIES = ("mm", "drivers/gpu/drm/nouveau", "drivers/gpu/drm/amd/amdkfd", "arch/powerpc/kvm")
# The Debian packages that the lists are of.
PACKAGES = {"6.1": "6.1.192-3", "6.12": "6.12.117-1"}


def source(series):
    """The C files of an older kernel of Debian, unpacked; None with a reason if there is none."""
    place = BUILD / f"linux-{series}"
    mark = place / ".package"
    try:
        need_tool("ar", "binutils")
        if mark.exists() and mark.read_text().split("_")[1] == PACKAGES[series]:
            return place, ""
        package = fetch.older(series, PACKAGES[series])
    except OSError as error:
        if mark.exists():
            return place, ""
        return None, f"linux-source-{series} cannot be had: {error}"
    if mark.exists() and mark.read_text() == package.name:
        return place, ""
    part = BUILD / f"linux-{series}.part"
    for old in (part, place):
        shutil.rmtree(old, ignore_errors=True)
    part.mkdir(parents=True)
    fetch.unpack_archive(package, part, "*.c", "*.h")
    write(part / ".package", package.name)
    part.rename(place)
    return place, ""


def checkout(rev, place, *more):
    """The C files of a commit that a semantic patch has a reason to read, and more files."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    pattern = "|".join(f"({text})" for text in SUBJECT.values())
    # git grep knows no \b and \s in -E on every system; perl's syntax it does.
    found = git("grep", "-lP", pattern, rev, "--", "*.c", "*.h").split()
    paths = {path.split(":", 1)[1] for path in found} | set(more)
    with subprocess.Popen(["git", "archive", rev, *sorted(paths)], cwd=LINUX,
                          stdout=subprocess.PIPE) as out:
        subprocess.run(["tar", "-x", "-C", str(place)], stdin=out.stdout, check=True)


# --- lists made by hand ---

def read_list(path):
    """The package a list is of, and its lines: {script: {file: {line: kind}}}."""
    text = path.read_text()
    package = re.search(r"^#.*\bversion ([\w.~+-]+)", text, re.M)
    known = defaultdict(lambda: defaultdict(dict))
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = re.fullmatch(r"(\S+):(\d+)\s+(convert|report|leave)\s+(\S+)\s*(#.*)?", line)
        if not found or found[4] not in SUBJECT:
            raise Stop(f"{path}:{number}: not 'path:line convert|report|leave script': {line}")
        known[found[4]][found[1]][int(found[2])] = found[3]
    return package[1] if package else None, known


def tree_of(path, package, known):
    """The tree that a list is of; None with a reason if it is not there."""
    series = path.name.removeprefix("linux-")
    if series not in PACKAGES:
        tree = BUILD / "cocci/lists"
        checkout("base", tree, *sorted({file for files in known.values() for file in files}))
        return tree, ""
    tree, reason = source(series)
    if tree and f"_{package}_" not in (tree / ".package").read_text():
        return None, f"the list is of {package}, here is {(tree / '.package').read_text()}"
    return tree, reason


def statement(code, line):
    """The last line of the statement that begins at a line; of a condition without its body."""
    text = "\n".join(code[line - 1:line + 60])
    head = re.match(r"[\s}]*(?:else\s+)?(?:if|while|for|switch)\b", text)
    depth = 0
    for place in range(head.end() if head else 0, len(text)):
        sign = text[place]
        depth += (sign in "([") - (sign in ")]")
        if depth < 0 or (depth == 0 and (sign == ")" if head else sign in ";{},")
                         and text[:place].strip(" \t\n}")):
            return line + text.count("\n", 0, place)
    return line


def taken_out(diff):
    """The lines of the old files that a patch takes out: {file: [line]}."""
    found, path, number = defaultdict(list), None, 0
    for line in diff.splitlines():
        hunk = re.match(r"@@ -(\d+)", line)
        if line.startswith("--- "):
            path = re.sub(r"^a/", "", line[4:].split("\t")[0])
        elif hunk:
            number = int(hunk[1])
        elif line.startswith("-"):
            found[path].append(number)
            number += 1
        elif not line.startswith(("+", "\\")):
            number += 1
    return found


def done(tree, name, path):
    """The lines of a file that a semantic patch converts and those that it reports."""
    converted = []
    if "patch" in modes(name):
        out, _ = measured(script(name), "patch", path, tree)
        converted = [line for lines in taken_out(out).values() for line in lines]
    out, _ = measured(script(name), "report", path, tree, "--no-show-diff")
    return set(converted), {line for _, line, _, _, _ in report_lines(out)}


def beside(places, place):
    """The places that are in a run of lines with this one."""
    first = last = place
    while first - 1 in places:
        first -= 1
    while last + 1 in places:
        last += 1
    return range(first, last + 1)


def left_out(name, path):
    """Do the lists leave out a file for a script? Their heads tell what and why."""
    if path.startswith("include/"):
        return path.startswith("include/linux/") and \
            not (name in INTERFACE and path.endswith(("/swapops.h", "/leafops.h")))
    return path == "kernel/resource.c" or path.startswith("mm/") and name not in INTERFACE


def compared(code, known, converted, reported, others=()):
    """One file against the list: the lines missed, those found wrongly, those only reported.

    code is its text without comments, by lines, known what the list has of it, {line: kind}.
    others are the lines that the list has for other scripts: to report them is right.
    """
    ends = {line: statement(code, line) for line in {*known, *others}}

    def kinds(place):
        return {kind for line, kind in known.items() if line <= place <= ends[line]}

    hits = {line: {place for place in converted | reported if line <= place <= ends[line]}
            for line, kind in known.items() if kind != "leave"}
    missed = sorted(line for line, places in hits.items() if not places)
    by_hand = sorted(line for line, places in hits.items()
                     if known[line] == "convert" and places and not places & converted)
    wrong = []
    for place in sorted(converted | reported):
        # A line that can be converted is rightly reported, not the other way round.
        good = {"convert"} if place in converted else {"convert", "report"}
        listed = kinds(place)
        # The if and the else that go with the lines around them are in no list.
        if not listed and place in converted and \
           any("convert" in kinds(other) for other in beside(converted, place)):
            continue
        if not listed and place not in converted and \
           any(line <= place <= ends[line] for line in others):
            continue
        if not listed & good:
            wrong.append((place, "converted" if place in converted else "reported",
                          " or ".join(sorted(listed)) or "not in the list"))
    return missed, wrong, by_hand


def one_list(path):
    """A list against its tree: the lines to print; None with a reason without the tree."""
    package, known = read_list(path)
    tree, reason = tree_of(path, package, known)
    if not tree:
        return None, reason
    for file in {file for files in known.values() for file in files}:
        if not (tree / file).exists():
            raise Stop(f"{path.name}: {tree} has no {file}")
    jobs = [(tree, name, file) for name in SUBJECT
            for file in sorted({*selected(tree, SUBJECT[name]), *known[name]})
            if file in known[name] or not left_out(name, file)]
    counts, lines = defaultdict(Counter), []
    for (_, name, file), (converted, reported) in zip(jobs, in_parallel(done, jobs)):
        code = strip((tree / file).read_text(errors="replace")).split("\n")
        kinds = known[name][file]
        others = {line for other in SUBJECT if other != name
                  for line, kind in known[other][file].items() if kind != "leave"}
        missed, wrong, by_hand = compared(code, kinds, converted, reported, others)
        counts[name].update(lines=sum(kind != "leave" for kind in kinds.values()),
                            missed=len(missed), wrong=len(wrong), by_hand=len(by_hand),
                            acted=len(converted | reported))
        lines += [f"missed {name} {file}:{line} {kinds[line]}" for line in missed]
        lines += [f"wrong {name} {file}:{line} {what}, listed: {listed}"
                  for line, what, listed in wrong]
    return [row(path.name, name, counts[name]) for name in SUBJECT] + lines, ""


def row(tree, name, count):
    found = count["lines"] - count["missed"]
    return (f"{tree:12} {name:24} {count['lines']:5} {found:5} {count['missed']:6} "
            f"{count['wrong']:5} {count['by_hand']:13} {percent(found, count['lines']):>6} "
            f"{percent(count['acted'] - count['wrong'], count['acted']):>9}")


def percent(some, of_all):
    return f"{100 * some / of_all:.0f} %" if of_all else "-"


def lists(report):
    """What the semantic patches find of what lists made by hand have."""
    paths = sorted(path for path in LISTS.glob("*") if path.is_file())
    if not paths:
        report.count["skipped"] += 1
        say(f"  skipped: no list in {LISTS.relative_to(TOP)}")
        return
    say(f"  {'tree':12} {'script':24} lines found missed wrong only reported recall precision")
    for path in paths:
        lines, reason = one_list(path)
        if lines is None:
            report.count["skipped"] += 1
            say(f"  {path.name} skipped: {reason}")
            continue
        for line in lines:
            say(f"  {line}")
        report.add(f"{path.name} compared", True)


# --- time ---

def before():
    """Where the semantic patches of an earlier revision are; None with a reason without one."""
    place = BUILD / "cocci/before"
    shutil.rmtree(place, ignore_errors=True)
    for name in SUBJECT:
        shown = git("show", f"{BEFORE}:{script(name).relative_to(TOP)}", cwd=TOP, check=False)
        if shown.returncode:
            return None, f"no revision {BEFORE} here with {name}.cocci to compare with"
        write(place / f"{name}.cocci", shown.stdout)
    return place, ""


def seconds(cocci, mode, paths, cwd):
    return measured(cocci, mode, paths, cwd)[1]


def speed(report):
    """CPU seconds of every semantic patch and mode, beside those of an earlier revision."""
    tree = BUILD / "cocci/base"
    checkout("base", tree)
    old, reason = before()
    if not old:
        say(f"  not compared: {reason}")
    say(f"  {'script':24} {'mode':7} files  total slowest  before ratio  slowest file")
    total = Counter()
    for name in SUBJECT:
        paths = selected(tree, SUBJECT[name])
        for mode in modes(name):
            if mode not in ("patch", "report"):
                continue
            now = in_parallel(seconds, [(script(name), mode, path, tree) for path in paths])
            past = in_parallel(seconds, [(old / f"{name}.cocci", mode, path, tree)
                                         for path in paths]) if old else []
            slow, path = max(zip(now, paths))
            total.update(now=sum(now), past=sum(past))
            say(f"  {name:24} {mode:7} {len(paths):5} {sum(now):6.1f} {slow:7.1f} "
                f"{f'{sum(past):7.1f} {sum(now) / sum(past):5.2f}' if past else '      -     -'}"
                f"  {path}")
            report.add(f"{name} {mode} in time", slow < FILE_SECONDS,
                       f"{path} takes {slow:.1f} CPU seconds, should be less than {FILE_SECONDS}")
    say(f"  all: {total['now']:.1f} CPU seconds" +
        (f", {total['past']:.1f} at {BEFORE}" if old else ""))
    directories()


def directories():
    """Whole directories, all their files, as a user gives them."""
    tree, reason = source("6.12")
    if not tree:
        say(f"  no directories: {reason}")
        return
    say(f"  CPU seconds of report mode with --dir: {'; '.join(DIRECTORIES)}")
    for name in SUBJECT:
        took = in_parallel(seconds, [(script(name), "report", ["--dir", directory], tree)
                                     for directory in DIRECTORIES])
        say(f"  {name:24} {' '.join(f'{number:6.1f}' for number in took)}")

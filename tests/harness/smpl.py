# SPDX-License-Identifier: GPL-2.0
"""Running spatch: the semantic patches, what they are for, what they say of a file or a tree."""

import importlib.machinery
import importlib.util
import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import TOP, Stop

SCRIPTS = TOP / "scripts/coccinelle/api"
MACROS = TOP / "scripts/coccinelle/macros.h"
TESTS = TOP / "tests/cocci"
WORKERS = 2
LIMIT = 600		# seconds that spatch may take for a file

ENTRY = "device_private_entry"
HAS = "softleaf_has_page"
MAKE = "softleaf_mk"
ARRAYS = "migrate_pfn"
REGISTER = "device_private_register"
PFN = "device_private_pfn"
HMM = "hmm_pfn_type"
# What a file must have for the semantic patch to have a reason to read it.
SUBJECT = {
    ENTRY: r"\b(pfn_swap_entry_to_page|pfn_swap_entry_folio|swp_offset(_pfn)?|softleaf_to_page|"
           r"softleaf_to_folio|softleaf_to_pfn|(device_private|migration)_entry_to_(page|pfn))\s*\(",
    HAS: r"\b(softleaf_has_pfn|is_pfn_swap_entry)\s*\(",
    MAKE: r"\bmake_((writable|readable|readable_exclusive)_)?(migration|device_private)_entry"
          r"(_read)?\s*\(",
    ARRAYS: r"\b(migrate_pfn\s*\(|MIGRATE_PFN_(VALID|MIGRATE|WRITE|COMPOUND|SHIFT)\b|"
            r"migrate_vma\b|migrate_device_)|populate_devmem_pfn",
    REGISTER: r"\b((devm_)?request_free_mem_region\s*\(|MEMORY_DEVICE_PRIVATE\b|"
              r"(devm_)?memunmap_pages\s*\()",
    PFN: r"\b(MEMORY_DEVICE_PRIVATE|is_device_private_page|folio_is_device_private|migrate_vma|"
         r"zone_device_page_init|zone_device_folio_init|hmm_pfn_to_page|"
         r"(devm_)?request_free_mem_region)\b",
    HMM: r"\b(hmm_pfn_to_(page|phys)\s*\(|hmm_pfns\b|hmm_range_fault\b|"
         r"HMM_PFN_(DMA_MAPPED|P2PDMA))",
}
# The calls that a file is read for: each must be in what spatch could parse.
CALLS = (r"\b(pfn_swap_entry_to_page|pfn_swap_entry_folio|swp_offset_pfn|softleaf_to_page|"
         r"softleaf_to_folio|softleaf_to_pfn|request_free_mem_region|memremap_pages|"
         r"devm_request_free_mem_region|devm_memremap_pages|page_to_pfn|folio_pfn|page_to_phys|"
         r"range_len|hmm_pfn_to_page|hmm_pfn_to_phys)\s*\(")


def script(name):
    return SCRIPTS / f"{name}.cocci"


def modes(name):
    return re.findall(r"^virtual (\w+)$", script(name).read_text(), re.M)


def tool():
    """scripts/cocciparse, which lists what spatch drops."""
    loader = importlib.machinery.SourceFileLoader("cocciparse", str(TOP / "scripts/cocciparse"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cocciparse", loader))
    loader.exec_module(module)
    return module


def timed(line, cwd):
    """Run a program: its status, what it prints, its errors and the CPU seconds it took."""
    with tempfile.TemporaryFile("w+", errors="replace") as out, \
         tempfile.TemporaryFile("w+", errors="replace") as err:
        # wait4() alone tells what one child took while others run.
        with subprocess.Popen(["timeout", str(LIMIT), "nice", "-n", "10", *line], cwd=cwd,
                              stdout=out, stderr=err) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return child.returncode, out.read(), err.read(), usage.ru_utime + usage.ru_stime


def measured(cocci, mode, paths, cwd, *options):
    """Run a semantic patch on files; what it prints and its CPU seconds, or Stop with its words."""
    paths = [str(path) for path in (paths if isinstance(paths, (list, tuple)) else [paths])]
    line = ["spatch", "--very-quiet", "--no-includes", "--include-headers", "--macro-file",
            str(MACROS), *options, *(["-D", mode] if mode else []), "--cocci-file", str(cocci)]
    status, out, err, seconds = timed([*line, *paths], cwd)
    # It goes on after an exception in one of the files, and calls it a success.
    if status or "rror" in err or "EXN" in err or "EXN: " in out:
        words = "\n".join(text for text in (err, out) if "rror" in text or "EXN" in text) or err
        why = f"took more than {LIMIT} s" if status == 124 else words.strip()[-300:]
        raise Stop(f"spatch {Path(cocci).name} {' '.join(paths)}: {why}")
    return out, seconds


def spatch(cocci, mode, paths, cwd, *options):
    return measured(cocci, mode, paths, cwd, *options)[0]


def patch(name, paths, cwd):
    """Change files. More than one is a group that spatch looks at together; a directory is not."""
    spatch(script(name), "patch", paths, cwd, "--in-place", "--no-show-diff")


def report_lines(out):
    """What report mode said, in the order of the files: (file, line, begin, end, text)."""
    found = re.findall(r"^(\S+?):(\d+):(\d+)-(\d+): (.*)$", out, re.M)
    return sorted({(os.path.normpath(path), int(line), int(begin), int(end), text)
                   for path, line, begin, end, text in found})


def lines_of(name, path, cwd):
    """The lines of report mode, without the name of the file, in the file's order."""
    out = spatch(script(name), "report", path, cwd, "--no-show-diff")
    return [f"{line}:{begin}-{end}: {text}" for file, line, begin, end, text in report_lines(out)
            if file == os.path.normpath(path)]


def in_parallel(run, jobs):
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda job: run(*job), jobs))


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


def lost(tree, path):
    """The functions of a file that spatch drops."""
    module = tool()
    out = module.losses(Path(tree) / path, MACROS, re.compile(CALLS))[0]
    return [line.removeprefix(f"{tree}/") for line in out if re.search(r"\(\) not parsed", line)]


def parsed(report, tree, paths):
    """A function that spatch drops is an error, and so is a call that it does not see."""
    where = {}
    jobs = [(tree, path) for path in paths]
    for path, found, dropped in zip(paths, in_parallel(seen, jobs), in_parallel(lost, jobs)):
        where[path] = found
        report.add(f"spatch parses {path}", not dropped, "; ".join(dropped))
        unseen = [f"{line}" for line, column, _ in calls(tree, path) if (line, column) not in found]
        report.add(f"spatch sees the calls in {path}", not unseen,
                   f"not seen: line {', '.join(unseen)}")
    return where


def run_tree(tree, names):
    """Report mode of semantic patches over a tree: {script: {file: lines}}."""
    jobs = [(name, path, tree) for name in names for path in selected(tree, SUBJECT[name])]
    result = {name: {} for name in names}
    for (name, path, _), lines in zip(jobs, in_parallel(lines_of, jobs)):
        result[name][path] = lines
    return result

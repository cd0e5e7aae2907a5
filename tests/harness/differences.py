# SPDX-License-Identifier: GPL-2.0
"""The intended differences between RAM and device memory: document against test.

device_private_trackers prints a line for each difference that it knows, and
Documentation/mm/device_private.rst has a table of them. Both must say the same.
"""

import re

from common import LINUX

PROGRAM = "device_private_trackers"
DOCUMENT = "Documentation/mm/device_private.rst"
TABLE = ".. list-table:: Intended differences"
COLUMNS = ("id", "where", "RAM", "device", "reason")


def words(text):
    """A cell without markup and line breaks."""
    return " ".join(text.replace("``", "").split())


def documented(text):
    """The rows of the table in the document, without its head."""
    rows, inside = [], False
    for line in text.splitlines():
        if line.startswith(TABLE):
            inside = True
        elif inside and re.match(r"\S", line):
            break
        elif inside and (found := re.match(r"   (\* -|  -)(?: (.*))?$", line)):
            if found[1] == "* -":
                rows.append([])
            rows[-1].append(found[2] or "")
        elif rows and line.strip():
            rows[-1][-1] += f" {line.strip()}"
    return [tuple(map(words, row)) for row in rows[1:]]


def printed(lines):
    """What the test prints of its own list."""
    mark = "# difference: "
    return [tuple(words(cell) for cell in line[len(mark):].split(" | "))
            for line in lines if line.startswith(mark)]


def compare(document, test):
    """What is in one list and not in the other, one sentence each."""
    problems = [f"{row[0] if row else '?'}: {len(row)} columns, not {len(COLUMNS)}"
                for row in document + test if len(row) != len(COLUMNS)]
    if problems:
        return problems
    if not test:
        return ["the test prints no differences"]
    document, test = ({row[0]: row for row in rows} for rows in (document, test))
    problems += [f"{name} is not in {DOCUMENT}" for name in test if name not in document]
    problems += [f"{name} is not in the test" for name in document if name not in test]
    for name in test:
        for column, ours, theirs in zip(COLUMNS, document.get(name, ()), test[name]):
            if ours != theirs:
                problems.append(f"{name}, {column}: the document says \"{ours}\", "
                                f"the test \"{theirs}\"")
    return problems


def check(report, lines):
    """Count one test: the output of the test agrees with the document."""
    text = (LINUX / DOCUMENT).read_text(encoding="utf-8")
    problems = compare(documented(text), printed(lines))
    report.add("intended differences", not problems, "\n    ".join(problems))

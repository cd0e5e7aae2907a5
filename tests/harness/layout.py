# SPDX-License-Identifier: GPL-2.0
"""The bits of a device private entry: what a kernel's own test tells, against the document."""

import re

from common import LINUX

DOCUMENT = LINUX / "Documentation/mm/device_private.rst"


def told(log):
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


def check(report, log):
    """Count one test: the document has what the kernel told, which is returned."""
    bits = told(log)
    report.add("layout", bits in documented(), f"{bits} is not in {DOCUMENT}" if bits else
               "the kernel log does not tell it")
    return bits

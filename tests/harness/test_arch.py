# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of other architectures."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import arch
import check
import common

LINE = ("[    0.199734]     # layout_here: aarch64, 4 KiB pages: "
        "49 offset bits, 10 id bits, 34 index bits")
TABLE = """
=======  ======  ===========  =======  ==========  ===========
machine  page    offset bits  id bits  index bits  left out
=======  ======  ===========  =======  ==========  ===========
x86_64   4 KiB   50           11       34          low ones
aarch64  4 KiB   49           10       34          52
=======  ======  ===========  =======  ==========  ===========
"""


class ArchTest(unittest.TestCase):
    def setUp(self):
        temp = Path(tempfile.mkdtemp())
        for name, value in (("MEMORY", temp / "arch.json"), ("DOCUMENT", temp / "document.rst"),
                            ("git", lambda *args: "" if args[0] == "status" else "head")):
            patch = mock.patch.object(arch, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        arch.DOCUMENT.write_text(TABLE)

    def test_layout(self):
        self.assertEqual(arch.layout(["x", LINE]), ("aarch64", "4", "49", "10", "34"))
        self.assertIsNone(arch.layout(["[    0.1] something else"]))

    def test_document(self):
        self.assertEqual(arch.documented(), [("x86_64", "4", "50", "11", "34"),
                                             ("aarch64", "4", "49", "10", "34")])

    def run_one(self, test):
        report = check.Report()
        with mock.patch.object(arch, "test", test), mock.patch.object(arch, "say", lambda _: None), \
             mock.patch.object(check, "say", lambda _: None):
            row = arch.run(arch.ARCHS[0], report)
        return row, report.count

    def test_remembered(self):
        def passes(_, row, report):
            row["built"] = "yes"
            report.add("it", True)

        def stops(*_):
            raise common.Stop("must not run again")

        self.assertEqual(self.run_one(passes)[1]["passed"], 1)
        row, count = self.run_one(stops)
        self.assertEqual((row["built"], count["passed"], count["failed"]), ("yes", 1, 0))

    def test_stopped(self):
        def stops(_, row, __):
            row["built"] = "yes"
            raise common.Stop("guest arm64 did not end")

        row, count = self.run_one(stops)
        self.assertEqual((row["built"], row["booted"], count["failed"]), ("yes", "-", 1))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of the bits that a kernel tells."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check
import layout

LINE = ("[    0.199734]     # layout_here: aarch64, 4 KiB pages: "
        "49 offset bits, 10 id bits, 34 index bits")
TABLE = """
=======  ======  ===========  =======  ==========  ===========
machine  page    offset bits  id bits  index bits  left out
=======  ======  ===========  =======  ==========  ===========
x86_64   4 KiB   50           11       34          low ones
um       4 KiB   53           11       34          low ones
aarch64  4 KiB   49           10       34          52
=======  ======  ===========  =======  ==========  ===========
"""


class LayoutTest(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        document = Path(temp.name) / "document.rst"
        document.write_text(TABLE)
        for patch in (mock.patch.object(layout, "DOCUMENT", document),
                      mock.patch.object(check, "say", lambda _: None)):
            patch.start()
            self.addCleanup(patch.stop)

    def test_told(self):
        self.assertEqual(layout.told(["x", LINE]), ("aarch64", "4", "49", "10", "34"))
        self.assertIsNone(layout.told(["[    0.1] something else"]))

    def test_document(self):
        self.assertEqual(layout.documented(), [("x86_64", "4", "50", "11", "34"),
                                               ("um", "4", "53", "11", "34"),
                                               ("aarch64", "4", "49", "10", "34")])

    def count(self, line):
        report = check.Report()
        layout.check(report, [line])
        return report.count

    def test_check(self):
        self.assertEqual(self.count(LINE), {"passed": 1})
        self.assertEqual(self.count(LINE.replace("49", "50")), {"failed": 1})
        self.assertEqual(self.count("nothing"), {"failed": 1})


if __name__ == "__main__":
    unittest.main()

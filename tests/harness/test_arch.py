# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of other architectures."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import arch
import check
import common


class ArchTest(unittest.TestCase):
    def setUp(self):
        temp = Path(tempfile.mkdtemp())
        for module, name, value in ((arch, "MEMORY", temp / "arch.json"),
                                    (arch, "README", temp / "README.md"),
                                    (arch, "mark", lambda *_: "mark"),
                                    (arch, "git", lambda *_: "1234abcd"),
                                    (arch, "lacks", lambda _: []),
                                    (arch, "version", lambda _: "7.2"), (check, "FRESH", False)):
            patch = mock.patch.object(module, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def run_one(self, *steps):
        report = check.Report()
        with mock.patch.object(arch, "steps", lambda _: steps), \
             mock.patch.object(arch, "build", lambda *_: None), \
             mock.patch.object(arch, "say", lambda _: None), \
             mock.patch.object(check, "say", lambda _: None):
            row = arch.run(arch.ARCHS[0], report)
        return row, report.count

    def test_remembered(self):
        def test(_, cells, report):
            """passes"""
            cells["booted"] = "yes"
            report.add("it", True)

        self.assertEqual(self.run_one(test)[1]["passed"], 1)

        def test(*_):	# pylint: disable=function-redefined
            raise common.Stop("must not run again")

        row, count = self.run_one(test)
        self.assertEqual((row["booted"], count["passed"], count["failed"]), ("yes", 1, 0))

    def test_goes_on(self):
        def test(_, cells, report):
            """stops in the middle"""
            cells["page"] = "4"
            raise common.Stop("guest arm64 did not end")

        def test_base(_, cells, report):
            """passes"""
            cells["hmm-tests base"] = "1/2/3"
            report.add("base", True)

        row, count = self.run_one(test, test_base)
        self.assertEqual((row["page"], row["booted"], row["hmm-tests base"]),
                         ("4", "-", "1/2/3"))
        self.assertEqual((count["passed"], count["failed"]), (1, 1))
        self.assertEqual(list(common.read_json(arch.MEMORY)), ["arm64 test_base"])

    def test_lacks(self):
        with mock.patch.object(arch, "lacks", lambda _: ["some-gcc"]):
            row, count = self.run_one()
        self.assertEqual((row["built"], row["booted"]), ("lacks some-gcc", "-"))
        self.assertEqual(dict(count), {"skipped": 1})

    def test_readme(self):
        arch.README.write_text("a\n<!-- start of the table by make check-arch -->\n"
                               "| architecture |\n|---|\n| arm64 | old |\n| riscv64 | kept |\n"
                               "<!-- end of the table by make check-arch -->\nb\n")
        arch.in_readme([dict.fromkeys(arch.COLUMNS, "x") | {"architecture": "arm64"}])
        lines = arch.README.read_text().splitlines()
        self.assertEqual((lines[0], lines[4][:13], lines[5], lines[-1]),
                         ("a", "| arm64 | x |", "| riscv64 | kept |", "b"))
        self.assertEqual(len(lines), 8)


if __name__ == "__main__":
    unittest.main()

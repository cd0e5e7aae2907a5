# SPDX-License-Identifier: GPL-2.0
"""Tests of how make check counts."""

import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import check
from common import Stop


class Sections(unittest.TestCase):
    """Sections that run at the same time."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.said, self.runs = [], []
        for patch in (mock.patch("check.MEMORY", Path(temp.name) / "check.json"),
                      mock.patch("check.FRESH", False),
                      mock.patch("common.say", self.said.append)):
            patch.start()
            self.addCleanup(patch.stop)

    def run_all(self):
        def passes(part):
            self.runs.append("passes")
            for _ in range(3):
                part.add("case", True)
                check.say("  of the first")
                time.sleep(0.01)

        def fails(part):
            self.runs.append("fails")
            part.add("case", False, "why")
            check.say("  of the second")
            part.count["skipped"] += 1

        def stops(part):
            self.runs.append("stops")
            raise Stop("no guest")

        report = check.Report()
        report.sections([("a", "mark", passes), ("b", "mark", fails), ("c", "mark", stops)])
        return report.count

    def test_counts(self):
        self.assertEqual(check.words(self.run_all()), "3 passed, 2 failed, 1 skipped")

    def test_lines_stay_together(self):
        self.run_all()
        self.assertEqual(sorted(self.said), [
            "== a\n" + "  of the first\n" * 3 + "== a: 3 passed, 0 failed, 0 skipped",
            "== b\n  FAILED case: why\n  of the second\n== b: 0 passed, 1 failed, 1 skipped",
            "== c\n  FAILED c: no guest\n== c: 0 passed, 1 failed, 0 skipped"])

    def test_only_what_passed_is_remembered(self):
        self.run_all()
        self.runs.clear()
        self.assertEqual(check.words(self.run_all()), "3 passed, 2 failed, 1 skipped")
        self.assertEqual(sorted(self.runs), ["fails", "stops"])


class Checkpatch(unittest.TestCase):
    """Many mails in one run of checkpatch."""

    def said(self, output, *names):
        done = mock.Mock(stdout=output)
        with mock.patch("check.subprocess.run", return_value=done):
            return check.checkpatch_on([Path("/series") / name for name in names])

    def test_each_mail_gets_its_lines(self):
        self.assertEqual(
            self.said("total: 0 errors\n/series/b:9: ERROR:X: no\n/series/b:10: CHECK:Y: no\n"
                      "total: 1 errors\ntotal: 0 errors\n", "a", "b", "c"),
            {"a": [], "b": ["b:9: ERROR:X: no", "b:10: CHECK:Y: no"], "c": []})

    def test_what_was_not_read_is_told(self):
        self.assertEqual(self.said("total: 0 errors\n", "a", "b"), {"a": [], "b": None})

    def test_allowed_in_one_mail_alone(self):
        mails = ("0001-coccicheck-tell-spatch-of-macros.patch", "0002-mm.patch")
        lines = [f"{mail}:7: ERROR:COMPLEX_MACRO: no" for mail in mails]
        self.assertEqual(self.said("".join(f"/series/{line}\ntotal: 1 errors\n" for line in lines),
                                   *mails), {mails[0]: [], mails[1]: [lines[1]]})


if __name__ == "__main__":
    unittest.main()

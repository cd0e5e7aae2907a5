# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of a guest that hangs, dies or complains."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check
import common
import guest
import kernel

QEMU = """#!/bin/sh
for arg; do case $arg in file:*) log=${arg#file:} ;; esac; done
echo "[    1.000000] %s" > "$log"
printf '%s'
%s
"""
UM = """#!/bin/sh
echo "[    1.000000] %s" >&2
for arg; do case $arg in run=*) echo "guest: start ${arg#run=}" ;; esac; done
printf 'TAP version 13\\n1..1\\nok 1 a\\nguest: end t 0\\nguest: done\\n'
"""
TAP = ("guest: start t\\nTAP version 13\\n1..3\\nok 1 a\\nok 2 b # SKIP no\\nnot ok 3 c\\n"
       "guest: end t 1\\nguest: done\\n")


class GuestTest(unittest.TestCase):
    """A shell script stands in for QEMU."""

    def setUp(self):
        self.temp = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.temp)
        for patch in (mock.patch.object(guest, "LOGS", self.temp / "logs"),
                      mock.patch.dict(os.environ, PATH=f"{self.temp}:{os.environ['PATH']}")):
            patch.start()
            self.addCleanup(patch.stop)

    def boot(self, output, log="all is well", then="true", limit=20):
        (self.temp / guest.PC.qemu).write_text(QEMU % (log, output, then))
        (self.temp / guest.PC.qemu).chmod(0o755)
        return guest.boot(["t"], "test", accel="tcg", limit=limit)

    def test_a_guest_that_hangs_is_stopped_and_its_log_kept(self):
        with self.assertRaisesRegex(common.Stop, r"did not end within 1 s .*all is well"):
            self.boot("guest: start t\\n", then="exec sleep 1000", limit=1)
        self.assertTrue((self.temp / "logs/test.kernel").exists())
        self.assertIn("guest: start t", (self.temp / "logs/test.output").read_text())

    def test_a_guest_that_dies_is_told_from_one_that_is_done(self):
        with self.assertRaisesRegex(common.Stop, "ended before its programs did"):
            self.boot("guest: start t\\n")

    def test_a_guest_that_is_done_need_not_end_by_itself(self):
        with mock.patch.object(guest, "POWER_OFF_LIMIT", 0.1):
            self.assertTrue(self.boot(TAP, then="exec sleep 1000").done)

    def test_results_of_a_selftest(self):
        result = self.boot(TAP)
        self.assertEqual(result.status("t"), 1)
        report = check.Report()
        with mock.patch.object(check, "say"):
            check.tap(report, "t", result)
        self.assertEqual(dict(report.count), {"passed": 1, "skipped": 1, "failed": 1})

    def test_cases_that_were_never_reported_count_as_a_failure(self):
        report = check.Report()
        with mock.patch.object(check, "say"):
            check.tap(report, "t", self.boot(TAP.replace("not ok 3 c\\n", "")))
        self.assertEqual(report.count["failed"], 1)

    def test_um_logs_to_stderr_and_its_programs_write_to_stdout(self):
        (self.temp / "linux").write_text(UM % "BUG: Bad page state in")
        (self.temp / "linux").chmod(0o755)
        result = guest.boot_um(["t"], "test", kernel=self.temp / "linux")
        self.assertEqual((result.status("t"), len(result.lines_of("t"))), (0, 3))
        self.assertEqual(len(result.bad_lines()), 1)

    def test_a_complaint_in_the_kernel_log_is_seen(self):
        for line in ("WARNING: mm/x.c:1 at f", "BUG: KASAN: use-after-free", "Oops: 0000 [#1]",
                     "WARNING: possible recursive locking detected", "BUG: Bad page state in"):
            self.assertEqual(len(self.boot(TAP, log=line).bad_lines()), 1, line)
        self.assertEqual(self.boot(TAP, log="Debug: all fine").bad_lines(), [])

    def test_a_config_line_without_effect_is_named(self):
        (self.temp / ".config").write_text("CONFIG_A=y\n# CONFIG_C is not set\nCONFIG_N=8\n")
        fragment = common.TOP / "build/.test.config"
        fragment.parent.mkdir(exist_ok=True)
        self.addCleanup(fragment.unlink)
        fragment.write_text("# x\nCONFIG_A=y\nCONFIG_C=n\nCONFIG_N=8\n")
        kernel.refuse_lost(self.temp, fragment)
        fragment.write_text("CONFIG_A=n\nCONFIG_B=y\n")
        with self.assertRaisesRegex(common.Stop, r"2 lines .*\(CONFIG_A=n, CONFIG_B=y\)"):
            kernel.refuse_lost(self.temp, fragment)
        over = fragment.with_name(".over.config")
        self.addCleanup(over.unlink)
        over.write_text("CONFIG_A=y\nCONFIG_B=n\n")
        kernel.refuse_lost(self.temp, fragment, over)


if __name__ == "__main__":
    unittest.main()

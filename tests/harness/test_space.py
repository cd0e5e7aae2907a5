# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of kernels that claim memory for devices."""

import errno
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check
import common
import guest
import space

LOG = """\
[    0.003] claim: KASLR: 64, 32, 1 TB, 6997 slots
[    0.130] Kernel command line: claim.private=64 run=hmm-tests
[    0.690] claim: 36 physical address bits, direct map to 0x3fffffffffff
[    0.690] claim: before: 26 GiB left, node ends at 0x180000, spans 0x17ffff, max_pfn 0x180000, DMA mask 0x1ffffffff
[    0.690] claim: generic 64 GiB: 0, at 0x980000000-0xfffffffff
[    0.690] claim: private 64 GiB: -34
[    0.690] claim: after: 0 GiB left, node ends at 0x1000000, spans 0xffffff, max_pfn 0x180000, DMA mask 0x1ffffffff
""".splitlines()
USED = ["guest: start hmm-tests", "ok 1 a", "ok 2 b # SKIP no", "not ok 3 c",
        "guest: end hmm-tests 1"]
STATE = {"left": 26, "end": 0x180000, "spans": 0x17ffff, "max_pfn": 0x180000, "mask": 0x1ffffffff}
STRETCHED = {**STATE, "end": 1 << 40}


class SpaceTest(unittest.TestCase):
    def setUp(self):
        self.temp = Path(tempfile.mkdtemp())
        self.said = []
        for module, name, value in ((space, "MEMORY", self.temp / "space.json"),
                                    (space, "say", lambda _: None),
                                    (check, "say", self.said.append), (check, "FRESH", False),
                                    (space.Case, "mark", lambda _: "mark")):
            patch = mock.patch.object(module, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def judge(self, case, **facts):
        """The number of failures of a boot that printed this."""
        facts = {"kaslr": [1, 32, 1, 2], "bits": 36, "before": STATE, "after": STATE, "bad": [],
                 "used": [7, 0], "ended": [0, 0], "claimed": [["private", 64, 0]], **facts}
        report = check.Report()
        with mock.patch.object(space.Case, "run", lambda _: facts):
            space.run(case, report)
        return report.count["failed"]

    def test_log(self):
        facts = space.told(LOG)
        self.assertEqual(facts["kaslr"], [64, 32, 1, 6997])
        self.assertEqual((facts["bits"], facts["used_bits"]), (36, 36))
        self.assertEqual(facts["claimed"], [["generic", 64, 0], ["private", 64, -errno.ERANGE]])
        self.assertEqual(facts["before"], STATE)
        self.assertEqual((facts["after"]["left"], facts["after"]["end"]), (0, 0x1000000))

    def test_log_that_tells_nothing(self):
        self.assertIsNone(space.told(["[    0.003] something else"])["kaslr"])

    def test_selftests(self):
        result = guest.Guest(USED, self.temp / "no.log")
        self.assertEqual(space.used(result, ["hmm-tests,-t,migrate"]), [1, 1])

    def test_room(self):
        base, series, _ = space.ROOM[36]
        refused = [["private", 64, -errno.ERANGE]]
        self.assertEqual(self.judge(base, claimed=refused), 0)
        self.assertEqual(self.judge(series), 0)
        space.MEMORY.unlink()
        self.assertEqual(self.judge(base), 1)
        self.assertEqual(self.judge(series, claimed=refused), 1)
        self.assertEqual(self.judge(series, used=[6, 1]), 1)
        self.assertEqual(self.judge(series, used=[0, 0]), 1)
        self.assertEqual(self.judge(series, ended=[0, 127]), 1)
        self.assertEqual(self.judge(series, claimed=[]), 1)
        self.assertEqual(self.judge(series, claimed=[["private", 16, 0]]), 1)

    def test_stretch(self):
        base, series, _, other = space.STRETCH
        four = [["private", 1, 0]] * 4
        generic = [["generic", 1, 0], ["private", 1, 0]]
        self.assertEqual(self.judge(base, after=STRETCHED, claimed=four), 0)
        self.assertEqual(self.judge(series, claimed=four), 0)
        self.assertEqual(self.judge(other, after=STRETCHED, claimed=generic), 0)
        space.MEMORY.unlink()
        self.assertEqual(self.judge(base, claimed=four), 1)
        self.assertEqual(self.judge(series, after=STRETCHED, claimed=four), 1)
        self.assertEqual(self.judge(other, claimed=generic), 1)

    def test_only_what_passed_is_remembered(self):
        series = space.ROOM[36][1]
        self.assertEqual(self.judge(series, bad=["WARNING: x"]), 1)
        self.assertEqual(self.judge(series), 0)
        self.assertEqual(self.judge(series, bad=["WARNING: x"]), 0)

    def test_one_line_for_a_failure(self):
        self.judge(space.ROOM[36][1], kaslr=None)
        self.assertEqual(self.said, ["  FAILED 36-series, kaslr: the kernel log does not tell"])

    def test_a_guest_that_hangs(self):
        report = check.Report()
        with mock.patch.object(space.Case, "run", side_effect=common.Stop("did not end")):
            space.run(space.ROOM[36][1], report)
        self.assertEqual(self.said, ["  FAILED 36-series: did not end"])

    def test_entropy(self):
        for slots, failed in (((5, 5, 9), 0), ((5, 5, 5), 1), ((5, 4, 9), 1)):
            report = check.Report()
            space.expect_entropy({name: [0, 0, 0, n] for name, n in zip(space.KERNELS, slots)},
                                 report)
            self.assertEqual(report.count["failed"], failed)


if __name__ == "__main__":
    unittest.main()

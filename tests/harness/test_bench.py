# SPDX-License-Identifier: GPL-2.0
"""What the harness makes of the figures of the program bench."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import bench
import common

OUTPUT = """\
guest: start bench
bench: snapshot-own-4K 100.00 100.10 101.00
bench: fork-RAM-4K 250.00 250.20 251.00
bench: fork-swap-4K skipped: no swap
guest: end bench 0
""".splitlines()


class BenchTest(unittest.TestCase):
    def test_results(self):
        self.assertEqual(bench.results(OUTPUT), {"snapshot-own-4K": (100.0, 100.1, 101.0),
                                                 "fork-RAM-4K": (250.0, 250.2, 251.0)})
        with self.assertRaisesRegex(common.Stop, "mremap: no memory"):
            bench.results(["bench: error: mremap: no memory"])

    def test_first_reach_that_fits(self):
        self.assertEqual(bench.reach("snapshot-own-4K"), 0.75)
        self.assertEqual(bench.reach("snapshot-RAM-4K"), 1.0)
        self.assertEqual(bench.reach("cow-RAM-4K"), 1.001)

    def test_slowdown_is_seen(self):
        base = {"fork-RAM-4K": (250.0, 250.0, 252.5)}
        for best, ratio, limit in ((250.0, "1.000", "1.001"), (250.2, "1.001", "1.001"),
                                   (250.6, "1.002", "1.001, missed")):
            row, = bench.counted(base, {"fork-RAM-4K": (best, best, best)})
            self.assertEqual((row["ratio"], row["reach"], row["spread"]),
                             (ratio, limit, "1.00 %"))

    def test_operation_that_the_base_lacks(self):
        row, = bench.counted({}, {"alias": (9.0, 9.0, 9.0)})
        self.assertEqual((row["base"], row["series"], row["ratio"], row["reach"]),
                         ("-", "9.0", "-", "-"))

    def test_pairs(self):
        # The host gets slower from pair to pair, the ratio stays.
        pairs = [({"cow": (0, 100 * i, 0)}, {"cow": (0, 110 * i, 0), "own": (0, 7, 0)})
                 for i in range(1, 8)]
        cow, own = bench.timed(pairs)
        self.assertEqual((cow["base"], cow["series"], cow["ratio"]), ("400", "440", "1.100"))
        self.assertEqual((own["base"], own["series"], own["ratio"]), ("-", "7", "-"))

    def test_noise_is_no_ratio(self):
        pairs = [({"cow": (0, 100, 0)}, {"cow": (0, 100 * i, 0)}) for i in range(1, 6)]
        row, = bench.timed(pairs)
        self.assertEqual((row["series"], row["ratio"]), ("300", "-"))

    def test_planted_slowdown(self):
        honest = {"fork-RAM-4K": (250.0, 250.0, 250.0)}
        for slow, seen in ((330.0, True), (250.0, False)):
            with mock.patch.object(bench, "count", lambda *_, slow=slow, **__: {
                    "fork-RAM-4K": (slow, slow, slow)}), mock.patch.object(bench, "say"):
                if seen:
                    bench.self_test(honest)
                else:
                    self.assertRaisesRegex(common.Stop, "self-test", bench.self_test, honest)

    def test_readme_is_changed_between_its_lines(self):
        with tempfile.TemporaryDirectory() as place:
            readme = Path(place) / "README.md"
            readme.write_text("a\n<!-- start of x by make bench -->\nold\n"
                              "<!-- end of x by make bench -->\nb\n")
            with mock.patch.object(bench, "README", readme):
                bench.in_readme("x", "new\n")
                self.assertEqual(readme.read_text(), "a\n<!-- start of x by make bench -->\nnew\n"
                                 "<!-- end of x by make bench -->\nb\n")
                self.assertRaisesRegex(common.Stop, "are gone", bench.in_readme, "y", "")


if __name__ == "__main__":
    unittest.main()

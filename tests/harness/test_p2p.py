# SPDX-License-Identifier: GPL-2.0
"""What the table of P2P paths is made of."""

import unittest

import p2p

LINES = [
    "# p2p: path: other root port | DMA | on | two",
    "# p2p: path: other host bridge | DMA | on | one",
    "# p2p: read, other root port                | alias   | host bridge |  32768 | stayed",
    "# p2p: write, other root port               | alias   | host bridge |  32768 | stayed",
    "# p2p: read, other host bridge (refused)    | RAM     | memory      |  32768 | moved",
    "ok 1 p2p.path",
]


class Rows(unittest.TestCase):
    def test_a_row_for_each_importer(self):
        case = p2p.Case("Intel", (), "", "DMA")
        self.assertEqual(list(p2p.rows(case, LINES, {"passed": 3, "failed": 0, "skipped": 1})), [
            ["Intel", "DMA", "EPYC", "other root port", "on", "two", "host bridge", "stayed",
             "3/0/1"],
            ["Intel", "DMA", "EPYC", "other host bridge", "on", "one", "no alias, RAM: memory",
             "moved", "3/0/1"]])

    def test_an_importer_that_was_not_asked(self):
        case = p2p.Case("Intel", (), "", "DMA")
        rows = list(p2p.rows(case, LINES[:1], {"passed": 1, "failed": 0, "skipped": 0}))
        self.assertEqual(rows[0][6:8], ["-", "-"])

    def test_cases_have_names_of_their_own(self):
        names = [case.name for case in p2p.CASES]
        self.assertEqual(len(set(names)), len(names))


if __name__ == "__main__":
    unittest.main()

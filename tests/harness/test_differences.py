# SPDX-License-Identifier: GPL-2.0
"""The table of intended differences is read and compared."""

import unittest

import differences

DOCUMENT = """\
Before
======

.. list-table:: Intended differences
   :header-rows: 1
   :widths: 10 20 20 20 30

   * - id
     - where
     - in RAM
     - on the device
     - reason
   * - cold
     - madv-cold; any size
     - ``referenced=0 data ok``
     - ``referenced=* data ok``
     - It is on no list,
       so nothing happens.
   * - empty
     - any
     -
     - x
     - y

After the table, - with a dash.

   * - not
     - a row
"""
LINES = ["TAP version 13",
         "# difference: cold | madv-cold; any size | referenced=0 data ok | "
         "referenced=* data ok | It is on no list, so nothing happens.",
         "# difference: empty | any |  | x | y", "ok 1"]


class Differences(unittest.TestCase):
    def test_same(self):
        rows = differences.documented(DOCUMENT)
        self.assertEqual([row[0] for row in rows], ["cold", "empty"])
        self.assertEqual(rows[0][4], "It is on no list, so nothing happens.")
        self.assertEqual(differences.compare(rows, differences.printed(LINES)), [])

    def test_one_missing(self):
        rows = differences.documented(DOCUMENT)
        test = differences.printed(LINES)
        self.assertEqual(differences.compare(rows[:1], test),
                         [f"empty is not in {differences.DOCUMENT}"])
        self.assertEqual(differences.compare(rows, test[1:]), ["cold is not in the test"])

    def test_other_words(self):
        rows = differences.documented(DOCUMENT.replace("on no list", "on a list"))
        problems = differences.compare(rows, differences.printed(LINES))
        self.assertEqual(len(problems), 1)
        self.assertIn("cold, reason", problems[0])

    def test_nothing_printed(self):
        rows = differences.documented(DOCUMENT)
        self.assertEqual(differences.compare(rows, differences.printed([])),
                         ["the test prints no differences"])

    def test_columns(self):
        self.assertEqual(differences.compare([("x", "y")], []), ["x: 2 columns, not 5"])


if __name__ == "__main__":
    unittest.main()

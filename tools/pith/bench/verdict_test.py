# SPDX-License-Identifier: BSD-2-Clause
"""Verdicts: a row above Linux is named, a row that is missing is never a pass."""

import unittest

from pith.bench.measure import read_values
from pith.bench.rows import BOOT, Row, read_rows
from pith.bench.verdict import geometric_mean, judge, show, table


class VerdictTest(unittest.TestCase):
    """Rows made here."""

    def _fault(self, linux: int | str, pith: int | str, limit: int | None = None) -> str | None:
        row = Row("key", "title", 50, limit)
        return judge([row], {"key": linux}, {"key": pith})[0].fault

    def test_faults(self) -> None:
        self.assertIsNone(self._fault(100, 50))
        self.assertIsNone(self._fault(100, 101))  # noise
        self.assertEqual(self._fault(100, 102), "above Linux")
        self.assertEqual(self._fault(100, 90, limit=80), "above the limit of 80")
        self.assertIsNone(self._fault(100, "38"))

    def test_unavailable_rows_do_not_exist(self) -> None:
        verdict = judge([Row("key", "t", None, None)], {"key": 100}, {})[0]
        self.assertFalse(verdict.exists)
        self.assertIsNone(verdict.ratio)
        self.assertEqual(show("38"), "ENOSYS")

    def test_mean_and_table(self) -> None:
        rows = [Row("a", "A", 10, None), Row("b", "B", None, None)]
        verdicts = judge(rows, {"a": 100, "b": 100}, {"a": 25, "b": 100})
        self.assertAlmostEqual(geometric_mean(verdicts) or 0, 0.5)
        self.assertIn("above target", table(verdicts, ["Linux", "Pith"]))

    def test_transcript(self) -> None:
        text = "[ 1.0] log\r\ngetppid\t338\r\nx\tunavailable\t38\r\nrow 1\t2\r\n# done\r\n"
        self.assertEqual(read_values(text), {"getppid": 338, "x": "38"})

    def test_the_list_of_rows(self) -> None:
        keys = [row.key for row in read_rows()]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertIn(BOOT, keys)


if __name__ == "__main__":
    unittest.main()

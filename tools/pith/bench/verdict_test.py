# SPDX-License-Identifier: BSD-2-Clause
"""Verdicts: a row above Linux is named, a row that is missing is never a pass."""

import pathlib
import tempfile
import unittest

from pith.bench.measure import read_values
from pith.bench.profile import table as profile_table
from pith.bench.rows import BOOT, Row, Value, read_reached, read_rows, write_reached
from pith.bench.verdict import geometric_mean, judge, markdown, show, table


class VerdictTest(unittest.TestCase):
    """Rows made here."""

    def _fault(self, linux: Value, pith: Value, limit: int | None = None,
               reached: Value = "-") -> str | None:
        row = Row("key", "title", 50, limit)
        return judge([row], {"key": linux}, {"key": pith}, {"key": (linux, reached)})[0].fault

    def test_faults(self) -> None:
        self.assertIsNone(self._fault(100, 50))
        self.assertIsNone(self._fault(100, 101))  # noise
        self.assertEqual(self._fault(100, 102), "above Linux")
        self.assertEqual(self._fault(100, 90, limit=80), "above the limit of 80")
        self.assertIsNone(self._fault(100, "ENOSYS"))

    def test_growth_over_what_is_recorded(self) -> None:
        self.assertIsNone(self._fault(1000, 625, reached=500))
        self.assertEqual(self._fault(1000, 626, reached=500), "above the recorded 500")
        self.assertEqual(self._fault(1000, "ENOSYS", reached=500), "was there, at 500")
        self.assertIsNone(self._fault(1000, 500, reached="ENOSYS"))

    def test_recording(self) -> None:
        counts: dict[str, tuple[Value, Value]] = {"a": (100, 25), "b": (7, "ENOSYS")}
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "reached.tsv"
            self.assertEqual(read_reached(file), {})
            write_reached(counts, file)
            self.assertEqual(read_reached(file), counts)

    def test_unavailable_rows_do_not_exist(self) -> None:
        verdict = judge([Row("key", "t", None, None)], {"key": 100}, {})[0]
        self.assertFalse(verdict.exists)
        self.assertIsNone(verdict.ratio)
        self.assertEqual(show(verdict.pith), "-")

    def test_mean_and_table(self) -> None:
        rows = [Row("a", "A", 10, None), Row("b", "B", None, None)]
        verdicts = judge(rows, {"a": 100, "b": 100}, {"a": 25, "b": 100})
        self.assertAlmostEqual(geometric_mean(verdicts) or 0, 0.5)
        self.assertIn("above target", table(verdicts, ["Linux", "Pith"]))
        self.assertIn("| A | 100 | 25 | 0.25 | 10 |", markdown(verdicts, ["Linux", "Pith"]))

    def test_transcript(self) -> None:
        text = "[ 1.0] log\r\ngetppid\t338\r\nx\tunavailable\t38\r\nrow 1\t2\r\n# done\r\n"
        self.assertEqual(read_values(text), {"getppid": 338, "x": "ENOSYS"})

    def test_profile_adds_up_what_is_small(self) -> None:
        shown = profile_table("row", [("big", 9000.0), ("s1", 4.0), ("s2", 5.0)], 9009.0)
        self.assertIn("99.9%  big", shown)
        self.assertIn("9.0   0.1%  (less than a thousandth each)", shown)

    def test_the_list_of_rows(self) -> None:
        keys = [row.key for row in read_rows()]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertIn(BOOT, keys)


if __name__ == "__main__":
    unittest.main()

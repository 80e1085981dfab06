# SPDX-License-Identifier: BSD-2-Clause
"""Counts are read from what runners really print."""

import unittest

from pith.tests.programs import read_counts


class ReadCountsTest(unittest.TestCase):
    """Each kind of runner."""

    def _check(self, text: str, status: int | None, passed: int, failed: int) -> None:
        counts = read_counts(text, status)
        self.assertEqual((counts.passed, counts.failed), (passed, failed))

    def test_plain(self) -> None:
        self._check("x\n12 passed, 0 failed\n", 0, 12, 0)
        self._check("12 passed, 2 failed, 1 skipped\n", 1, 12, 2)

    def test_google_test(self) -> None:
        self._check("[  PASSED  ] 7 tests.\n", 0, 7, 0)
        self._check("[  PASSED  ] 5 tests.\n[  FAILED  ] 2 tests, listed below:\n", 1, 5, 2)

    def test_unittest(self) -> None:
        self._check("Ran 9 tests in 0.001s\n\nOK\n", 0, 9, 0)
        self._check("Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n", 1, 6, 3)

    def test_status_alone(self) -> None:
        self._check("anything\n", 0, 1, 0)
        self._check("anything\n", 3, 0, 1)

    def test_a_bad_end_is_never_a_pass(self) -> None:
        self._check("12 passed, 0 failed\n", 139, 12, 1)
        self._check("12 passed, 0 failed\n", None, 12, 1)


if __name__ == "__main__":
    unittest.main()

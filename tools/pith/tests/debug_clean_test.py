# SPDX-License-Identifier: BSD-2-Clause
"""Which lines of a log are a report."""

import unittest

from pith.tests.debug_clean import reports_in


class ReportsTest(unittest.TestCase):
    def test_a_panic_is_one_with_its_backtrace(self) -> None:
        text = "[    1.0] Run /init\n[    2.0] panic: UBSAN: overflow\n[    2.1]   #0 0xffff\n"
        self.assertEqual(reports_in(text), text.splitlines()[1:])

    def test_a_quiet_log_has_none(self) -> None:
        self.assertEqual(reports_in("[ 1.0] panic=-1 is on the command line\nround 1: ok\n"), [])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""Panics are noticed however the log's bytes arrive."""

import io
import unittest

from pith.machine.console_log import ConsoleLog


def _fed(*parts: bytes) -> ConsoleLog:
    log = ConsoleLog()
    for part in parts:
        log.feed(part)
    return log


class ConsoleLogTest(unittest.TestCase):
    """What is kept and what is noticed."""

    def test_panics(self) -> None:
        for text in (b"panic: out of frames\r\n", b"[    0.012345] panic: x\r\n",
                     b"[    1.5] Kernel panic - not syncing: y\n"):
            self.assertTrue(_fed(text).panicked, text)
            self.assertTrue(_fed(*(bytes([byte]) for byte in text)).panicked, text)

    def test_no_panic(self) -> None:
        for text in (b"don't panic: all is well\n", b"command line: panic=-1\n", b"panic: cut off"):
            self.assertFalse(_fed(text).panicked, text)

    def test_tail_starts_before_the_panic(self) -> None:
        log = _fed(*(b"line %d\n" % number for number in range(100)), b"panic: x\n", b"#0 there\n")
        tail = log.tail(3)
        self.assertEqual(tail[0], "line 95")
        self.assertEqual(tail[-2:], ["panic: x", "#0 there"])

    def test_tail_without_panic(self) -> None:
        self.assertEqual(_fed(b"a\nb\nc\nd").tail(3), ["b", "c", "d"])

    def test_sink_has_every_byte(self) -> None:
        sink = io.BytesIO()
        log = ConsoleLog(sink)
        log.feed(b"\x1b[31mred\x1b[0m\r\n")
        self.assertEqual(sink.getvalue(), b"\x1b[31mred\x1b[0m\r\n")
        self.assertEqual(log.tail(5), ["red"])

    def test_kernel_base(self) -> None:
        self.assertEqual(_fed(b"[0.0] kernel base 0xffffffff9a000000\n").kernel_base(),
                         0xffffffff9a000000)
        self.assertIsNone(_fed(b"hello\n").kernel_base())


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""The machine's log console: its last lines are kept, all go to --log, panics are noticed."""

import collections
import re
from typing import BinaryIO

KEPT_LINES = 200
_TIMESTAMP = rb"(?:\[[ 0-9.]+\] ?)?"
_PANIC = re.compile(rb"^" + _TIMESTAMP + rb"(?:panic: |Kernel panic)")
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1bc|[\x00-\x08\x0b-\x1f]")


class ConsoleLog:
    """Takes the serial port's bytes as they come."""

    def __init__(self, sink: BinaryIO | None = None) -> None:
        self.panicked = False
        self.is_empty = True
        self._sink = sink
        self._lines: collections.deque[bytes] = collections.deque(maxlen=KEPT_LINES)
        self._base_line = b""
        self._partial = b""

    def feed(self, data: bytes) -> None:
        """Takes more of the log."""
        self.is_empty = self.is_empty and not data
        if self._sink is not None:
            self._sink.write(data)
            self._sink.flush()
        *whole, self._partial = (self._partial + data).split(b"\n")
        for line in whole:
            self._take_line(_CONTROL.sub(b"", line))

    def _take_line(self, line: bytes) -> None:
        self._lines.append(line)
        if b"kernel base 0x" in line:
            self._base_line = line
        if _PANIC.match(line):
            self.panicked = True

    def tail(self, count: int) -> list[str]:
        """The last lines; from a little before the panic if there was one."""
        lines = [*self._lines, _CONTROL.sub(b"", self._partial)]
        panics = [index for index, line in enumerate(lines) if _PANIC.match(line)]
        start = max(0, panics[0] - 5) if panics else max(0, len(lines) - count)
        return [line.decode("utf-8", "replace") for line in lines[start:] if line]

    def kernel_base(self) -> int | None:
        """The address the kernel said it was loaded at."""
        found = re.search(rb"kernel base (0x[0-9a-f]+)", self._base_line)
        return int(found.group(1), 16) if found else None

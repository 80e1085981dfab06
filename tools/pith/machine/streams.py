# SPDX-License-Identifier: BSD-2-Clause
"""The standard streams of a run, each through one buffer: a source is read only while its buffer is
empty, so a slow reader holds the writer back through the whole machine."""

import os
import select
import socket

READ_SIZE = 64 * 1024
# A pipe that polls as writable takes this much without blocking.
WRITE_SIZE = 4096

Interest = dict[int, int]  # file descriptor to poll(2) events


class Output:
    """From a port to a file descriptor, or into memory when there is none."""

    def __init__(self, port: socket.socket, descriptor: int | None) -> None:
        self.received = 0
        self.captured = bytearray()
        self._port = port
        self._descriptor = descriptor
        self._pending = memoryview(b"")
        self._closed = False

    @property
    def flushed(self) -> bool:
        """Nothing received is waiting to be written."""
        return not self._pending

    def watch(self, interest: Interest) -> None:
        """Adds what this stream waits for."""
        if self._pending:
            assert self._descriptor is not None
            interest[self._descriptor] = interest.get(self._descriptor, 0) | select.POLLOUT
        elif not self._closed:
            interest[self._port.fileno()] = select.POLLIN

    def move(self, ready: Interest) -> None:
        """Moves what can be moved. Raises BrokenPipeError when nobody reads any more."""
        if self._pending:
            assert self._descriptor is not None
            if ready.get(self._descriptor):
                written = os.write(self._descriptor, self._pending[:WRITE_SIZE])
                self._pending = self._pending[written:]
        elif ready.get(self._port.fileno()):
            self._receive()

    def _receive(self) -> None:
        try:
            data = self._port.recv(READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        self._closed = not data
        self.received += len(data)
        if self._descriptor is None:
            self.captured += data
        else:
            self._pending = memoryview(data)


class Input:
    """From a file descriptor, or from given bytes, to a port."""

    def __init__(self, port: socket.socket, source: int | bytes) -> None:
        self.sent = 0
        self._port = port
        self._descriptor = source if isinstance(source, int) else None
        self._pending = memoryview(b"" if isinstance(source, int) else source)
        self._at_end = not isinstance(source, int)

    @property
    def finished(self) -> bool:
        """The source has ended and everything is with the machine."""
        return self._at_end and not self._pending

    def watch(self, interest: Interest) -> None:
        """Adds what this stream waits for."""
        if self._pending:
            interest[self._port.fileno()] = select.POLLOUT
        elif not self._at_end and self._may_read():
            assert self._descriptor is not None
            interest[self._descriptor] = interest.get(self._descriptor, 0) | select.POLLIN

    def _may_read(self) -> bool:
        # A background job that reads the terminal would be stopped.
        assert self._descriptor is not None
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:
            return True  # not a terminal

    def move(self, ready: Interest) -> bytes:
        """Moves what can be moved; answers what was read just now."""
        if self._pending:
            if ready.get(self._port.fileno()):
                self._send()
        elif not self._at_end and self._descriptor is not None and ready.get(self._descriptor):
            try:
                data = os.read(self._descriptor, READ_SIZE)
            except OSError:
                data = b""
            self._at_end = not data
            self._pending = memoryview(data)
            return data
        return b""

    def _send(self) -> None:
        try:
            count = self._port.send(self._pending)
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            count, self._at_end = len(self._pending), True
        self.sent += count
        self._pending = self._pending[count:]

# SPDX-License-Identifier: BSD-2-Clause
"""A running QEMU and the sockets to it. It ends with this process, however that ends."""

import os
import signal
import socket
import subprocess
import tempfile
from types import TracebackType

from pith.errors import PithError
from pith.machine.qemu import CHANNELS, Machine, qemu_command
from pith.process import end_with_parent

END_SECONDS = 2.0


class VirtualMachine:
    """A context: entering starts QEMU, leaving ends it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._messages = tempfile.TemporaryFile()
        self._process: subprocess.Popen[bytes] | None = None
        self.sockets: dict[str, socket.socket] = {}
        self.exit_descriptor = -1  # becomes readable when QEMU ends

    def __enter__(self) -> "VirtualMachine":
        theirs = {}
        for name in CHANNELS:
            self.sockets[name], theirs[name] = socket.socketpair()
            self.sockets[name].setblocking(False)
        command = qemu_command(self._machine,
                               {name: end.fileno() for name, end in theirs.items()})
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._messages, stderr=self._messages,
                pass_fds=[end.fileno() for end in theirs.values()], process_group=0,
                preexec_fn=end_with_parent)
        except OSError as error:
            self._close()
            raise PithError(f"cannot start {command[0]}: {error.strerror}") from error
        finally:
            for end in theirs.values():
                end.close()
        self.exit_descriptor = os.pidfd_open(self._process.pid)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._process is not None and self._process.poll() is None:
            self._end()
        self._close()

    def _end(self) -> None:
        assert self._process is not None
        # QEMU flushes its disks on SIGTERM.
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._process.send_signal(number)
            try:
                self._process.wait(END_SECONDS)
                return
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()

    def _close(self) -> None:
        for end in self.sockets.values():
            end.close()
        if self.exit_descriptor >= 0:
            os.close(self.exit_descriptor)
        self._messages.close()

    def exit_status(self) -> int | None:
        """QEMU's own status, None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def messages(self) -> str:
        """What QEMU itself had to say."""
        self._messages.seek(0)
        return self._messages.read().decode("utf-8", "replace").strip()

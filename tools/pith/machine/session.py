# SPDX-License-Identifier: BSD-2-Clause
"""One conversation with the agent of a running machine, from its greeting to power-off."""

import contextlib
import dataclasses
import enum
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator

from pith.errors import PithError, Terminated
from pith.machine import control
from pith.machine.console_log import ConsoleLog
from pith.machine.qemu import SERIAL
from pith.machine.streams import Input, Interest, Output
from pith.machine.terminal import window_size
from pith.machine.virtual_machine import VirtualMachine

POWER_OFF_SECONDS = 10.0
PANIC_SECONDS = 3.0
# Three in a row end a machine that answers no more; a terminal in raw mode has no other way.
ESCAPE = b"\x1d\x1d\x1d"


class End(enum.Enum):
    """How a session ended."""

    EXITED = enum.auto()
    FAILED = enum.auto()      # the agent could not run the command
    PANICKED = enum.auto()
    STOPPED = enum.auto()     # the machine ended by itself before the command did
    TIMED_OUT = enum.auto()
    ESCAPED = enum.auto()


@dataclasses.dataclass
class Request:
    """What the agent is to run, and on which streams."""

    argv: list[str]
    terminal: bool
    terminal_descriptor: int = 0
    stdin: int | bytes = b""
    stdout: int | None = None  # None: captured
    stderr: int | None = None
    timeout: float | None = None


class Session:
    """Runs the poll loop. `end` and `status` say how it went."""

    def __init__(self, machine: VirtualMachine, request: Request, log: ConsoleLog) -> None:
        self.end: End | None = None
        self.status = 0
        self.failure = ""
        self.powered_off = False
        self._machine = machine
        self._request = request
        self._log = log
        self._started = time.monotonic()
        self._control = machine.sockets["control"]
        self._outbox = b""
        self._decoder = control.Decoder()
        self._input = Input(machine.sockets["stdin"], request.stdin)
        self.output = Output(machine.sockets["stdout"], request.stdout)
        self.error = Output(machine.sockets["stderr"], request.stderr)
        self._expected: tuple[int, int] | None = None
        self._said_end_of_input = False
        self._interrupts = 0
        self._recent_keys = b""
        self._deadline = self._started + request.timeout if request.timeout else None

    def run(self) -> None:
        """Until the machine has ended, or has to be ended."""
        with _signals_to(self._take_signal) as wakeup:
            self._send_start()
            while self.end is None:
                self._step(wakeup)
            if self.end in (End.EXITED, End.FAILED):
                self._send(control.BYE)
                self.powered_off = self._linger(wakeup, POWER_OFF_SECONDS)
            elif self.end is End.PANICKED:
                self._linger(wakeup, PANIC_SECONDS)
            if self._log.panicked and self.end is not End.TIMED_OUT:
                self.end = End.PANICKED

    def _send(self, kind: bytes, *words: str) -> None:
        self._outbox += control.encode(kind, *words)

    def _send_start(self) -> None:
        request = self._request
        size = window_size(request.terminal_descriptor)
        self._send(control.START, "terminal" if request.terminal else "pipes",
                   os.environ.get("TERM", "dumb"), str(size.lines), str(size.columns),
                   *request.argv)

    def _step(self, wakeup: int, until: float | None = None) -> None:
        limits = [limit for limit in (self._deadline, until) if limit is not None]
        interest = self._interest(wakeup)
        poll = select.poll()
        for descriptor, events in interest.items():
            poll.register(descriptor, events)
        wait = max(0.0, min(limits) - time.monotonic()) * 1000 if limits else None
        ready: Interest = dict(poll.poll(wait))
        if ready.get(wakeup):
            os.read(wakeup, 4096)
        self._take_serial(ready)
        self._take_control(ready)
        self._take_keys(self._input.move(ready))
        self.output.move(ready)
        self.error.move(ready)
        self._decide(ready)

    def _interest(self, wakeup: int) -> Interest:
        interest: Interest = {wakeup: select.POLLIN}
        if self._machine.exit_descriptor >= 0 and not self.powered_off:
            interest[self._machine.exit_descriptor] = select.POLLIN
        for name in (SERIAL, "control"):
            descriptor = self._machine.sockets[name].fileno()
            if descriptor >= 0:
                interest[descriptor] = select.POLLIN
        if self._outbox and self._control.fileno() >= 0:
            interest[self._control.fileno()] |= select.POLLOUT
        if self._expected is None:
            self._input.watch(interest)
        self.output.watch(interest)
        self.error.watch(interest)
        return interest

    def _take_serial(self, ready: Interest) -> None:
        serial = self._machine.sockets[SERIAL]
        if ready.get(serial.fileno()):
            self._log.feed(_receive(serial))

    def _take_control(self, ready: Interest) -> None:
        events = ready.get(self._control.fileno(), 0)
        if events & select.POLLOUT and self._outbox:
            self._outbox = self._outbox[_send_some(self._control, self._outbox):]
        if events & ~select.POLLOUT:
            for message in self._decoder.feed(_receive(self._control)):
                self._take_message(message)
        if self._input.finished and not self._said_end_of_input:
            self._said_end_of_input = True
            self._send(control.END_OF_INPUT, str(self._input.sent))

    def _take_message(self, message: control.Message) -> None:
        if message.kind == control.HELLO and message.words != [control.VERSION]:
            raise PithError(f"the agent speaks protocol version {message.words}")
        if message.kind == control.FAILURE:
            self.failure = message.payload.decode("utf-8", "replace")
            self.end = End.FAILED
        if message.kind == control.EXIT:
            status, output, error = (int(word) for word in message.words)
            self.status = status
            self._expected = (output, error)

    def _take_keys(self, data: bytes) -> None:
        if self._request.terminal and data:
            self._recent_keys = (self._recent_keys + data)[-len(ESCAPE):]
            if self._recent_keys == ESCAPE:
                self.end = End.ESCAPED

    def _take_signal(self, number: int) -> None:
        if number == signal.SIGWINCH:
            if self._request.terminal:
                size = window_size(self._request.terminal_descriptor)
                self._send(control.WINDOW, str(size.lines), str(size.columns))
        elif number == signal.SIGINT and not self._request.terminal and self._interrupts == 0:
            self._interrupts += 1  # the command's to act on; the second one is ours
            self._send(control.SIGNAL, str(int(signal.SIGINT)))
        else:
            raise Terminated(number)

    def _decide(self, ready: Interest) -> None:
        if self.end is not None:
            return
        if self._log.panicked:
            self.end = End.PANICKED
        elif self._expected == (self.output.received, self.error.received) \
                and self.output.flushed and self.error.flushed:
            self.end = End.EXITED
        elif ready.get(self._machine.exit_descriptor):
            self._take_rest()
            self.end = End.PANICKED if self._log.panicked else End.STOPPED
        elif self._deadline is not None and time.monotonic() >= self._deadline:
            self.end = End.TIMED_OUT

    def _take_rest(self) -> None:
        """What QEMU left in the log's socket when it ended."""
        serial = self._machine.sockets[SERIAL]
        while serial.fileno() >= 0 and (data := _receive(serial)):
            self._log.feed(data)

    def _linger(self, wakeup: int, seconds: float) -> bool:
        """Waits for QEMU to end by itself; answers whether it did."""
        until = time.monotonic() + seconds
        while self._machine.exit_status() is None and time.monotonic() < until:
            self._step(wakeup, until)
        self._take_rest()
        return self._machine.exit_status() is not None


def _receive(end: socket.socket) -> bytes:
    """What has arrived. At its end the socket is closed, so that it is not waited for again."""
    try:
        data = end.recv(64 * 1024)
    except BlockingIOError:
        return b""
    except ConnectionResetError:
        data = b""
    if not data:
        end.close()
    return data


def _send_some(end: socket.socket, data: bytes) -> int:
    try:
        return end.send(data)
    except BlockingIOError:
        return 0
    except (BrokenPipeError, ConnectionResetError):
        return len(data)


@contextlib.contextmanager
def _signals_to(handler: Callable[[int], None]) -> Iterator[int]:
    """Signals call the handler, and wake a poll on the descriptor this yields."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)
    previous = {number: signal.signal(number, lambda taken, _: handler(taken))
                for number in numbers}
    previous_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield reader.fileno()
    finally:
        signal.set_wakeup_fd(previous_wakeup)
        for number, action in previous.items():
            signal.signal(number, action)
        reader.close()
        writer.close()

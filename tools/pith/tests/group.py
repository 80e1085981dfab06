# SPDX-License-Identifier: BSD-2-Clause
"""What a group of tests is: a name, and a way to run it that ends in counts."""

import dataclasses
import math
import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from pith.paths import ROOT
from pith.process import end_with_parent

# Read by tests/drive: the kernel to test, and whether to run the long form.
KERNEL_VARIABLE = "PITH_TEST_KERNEL"
FULL_VARIABLE = "PITH_TEST_FULL"
# What tests want of Debian beside its base: all in one image, which is made once.
GUEST_PACKAGES = "fio,kmod,pciutils,stress-ng,udev"
FULL_FACTOR = 8  # how much longer the long form may take
KILL_SECONDS = 10.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """How this run of the tests goes."""

    kernel: str = "pith"
    full: bool = False
    deadline: float = math.inf  # on the monotonic clock: when all has to be over

    def seconds_for(self, usual: int) -> float:
        """How long a program that usually is given `usual` seconds may run."""
        left = self.deadline - time.monotonic()
        return min(usual * (FULL_FACTOR if self.full else 1), max(left, 0.0))

    def environment(self) -> dict[str, str]:
        """For the test programs."""
        return dict(os.environ, **{KERNEL_VARIABLE: self.kernel,
                                   FULL_VARIABLE: "1" if self.full else ""})


@dataclasses.dataclass
class Counts:
    """What a group found. `details` are lines for a person who wants to know why."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    details: list[str] = dataclasses.field(default_factory=list)


class Group(Protocol):
    """One name that `./pith test` takes."""

    name: str
    summary: str

    def run(self, settings: Settings) -> Counts:
        """Runs the tests; never raises for a test that fails."""


def run_bounded(command: Sequence[str], settings: Settings, seconds: int,
                log: pathlib.Path) -> int | None:
    """Runs a test program in a process group of its own with its output in `log`. Answers its
    status, or None when the time was up; nothing of it is left running either way."""
    with open(log, "wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, env=settings.environment(),
                                   stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                                   process_group=0, preexec_fn=end_with_parent)
        try:
            return process.wait(settings.seconds_for(seconds))
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Asks politely first, so that machines and temporary files go too."""
    timer = threading.Timer(KILL_SECONDS, _signal_group, (process.pid, signal.SIGKILL))
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        timer.start()
        process.wait()
        timer.cancel()
    _signal_group(process.pid, signal.SIGKILL)


def _signal_group(leader: int, number: int) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass

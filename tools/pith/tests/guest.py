# SPDX-License-Identifier: BSD-2-Clause
"""Groups of static programs that run as process 1 of a machine (tests/syscalls, tests/hostile) and
of tests that run inside the kernel. A kernel that does not build, a machine that does not come to
its end: failures, each named."""

import dataclasses
import pathlib
import re

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD, ROOT
from pith.tests.group import Counts, Settings, run_bounded
from pith.tests.programs import SHOWN_LINES, read_counts

BOOT = ROOT / "tests" / "syscalls" / "boot.py"
# The console of a machine has carriage returns, and stamps before the kernel's own lines.
_CONSOLE = re.compile(r"\r|^\[ *\d+\.\d+\] ?", re.MULTILINE)
LOGS = BUILD / "tests"


def _failure(*lines: str) -> Counts:
    return Counts(failed=1, details=list(lines))


def _read(log: pathlib.Path) -> str:
    return _CONSOLE.sub("", log.read_text("utf-8", "replace"))


def _last_lines(text: str, log: pathlib.Path) -> list[str]:
    return [*text.splitlines()[-SHOWN_LINES:], f"(all of it: {log})"]


def _build(script: str, settings: Settings, log: pathlib.Path) -> Counts | None:
    """None if it built."""
    LOGS.mkdir(parents=True, exist_ok=True)
    packages.require("programs")
    if run_bounded(["python3", script], settings, 600, log) == 0:
        return None
    return _failure(f"{script} failed", *_last_lines(_read(log), log))


def _boot(kernel: pathlib.Path, words: list[str], settings: Settings, seconds: int,
          log: pathlib.Path) -> int | None:
    packages.require("qemu")
    command = ["python3", str(BOOT), "--kernel", str(kernel),
               "--timeout", str(settings.seconds_for(seconds)), *words]
    return run_bounded(command, settings, seconds + 10, log)


@dataclasses.dataclass(frozen=True)
class SyscallsGroup:
    """Runs every program of tests/syscalls on Linux and on Pith; they must pass and agree."""

    name: str
    summary: str
    seconds: int = 420  # for one machine

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        trouble = _build("tests/syscalls/build.py", settings, LOGS / "syscalls-build.log")
        if trouble:
            return trouble
        reference = LOGS / "syscalls-linux.log"
        self._transcript("linux", 2, settings, reference)
        total = Counts()
        for processors in (1, 2, 4) if settings.full else (2,):
            candidate = LOGS / f"syscalls-{settings.kernel}-{processors}.log"
            self._transcript(settings.kernel, processors, settings, candidate)
            report = LOGS / f"syscalls-compare-{processors}.log"
            status = run_bounded(["python3", "tests/syscalls/check.py", str(reference),
                                  str(candidate)], settings, 60, report)
            counts = read_counts(_read(report), status)
            total.passed += counts.passed
            total.failed += counts.failed
            if counts.failed:
                total.details += [f"with {processors} processors:",
                                  *_last_lines(_read(report), report),
                                  "the candidate's last lines:",
                                  *_read(candidate).splitlines()[-10:]]
        return total

    def _transcript(self, choice: str, processors: int, settings: Settings,
                    log: pathlib.Path) -> None:
        kernel = find_kernel(choice, "bzimage", debug=False)
        programs = BUILD / "tests" / "syscalls"
        _boot(kernel.image, ["--smp", str(processors), "--init", str(programs / "runner"),
                             "--add", f"{programs / 'bin'}=/syscalls", "--", "--trace",
                             "/syscalls"], settings, self.seconds, log)


@dataclasses.dataclass(frozen=True)
class HostileGroup:
    """Rounds of attacks from user mode, after each of which the system must answer."""

    name: str
    summary: str
    rounds: int = 3
    full_rounds: int = 100
    seconds_per_round: int = 60

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        trouble = _build("tests/hostile/build.py", settings, LOGS / "hostile-build.log")
        if trouble:
            return trouble
        kernel = find_kernel(settings.kernel, "bzimage", debug=False)
        rounds = self.full_rounds if settings.full else self.rounds
        log = LOGS / "hostile.log"
        status = _boot(kernel.image, ["--init", str(LOGS / "hostile" / "hostile"), "--",
                                      str(rounds)],
                       settings, 120 + rounds * self.seconds_per_round, log)
        text = _read(log)
        counts = read_counts(text, status)
        done = len(re.findall(r"^round \d+: ", text, re.MULTILINE))
        if done != rounds or counts.failed:
            counts.failed = max(counts.failed, 1)
            counts.details = [f"{done} of {rounds} rounds came to their end",
                              *re.findall(r"^NOT OK .*", text, re.MULTILINE)[:SHOWN_LINES],
                              *_last_lines(text, log)]
        return counts


@dataclasses.dataclass(frozen=True)
class KernelGroup:
    """Boots a debug kernel with `pith.test`: it runs its own tests and says how they went."""

    name: str
    summary: str
    seconds: int = 300

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        kernel = find_kernel("pith", "bzimage", debug=True)
        total = Counts()
        for processors in (1, 2, 4) if settings.full else (2,):
            log = LOGS / f"kernel-{processors}.log"
            LOGS.mkdir(parents=True, exist_ok=True)
            packages.require("qemu")
            # Not boot.py's machine: these need no program, and test a machine without an initramfs.
            command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp",
                       str(processors), "-m", "512", "-kernel", str(kernel.image), "-append",
                       "console=ttyS0 panic=-1 pith.test", "-display", "none", "-serial", "stdio",
                       "-monitor", "none", "-no-reboot"]
            status = run_bounded(command, settings, self.seconds, log)
            text = _read(log)
            counts = read_counts(text, status)
            if not re.search(r"^\d+ passed, \d+ failed$", text, re.MULTILINE):
                counts = Counts(failed=1)  # QEMU's status says nothing of the kernel
            total.passed += counts.passed
            total.failed += counts.failed
            if counts.failed:
                total.details += [*re.findall(r"^FAIL .*", text, re.MULTILINE)[:SHOWN_LINES],
                                  *_last_lines(text, log)]
        return total

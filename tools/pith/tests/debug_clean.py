# SPDX-License-Identifier: BSD-2-Clause
"""The group `debug-clean`: programs on the debug kernel, whose detectors (memory accesses,
undefined behaviour, lock order, sleeping where one may not) end it with a report. None may come.
All components move at random all the time meanwhile. That each detector finds what it is for is
shown by the group `crimes`."""

import dataclasses
import pathlib
import re

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD, ROOT
from pith.tests.group import GUEST_PACKAGES, Counts, Settings, run_bounded

LOGS = BUILD / "tests"
_REPORT = re.compile(r"^.*panic: .*$", re.MULTILINE)
# In every run: no program may notice.
_MOVING = "pith.chaos=move:10hz loglevel=7"
_STRESS = ("--cpu 2 --vm 2 --vm-bytes 32m --fork 2 --pipe 2 --futex 2 --switch 2 "
           "--metrics-brief").split()

# The tree is packed twice and must be the same; meanwhile every disk and console has moved. The
# last words say how often the instances did.
_CHAOS = """
set -e
first=$(tar --sort=name -c /usr/share 2>/dev/null | sha256sum)
for round in 1 2; do
    cp -r /usr/share/perl5 /root/copy
    sync
    diff -r /root/copy /usr/share/perl5
    rm -r /root/copy
done
second=$(tar --sort=name -c /usr/share 2>/dev/null | sha256sum)
test "$first" = "$second"
moves=$(awk '$1 == "moves" { sum += $2 } END { print sum }' /sys/pith/components/*/statistics)
restarts=$(awk '$1 == "restarts" { sum += $2 } END { print sum }' /sys/pith/components/*/statistics)
echo "$moves moves, $restarts restarts"
test "$moves" -ge 20 && test "$restarts" -eq 0
"""


def reports_in(text: str) -> list[str]:
    """What a kernel's log says of a detector that found something, with the lines behind it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if _REPORT.match(line):
            return lines[number:number + 20]
    return []


@dataclasses.dataclass(frozen=True)
class DebugCleanGroup:
    """Loads on the debug kernel, each to its end and without a report."""

    name: str
    summary: str
    stress_seconds: int = 30
    full_stress_seconds: int = 20 * 60

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        packages.require("programs", "qemu", "debian", "test")
        LOGS.mkdir(parents=True, exist_ok=True)
        kernel = find_kernel("pith", "bzimage", debug=True).image
        total = Counts()
        runs = [self._programs, self._stress]
        if settings.full:
            runs += [self._attacks, self._chaos]
        for run in runs:
            trouble = run(kernel, settings)
            total.passed += not trouble
            total.failed += bool(trouble)
            total.details += trouble
        return total

    def _boot(self, script: str, words: list[str], ends_with: str,
              settings: Settings, kernel: pathlib.Path) -> list[str]:
        """Builds the programs of tests/SCRIPT and boots them; the lines that say what is wrong."""
        log = LOGS / f"{self.name}-{script}.log"
        if run_bounded(["python3", f"tests/{script}/build.py"], settings, 600, log) != 0:
            return [f"tests/{script}/build.py failed (all of it: {log})"]
        seconds = 420
        command = ["python3", str(ROOT / "tests/syscalls/boot.py"), "--kernel", str(kernel),
                   "--smp", "2", "--append", _MOVING,
                   "--timeout", str(settings.seconds_for(seconds)), *words]
        run_bounded(command, settings, seconds + 10, log)
        text = log.read_text("utf-8", "replace").replace("\r", "")
        if found := reports_in(text):
            return [f"{script}: a report", *found, f"(all of it: {log})"]
        if not re.search(ends_with, text, re.MULTILINE):
            return [f"{script}: no end", *text.splitlines()[-10:], f"(all of it: {log})"]
        return []

    def _programs(self, kernel: pathlib.Path, settings: Settings) -> list[str]:
        programs = LOGS / "syscalls"
        return self._boot("syscalls", ["--init", str(programs / "runner"), "--add",
                                       f"{programs / 'bin'}=/syscalls", "--", "/syscalls"],
                          r"^\d+ passed, \d+ failed", settings, kernel)

    def _attacks(self, kernel: pathlib.Path, settings: Settings) -> list[str]:
        return self._boot("hostile", ["--init", str(LOGS / "hostile" / "hostile"), "--", "1"],
                          r"^round 1: ", settings, kernel)

    def _chaos(self, kernel: pathlib.Path, settings: Settings) -> list[str]:
        """Programs compile, compress and search while every component moves all the time."""
        log, serial = LOGS / f"{self.name}-chaos.log", LOGS / f"{self.name}-chaos-kernel.log"
        serial.unlink(missing_ok=True)
        command = ["./pith", "run", "--no-install", "--kernel", str(kernel), "--smp", "2",
                   "--append", _MOVING, "--log", str(serial), "--",
                   "bash", "-c", _CHAOS]
        status = run_bounded(command, settings, 400, log)
        text = serial.read_text("utf-8", "replace") if serial.exists() else ""
        said = log.read_text("utf-8", "replace").splitlines()[-15:]
        if found := reports_in(text):
            return ["chaos: a report", *found, f"(all of it: {serial})"]
        if status != 0:
            return [f"chaos: status {status}", *said, f"(all of it: {log}, {serial})"]
        return []

    def _stress(self, kernel: pathlib.Path, settings: Settings) -> list[str]:
        """Debian's stress-ng; it says itself whether every stressor did what it should."""
        seconds = self.full_stress_seconds if settings.full else self.stress_seconds
        log, serial = LOGS / f"{self.name}-stress.log", LOGS / f"{self.name}-stress-kernel.log"
        serial.unlink(missing_ok=True)
        command = ["./pith", "run", "--no-install", "--kernel", str(kernel), "--smp", "4",
                   "--memory", "1024", "--packages", GUEST_PACKAGES, "--append", _MOVING,
                   "--log", str(serial), "--", "stress-ng", *_STRESS, "--timeout", str(seconds)]
        status = run_bounded(command, settings, 600 + seconds, log)
        text = serial.read_text("utf-8", "replace") if serial.exists() else ""
        if found := reports_in(text):
            return ["stress-ng: a report", *found, f"(all of it: {serial})"]
        if status != 0:
            said = log.read_text("utf-8", "replace").splitlines()[-15:]
            reason = "the time was up" if status is None else f"status {status}"
            return [f"stress-ng: {reason}", *said, f"(all of it: {log}, {serial})"]
        return []

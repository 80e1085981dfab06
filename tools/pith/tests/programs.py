# SPDX-License-Identifier: BSD-2-Clause
"""A group that is one program: a test runner that prints `N passed, N failed`, GoogleTest's or
unittest's closing lines, or that says all with its exit status."""

import dataclasses
import re

from pith import packages
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded

SHOWN_LINES = 40
_PLAIN = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
_GOOGLE_PASSED = re.compile(r"^\[  PASSED  \] (\d+) tests?\.", re.MULTILINE)
_GOOGLE_FAILED = re.compile(r"^\[  FAILED  \] (\d+) tests?, listed below", re.MULTILINE)
_UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(OK|FAILED)(?: \((.*)\))?", re.MULTILINE)


def _unittest_counts(found: re.Match[str]) -> Counts:
    parts = dict(re.findall(r"(\w+)=(\d+)", found.group(3) or ""))
    failed = int(parts.get("failures", 0)) + int(parts.get("errors", 0))
    skipped = int(parts.get("skipped", 0))
    return Counts(int(found.group(1)) - failed - skipped, failed, skipped)


def read_counts(text: str, status: int | None) -> Counts:
    """The counts a runner's output tells; the exit status has the last word."""
    if plain := _PLAIN.findall(text):
        passed, failed, skipped = plain[-1]
        counts = Counts(int(passed), int(failed), int(skipped or 0))
    elif found := _UNITTEST.search(text):
        counts = _unittest_counts(found)
    elif _GOOGLE_PASSED.search(text) or _GOOGLE_FAILED.search(text):
        counts = Counts(sum(map(int, _GOOGLE_PASSED.findall(text))),
                        sum(map(int, _GOOGLE_FAILED.findall(text))))
    else:
        counts = Counts(1, 0) if status == 0 else Counts(0, 1)
    if status != 0 and counts.failed == 0:
        counts.failed = 1
    return counts


@dataclasses.dataclass(frozen=True)
class ProgramGroup:
    """Runs `command` at the root of the tree."""

    name: str
    summary: str
    command: list[str]
    needs: tuple[str, ...] = ()  # tasks of pith.packages
    seconds: int = 600
    full_command: list[str] | None = None  # the long form, if it is another

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        packages.require(*self.needs)
        command = self.full_command if settings.full and self.full_command else self.command
        directory = BUILD / "tests"
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / f"{self.name}.log"
        status = run_bounded(command, settings, self.seconds, log)
        text = log.read_text("utf-8", "replace")
        counts = read_counts(text, status)
        if counts.failed:
            reason = "the time was up" if status is None else f"status {status}"
            counts.details = [*text.splitlines()[-SHOWN_LINES:], f"({reason}; all of it: {log})"]
        return counts

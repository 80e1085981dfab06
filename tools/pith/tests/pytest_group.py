# SPDX-License-Identifier: BSD-2-Clause
"""A group of pytest tests: those in tests/drive, which drive whole machines."""

import dataclasses
import shutil
import xml.etree.ElementTree as xml

from pith import packages
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded

# Debian's, which is the one Debian's pytest and pexpect belong to.
PYTHON = "/usr/bin/python3"
SHOWN_LINES = 60


@dataclasses.dataclass(frozen=True)
class PytestGroup:
    """Runs one file of tests."""

    name: str
    summary: str
    file: str
    seconds: int = 600
    needs: tuple[str, ...] = ()  # tasks of pith.packages, beside pytest itself

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        packages.require("test", *self.needs)
        directory = BUILD / "tests"
        directory.mkdir(parents=True, exist_ok=True)
        report = directory / f"{self.name}.xml"
        report.unlink(missing_ok=True)
        log = directory / f"{self.name}.log"
        temporary = directory / f"{self.name}.tmp"
        command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
                   f"--basetemp={temporary}", f"--junitxml={report}", self.file]
        try:
            status = run_bounded(command, settings, self.seconds, log)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        counts = Counts()
        if report.exists():
            suite = next(iter(xml.parse(report).getroot().iter("testsuite")))
            total = {key: int(suite.get(key, 0))
                     for key in ("tests", "failures", "errors", "skipped")}
            counts.failed = total["failures"] + total["errors"]
            counts.skipped = total["skipped"]
            counts.passed = total["tests"] - counts.failed - counts.skipped
        if status != 0 and counts.failed == 0:
            counts.failed = 1  # the time was up, or pytest itself failed
        if counts.failed:
            reason = "the time was up" if status is None else f"status {status}"
            lines = log.read_text("utf-8", "replace").splitlines()[-SHOWN_LINES:]
            counts.details = [*lines, f"({reason}; all of it: {log})"]
        return counts

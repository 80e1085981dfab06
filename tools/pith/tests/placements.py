# SPDX-License-Identifier: BSD-2-Clause
"""Groups in which components are moved, killed and compared in a running machine
(tests/placements)."""

import dataclasses

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded
from pith.tests.programs import SHOWN_LINES, read_counts


@dataclasses.dataclass(frozen=True)
class PlacementsGroup:
    """One scenario of tests/placements/run.py; what it counted is told."""

    name: str
    summary: str
    scenario: str
    count: int = 0  # of kills or moves
    full_count: int = 0
    seconds: int = 300

    def run(self, settings: Settings) -> Counts:
        """See Group. The long form does it on the debug kernel, too."""
        packages.require("programs", "qemu", "test")
        total = Counts()
        for debug in (False, True) if settings.full else (False,):
            counts = self._run_on(debug, settings)
            total.passed += counts.passed
            total.failed += counts.failed
            total.details += counts.details
        return total

    def _run_on(self, debug: bool, settings: Settings) -> Counts:
        kernel = find_kernel("pith", "bzimage", debug=debug)
        log = BUILD / "tests" / f"{self.name}{'-debug' if debug else ''}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        seconds = int(settings.seconds_for(self.seconds))
        command = ["python3", "tests/placements/run.py", self.scenario, "--kernel",
                   str(kernel.image), "--timeout", str(seconds)]
        if self.count:
            command += ["--count", str(self.full_count if settings.full else self.count)]
        status = run_bounded(command, settings, self.seconds + 30, log)
        text = log.read_text("utf-8", "replace")
        counts = read_counts(text, status)
        lines = text.splitlines()
        counts.details = [line for line in lines if line.startswith("count ")]
        if counts.failed:
            wrong = [line for line in lines if line.startswith("FAIL")]
            counts.details += [*wrong[:SHOWN_LINES], f"(all of it: {log})"]
        return counts

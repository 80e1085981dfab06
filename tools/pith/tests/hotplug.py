# SPDX-License-Identifier: BSD-2-Clause
"""The group in which devices come and go in a running machine (tests/hotplug)."""

import dataclasses

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded
from pith.tests.programs import SHOWN_LINES, read_counts

ROUNDS, FULL_ROUNDS = 12, 50


@dataclasses.dataclass(frozen=True)
class HotPlugGroup:
    """Runs tests/hotplug/run.py on both chipsets, and each way of hot plug; the long form on the
    debug kernel, too."""

    name: str
    summary: str
    seconds: int = 420

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        packages.require("programs", "qemu", "test")
        total = Counts()
        for debug in (False, True) if settings.full else (False,):
            kernel = find_kernel("pith", "bzimage", debug=debug)
            log = BUILD / "tests" / f"{self.name}{'-debug' if debug else ''}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            command = ["python3", "tests/hotplug/run.py", "--kernel", str(kernel.image),
                       "--count", str(FULL_ROUNDS if settings.full else ROUNDS),
                       "--timeout", str(settings.seconds_for(self.seconds // 3))]
            status = run_bounded(command, settings, self.seconds + 30, log)
            text = log.read_text("utf-8", "replace")
            counts = read_counts(text, status)
            lines = text.splitlines()
            total.passed += counts.passed
            total.failed += counts.failed
            total.details += [line for line in lines if ": count " in line]
            if counts.failed:
                wrong = [line for line in lines if "FAIL" in line]
                total.details += [*wrong[:SHOWN_LINES], f"(all of it: {log})"]
        return total

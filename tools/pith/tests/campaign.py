# SPDX-License-Identifier: BSD-2-Clause
"""The group `fault-campaign`: faults made on purpose in components under load
(tests/placements/campaign.py)."""

import dataclasses

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded
from pith.tests.programs import SHOWN_LINES, read_counts


@dataclasses.dataclass(frozen=True)
class CampaignGroup:
    """So many faults for each placement; the table is told."""

    name: str
    summary: str
    count: int = 45
    full_count: int = 2000
    seconds: int = 500
    full_seconds: int = 4 * 3600

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        packages.require("programs", "qemu", "test")
        kernel = find_kernel("pith", "bzimage", debug=False)
        log = BUILD / "tests" / f"{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        count = self.full_count if settings.full else self.count
        status = run_bounded(["python3", "tests/placements/campaign.py", "--kernel",
                              str(kernel.image), "--count", str(count),
                              "--keep", str(log.parent / self.name)], settings,
                             self.full_seconds if settings.full else self.seconds, log)
        text = log.read_text("utf-8", "replace")
        counts = read_counts(text, status)
        lines = text.splitlines()
        counts.details = [line for line in lines if line.startswith(("count ", "|"))]
        if counts.failed:
            wrong = [line for line in lines if line.startswith(("FAIL", "note"))]
            counts.details += [*wrong[:SHOWN_LINES], f"(all of it: {log})"]
        return counts

# SPDX-License-Identifier: BSD-2-Clause
"""Groups in which components are moved, killed and compared in a running machine
(tests/placements)."""

import dataclasses

from pith import packages
from pith.images.kernels import find_kernel
from pith.paths import BUILD
from pith.tests.group import Counts, Settings, run_bounded
from pith.tests.programs import SHOWN_LINES, read_counts


# Where instances live when a storm of kills begins: a kill does not change it.
MIXED = ("pith.place=ramdisk0:builtin,virtio_blk0:module,virtio_blk1:server,nvme0:builtin,"
         "serial_165501:server,virtio_console0:module,ext40:server")
SERVERS = "pith.place=*:server"


@dataclasses.dataclass(frozen=True)
class Storm:
    """One boot of tests/placements/run.py. `count` is of kills or moves, in short and in full."""

    scenario: str
    count: int = 0
    full_count: int = 0
    append: str = ""  # the kernel's words
    icount: bool = False
    iommu: bool = False

    def words(self, settings: Settings, image: str, seconds: int) -> list[str]:
        """The command."""
        words = ["python3", "tests/placements/run.py", self.scenario, "--kernel", image,
                 "--timeout", str(seconds), "--append", self.append]
        if self.count:
            words += ["--count", str(self.full_count if settings.full else self.count)]
        words += ["--icount"] * self.icount + ["--iommu"] * self.iommu
        return words


@dataclasses.dataclass(frozen=True)
class PlacementsGroup:
    """Scenarios of tests/placements/run.py; what they counted is told."""

    name: str
    summary: str
    storms: tuple[Storm, ...]
    seconds: int = 300

    def run(self, settings: Settings) -> Counts:
        """See Group. The long form does it on the debug kernel, too, as far as nothing is measured
        there."""
        packages.require("programs", "qemu", "test", "debian")
        total = Counts()
        for debug in (False, True) if settings.full else (False,):
            for number, storm in enumerate(self.storms):
                if debug and storm.icount:
                    continue
                counts = self._run_on(debug, number, settings)
                total.passed += counts.passed
                total.failed += counts.failed
                total.details += counts.details
        return total

    def _run_on(self, debug: bool, number: int, settings: Settings) -> Counts:
        kernel = find_kernel("pith", "bzimage", debug=debug)
        log = BUILD / "tests" / f"{self.name}{number}{'-debug' if debug else ''}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        seconds = int(settings.seconds_for(self.seconds))
        command = self.storms[number].words(settings, str(kernel.image), seconds)
        status = run_bounded(command, settings, self.seconds + 60, log)
        text = log.read_text("utf-8", "replace")
        counts = read_counts(text, status)
        lines = text.splitlines()
        counts.details = [line for line in lines if line.startswith(("count ", "restart "))]
        if counts.failed:
            wrong = [line for line in lines if line.startswith("FAIL")]
            counts.details += [*wrong[:SHOWN_LINES], f"(all of it: {log})"]
        return counts

# SPDX-License-Identifier: BSD-2-Clause
"""Linux's counts, kept: they change only with the kernel, the machine and the programs."""

import hashlib
import json

from pith.bench import measure
from pith.bench.rows import GATES, Row, Value
from pith.images.kernels import Kernel
from pith.machine.qemu import QEMU
from pith.paths import appearing_whole, cache_directory, exclusive
from pith.process import run
from pith.progress import step

# What takes Debian's own hardening away; the goal holds against such a kernel, too.
TUNED = "init_on_alloc=0 randomize_kstack_offset=off hardened_usercopy=off lsm=capability audit=0"


def _fingerprint(kernel: Kernel) -> str:
    told = [kernel.name, kernel.command_line, measure.OPTIONS, *measure.PROCESSOR,
            str(measure.MEMORY_MIB), run([QEMU, "--version"]).splitlines()[0]]
    digest = hashlib.sha256("\n".join(told).encode())
    for program in measure.build_programs():
        digest.update(program.read_bytes())
    return digest.hexdigest()[:16]


def linux_counts(kernel: Kernel, rows: list[Row], keys: list[str]) -> dict[str, Value]:
    """Every row, or those named: from the cache, if that has them all; else measured now."""
    directory = cache_directory("bench")
    file = directory / f"{_fingerprint(kernel)}.json"
    with exclusive(directory):
        counts: dict[str, Value] = {}
        if file.exists():
            counts = json.loads(file.read_text(encoding="utf-8"))
        wanted = [row.key for row in rows if row.key not in GATES]
        if not all(key in counts for key in wanted):
            with step(f"counting on {kernel.name}"):
                counts |= measure.count_all(kernel, measure.count_firmware(), keys)
            with appearing_whole(file) as temporary:
                temporary.write_text(json.dumps(counts, indent=1), encoding="utf-8")
    return {key: counts[key] for key in wanted if key in counts}

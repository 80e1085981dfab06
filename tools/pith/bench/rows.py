# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the table: bench/targets.tsv is their one list, bench/reached.tsv the counts of the
last recorded run (`./pith bench --record`)."""

import dataclasses
import pathlib

from pith.errors import PithError
from pith.paths import ROOT

TARGETS = ROOT / "bench" / "targets.tsv"
REACHED = ROOT / "bench" / "reached.tsv"
BOOT = "kernel_entry_to_first_user_instruction"
# Counted outside a machine: core/gate/gate_cost_test.cpp prints them.
GATES = ("gate_untracked", "gate_tracked")
# What a row of bench/programs/blocks.c takes more when the RAM disk is a server.
SERVERS = {"server_round_trip": "block_read_512", "server_batched_32": "block_burst_32"}


@dataclasses.dataclass(frozen=True)
class Row:
    """`key` is what bench/programs prints; `target` the most that Pith is to take, `limit` the most
    it may take today whatever Linux takes."""

    key: str
    title: str
    target: int | None
    limit: int | None


# A count of instructions, or why there is none.
Value = int | str


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def read_rows(file: pathlib.Path = TARGETS) -> list[Row]:
    """All rows, in the order of the file."""
    rows = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        words = line.split("\t")
        if len(words) not in (4, 5):
            raise PithError(f"{file.name}: wanted KEY, OPERATION, LINUX, TARGET[, LIMIT]: {line}")
        rows.append(Row(words[0], words[1], _number(words[3]),
                        _number(words[4]) if len(words) == 5 else None))
    return rows


def read_reached(file: pathlib.Path = REACHED) -> dict[str, tuple[Value, Value]]:
    """Linux's and Pith's counts by key, as recorded; empty when nothing is."""
    reached: dict[str, tuple[Value, Value]] = {}
    if not file.exists():
        return reached
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        key, *counts = line.split("\t")
        if len(counts) != 2:
            raise PithError(f"{file.name}: wanted KEY, LINUX, PITH: {line}")
        linux, pith = (int(text) if text.isdigit() else text for text in counts)
        reached[key] = (linux, pith)
    return reached


def write_reached(counts: dict[str, tuple[Value, Value]], file: pathlib.Path = REACHED) -> None:
    """Records counts, for README.md and for the next run to be compared with."""
    lines = ["# Written by ./pith bench --record: key, Linux, Pith"]
    lines += [f"{key}\t{linux}\t{pith}" for key, (linux, pith) in counts.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")

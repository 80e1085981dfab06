# SPDX-License-Identifier: BSD-2-Clause
"""What faults made on purpose came to, by placement and kind: tests/placements/campaign.py counts,
README.md shows what was recorded last."""

import dataclasses
import pathlib
from collections.abc import Iterable

from pith.paths import ROOT

RECORD = ROOT / "tests/placements/campaign.tsv"


@dataclasses.dataclass
class Row:
    """Counts of one kind of fault in one placement."""

    placement: str
    kind: str
    injected: int = 0
    activated: int = 0  # it showed: a life ended, or what was to go wrong did
    recovered: int = 0  # the component answers again, in the same placement
    crashes: int = 0    # of the kernel
    errors: int = 0     # that programs saw
    corrupted: int = 0  # faults after which a program read a wrong byte


FIELDS = [field.name for field in dataclasses.fields(Row)]


def write_record(rows: Iterable[Row], file: pathlib.Path) -> None:
    """Records the counts; README.md shows those in RECORD."""
    lines = ["# Written by tests/placements/campaign.py --record", "\t".join(FIELDS)]
    lines += ["\t".join(str(value) for value in dataclasses.astuple(row)) for row in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_record() -> list[Row]:
    """The counts as last recorded; none when nothing is."""
    if not RECORD.exists():
        return []
    rows = []
    for line in RECORD.read_text(encoding="utf-8").splitlines()[2:]:
        placement, kind, *counts = line.split("\t")
        rows.append(Row(placement, kind, *map(int, counts)))
    return rows


def markdown(rows: Iterable[Row]) -> str:
    """The table: a row for each kind, with a sum behind each placement's."""
    rows = list(rows)
    text = ["| placement | fault | injected | activated | recovered | kernel crashes | "
            "errors seen | corruption |", "|---|---|---:|---:|---:|---:|---:|---:|"]
    for placement in dict.fromkeys(row.placement for row in rows):
        own = [row for row in rows if row.placement == placement]
        total = Row(placement, "**all**", *(sum(getattr(row, name) for row in own)
                                            for name in FIELDS[2:]))
        text += ["| " + " | ".join(str(value) for value in dataclasses.astuple(row)) + " |"
                 for row in [*own, total]]
    return "\n".join(text)

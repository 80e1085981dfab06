# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the table: bench/targets.tsv is their one list."""

import dataclasses
import pathlib

from pith.errors import PithError
from pith.paths import ROOT

TARGETS = ROOT / "bench" / "targets.tsv"
BOOT = "kernel_entry_to_first_user_instruction"


@dataclasses.dataclass(frozen=True)
class Row:
    """`key` is what bench/programs prints; `target` the most that Pith is to take, `limit` the most
    it may take today whatever Linux takes."""

    key: str
    title: str
    target: int | None
    limit: int | None


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

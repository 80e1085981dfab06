# SPDX-License-Identifier: BSD-2-Clause
"""From the counts of two kernels to a verdict for each row, and the table."""

import dataclasses
import errno
import math
from collections.abc import Sequence

from pith.bench.rows import Row

# Two runs of one kernel differ by this much.
NOISE = 1.01
TITLE_WIDTH = 62

# A count of instructions, or why there is none.
Value = int | str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """One row with both counts. `fault` says why the row fails; None if it does not."""

    row: Row
    linux: Value
    pith: Value

    @property
    def ratio(self) -> float | None:
        """Pith over Linux, where both have a count."""
        if isinstance(self.linux, int) and isinstance(self.pith, int) and self.linux > 0:
            return self.pith / self.linux
        return None

    @property
    def exists(self) -> bool:
        """Whether Pith can do the operation at all."""
        return isinstance(self.pith, int)

    @property
    def fault(self) -> str | None:
        """A row that exists may not be above Linux, nor above its limit."""
        if isinstance(self.pith, int) and self.row.limit and self.pith > self.row.limit:
            return f"above the limit of {self.row.limit:,}"
        if self.ratio is not None and self.ratio > NOISE:
            return "above Linux"
        return None

    @property
    def remark(self) -> str:
        """For the last column."""
        if self.fault:
            return self.fault
        above = isinstance(self.pith, int) and self.row.target and self.pith > self.row.target
        return "above target" if above else ""


def show(value: Value) -> str:
    """A count with its thousands apart, or the name of an errno."""
    if isinstance(value, int):
        return f"{value:,}"
    return errno.errorcode.get(int(value), value) if value.isdigit() else value


def geometric_mean(verdicts: Sequence[Verdict]) -> float | None:
    """Of the ratios there are."""
    ratios = [verdict.ratio for verdict in verdicts if verdict.ratio]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def judge(rows: Sequence[Row], linux: dict[str, Value], pith: dict[str, Value]) -> list[Verdict]:
    """One verdict for each row."""
    return [Verdict(row, linux.get(row.key, "-"), pith.get(row.key, "-")) for row in rows]


def table(verdicts: Sequence[Verdict], names: Sequence[str]) -> str:
    """For a person."""
    lines = [f"{'instructions':<{TITLE_WIDTH}}{names[0]:>15}{names[1]:>15}{'ratio':>7}"
             f"{'target':>12}"]
    for verdict in verdicts:
        ratio = f"{verdict.ratio:.2f}" if verdict.ratio else "-"
        target = f"{verdict.row.target:,}" if verdict.row.target else "-"
        lines.append((f"{verdict.row.title:<{TITLE_WIDTH}}{show(verdict.linux):>15}"
                      f"{show(verdict.pith):>15}{ratio:>7}{target:>12}  {verdict.remark}").rstrip())
    mean = geometric_mean(verdicts)
    if mean is not None:
        count = sum(verdict.ratio is not None for verdict in verdicts)
        lines.append(f"geometric mean of {count} ratios: {mean:.2f}")
    return "\n".join(lines)


def as_json(verdicts: Sequence[Verdict], names: Sequence[str]) -> dict[str, object]:
    """For a program."""
    return {
        "unit": "guest instructions",
        "kernels": list(names),
        "geometric_mean": geometric_mean(verdicts),
        "rows": [{"key": verdict.row.key, "operation": verdict.row.title,
                  "linux": verdict.linux, "pith": verdict.pith, "ratio": verdict.ratio,
                  "target": verdict.row.target, "fault": verdict.fault} for verdict in verdicts],
    }

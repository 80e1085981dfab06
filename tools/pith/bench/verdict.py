# SPDX-License-Identifier: BSD-2-Clause
"""From the counts of two kernels to a verdict for each row, and the table."""

import dataclasses
import math
from collections.abc import Sequence

from pith.bench.rows import Row, Value

# Two runs of one kernel differ by this much.
NOISE = 1.01
# A count may grow by this much over the recorded one: what makes something else better or adds to
# the kernel moves many a count a little, threads by a tenth, and is no reason to record anew.
GROWTH = 1.25
TITLE_WIDTH = 62

@dataclasses.dataclass(frozen=True)
class Verdict:
    """One row with both counts, and Pith's as last recorded. `fault` says why the row fails; None
    if it does not."""

    row: Row
    linux: Value
    pith: Value
    reached: Value = "-"

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
        """A row may not be above Linux, its limit or the recorded count, nor go missing."""
        recorded = isinstance(self.reached, int)
        if not isinstance(self.pith, int):
            return f"was there, at {self.reached:,}" if recorded else None
        if self.row.limit and self.pith > self.row.limit:
            return f"above the limit of {self.row.limit:,}"
        if isinstance(self.reached, int) and self.pith > self.reached * GROWTH:
            return f"above the recorded {self.reached:,}"
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
    """A count with its thousands apart, or why there is none."""
    return f"{value:,}" if isinstance(value, int) else value


def geometric_mean(verdicts: Sequence[Verdict]) -> float | None:
    """Of the ratios there are."""
    ratios = [verdict.ratio for verdict in verdicts if verdict.ratio]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else None


def judge(rows: Sequence[Row], linux: dict[str, Value], pith: dict[str, Value],
          reached: dict[str, tuple[Value, Value]] | None = None) -> list[Verdict]:
    """One verdict for each row."""
    recorded = reached or {}
    return [Verdict(row, linux.get(row.key, "-"), pith.get(row.key, "-"),
                    recorded.get(row.key, ("-", "-"))[1]) for row in rows]


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


def markdown(verdicts: Sequence[Verdict], names: Sequence[str]) -> str:
    """For a page. A row that is missing says why."""
    lines = [f"| instructions | {names[0]} | {names[1]} | ratio | target |",
             "|---|---:|---:|---:|---:|"]
    for verdict in verdicts:
        ratio = f"{verdict.ratio:.2f}" if verdict.ratio else "-"
        target = f"{verdict.row.target:,}" if verdict.row.target else "-"
        lines.append(f"| {verdict.row.title} | {show(verdict.linux)} | {show(verdict.pith)} "
                     f"| {ratio} | {target} |")
    mean = geometric_mean(verdicts)
    if mean is not None:
        lines.append(f"| geometric mean | | | {mean:.2f} | |")
    return "\n".join(lines)


def as_json(verdicts: Sequence[Verdict], names: Sequence[str]) -> dict[str, object]:
    """For a program."""
    return {
        "unit": "guest instructions",
        "kernels": list(names),
        "geometric_mean": geometric_mean(verdicts),
        "rows": [{"key": verdict.row.key, "operation": verdict.row.title,
                  "linux": verdict.linux, "pith": verdict.pith, "ratio": verdict.ratio,
                  "target": verdict.row.target, "recorded": verdict.reached,
                  "fault": verdict.fault} for verdict in verdicts],
    }

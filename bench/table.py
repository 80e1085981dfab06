#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Prints a Markdown table from two transcripts of pith_bench.

    table.py LINUX-TRANSCRIPT [PITH-TRANSCRIPT] [--check]

Rows and targets stand in targets.tsv. A Pith value above its target is marked, one above Linux more
so. --check exits 1 when a row is above Linux. With --against-targets the first transcript is
compared with the Linux figures of targets.tsv instead.
"""
import argparse
import math
import pathlib
import re
import sys

TARGETS = pathlib.Path(__file__).resolve().parent / "targets.tsv"
VALUE = re.compile(r"([a-z][a-z0-9_]*)\t(\d+|unavailable\t.*)$")


def read_targets() -> list[tuple[str, str, float | None, float | None]]:
    rows = []
    for line in TARGETS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, operation, linux, target = line.split("\t")
            rows.append((key, operation, number(linux), number(target)))
    return rows


def number(text: str) -> float | None:
    return float(text) if text.isdigit() else None


def read_values(path: str | None) -> dict[str, float | None]:
    """Key -> value, None when the row was unavailable."""
    values: dict[str, float | None] = {}
    if path is None:
        return values
    text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    for line in text.replace("\r", "").splitlines():
        if match := VALUE.search(line):
            values[match[1]] = number(match[2])
    return values


def show(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def verdict(linux: float | None, pith: float | None, target: float | None) -> str:
    if pith is None:
        return ""
    if linux is not None and pith > linux:
        return "**above Linux**"
    if target is not None and pith > target:
        return "above target"
    return ""


def geometric_mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("linux")
    parser.add_argument("pith", nargs="?")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--against-targets", action="store_true")
    options = parser.parse_args()
    linux, pith = read_values(options.linux), read_values(options.pith)
    ratios, above = [], 0
    second = "TARGETS' Linux" if options.against_targets else "Pith"
    print(f"| operation | Linux | {second} | ratio | Pith's target | |")
    print("|---|---:|---:|---:|---:|---|")
    for key, operation, reference, target in read_targets():
        left = linux.get(key)
        right = reference if options.against_targets else pith.get(key)
        ratio = "-"
        if left and right:
            ratios.append(right / left)
            ratio = f"{right / left:.2f}"
        remark = "" if options.against_targets else verdict(left, right, target)
        above += remark == "**above Linux**"
        numbers = " | ".join([show(left), show(right), ratio, show(target)])
        print(f"| {operation} | {numbers} | {remark} |")
    if ratios:
        print(f"\nGeometric mean of {len(ratios)} ratios: {geometric_mean(ratios):.2f}; "
              f"{above} rows above Linux.")
    unknown = sorted((linux.keys() | pith.keys()) - {row[0] for row in read_targets()})
    if unknown:
        print(f"rows missing from targets.tsv: {', '.join(unknown)}", file=sys.stderr)
    return 1 if unknown or (options.check and above) else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: BSD-2-Clause
"""Count instructions of operations on Pith and on Linux, in the same machine.

Deterministic to about 1 %. `target` is the most that Pith is to take; `ratio` is Pith over Linux.
The exit status is 0 if no row that Pith has is above Linux. Rows are those of bench/targets.tsv;
give keys to measure some of them only.
"""

import argparse
import json

from pith import packages
from pith.bench.measure import count_all, count_firmware
from pith.bench.rows import read_rows
from pith.bench.verdict import Verdict, as_json, judge, table
from pith.errors import PithError
from pith.images.kernels import find_kernel
from pith.progress import step

NAMES = ["Linux", "Pith"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which rows, and the form of the answer."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="rows to measure (default: all)")
    parser.add_argument("--json", action="store_true", help="the table for a program to read")
    parser.add_argument("--check", action="store_true",
                        help="name the rows above Linux and end with `N passed, N failed`")
    parser.add_argument("--kernels", nargs=2, default=["linux", "pith"],
                        metavar=("LEFT", "RIGHT"), help=argparse.SUPPRESS)


def _print_check(verdicts: list[Verdict]) -> None:
    failed = [verdict for verdict in verdicts if verdict.fault]
    missing = [verdict for verdict in verdicts if not verdict.exists]
    for verdict in missing:
        print(f"not there yet: {verdict.row.key} ({verdict.row.title})")
    for verdict in failed:
        print(f"{verdict.fault}: {verdict.row.key} ({verdict.row.title})")
    print(f"{len(verdicts) - len(failed) - len(missing)} passed, {len(failed)} failed"
          + (f", {len(missing)} skipped" if missing else ""))


def main(arguments: argparse.Namespace) -> int:
    """Runs the machines and prints the table."""
    packages.require("qemu")
    rows = [row for row in read_rows() if not arguments.keys or row.key in arguments.keys]
    unknown = set(arguments.keys) - {row.key for row in rows}
    if unknown:
        raise PithError(f"bench/targets.tsv has no row {', '.join(sorted(unknown))}")
    firmware = count_firmware()
    counts = []
    for choice in arguments.kernels:
        kernel = find_kernel(choice, "bzimage", debug=False)
        with step(f"counting on {kernel.name}"):
            counts.append(count_all(kernel, firmware, arguments.keys))
    verdicts = judge(rows, *counts)
    print(json.dumps(as_json(verdicts, NAMES), indent=2) if arguments.json
          else table(verdicts, NAMES))
    if arguments.check:
        _print_check(verdicts)
    if not any(verdict.exists for verdict in verdicts):
        raise PithError("Pith has no row to measure")
    return 1 if any(verdict.fault for verdict in verdicts) else 0

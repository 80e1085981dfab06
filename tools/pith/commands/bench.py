# SPDX-License-Identifier: BSD-2-Clause
"""Count instructions of operations on Pith and on Linux, in the same machine.

Deterministic to about 1 %. `target` is the most that Pith is to take; `ratio` is Pith over Linux.
The exit status is 0 if no row that Pith has is above Linux, or has grown over bench/reached.tsv.
Rows are those of bench/targets.tsv; give keys to measure some of them only.
"""

import argparse
import json

from pith import packages
from pith.bench import profile
from pith.bench.linux_counts import TUNED, linux_counts
from pith.bench.measure import count_all, count_firmware, count_gates, count_servers
from pith.bench.rows import GATES, SERVERS, Row, read_reached, read_rows, write_reached
from pith.bench.verdict import Verdict, as_json, judge, markdown, table
from pith.errors import PithError
from pith.images.kernels import find_kernel
from pith.progress import step

NAMES = ["Linux", "Pith"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which rows, and the form of the answer."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="rows to measure (default: all)")
    parser.add_argument("--check", action="store_true",
                        help="name the rows that fail and end with `N passed, N failed`")
    parser.add_argument("--tuned", action="store_true",
                        help="Linux without its hardening: " + TUNED)
    parser.add_argument("--recorded", action="store_true",
                        help="beside Linux as bench/reached.tsv has it, which then is not run")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the table for a program to read")
    form.add_argument("--markdown", action="store_true", help="the table for a page")
    form.add_argument("--record", action="store_true",
                      help="write bench/reached.tsv (README.md shows it: ./pith lint --write)")
    form.add_argument("--profile", metavar="ROW",
                      help="which functions of Pith one operation of the row spends how many "
                           "instructions in")
    parser.add_argument("--lines", type=int, default=0, metavar="N",
                        help="with --profile: the N costliest lines of source, too")


def _print_check(verdicts: list[Verdict]) -> None:
    failed = [verdict for verdict in verdicts if verdict.fault]
    missing = [verdict for verdict in verdicts if not verdict.exists and not verdict.fault]
    for verdict in missing:
        print(f"not there yet: {verdict.row.key} ({verdict.row.title})")
    for verdict in failed:
        print(f"{verdict.fault}: {verdict.row.key} ({verdict.row.title})")
    print(f"{len(verdicts) - len(failed) - len(missing)} passed, {len(failed)} failed"
          + (f", {len(missing)} skipped" if missing else ""))


def _print_profile(key: str, lines: int) -> int:
    kernel = find_kernel("pith", "bzimage", debug=False)
    assert kernel.symbols is not None
    taken = profile.take(kernel, key)
    functions = profile.by_function(taken, key, kernel.symbols)
    total = sum(count for _, count in functions)
    print(profile.table(key, functions, total))
    if lines:
        print(profile.table("by line", profile.by_line(taken, kernel.symbols, lines), total))
    return 0


def _chosen_rows(keys: list[str]) -> list[Row]:
    rows = [row for row in read_rows() if not keys or row.key in keys]
    unknown = set(keys) - {row.key for row in rows}
    if unknown:
        raise PithError(f"bench/targets.tsv has no row {', '.join(sorted(unknown))}")
    return rows


def _measure(arguments: argparse.Namespace) -> list[Verdict]:
    rows = _chosen_rows(arguments.keys)
    reached = read_reached()
    if arguments.recorded:
        left = {key: linux for key, (linux, _) in reached.items()}
    else:
        linux = find_kernel("linux", "bzimage", debug=False,
                            options=TUNED if arguments.tuned else "")
        left = linux_counts(linux, rows, arguments.keys)
    pith = find_kernel("pith", "bzimage", debug=False)
    with step("counting on Pith"):
        right = count_all(pith, count_firmware(), arguments.keys)
    if any(row.key in GATES for row in rows):
        with step("counting at a gate"):
            right |= count_gates()
    if any(row.key in SERVERS for row in rows):
        with step("counting at a server"):
            right |= count_servers(pith)
    return judge(rows, left, right, reached)


def main(arguments: argparse.Namespace) -> int:
    """Runs the machines and prints the table."""
    packages.require("qemu")
    if arguments.profile:
        _chosen_rows([arguments.profile])
        return _print_profile(arguments.profile, arguments.lines)
    if arguments.record and (arguments.keys or arguments.tuned or arguments.recorded):
        raise PithError("--record takes all rows, beside Linux as it is")
    if arguments.tuned and arguments.recorded:
        raise PithError("what is recorded is Linux as Debian tunes it")
    verdicts = _measure(arguments)
    if arguments.record:
        write_reached({verdict.row.key: (verdict.linux, verdict.pith) for verdict in verdicts})
    if arguments.json:
        print(json.dumps(as_json(verdicts, NAMES), indent=2))
    elif arguments.markdown:
        print(markdown(verdicts, NAMES))
    else:
        print(table(verdicts, NAMES))
    if arguments.check:
        _print_check(verdicts)
    if not any(verdict.exists for verdict in verdicts):
        raise PithError("Pith has no row to measure")
    return 1 if any(verdict.fault for verdict in verdicts) else 0

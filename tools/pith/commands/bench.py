# SPDX-License-Identifier: BSD-2-Clause
"""Count instructions of operations on Pith and on Linux, in the same machine.

Deterministic to about 1 %. `goal` is the most that Pith is to take; `ratio` is Pith over Linux.
With --check the last line is `N passed, N failed`: a row passes if Pith takes no more than Linux.
"""

import argparse
import errno
import math

from pith import packages
from pith.bench.measure import count_firmware, count_operations
from pith.bench.rows import BOOT, BOOT_LIMIT, ROWS, Row
from pith.errors import PithError
from pith.images.kernels import find_kernel
from pith.progress import step

TITLE_WIDTH = 50
# Two runs of one kernel differ by this much.
NOISE = 1.01


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which kernels, and whether to judge."""
    parser.add_argument("--check", action="store_true",
                        help="count the rows in which Pith takes more than Linux as failures")
    parser.add_argument("--kernels", nargs=2, default=["linux", "pith"],
                        metavar=("LEFT", "RIGHT"), help=argparse.SUPPRESS)


def _cell(value: int | None) -> str:
    if value is None:
        return "-"
    return errno.errorcode.get(-value, str(value)) if value < 0 else f"{value:,}"


def _ratio(row: Row, left: dict[str, int], right: dict[str, int]) -> float | None:
    one, other = left.get(row.key, -1), right.get(row.key, -1)
    return other / one if one > 0 and other > 0 else None


def _passes(row: Row, left: dict[str, int], right: dict[str, int]) -> bool:
    ratio = _ratio(row, left, right)
    if row.key == BOOT and right.get(BOOT, BOOT_LIMIT) >= BOOT_LIMIT:
        return False
    return ratio is not None and ratio <= NOISE


def _print_table(names: list[str], left: dict[str, int], right: dict[str, int]) -> None:
    print(f"{'instructions':<{TITLE_WIDTH}}{names[0]:>15}{names[1]:>15}{'goal':>13}{'ratio':>8}")
    logarithms = []
    for row in ROWS:
        ratio = _ratio(row, left, right)
        if ratio is not None:
            logarithms.append(math.log(ratio))
        shown = f"{ratio:.2f}" if ratio is not None else "-"
        print(f"{row.title:<{TITLE_WIDTH}}{_cell(left.get(row.key)):>15}"
              f"{_cell(right.get(row.key)):>15}{row.goal:>13,}{shown:>8}")
    if logarithms:
        mean = math.exp(sum(logarithms) / len(logarithms))
        print(f"{'geometric mean of the ratios':<{TITLE_WIDTH + 43}}{mean:>8.2f}")


def main(arguments: argparse.Namespace) -> int:
    """Runs both machines and prints the table."""
    packages.require("qemu")
    firmware = count_firmware()
    counts = []
    for name in arguments.kernels:
        kernel = find_kernel(name, "bzimage", debug=False)
        with step(f"counting on {kernel.name}"):
            counts.append(count_operations(kernel, firmware))
    left, right = counts
    _print_table(arguments.kernels, left, right)
    if not arguments.check:
        return 0
    if not any(row.key in right for row in ROWS):
        raise PithError("no row was counted")
    failed = [row for row in ROWS if not _passes(row, left, right)]
    for row in failed:
        print(f"above Linux, or above the limit: {row.title}")
    print(f"{len(ROWS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0

# SPDX-License-Identifier: BSD-2-Clause
"""Run one command on Pith and on Debian's Linux, and show both side by side.

    ./pith compare -- COMMAND ARG...

Exit status: 0 if output and status agree, 1 if not, 2 if either machine failed. Standard input, if
it is not a terminal, is read whole and given to both.
"""

import argparse
import itertools
import os
import shutil
import sys

from pith.commands.machine_options import add_machine_arguments, machine_options
from pith.errors import PithError
from pith.machine.runner import Result, execute, prepare
from pith.machine.session import End, Request
from pith.progress import say

TAKES_COMMAND = True
FAILURE_STATUS = 2
SHOWN_LINES = 200
LABEL_WIDTH = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The machine's options, and a second kernel for those who want another pair."""
    add_machine_arguments(parser, kernel=False)
    parser.add_argument("--kernels", nargs=2, default=["linux", "pith"],
                        metavar=("LEFT", "RIGHT"), help="what to compare (default: linux pith)")


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").expandtabs().splitlines()


def _size(data: bytes) -> str:
    return f"{len(_lines(data))} lines, {len(data)} bytes"


def _row(label: str, left: str, mark: str, right: str, width: int) -> str:
    return f"{label:<{LABEL_WIDTH}}{left[:width]:<{width}} {mark} {right[:width]}".rstrip()


def _stream(name: str, left: bytes, right: bytes, width: int) -> list[str]:
    rows = []
    pairs = itertools.zip_longest(_lines(left), _lines(right))
    for index, (one, other) in enumerate(pairs):
        if index == SHOWN_LINES:
            rows.append(f"{'':<{LABEL_WIDTH}}... ({max(len(_lines(left)), len(_lines(right)))} "
                        "lines in all)")
            break
        mark = "|" if one == other else "<" if other is None else ">" if one is None else "X"
        rows.append(_row(name if index == 0 else "", one or "", mark, other or "", width))
    return rows


def table(names: list[str], left: Result, right: Result, columns: int) -> list[str]:
    """The comparison as lines: `X`, `<` and `>` mark lines that differ or that one side lacks."""
    width = max(20, (columns - LABEL_WIDTH - 3) // 2)
    agree = {True: "|", False: "X"}
    rows = [
        _row("", names[0], "|", names[1], width),
        _row("status", str(left.status), agree[left.status == right.status], str(right.status),
             width),
        _row("seconds", f"{left.seconds:.1f}", "|", f"{right.seconds:.1f}", width),
    ]
    for name in ("stdout", "stderr"):
        one, other = getattr(left, name), getattr(right, name)
        rows.append(_row(name, _size(one), agree[one == other], _size(other), width))
    rows += _stream("stdout", left.stdout, right.stdout, width)
    rows += _stream("stderr", left.stderr, right.stderr, width)
    return rows


def main(arguments: argparse.Namespace) -> int:
    """Runs both, one after the other, and prints the table."""
    command = arguments.guest_command
    if not command:
        raise PithError("compare needs a command after --")
    if arguments.keep:
        raise PithError("--keep would give the second kernel what the first one wrote")
    stdin = b"" if os.isatty(0) else sys.stdin.buffer.read()
    results = []
    for name in arguments.kernels:
        options = machine_options(arguments, name)
        kernel = prepare(options)
        say(f"running on {kernel.name} ...")
        request = Request(argv=command, terminal=False, stdin=stdin, timeout=options.timeout)
        result = execute(options, request, kernel)
        for line in result.report:
            say(f"{name}: {line}")
        results.append(result)
    left, right = results
    for row in table(arguments.kernels, left, right, shutil.get_terminal_size((100, 25)).columns):
        print(row)
    if any(result.end is not End.EXITED for result in results):
        return 2
    same = (left.status, left.stdout, left.stderr) == (right.status, right.stdout, right.stderr)
    print("same" if same else "DIFFERENT")
    return 0 if same else 1

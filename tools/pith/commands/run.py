# SPDX-License-Identifier: BSD-2-Clause
"""Boot a machine and run a command on it, or an interactive shell.

    ./pith run                          a root shell on this terminal; `exit` or `poweroff` ends it
    ./pith run -- COMMAND ARG...        the command, with its own streams and exit status
    ./pith run --kernel linux -- ...    the same on Debian's Linux

Exit status: the command's (128 + the number of the signal that ended it); 124 when --timeout was
up; 125 when the kernel panicked or the machine stopped; 255 when it could not be started. On a
terminal, Ctrl-] three times ends a machine that answers no more.
"""

import argparse
import contextlib
import os
import sys

from pith.commands.machine_options import add_machine_arguments, machine_options
from pith.errors import PithError
from pith.machine.runner import execute, prepare
from pith.machine.session import Request
from pith.machine.terminal import raw_terminal
from pith.progress import say

TAKES_COMMAND = True
FAILURE_STATUS = 255


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The machine's options, and --tty."""
    add_machine_arguments(parser)
    parser.add_argument("--tty", action="store_true",
                        help="run the command on a terminal, as the shell is")


def _standard_input() -> int | bytes:
    try:
        os.fstat(sys.__stdin__.fileno() if sys.__stdin__ else 0)
        return 0
    except OSError:
        return b""  # closed


def main(arguments: argparse.Namespace) -> int:
    """Runs and answers the status to exit with."""
    options = machine_options(arguments, arguments.kernel)
    command = arguments.guest_command
    terminal = arguments.tty or not command
    if terminal and not os.isatty(0):
        raise PithError("no terminal: give a command after --, or run from a terminal")
    request = Request(argv=command, terminal=terminal, stdin=_standard_input(), stdout=1, stderr=2,
                      timeout=options.timeout)
    kernel = prepare(options)
    if options.gdb is not None:
        say(f"waiting for gdb: target remote localhost:{options.gdb}")
    elif terminal:
        say("booting; Ctrl-] three times ends the machine if it answers no more")
    with raw_terminal(0) if terminal else contextlib.nullcontext():
        result = execute(options, request, kernel)
    for line in result.report:
        print(f"pith: {line}", file=sys.stderr)
    return result.status

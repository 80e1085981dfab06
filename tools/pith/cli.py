# SPDX-License-Identifier: BSD-2-Clause
"""The command line: one subcommand, one module in pith.commands."""

import argparse
import signal
import sys

from pith import packages
from pith.commands import ALL
from pith.errors import PithError, Terminated


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pith", description="Builds, boots, tests and compares the Pith kernel.",
        epilog="`./pith COMMAND --help` has the options of each.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in ALL.items():
        summary = module.__doc__.strip().splitlines()[0]
        sub = commands.add_parser(name, help=summary, description=module.__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
        sub.add_argument("--no-install", action="store_true",
                         help="fail with the list when Debian packages are missing")
        module.add_arguments(sub)
        sub.set_defaults(module=module)
    return parser


def _raise_terminated(number: int, _frame: object) -> None:
    raise Terminated(number)


def main(words: list[str] | None = None) -> int:
    """Runs the command line and answers the exit status."""
    words = sys.argv[1:] if words is None else words
    # What stands behind `--` belongs to the guest, word for word.
    split = words.index("--") if "--" in words else len(words)
    parser = _parser()
    arguments = parser.parse_args(words[:split])
    arguments.guest_command = words[split + 1:]
    if arguments.guest_command and not getattr(arguments.module, "TAKES_COMMAND", False):
        parser.error(f"{arguments.command} takes no command after --")
    if arguments.no_install:
        packages.forbid_install()
    signal.signal(signal.SIGTERM, _raise_terminated)
    signal.signal(signal.SIGHUP, _raise_terminated)
    failure = getattr(arguments.module, "FAILURE_STATUS", 1)
    try:
        return arguments.module.main(arguments)
    except PithError as error:
        print(f"pith: {error}", file=sys.stderr)
        return failure
    except Terminated as ended:
        return 128 + ended.signal_number
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()
        return 128 + signal.SIGPIPE

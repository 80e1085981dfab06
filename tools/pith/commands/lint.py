# SPDX-License-Identifier: BSD-2-Clause
"""Check the house rules: include direction, sizes, names, licences, generated pages, objects.

Exceptions stand in tools/lint/exceptions.txt. Warnings fail nothing.
"""

import argparse

from lint.generated import write_generated
from lint.rules import check_tree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Writing generated pages."""
    parser.add_argument("--write", action="store_true",
                        help="write generated pages that are out of date first")


def main(arguments: argparse.Namespace) -> int:
    """Prints what is wrong; status 1 if anything is."""
    if arguments.write:
        for path in write_generated():
            print(f"wrote {path}")
    findings, files = check_tree()
    for finding in findings:
        print(finding)
    failed = sum(not finding.warning for finding in findings)
    warnings = len(findings) - failed
    print(f"{files} files, {failed} findings, {warnings} warnings")
    return 1 if failed else 0

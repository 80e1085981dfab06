# SPDX-License-Identifier: BSD-2-Clause
"""Build the kernel and its component objects.

The results lie in build/release or build/debug: vmlinuz, pith.elf, kernel.elf (with symbols) and
components/NAME.o.
"""

import argparse

from pith.images.kernels import build_pith
from pith.paths import ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Kind, compiler and targets."""
    parser.add_argument("--debug", action="store_true",
                        help="the debug kernel: sanitizers, lock-order and sleep checks")
    parser.add_argument("--compiler", choices=["clang", "gcc"], default="clang")
    parser.add_argument("targets", nargs="*", metavar="TARGET",
                        help="only these of the build's targets")


def main(arguments: argparse.Namespace) -> int:
    """Builds and says where the result lies."""
    output = build_pith(arguments.debug, arguments.compiler, arguments.targets or None)
    print(output.directory.relative_to(ROOT))
    return 0

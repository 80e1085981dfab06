# SPDX-License-Identifier: BSD-2-Clause
"""See a database run while its disk's driver and its file system are moved, killed and replaced.

    ./pith demo                 about two minutes on this terminal, with live figures
    ./pith demo --record FILE   the same, kept as an animated SVG

Exit status: 0 if nothing was lost, otherwise as ./pith run.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from pith import packages
from pith.machine.runner import Options, execute, prepare
from pith.machine.session import Request
from pith.paths import BUILD, ROOT

SCRIPT = ROOT / "tools" / "pith" / "demo" / "show.sh"
GUEST_FILES = [SCRIPT, BUILD / "release" / "user" / "pithctl",
               BUILD / "release" / "components" / "virtio_blk.o",
               BUILD / "release" / "components" / "ext4.o"]
GEOMETRY = "124x50"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long it lasts."""
    parser.add_argument("--seconds", type=int, default=8, metavar="N",
                        help="how long each of the eleven steps is watched (default: 8)")
    parser.add_argument("--record", metavar="FILE", help="record the terminal as an animated SVG")
    parser.add_argument("--timeout", type=float, help="end the machine after so many seconds")


def _record(arguments: argparse.Namespace) -> int:
    packages.require("recording")
    command = f"{ROOT / 'pith'} demo --seconds {arguments.seconds}"
    return subprocess.run(["termtosvg", arguments.record, "--screen-geometry", GEOMETRY,
                           "--command", command], check=False).returncode


def main(arguments: argparse.Namespace) -> int:
    """Runs and answers the status to exit with."""
    if arguments.record:
        return _record(arguments)
    options = Options(packages=["sqlite3"], timeout=arguments.timeout)
    kernel = prepare(options)
    with tempfile.TemporaryDirectory(prefix="pith-demo.") as work:
        for file in GUEST_FILES:
            shutil.copy(file, work)
        options.copy_in = pathlib.Path(work)
        request = Request(argv=["bash", f"/copy-in/{SCRIPT.name}", str(arguments.seconds)],
                          terminal=False, stdin=b"", stdout=1, stderr=2,
                          timeout=arguments.timeout)
        result = execute(options, request, kernel)
    for line in result.report:
        print(f"pith: {line}", file=sys.stderr)
    return result.status

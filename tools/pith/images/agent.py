# SPDX-License-Identifier: BSD-2-Clause
"""Builds the guest agent (user/agent) when its sources are newer than the program."""

import pathlib

from pith import packages
from pith.paths import BUILD, ROOT, appearing_whole, exclusive
from pith.process import run

SOURCES = ROOT / "user" / "agent"
FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Os", "-static", "-s", "-Wall", "-Wextra", "-Werror",
         "-ffile-prefix-map=" + str(ROOT) + "=."]


def build_agent() -> pathlib.Path:
    """The agent's program file, up to date."""
    directory = BUILD / "user"
    program = directory / "agent"
    with exclusive(directory):
        sources = sorted(SOURCES.glob("*.[ch]"))
        newest = max(source.stat().st_mtime for source in sources)
        if not program.exists() or program.stat().st_mtime <= newest:
            packages.require("agent")
            with appearing_whole(program) as temporary:
                files = [source for source in sources if source.suffix == ".c"]
                run(["musl-gcc", *FLAGS, "-o", temporary, *files])
    return program

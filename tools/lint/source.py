# SPDX-License-Identifier: BSD-2-Clause
"""The files of the tree, and C and C++ text with comments and literals taken out."""

import dataclasses
import functools
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {".git", "build", "__pycache__", ".pytest_cache"}

CPP_SUFFIXES = {".h", ".cpp", ".c"}
CODE_SUFFIXES = CPP_SUFFIXES | {".S", ".def", ".py", ".pl", ".sh", ".ld", ".inc"}
SCRIPTS = {"pith", ".ci/run"}

_NOISE = re.compile(
    r"//[^\n]*|/\*.*?\*/|R\"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)\"|\"(?:\\.|[^\"\\\n])*\""
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Source:
    """One file, its path given from the root of the tree."""

    path: str

    @property
    def suffix(self) -> str:
        """With its dot; empty for scripts without one."""
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def is_code(self) -> bool:
        """Whether the rules for code hold for it."""
        return self.suffix in CODE_SUFFIXES or self.path in SCRIPTS

    @functools.cached_property
    def text(self) -> str:
        """The contents."""
        return (ROOT / self.path).read_text("utf-8", "replace")

    @functools.cached_property
    def lines(self) -> list[str]:
        """The contents, line by line."""
        return self.text.splitlines()


def bare_code(text: str) -> str:
    """C or C++ with comments and literals blanked; every line keeps its number."""
    return _NOISE.sub(lambda found: '""' + "\n" * found.group().count("\n"), text)


def _paths() -> list[str]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
            capture_output=True, text=True, check=True).stdout
        return [path for path in listed.split("\0") if path]
    except (OSError, subprocess.CalledProcessError):
        return _walk()  # a tree without git


def _walk() -> list[str]:
    found = []
    for parent, directories, names in os.walk(ROOT):
        directories[:] = [name for name in directories if name not in NOT_OURS]
        found += [os.path.relpath(os.path.join(parent, name), ROOT) for name in names]
    return found


def all_sources() -> list[Source]:
    """Every file that belongs to the tree."""
    return [Source(path) for path in sorted(set(_paths()))
            if (ROOT / path).is_file() and not (ROOT / path).is_symlink()]

# SPDX-License-Identifier: BSD-2-Clause
"""Where things lie in the source tree and in the build directory."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


def cache_directory(name: str) -> pathlib.Path:
    """A directory for what is costly to make again: $PITH_CACHE/NAME, else build/NAME."""
    base = os.environ.get("PITH_CACHE")
    directory = (pathlib.Path(base) if base else BUILD) / name
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextlib.contextmanager
def exclusive(directory: pathlib.Path) -> Iterator[None]:
    """Holds the directory's lock file, so that two runs do not make the same thing at once."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def appearing_whole(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a temporary name beside `target`, renamed to it only if the body succeeds."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)

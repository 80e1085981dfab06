# SPDX-License-Identifier: BSD-2-Clause
"""Running helper programs, with failures as one line and the last of what they said."""

import ctypes
import pathlib
import signal
import subprocess
from collections.abc import Sequence

from pith.errors import PithError

PR_SET_PDEATHSIG = 1
ERROR_LINES = 15

_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """For preexec_fn: the child is killed should this process die without ending it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(command: Sequence[str | pathlib.Path], *, cwd: pathlib.Path | None = None,
        env: dict[str, str] | None = None) -> str:
    """Runs a program to its end and answers its standard output; PithError when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise PithError(f"cannot run {words[0]}: {error.strerror}") from error
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-ERROR_LINES:])
        raise PithError(f"{words[0]} failed with status {done.returncode}\n{tail}")
    return done.stdout

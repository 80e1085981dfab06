# SPDX-License-Identifier: BSD-2-Clause
"""This terminal: raw while a guest's shell is on it, as it was afterwards, whatever happens."""

import contextlib
import os
import termios
import tty
from collections.abc import Iterator

DEFAULT_SIZE = os.terminal_size((80, 24))


@contextlib.contextmanager
def raw_terminal(descriptor: int) -> Iterator[None]:
    """Every key goes through as it is; nothing is echoed or translated here."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def window_size(descriptor: int) -> os.terminal_size:
    """The terminal's size, or the usual one where there is no terminal."""
    try:
        size = os.get_terminal_size(descriptor)
    except OSError:
        return DEFAULT_SIZE
    return size if size.columns and size.lines else DEFAULT_SIZE

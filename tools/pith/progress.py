# SPDX-License-Identifier: BSD-2-Clause
"""What the tool is doing, on standard error: one line when a step starts, one when it took long."""

import contextlib
import sys
import time
from collections.abc import Iterator

SLOW_SECONDS = 3.0


def say(text: str) -> None:
    """Prints one line on standard error."""
    print(f"pith: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Announces a step that may take seconds, and says how long it took if it did."""
    say(f"{text} ...")
    start = time.monotonic()
    yield
    seconds = time.monotonic() - start
    if seconds >= SLOW_SECONDS:
        say(f"{text}: done in {seconds:.0f} s")

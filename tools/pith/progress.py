# SPDX-License-Identifier: BSD-2-Clause
"""What the tool is doing, on standard error: a line when a step starts, one when it took long."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

SLOW_SECONDS = 3.0


def say(text: str) -> None:
    """Prints one line on standard error."""
    print(f"pith: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str, after: float = 0.0) -> Iterator[None]:
    """Announces a step once it has taken `after` seconds, and says how long it took in the end if
    that was long. What is usually done in no time is given a second and then says nothing."""
    start = time.monotonic()
    announcement = threading.Timer(after, say, (f"{text} ...",))
    announcement.daemon = True
    if after > 0:
        announcement.start()
    else:
        say(f"{text} ...")
    try:
        yield
    finally:
        announcement.cancel()
    seconds = time.monotonic() - start
    if seconds >= SLOW_SECONDS:
        say(f"{text}: done in {seconds:.0f} s")

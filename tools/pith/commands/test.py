# SPDX-License-Identifier: BSD-2-Clause
"""Run the tests, all of them or those named.

The last line says `N passed, N failed`; the exit status is 0 only if none failed and some ran.
"""

import argparse
import collections
import contextlib
import itertools
import os
import threading
import time

from pith.errors import PithError
from pith.images.kernels import find_kernel
from pith.progress import say
from pith.tests import GROUPS, IN_CI, ONE_PROCESSOR, by_name, in_ci
from pith.tests.group import KERNEL_VARIABLE, Counts, Group, Settings

# All groups together; a group that finds no time left has failed.
SHORT_MINUTES = 75
FULL_MINUTES = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Names, and how long the tests may take."""
    width = max(len(group.name) for group in GROUPS)
    listing = "\n".join(f"{'*' if group.name in IN_CI else ' ':>3} {group.name:<{width}}  "
                        f"{group.summary}" for group in GROUPS)
    parser.epilog = f"groups (* runs without being named):\n{listing}"
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="groups to run (default: those that CI runs)")
    parser.add_argument("--full", action="store_true", help="the long form of each")
    parser.add_argument("--kernel-under-test", default=os.environ.get(KERNEL_VARIABLE) or "pith",
                        help=argparse.SUPPRESS)  # linux: checks the tests themselves


def _chosen(names: list[str]) -> list[Group]:
    known = by_name()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise PithError(f"no such group: {', '.join(unknown)} (there are {', '.join(known)})")
    return [known[name] for name in names] if names else in_ci()


def _run_group(group: Group, settings: Settings) -> Counts:
    say(f"{group.name}: {group.summary} ...")
    start = time.monotonic()
    try:
        counts = group.run(settings)
    except PithError as error:
        counts = Counts(failed=1, details=[str(error)])
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    lines = [*(f"    {line}" for line in counts.details),
             f"{group.name}: {counts.passed} passed, {counts.failed} failed{skipped} "
             f"({time.monotonic() - start:.0f} s)"]
    print("\n".join(lines), flush=True)  # at once: another may run beside it
    return counts


def _run_side_by_side(groups: list[Group], settings: Settings) -> list[Counts]:
    """Two at a time. The threads end with this one, and what they started ends with them."""
    find_kernel(settings.kernel, "bzimage", debug=False)  # built once, before two ask for it
    waiting = collections.deque(groups)
    results: list[Counts] = []

    def work() -> None:
        with contextlib.suppress(IndexError):
            while True:
                group = waiting.popleft()
                counts = Counts(failed=1)  # should it raise
                try:
                    counts = _run_group(group, settings)
                finally:
                    results.append(counts)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _run_all(groups: list[Group], settings: Settings) -> list[Counts]:
    results: list[Counts] = []
    for of_one, some in itertools.groupby(groups, lambda group: group.name in ONE_PROCESSOR):
        neighbours = list(some)
        if of_one and len(neighbours) > 1 and (os.cpu_count() or 1) > 1:
            results += _run_side_by_side(neighbours, settings)
        else:
            results += [_run_group(group, settings) for group in neighbours]
    return results


def main(arguments: argparse.Namespace) -> int:
    """Runs group after group; a failure does not stop the rest."""
    minutes = FULL_MINUTES if arguments.full else SHORT_MINUTES
    settings = Settings(arguments.kernel_under_test, arguments.full,
                        deadline=time.monotonic() + 60 * minutes)
    results = _run_all(_chosen(arguments.names), settings)
    passed = sum(counts.passed for counts in results)
    failed = sum(counts.failed for counts in results)
    skipped = sum(counts.skipped for counts in results)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if failed == 0 and passed > 0 else 1

# SPDX-License-Identifier: BSD-2-Clause
"""The subcommands, in the order help shows them."""

from types import ModuleType

from pith.commands import (
    bench, build, compare, debug, demo, doctor, image, lint, new, run, test,
)

ALL: dict[str, ModuleType] = {
    "run": run,
    "demo": demo,
    "compare": compare,
    "build": build,
    "test": test,
    "bench": bench,
    "debug": debug,
    "image": image,
    "lint": lint,
    "doctor": doctor,
    "new": new,
}

# SPDX-License-Identifier: BSD-2-Clause
"""The subcommands, in the order help shows them."""

from types import ModuleType

from pith.commands import build, run

ALL: dict[str, ModuleType] = {
    "run": run,
    "build": build,
}

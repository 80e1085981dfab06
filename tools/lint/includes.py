# SPDX-License-Identifier: BSD-2-Clause
"""Who may include whom: base → arch/api → core → linux | components → images."""

import re
from collections.abc import Iterator

from lint.finding import Finding
from lint.source import CPP_SUFFIXES, Source

# What each part may include besides itself; the longest matching prefix counts. `inline/` is how
# arch/api reaches the bodies of the architecture that is being built.
ALLOWED: dict[str, list[str]] = {
    "base": [],
    "abi": ["base"],
    "abi/component": ["base", "abi/linux"],
    "arch/api": ["base", "abi/boot", "inline"],
    "arch": ["base", "abi", "arch/api", "core", "inline"],
    "boot": ["base", "abi", "arch/api"],
    "core": ["base", "abi", "arch/api"],
    "linux": ["base", "abi", "arch/api", "core"],
    "native": ["base", "abi", "arch/api", "core", "linux"],
    # virtio_support: headers of virtio drivers (docs/decisions/020-shared-virtio-code.md).
    "components": ["base", "abi/component", "components/virtio_support"],
    "host": ["base", "abi", "arch/api", "core", "user/runtime"],
    "host/test": ["base", "abi", "arch/api", "core", "linux", "components"],
    "images": ["base", "abi", "arch/api", "core", "linux", "components", "host"],
    "user": ["base", "abi/native", "user/runtime", "user/libpith"],
    "user/examples": ["base", "abi/native", "user/runtime", "user/libpith", "user/examples"],
    "tests": ["base", "abi", "arch", "boot", "core", "linux", "components", "host", "images"],
    "tests/native": ["user/libpith"],
    "bench": ["base", "abi", "arch", "boot", "core", "linux", "components", "host", "images"],
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
# Tests stand beside the code they test, and use the pretend machine.
_TEST = re.compile(r"(^|/)tests?/|_test\.(cpp|c|h)$")
_TEST_MAY = ["host", "tests", "arch/host"]


def _is_under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _own_folder(path: str) -> str:
    """The folder whose files are one thing: a component's, an architecture's, else the top one."""
    parts = path.split("/")
    if parts[0] in ("components", "user"):
        return "/".join(parts[:-1][:3])
    if parts[0] == "arch":
        return "/".join(parts[:2])
    return parts[0]


def _allowed(path: str) -> list[str] | None:
    matching = [prefix for prefix in ALLOWED if _is_under(path, prefix)]
    if not matching:
        return None
    allowed = ALLOWED[max(matching, key=len)] + [_own_folder(path)]
    return allowed + (_TEST_MAY if _TEST.search(path) else [])


def _resolve(included: str, path: str, tree: set[str]) -> str | None:
    """The file an include means, from the root; None for one that is generated or a library's."""
    beside = path.rsplit("/", 1)[0] + "/" + included
    for candidate in (included, beside):
        if candidate in tree:
            return candidate
    return included if included.split("/")[0] in {prefix.split("/")[0] for prefix in ALLOWED} or \
        included.startswith("inline/") else None


def check_includes(source: Source, tree: set[str]) -> Iterator[Finding]:
    """The includes of one file; `tree` has every path there is."""
    allowed = _allowed(source.path)
    if source.suffix not in CPP_SUFFIXES | {".S", ".def"} or allowed is None:
        return
    for number, line in enumerate(source.lines, start=1):
        found = _INCLUDE.match(line)
        included = _resolve(found.group(1), source.path, tree) if found else None
        if included is None or any(_is_under(included, prefix) for prefix in allowed):
            continue
        yield Finding(source.path, number, "include",
                      f"{_own_folder(source.path)} may not include {included}")

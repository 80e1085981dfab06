# SPDX-License-Identifier: BSD-2-Clause
"""Names of files and folders, and the licence line."""

import pathlib
import re
from collections.abc import Iterator

from lint.finding import Finding
from lint.source import Source

FORBIDDEN = {"util", "utils", "misc", "common"}
SPDX = "SPDX-License-Identifier: BSD-2-Clause"
SPDX_LINES = 3

_LOWER_SNAKE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*(\.S)?")
_PAGE = re.compile(r"[A-Z]+(\.md)?|[a-z0-9-]+\.md")
_OTHERS = re.compile(r"\.[a-z-]+|__[a-z]+__\.py")


def check_names(source: Source) -> Iterator[Finding]:
    """Lower-case words with underscores; nothing named for being a bag of things."""
    parts = pathlib.PurePosixPath(source.path).parts
    for part in parts:
        stem = part.split(".")[0]
        if stem in FORBIDDEN or stem.split("_")[-1] in FORBIDDEN:
            yield Finding(source.path, 1, "name", f"`{part}` does not say what is in it")
    for folder in parts[:-1]:
        if not (_LOWER_SNAKE.fullmatch(folder) or _OTHERS.fullmatch(folder)):
            yield Finding(source.path, 1, "name", f"folder `{folder}` is not lower_snake")
    name = parts[-1]
    if not (_LOWER_SNAKE.fullmatch(name) or _PAGE.fullmatch(name) or _OTHERS.fullmatch(name)):
        yield Finding(source.path, 1, "name", f"`{name}` is not lower_snake")


def check_licence(source: Source) -> Iterator[Finding]:
    """Each file of code says its licence at its top."""
    if not any(SPDX in line for line in source.lines[:SPDX_LINES]):
        yield Finding(source.path, 1, "licence", f"wanted at the top: {SPDX}")

# SPDX-License-Identifier: BSD-2-Clause
"""Generated pages in the tree are what their generators make today.

A generator is a module tools/generate/NAME.py with a function pages() that answers a dictionary:
path from the root of the tree, and the text that belongs there."""

import importlib
from collections.abc import Iterator

from lint.finding import Finding
from lint.source import ROOT

GENERATORS = ROOT / "tools" / "generate"


def _pages() -> Iterator[tuple[str, str, str]]:
    for file in sorted(GENERATORS.glob("[a-z]*.py")):
        module = importlib.import_module(f"generate.{file.stem}")
        for path, text in getattr(module, "pages", dict)().items():
            yield file.stem, path, text


def check_generated() -> Iterator[Finding]:
    """A finding for each page that is missing or out of date."""
    for generator, path, text in _pages():
        file = ROOT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield Finding(path, 1, "generated",
                          f"not what tools/generate/{generator}.py makes: ./pith lint --write")


def write_generated() -> list[str]:
    """Writes the pages that are out of date; answers their paths."""
    written = []
    for _, path, text in _pages():
        file = ROOT / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(path)
    return written

# SPDX-License-Identifier: BSD-2-Clause
"""Reading `NAME(argument, …)` declarations from C++ and .def files. No generator itself."""

import pathlib
import re
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = ["abi", "arch", "base", "core", "linux"]

_COMMENT = re.compile(r"//[^\n]*")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')


def _closing(text: str, start: int) -> int:
    """Index behind the parenthesis that closes the one before `start`."""
    depth, at = 1, start
    while depth:
        found = _STRING.match(text, at)
        if found:
            at = found.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def _split(text: str) -> list[str]:
    """Arguments at the commas outside parentheses and literals."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        found = _STRING.match(text, at)
        if found:
            at = found.end()
            continue
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(text[at], 0)
        if text[at] == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [" ".join(part.split()) for part in [*parts, text[start:]]]


def declarations(file: pathlib.Path, name: str) -> Iterator[list[str]]:
    """The arguments of each `name(...)` that starts a line."""
    text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    for found in re.finditer(rf"^{name}\(", text, re.MULTILINE):
        yield _split(text[found.end():_closing(text, found.end()) - 1])


def unquoted(literal: str) -> str:
    """The text of a string literal."""
    return "".join(part[1:-1] for part in _STRING.findall(literal))


def page(title: str, made_from: str, *parts: str) -> str:
    """A generated page."""
    return "\n\n".join([f"# {title}", f"Made from {made_from} by `./pith lint --write`.", *parts]) \
        + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])

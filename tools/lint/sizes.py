# SPDX-License-Identifier: BSD-2-Clause
"""Files, functions and lines that have grown too long, and folders with too many files."""

import ast
import collections
import pathlib
import re
from collections.abc import Iterator

from lint.finding import Finding
from lint.source import CPP_SUFFIXES, Source, bare_code

FILE_LINES = 600
FUNCTION_LINES = 100
FUNCTION_WARNING = 60
COLUMNS = 100
FOLDER_FILES = 25
FOLDER_DEPTH = 4

_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum|extern|concept)\b")
_CONTROL = re.compile(r"^(?:if|for|while|switch|else|do|try|catch)\b")


def _opens_scope(header: str) -> bool:
    return bool(_SCOPE.search(header)) and not re.search(r"\)[^()]*$", header)


def _opens_function(header: str) -> bool:
    """A parameter list, and not an initialiser: `int f(...) const`, `A(...) : b(c)`."""
    return "(" in header and not re.search(r"=\s*$", header) and not _CONTROL.match(header)


def cpp_functions(text: str) -> Iterator[tuple[int, int]]:
    """First and last line of each function body at namespace or class scope."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: "\n" * found.group().count("\n"),
                  bare_code(text), flags=re.MULTILINE)
    stack: list[tuple[str, int]] = []
    header, line, start = "", 1, 1
    for character in code:
        if character == "\n":
            line += 1
        if stack and stack[-1][0] != "scope":
            # Inside a function or an initialiser only the depth matters.
            if character == "{":
                stack.append(("inner", line))
            elif character == "}":
                kind, first = stack.pop()
                if kind == "function":
                    yield first, line
        elif character == "{":
            stripped = header.strip()
            if _opens_scope(stripped):
                stack.append(("scope", line))
            else:
                stack.append(("function" if _opens_function(stripped) else "inner", start))
            header = ""
        elif character in ";}":
            if character == "}" and stack:
                stack.pop()
            header = ""
        else:
            if not header.strip():
                start = line
            header += character


def _python_functions(source: Source) -> Iterator[tuple[int, int]]:
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno or node.lineno


def _functions(source: Source) -> Iterator[tuple[int, int]]:
    if source.suffix in CPP_SUFFIXES:
        yield from cpp_functions(source.text)
    elif source.suffix == ".py":
        yield from _python_functions(source)


def check_source(source: Source) -> Iterator[Finding]:
    """The sizes of one file of code."""
    count = len(source.lines)
    if count > FILE_LINES:
        yield Finding(source.path, count, "file-size", f"{count} lines, at most {FILE_LINES}")
    for number, line in enumerate(source.lines, start=1):
        if len(line) > COLUMNS:
            yield Finding(source.path, number, "line-length",
                          f"{len(line)} columns, at most {COLUMNS}")
    for first, last in _functions(source):
        length = last - first + 1
        if length > FUNCTION_WARNING:
            yield Finding(source.path, first, "function-size",
                          f"{length} lines, at most {FUNCTION_LINES}",
                          warning=length <= FUNCTION_LINES)


def check_folders(sources: list[Source]) -> Iterator[Finding]:
    """How full and how deep the folders are."""
    files = collections.Counter(str(pathlib.PurePosixPath(source.path).parent)
                                for source in sources if source.is_code)
    for folder, count in sorted(files.items()):
        if count > FOLDER_FILES:
            yield Finding(folder, 1, "folder-size",
                          f"{count} files of code, aim for {FOLDER_FILES}", warning=True)
        if folder.count("/") + 1 > FOLDER_DEPTH:
            yield Finding(folder, 1, "folder-depth", f"deeper than {FOLDER_DEPTH}", warning=True)

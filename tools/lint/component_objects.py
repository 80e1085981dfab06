# SPDX-License-Identifier: BSD-2-Clause
"""Component objects as built: no writable data, nothing undefined.

Debug objects may leave the sanitizers' entry points undefined; the loader has those."""

import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator

from lint.finding import Finding
from lint.source import ROOT

KINDS = ["release", "debug"]
DEBUG_UNDEFINED = re.compile(r"__(asan|ubsan|sanitizer|kasan)_\w+")

# llvm-readelf's section table: [Nr] Name Type Address Off Size ES Flg ...
_SECTION = re.compile(
    r"^\s*\[ *\d+\] (\S+)\s+\S+\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +(\w*)")


def _tool(name: str) -> str | None:
    return shutil.which(f"{name}-19") or shutil.which(name)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _writable_sections(readelf: str, file: pathlib.Path) -> Iterator[str]:
    for line in _output(readelf, "-S", "-W", str(file)).splitlines():
        found = _SECTION.match(line)
        if found is None:
            continue
        name, size, flags = found.group(1), int(found.group(2), 16), found.group(3)
        if "W" in flags and "A" in flags and size and not name.startswith(".data.rel.ro"):
            yield f"{name} holds {size} bytes of writable data"


def _undefined_symbols(nm: str, file: pathlib.Path, kind: str) -> Iterator[str]:
    for name in _output(nm, "--undefined-only", "--just-symbol-name", str(file)).split():
        if kind != "debug" or not DEBUG_UNDEFINED.fullmatch(name):
            yield f"`{name}` is undefined"


def check_component_objects() -> Iterator[Finding]:
    """Every object that has been built, of either kind."""
    objects = [(kind, file) for kind in KINDS
               for file in sorted((ROOT / "build" / kind / "components").glob("*.o"))]
    if not objects:
        return
    readelf, nm = _tool("llvm-readelf"), _tool("llvm-nm")
    if readelf is None or nm is None:
        yield Finding("build", 1, "component-object", "llvm-19 is needed to look into the objects")
        return
    for kind, file in objects:
        path = str(file.relative_to(ROOT))
        for text in [*_writable_sections(readelf, file), *_undefined_symbols(nm, file, kind)]:
            yield Finding(path, 1, "component-object", text)

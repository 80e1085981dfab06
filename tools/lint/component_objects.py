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


def _output(name: str, *arguments: str) -> str:
    tool = shutil.which(f"{name}-19") or shutil.which(name)
    if tool is None:
        raise FileNotFoundError(f"{name} is not installed (llvm-19)")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=True).stdout


def object_faults(file: pathlib.Path, kind: str) -> Iterator[str]:
    """What keeps an object from running in any placement."""
    for line in _output("llvm-readelf", "-S", "-W", str(file)).splitlines():
        found = _SECTION.match(line)
        if found is None:
            continue
        name, size, flags = found.group(1), int(found.group(2), 16), found.group(3)
        if "W" in flags and "A" in flags and size and not name.startswith(".data.rel.ro"):
            yield f"{name} holds {size} bytes of writable data"
    for name in _output("llvm-nm", "--undefined-only", "--just-symbol-name", str(file)).split():
        if kind != "debug" or not DEBUG_UNDEFINED.fullmatch(name):
            yield f"`{name}` is undefined"


def check_component_objects() -> Iterator[Finding]:
    """Every object that has been built, of either kind."""
    for kind in KINDS:
        for file in sorted((ROOT / "build" / kind / "components").glob("*.o")):
            for text in object_faults(file, kind):
                yield Finding(str(file.relative_to(ROOT)), 1, "component-object", text)

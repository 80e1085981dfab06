# SPDX-License-Identifier: BSD-2-Clause
"""Make the files to start a driver, a component or a system call from.

    ./pith new driver CLASS/NAME        components/CLASS/NAME, for a device
    ./pith new component CLASS/NAME     components/CLASS/NAME, made on demand (file system, policy)
    ./pith new syscall NAME             its row in abi/linux/syscalls and its body in linux/FAMILY

What is made compiles and answers an error until it is written.
"""

import argparse
import pathlib
import re
import string

from pith.errors import PithError
from pith.paths import ROOT

TEMPLATES = pathlib.Path(__file__).resolve().parents[1] / "templates"
ROWS = ROOT / "abi" / "linux" / "syscalls"
NUMBERS = "/usr/include/x86_64-linux-gnu/asm/unistd_{bits}.h"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Kind and name; where a system call belongs."""
    parser.add_argument("kind", choices=["driver", "component", "syscall"])
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--family", default="system",
                        help="the system call's family: a file in abi/linux/syscalls")


def _write(path: pathlib.Path, template: str, **words: str) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(string.Template(text).substitute(words), encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}")


def _new_component(kind: str, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*/[a-z][a-z0-9_]*", name):
        raise PithError(f"wanted CLASS/NAME in lower case, such as block/nvme; not {name!r}")
    folder = ROOT / "components" / name
    if folder.exists():
        raise PithError(f"components/{name} exists")
    words = {"name": folder.name, "folder": f"components/{name}"}
    _write(folder / "component.cpp", f"{kind}.cpp.in", **words)
    _write(folder / "component.def", f"{kind}.def.in", **words)
    _write(folder / "README.md", "readme.md.in", **words)
    print(f"next: a line `components/{name} builtin` in images/default.def")


def _number(name: str, bits: int) -> int:
    """-1 where that table has no such call."""
    header = pathlib.Path(NUMBERS.format(bits=bits))
    if not header.exists():
        raise PithError(f"{header} is missing: apt-get install linux-libc-dev")
    found = re.search(rf"^#define __NR_{name} (\d+)$", header.read_text("utf-8"), re.MULTILINE)
    return int(found.group(1)) if found else -1


def _new_syscall(name: str, family: str) -> None:
    rows = ROWS / f"{family}.def"
    if not rows.exists():
        known = ", ".join(sorted(file.stem for file in ROWS.glob("*.def")))
        raise PithError(f"no family {family!r} (there are {known})")
    number = _number(name, 64)
    if number < 0:
        raise PithError(f"Linux has no system call {name!r} on x86-64")
    for file in ROWS.glob("*.def"):
        if re.search(rf"^SYSCALL\({name},", file.read_text(encoding="utf-8"), re.MULTILINE):
            raise PithError(f"{name} has its row in {file.relative_to(ROOT)}")
    body = ROOT / "linux" / family / f"{name}.cpp"
    if body.exists():
        raise PithError(f"{body.relative_to(ROOT)} exists")
    with open(rows, "a", encoding="utf-8") as file:
        file.write(f"SYSCALL({name}, {number}, {_number(name, 32)}, ())\n")
    print(f"added a row to {rows.relative_to(ROOT)}: give it its arguments")
    _write(body, "syscall.cpp.in", name=name, number=str(number))
    print("next: ./pith lint --write, which renews docs/generated/system-calls.md")


def main(arguments: argparse.Namespace) -> int:
    """Writes the files and says what is next."""
    if arguments.kind == "syscall":
        _new_syscall(arguments.name, arguments.family)
    else:
        _new_component(arguments.kind, arguments.name)
    return 0

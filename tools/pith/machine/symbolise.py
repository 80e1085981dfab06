# SPDX-License-Identifier: BSD-2-Clause
"""Names for the addresses in a kernel's log, by the kernel's debug information."""

import pathlib
import re
import shutil
import struct
import subprocess

_ADDRESS = re.compile(r"\b(?:0x)?(ffffffff[89a-f][0-9a-f]{7})\b")
_PT_LOAD = 1


def link_base(elf: pathlib.Path) -> int | None:
    """The lowest address in the kernel's half that the ELF file is linked to."""
    data = elf.read_bytes()
    if data[:5] != b"\x7fELF\x02":
        return None
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    bases = []
    for index in range(count):
        kind, _, _, address = struct.unpack_from("<IIQQ", data, offset + index * size)
        if kind == _PT_LOAD and address >> 63:
            bases.append(address)
    return min(bases, default=None)


def _look_up(elf: pathlib.Path, addresses: list[int]) -> list[str]:
    symbolizer = shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer")
    if symbolizer is None:
        return []
    shown = subprocess.run(
        [symbolizer, f"--obj={elf}", "--output-style=GNU", "--pretty-print", "--demangle",
         "--relativenames", *map(hex, addresses)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    # An inlined call takes more lines; they start with a space.
    names: list[str] = []
    for line in shown.stdout.splitlines():
        if line.startswith(" ") and names:
            names[-1] += " " + line.strip()
        elif line.strip():
            names.append(line.strip())
    return names if len(names) == len(addresses) else []


def symbolise(lines: list[str], elf: pathlib.Path, base: int | None) -> list[str]:
    """The lines, with `function at file:line` behind each that holds a kernel address."""
    linked = link_base(elf)
    slide = base - linked if base is not None and linked is not None else 0
    found = {int(digits, 16) for line in lines for digits in _ADDRESS.findall(line)}
    addresses = sorted(found)
    names = dict(zip(addresses, _look_up(elf, [address - slide for address in addresses])))

    def name_line(line: str) -> str:
        wanted = [names.get(int(digits, 16), "") for digits in _ADDRESS.findall(line)]
        known = [name for name in wanted if name and not name.startswith("??")]
        return f"{line}  {'; '.join(known)}" if known else line

    return [name_line(line) for line in lines]

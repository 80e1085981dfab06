# SPDX-License-Identifier: BSD-2-Clause
"""Writes the `.modinfo` section of a component's object, which modinfo and depmod read: its name,
version, licence, and the aliases by which its devices ask for it (`component.def` says which).

Arguments: the component's folder, the file to write."""

import pathlib
import re
import sys
from collections.abc import Iterator

_PCI_ID = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")
_PCI_CLASS = re.compile(r"class ([0-9a-f]{6})")


def read_definition(folder: pathlib.Path) -> dict[str, str]:
    """The keys of a component.def; a component of tests has none."""
    file = folder / "component.def"
    if not file.exists():
        return {}
    lines = [line.split(None, 1) for line in file.read_text("utf-8").splitlines()]
    return {words[0]: words[1].strip() for words in lines if len(words) == 2}


def aliases(matches: str) -> Iterator[str]:
    """The patterns of what a line of matches names, as Linux spells them (its
    scripts/mod/file2alias.c)."""
    for each in matches.split(", "):
        bus, _, rest = each.partition(" ")
        if bus == "pci":
            for number in _PCI_CLASS.findall(rest):
                base, sub, interface = (number[i:i + 2].upper() for i in (0, 2, 4))
                yield f"pci:v*d*sv*sd*bc{base}sc{sub}i{interface}*"
            for vendor, device in _PCI_ID.findall(rest):
                yield f"pci:v0000{vendor.upper()}d0000{device.upper()}sv*sd*bc*sc*i*"
        elif bus == "virtio_mmio":
            yield f"virtio:d{int(rest.removeprefix('device ')):08X}v*"
        elif bus == "platform":
            yield f"platform:{rest}"


def module_information(folder: pathlib.Path) -> bytes:
    """The section: strings of the form key=value."""
    definition = read_definition(folder)
    pairs = [("name", definition.get("name", folder.name)),
             ("version", definition.get("version", "0.0.0")), ("license", "BSD-2-Clause")]
    pairs += [("alias", alias) for alias in aliases(definition.get("matches", ""))]
    pairs += [("alias", alias) for alias in definition.get("aliases", "").split()]
    pairs += [("depends", "")]
    return b"".join(f"{key}={value}".encode() + b"\0" for key, value in pairs)


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_bytes(module_information(pathlib.Path(sys.argv[1])))

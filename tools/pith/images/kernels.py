# SPDX-License-Identifier: BSD-2-Clause
"""The kernels a machine can boot: Pith as built from this tree, Debian's Linux, or a given file."""

import dataclasses
import pathlib

from pith.errors import PithError
from pith.images.linux_kernel import debian_kernel


@dataclasses.dataclass(frozen=True)
class Kernel:
    """What the boot needs of a kernel."""

    name: str
    image: pathlib.Path
    modules: list[pathlib.Path]
    symbols: pathlib.Path | None
    # `panic=-1`: a panic restarts the machine, and -no-reboot makes that its end.
    command_line: str = "console=ttyS0 panic=-1"


def build_type(debug: bool) -> str:
    """The build's name of a kind, as in build/<kind>."""
    return "debug" if debug else "release"


def find_kernel(choice: str, boot: str, debug: bool) -> Kernel:
    """Resolves `--kernel`; builds Pith when it is the one chosen."""
    if choice == "pith":
        from pith.build import build  # only when asked for: the build needs the compilers
        output = build(kind=build_type(debug), compiler="clang", targets=None)
        image = output.elf if boot == "elf" else output.bzimage
        return Kernel("Pith", image, [], output.kernel)
    if choice == "linux":
        linux = debian_kernel()
        return Kernel(f"Linux {linux.release}", linux.image, linux.modules, None,
                      command_line="console=ttyS0 panic=-1 quiet")
    file = pathlib.Path(choice)
    if not file.is_file():
        raise PithError(f"--kernel: neither pith, linux nor a file: {choice}")
    symbols = file.with_name("kernel.elf")
    return Kernel(file.name, file.resolve(), [], symbols if symbols.is_file() else None)


def default_boot(choice: str, machine_kind: str) -> str:
    """microvm starts Pith by its PVH entry, as Firecracker does; all else by the Linux protocol."""
    return "elf" if choice == "pith" and machine_kind == "microvm" else "bzimage"

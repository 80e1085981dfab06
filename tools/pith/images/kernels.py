# SPDX-License-Identifier: BSD-2-Clause
"""The kernels a machine can boot: Pith as built from this tree, Debian's Linux, or a given file."""

import dataclasses
import pathlib

from pith import packages
from pith.build import BuildOutput, build
from pith.errors import PithError
from pith.images.linux_kernel import debian_kernel
from pith.images.modules import FOLDER, module_files
from pith.paths import ROOT
from pith.progress import step

# `panic=-1`: a panic restarts the machine, and -no-reboot makes that its end.
COMMAND_LINE = "console=ttyS0 panic=-1"
# Linux expects ten timer interrupts within a tenth of a second, which a busy host does not deliver
# to an emulated machine, and panics without them.
LINUX_OPTIONS = "quiet no_timer_check"


@dataclasses.dataclass(frozen=True)
class Kernel:
    """What the boot needs of a kernel."""

    name: str
    image: pathlib.Path
    modules: list[pathlib.Path]
    symbols: pathlib.Path | None
    files: tuple[tuple[str, pathlib.Path, int], ...] = ()  # name in the initramfs, source, mode
    command_line: str = COMMAND_LINE


# Where Debian's bash-completion looks for what the machine's owner adds.
COMPLETIONS = "usr/local/share/bash-completion/completions"


def _tools(directory: pathlib.Path) -> tuple[tuple[str, pathlib.Path, int], ...]:
    """What of a build of Pith is for the machine's file system: programs, modules."""
    program = directory / "user" / "pithctl"
    if not program.is_file():
        return ()
    completion = ROOT / "user" / "pithctl" / "completion.bash"
    modules = [(f"{FOLDER}/{file.name}", file, 0o644) for file in module_files(directory)]
    return (("usr/local/bin/pithctl", program, 0o755),
            (f"{COMPLETIONS}/pithctl", completion, 0o644), *modules)


def build_pith(debug: bool = False, compiler: str = "clang",
               targets: list[str] | None = None) -> BuildOutput:
    """Builds this tree's kernel, after seeing to the compiler."""
    packages.require(*(["build", "gcc"] if compiler == "gcc" else ["build"]))
    kind = "debug" if debug else "release"
    with step(f"building the {kind} kernel", after=1.0):
        return build(kind, compiler, targets)


def find_kernel(choice: str, boot: str, debug: bool, options: str = "") -> Kernel:
    """Resolves `--kernel`; builds Pith when it is the one chosen. GRUB's CD images start Pith by
    Multiboot2, which is the ELF's. `options` are more words for Linux's command line."""
    if choice == "pith":
        output = build_pith(debug)
        image = output.elf if boot in ("elf", "iso", "iso-efi") else output.bzimage
        return Kernel("Pith", image, [], output.kernel, _tools(output.directory))
    if choice == "linux":
        linux = debian_kernel()
        return Kernel(f"Linux {linux.release}", linux.image, linux.modules, None,
                      command_line=f"{COMMAND_LINE} {LINUX_OPTIONS} {options}".rstrip())
    file = pathlib.Path(choice)
    if not file.is_file():
        raise PithError(f"--kernel: neither pith, linux nor a file: {choice}")
    symbols = file.with_name("kernel.elf")
    return Kernel(file.name, file.resolve(), [], symbols if symbols.is_file() else None,
                  _tools(file.parent))


def default_boot(choice: str, machine_kind: str) -> str:
    """microvm starts Pith by its PVH entry, as Firecracker does; all else by the Linux protocol."""
    return "elf" if choice == "pith" and machine_kind == "microvm" else "bzimage"

# SPDX-License-Identifier: BSD-2-Clause
"""A bootable CD image with GRUB, for BIOS and for UEFI, that starts a kernel by Multiboot2 or by
the Linux protocol."""

import pathlib
import shutil
import tempfile

from pith import packages
from pith.process import run

_MENU = """\
set timeout=0
serial --unit=0 --speed=115200
terminal_output serial console
menuentry "Pith" {{
    {load}
}}
"""


def _load_lines(kernel: pathlib.Path, command_line: str, initramfs: pathlib.Path | None) -> str:
    multiboot = kernel.suffix == ".elf"
    lines = [f"{'multiboot2' if multiboot else 'linux'} /boot/kernel {command_line}"]
    if initramfs is not None:
        lines.append(f"{'module2' if multiboot else 'initrd'} /boot/initramfs")
    return "\n    ".join(lines)


def make_iso(target: pathlib.Path, kernel: pathlib.Path, command_line: str,
             initramfs: pathlib.Path | None) -> pathlib.Path:
    """Writes the CD image and answers its path. An .elf kernel is started by Multiboot2."""
    packages.require("iso")
    with tempfile.TemporaryDirectory(prefix="pith-iso.") as work:
        boot = pathlib.Path(work) / "boot"
        (boot / "grub").mkdir(parents=True)
        shutil.copy(kernel, boot / "kernel")
        if initramfs is not None:
            shutil.copy(initramfs, boot / "initramfs")
        menu = _MENU.format(load=_load_lines(kernel, command_line, initramfs))
        (boot / "grub" / "grub.cfg").write_text(menu, encoding="utf-8")
        run(["grub-mkrescue", "-o", target, work])
    return target

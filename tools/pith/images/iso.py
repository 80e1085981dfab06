# SPDX-License-Identifier: BSD-2-Clause
"""Bootable CD images: with GRUB, for BIOS and for UEFI, that starts a kernel by Multiboot2 or by
the Linux protocol, and with SYSLINUX's ISOLINUX, which knows the Linux protocol alone."""

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

_ISOLINUX = pathlib.Path("/usr/lib/ISOLINUX/isolinux.bin")
_ISOLINUX_CORE = pathlib.Path("/usr/lib/syslinux/modules/bios/ldlinux.c32")
_ISOLINUX_MENU = """\
SERIAL 0 115200
DEFAULT pith
LABEL pith
    LINUX /boot/kernel
    APPEND {words}
"""


def _load_lines(kernel: pathlib.Path, command_line: str, initramfs: pathlib.Path | None) -> str:
    multiboot = kernel.suffix == ".elf"
    lines = [f"{'multiboot2' if multiboot else 'linux'} /boot/kernel {command_line}"]
    if initramfs is not None:
        lines.append(f"{'module2' if multiboot else 'initrd'} /boot/initramfs")
    return "\n    ".join(lines)


def _copy_files(work: pathlib.Path, kernel: pathlib.Path,
                initramfs: pathlib.Path | None) -> pathlib.Path:
    boot = work / "boot"
    boot.mkdir()
    shutil.copy(kernel, boot / "kernel")
    if initramfs is not None:
        shutil.copy(initramfs, boot / "initramfs")
    return boot


def make_iso(target: pathlib.Path, kernel: pathlib.Path, command_line: str,
             initramfs: pathlib.Path | None) -> pathlib.Path:
    """Writes GRUB's CD image and answers its path. An .elf kernel is started by Multiboot2."""
    packages.require("iso")
    with tempfile.TemporaryDirectory(prefix="pith-iso.") as work:
        boot = _copy_files(pathlib.Path(work), kernel, initramfs)
        (boot / "grub").mkdir()
        menu = _MENU.format(load=_load_lines(kernel, command_line, initramfs))
        (boot / "grub" / "grub.cfg").write_text(menu, encoding="utf-8")
        run(["grub-mkrescue", "-o", target, work])
    return target


def make_isolinux_iso(target: pathlib.Path, kernel: pathlib.Path, command_line: str,
                      initramfs: pathlib.Path | None) -> pathlib.Path:
    """Writes ISOLINUX's CD image, for BIOS, and answers its path; `kernel` is a bzImage."""
    packages.require("iso", "syslinux")
    with tempfile.TemporaryDirectory(prefix="pith-iso.") as work:
        root = pathlib.Path(work)
        _copy_files(root, kernel, initramfs)
        (root / "isolinux").mkdir()
        shutil.copy(_ISOLINUX, root / "isolinux")
        shutil.copy(_ISOLINUX_CORE, root / "isolinux")
        words = command_line if initramfs is None else f"initrd=/boot/initramfs {command_line}"
        (root / "isolinux" / "isolinux.cfg").write_text(_ISOLINUX_MENU.format(words=words),
                                                        encoding="utf-8")
        run(["xorriso", "-as", "mkisofs", "-quiet", "-o", target, "-b", "isolinux/isolinux.bin",
             "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4",
             "-boot-info-table", work])
    return target

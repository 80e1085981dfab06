# SPDX-License-Identifier: BSD-2-Clause
"""Make an image of the kernel to boot elsewhere.

    ./pith image bzimage --output FILE   for QEMU -kernel, GRUB `linux`, syslinux
    ./pith image elf --output FILE       for PVH (microvm, Firecracker) and Multiboot2
    ./pith image iso --output FILE       a CD with GRUB, BIOS and UEFI, and a BusyBox shell on ttyS0
"""

import argparse
import pathlib
import shutil
import tempfile

from pith.images.initramfs import make_console_initramfs
from pith.images.iso import make_iso
from pith.images.kernels import COMMAND_LINE, build_pith


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Form and place."""
    parser.add_argument("form", choices=["bzimage", "elf", "iso"])
    parser.add_argument("--output", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--debug", action="store_true", help="the debug kernel")
    parser.add_argument("--append", default="", metavar="WORDS",
                        help="more words for the kernel's command line (iso)")


def main(arguments: argparse.Namespace) -> int:
    """Builds and writes the image."""
    output = build_pith(arguments.debug)
    if arguments.form == "iso":
        with tempfile.NamedTemporaryFile(prefix="pith-initramfs.") as initramfs:
            initramfs.write(make_console_initramfs())
            initramfs.flush()
            make_iso(arguments.output, output.elf, f"{COMMAND_LINE} {arguments.append}".strip(),
                     pathlib.Path(initramfs.name))
    else:
        source = output.elf if arguments.form == "elf" else output.bzimage
        shutil.copyfile(source, arguments.output)
    print(arguments.output)
    return 0

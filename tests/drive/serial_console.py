# SPDX-License-Identifier: BSD-2-Clause
"""Machines seen through their serial port alone, for tests of what happens before programs run, or
of images the tool does not make."""

import pathlib
import select
import subprocess
import sys
import time
from collections.abc import Callable

from machines import KERNEL, ROOT

sys.path.insert(0, str(ROOT / "tools"))

from pith.images.cpio import Archive  # noqa: E402
from pith.images.initramfs import add_busybox  # noqa: E402
from pith.images.kernels import find_kernel  # noqa: E402

QEMU = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "256", "-display",
        "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults"]
BOOT_SECONDS = 120


def log_until(done: Callable[[str], bool], arguments: list[str],
              seconds: float = BOOT_SECONDS) -> str:
    """The serial port's text until `done` says so of it, the machine ends or the time is up."""
    text = ""
    deadline = time.monotonic() + seconds
    with subprocess.Popen([*QEMU, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as qemu:
        assert qemu.stdout is not None
        try:
            while not done(text) and time.monotonic() < deadline:
                if select.select([qemu.stdout], [], [], 1.0)[0]:
                    data = qemu.stdout.read1(4096)
                    if not data:
                        break
                    text += data.decode("utf-8", "replace").replace("\r", "")
        finally:
            qemu.kill()
    return text


def boot(initramfs: pathlib.Path | None = None, append: str = "",
         arguments: list[str] | None = None, seconds: float = BOOT_SECONDS) -> str:
    """Boots the kernel under test until its machine ends; the log and what programs wrote to it."""
    kernel = find_kernel(KERNEL, "bzimage", debug=False)
    words = ["-smp", "2", "-kernel", str(kernel.image),
             "-append", f"console=ttyS0 panic=-1 {append}"]
    if initramfs is not None:
        words += ["-initrd", str(initramfs)]
    return log_until(lambda text: False, [*words, *(arguments or [])], seconds)


def busybox_archive(init: str) -> Archive:
    """A root file system of BusyBox whose /init is a script that ends by switching off."""
    archive = Archive()
    archive.character_device("dev/console", 5, 1)
    for directory in ("proc", "sys", "run"):
        archive.directory(directory)
    add_busybox(archive)
    archive.file("init", f"#!/bin/sh\n{init}\npoweroff -f\n".encode(), 0o755)
    return archive

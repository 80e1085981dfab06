# SPDX-License-Identifier: BSD-2-Clause
"""The initial file system of a machine: the agent, and what kernel or root need beside it."""

import pathlib
import subprocess

from pith import packages
from pith.errors import PithError
from pith.images.agent import build_agent
from pith.images.cpio import Archive

BUSYBOX = pathlib.Path("/bin/busybox")
COPY_IN = "copy-in"

_BUSYBOX_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "etc/hostname": "pith\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/profile": "export PS1='\\u@\\h:\\w\\$ '\n",
}


def add_busybox(archive: Archive) -> None:
    """BusyBox, its names, and the files programs expect beside it."""
    packages.require("busybox")
    archive.file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    shown = subprocess.run([BUSYBOX, "--list-full"], capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        raise PithError(f"{BUSYBOX} --list-full failed")
    for applet in shown.stdout.split():
        if applet != "bin/busybox":
            archive.symlink(applet, "/bin/busybox")
    for name, text in _BUSYBOX_FILES.items():
        archive.file(name, text.encode())
    archive.directory("root", 0o700)
    archive.directory("tmp", 0o1777)
    archive.directory("mnt")


def make_initramfs(modules: list[pathlib.Path], busybox: bool,
                   copy_in: pathlib.Path | None = None,
                   files: tuple[tuple[str, pathlib.Path, int], ...] = ()) -> bytes:
    """An uncompressed archive. `modules` are loaded in the order given; with `busybox` the archive
    is the root file system itself, and `copy_in` goes into it. `files` are names, what they hold
    and modes."""
    archive = Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    for directory in ("proc", "sys", "run"):
        archive.directory(directory)
    archive.file("init", build_agent().read_bytes(), 0o755)
    for module in modules:
        archive.file(f"modules/{module.name}", module.read_bytes())
    for name, source, mode in files:
        archive.file(name, source.read_bytes(), mode)
    if modules:
        order = "".join(f"/modules/{module.name}\n" for module in modules)
        archive.file("modules/order", order.encode())
    if busybox:
        add_busybox(archive)
        if copy_in is not None:
            archive.tree(copy_in, COPY_IN)
    else:
        archive.directory("root", 0o700)
    return archive.finish()


_CONSOLE_INIT = """\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs udev /dev
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
hostname pith
export HOME=/root
cd /root
setsid cttyhack sh -l
poweroff -f
"""


def make_console_initramfs() -> bytes:
    """BusyBox with a shell on the console: for images that boot without this tool beside them."""
    archive = Archive()
    archive.character_device("dev/console", 5, 1)
    for directory in ("proc", "sys", "run"):
        archive.directory(directory)
    add_busybox(archive)
    archive.file("init", _CONSOLE_INIT.encode(), 0o755)
    return archive.finish()

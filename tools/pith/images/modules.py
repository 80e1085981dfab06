# SPDX-License-Identifier: BSD-2-Clause
"""/lib/modules of a machine with Pith: the components' objects, and the indexes of them by which
modprobe and udev find the one that a device asks for."""

import pathlib
import shutil

from pith import packages
from pith.paths import exclusive
from pith.process import run

RELEASE = "6.1.0-pith"  # what uname says: linux/system/names.cpp
FOLDER = f"lib/modules/{RELEASE}"
DEPMOD = "/sbin/depmod"


def module_files(build: pathlib.Path) -> list[pathlib.Path]:
    """The files of /lib/modules/RELEASE for the objects of a build, indexes included; those that
    are in the kernel image as well, since a boot option can leave them out of it."""
    objects = sorted((build / "components").glob("*.o"))
    root = build / "modules"
    folder = root / FOLDER
    stamp = root / "stamp"
    with exclusive(build):
        newest = max((file.stat().st_mtime for file in objects), default=0.0)
        if objects and (not stamp.exists() or stamp.stat().st_mtime <= newest):
            packages.require("modules")
            shutil.rmtree(root, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in objects:
                shutil.copyfile(file, folder / f"{file.stem}.ko")
            for name in ("modules.order", "modules.builtin"):
                (folder / name).write_bytes(b"")
            run([DEPMOD, "-b", root, RELEASE])
            stamp.touch()
    return sorted(folder.iterdir()) if folder.is_dir() else []

# SPDX-License-Identifier: BSD-2-Clause
"""Debian's cloud kernel, the oracle: fetched as a package and unpacked, not installed."""

import dataclasses
import pathlib
import re
import shutil
import tempfile

from pith import packages
from pith.errors import PithError
from pith.paths import cache_directory, exclusive
from pith.process import run
from pith.progress import step

META_PACKAGE = "linux-image-cloud-amd64"
# What the agent needs; their dependencies are read from the modules themselves.
WANTED_MODULES = ["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console"]


@dataclasses.dataclass(frozen=True)
class LinuxKernel:
    """The kernel image and its modules, dependencies first."""

    release: str
    image: pathlib.Path
    modules: list[pathlib.Path]


def _package_name() -> str:
    packages.refresh_lists()
    shown = run(["apt-cache", "depends", "--important", META_PACKAGE])
    found = re.search(r"Depends: (linux-image-\S+)", shown)
    if not found:
        raise PithError(f"apt knows no {META_PACKAGE}; is this Debian 12?")
    return found.group(1)


def _unpack(target: pathlib.Path) -> None:
    with step(f"fetching Debian's {META_PACKAGE}"), \
            tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch.") as work:
        run(["apt-get", "-q", "download", _package_name()], cwd=pathlib.Path(work))
        package = next(pathlib.Path(work).glob("*.deb"))
        unpacked = pathlib.Path(work) / "unpacked"
        run(["dpkg-deb", "-x", package, unpacked])
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)


def _dependencies(module: pathlib.Path) -> list[str]:
    found = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    return [name for name in found.group(1).decode().split(",") if name] if found else []


def _in_load_order(directory: pathlib.Path) -> list[pathlib.Path]:
    files = {file.stem.replace("-", "_"): file for file in directory.rglob("*.ko")}
    order: list[pathlib.Path] = []

    def visit(name: str) -> None:
        file = files.get(name.replace("-", "_"))
        if file is None:
            raise PithError(f"Debian's kernel has no module {name}")
        for dependency in _dependencies(file):
            visit(dependency)
        if file not in order:
            order.append(file)

    for name in WANTED_MODULES:
        visit(name)
    return order


def debian_kernel() -> LinuxKernel:
    """The cached kernel, fetched when there is none."""
    packages.require("linux")
    cache = cache_directory("linux")
    root = cache / "root"
    with exclusive(cache):
        if not root.exists():
            _unpack(root)
    image = next(iter(sorted((root / "boot").glob("vmlinuz-*"))), None)
    if image is None:
        raise PithError(f"no kernel in {root}; remove it to fetch again")
    release = image.name.removeprefix("vmlinuz-")
    return LinuxKernel(release, image, _in_load_order(root / "lib" / "modules" / release))

# SPDX-License-Identifier: BSD-2-Clause
"""Root file systems: Debian 12 minbase (made once, cached), a directory, or an image as it is.

Nothing here needs root: mmdebstrap bootstraps in a user namespace, and fakeroot remembers who owns
what while mke2fs copies the tree into an image."""

import dataclasses
import hashlib
import os
import pathlib
import re
import shlex
import tempfile

from pith import packages
from pith.errors import PithError
from pith.images.apt_sources import SUITE, debian_sources
from pith.images.modules import RELEASE
from pith.paths import appearing_whole, cache_directory, exclusive
from pith.process import run
from pith.progress import step

MIB = 1024 * 1024
# Beyond the smallest Debian: what a person expects at a prompt.
BASE_PACKAGES = ["procps", "less", "vim-tiny", "xz-utils"]
RECIPE = 2  # raise it when the recipe below changes, so that cached images are made again

_CUSTOMIZE = r"""
set -e
root=$1
echo pith > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 pith\n::1 localhost ip6-localhost\n' > "$root/etc/hosts"
echo 'deb http://deb.debian.org/debian %(suite)s main' > "$root/etc/apt/sources.list"
rm -f "$root"/etc/apt/sources.list.d/* "$root"/etc/resolv.conf
for name in poweroff reboot halt; do
    [ -e "$root/sbin/$name" ] || ln -s "/run/pith/bin/$name" "$root/sbin/$name"
done
# Where the agent keeps what only Pith has (user/agent/tools.c): here, so that the tree is the same
# whichever kernel runs on it.
mkdir -p "$root/usr/local/share/bash-completion/completions" "$root/lib/modules"
ln -s /run/pith/bin/pithctl "$root/usr/local/bin/pithctl"
ln -s /run/pith/share/pithctl.bash "$root/usr/local/share/bash-completion/completions/pithctl"
ln -s /run/pith/modules "$root/lib/modules/%(release)s"
""" % {"suite": SUITE, "release": RELEASE}


@dataclasses.dataclass(frozen=True)
class Disk:
    """A disk of the machine. `writable` disks keep what is written; others get an overlay that is
    thrown away."""

    path: pathlib.Path
    format: str = "raw"
    writable: bool = False
    read_only: bool = False


def _free_space(content: int) -> int:
    return max(2048 * MIB, content * 2 + 1024 * MIB)


def _make_file_system(source: pathlib.Path, image: pathlib.Path, size: int) -> None:
    """Copies a tree into a new ext4 image; the owners are those the caller's fakeroot knows."""
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "pith-root", "-m", "1",
               "-E", "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
               "-d", str(source), str(image), f"{size // 1024}k"]
    run(command, env=_environment())


def _environment() -> dict[str, str]:
    return dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin", LC_ALL="C")


def _tree_size(directory: pathlib.Path) -> int:
    total = 0
    for parent, _, names in os.walk(directory):
        total += sum(os.lstat(os.path.join(parent, name)).st_size + 4096 for name in names)
    return total


def _bootstrap(include: list[str], archive: pathlib.Path, work: pathlib.Path) -> None:
    hook = work / "customize"
    hook.write_text(f"#!/bin/sh{_CUSTOMIZE}", encoding="ascii")
    hook.chmod(0o755)
    sources = work / "sources.list"
    sources.write_text("\n".join(debian_sources()) + "\n", encoding="utf-8")
    work.chmod(0o755)  # mmdebstrap reads both as another user
    run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(include)}",
         f"--customize-hook={shlex.quote(str(hook))} \"$1\"",
         "--aptopt=Acquire::Check-Valid-Until \"false\"", "--format=tar",
         SUITE, archive, sources])


def _archive_to_image(archive: pathlib.Path, image: pathlib.Path, work: pathlib.Path) -> None:
    """Unpacks and copies under one fakeroot, which carries owners and modes from tar to mke2fs."""
    tree = work / "tree"
    tree.mkdir()
    size = _free_space(archive.stat().st_size)
    script = """
set -e
tar -x --numeric-owner --exclude='./dev/*' -C "$1" -f "$2"
exec mke2fs -q -F -t ext4 -L pith-root -m 1 \
    -E lazy_itable_init=0,lazy_journal_init=0 -d "$1" "$3" "$4"
"""
    prefix = [] if os.geteuid() == 0 else ["fakeroot"]
    run([*prefix, "sh", "-c", script, "sh", tree, archive, image, f"{size // 1024}k"],
        env=_environment())


def debian_disk(extra_packages: list[str]) -> pathlib.Path:
    """The cached Debian image with the extra packages, made when there is none."""
    for package in extra_packages:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.:-]*", package):
            raise PithError(f"not a Debian package name: {package!r}")
    include = sorted({*BASE_PACKAGES, *extra_packages})
    key = hashlib.sha256(f"{RECIPE} {_CUSTOMIZE} {' '.join(include)}".encode()).hexdigest()[:12]
    cache = cache_directory("images")
    image = cache / f"debian-{key}.ext4"
    if image.exists():
        return image
    packages.require("debian")
    with exclusive(cache):
        if not image.exists():
            extra = f" with {', '.join(extra_packages)}" if extra_packages else ""
            with step(f"making a Debian 12 image{extra}"), appearing_whole(image) as temporary, \
                    tempfile.TemporaryDirectory(dir=cache, prefix=".work.") as work:
                archive = pathlib.Path(work) / "root.tar"
                _bootstrap(include, archive, pathlib.Path(work))
                _archive_to_image(archive, temporary, pathlib.Path(work))
    return image


def directory_disk(source: pathlib.Path, image: pathlib.Path, spare: bool = True) -> pathlib.Path:
    """An ext4 image of a host directory; with `spare` room to write into."""
    content = _tree_size(source)
    _make_file_system(source, image, _free_space(content) if spare else content * 3 // 2 + 16 * MIB)
    return image


def scratch_disk(size: int, image: pathlib.Path) -> pathlib.Path:
    """An empty ext4 image of `size` bytes."""
    run(["mke2fs", "-q", "-F", "-t", "ext4", image, f"{size // 1024}k"], env=_environment())
    return image


def image_format(image: pathlib.Path) -> str:
    """The format QEMU is to read the image as, by its first bytes."""
    with open(image, "rb") as file:
        return "qcow2" if file.read(4) == b"QFI\xfb" else "raw"


def kept_overlay(base: pathlib.Path) -> pathlib.Path:
    """The overlay of a cached image that `--keep` runs share; the image itself never changes."""
    overlay = base.with_suffix(".kept.qcow2")
    if not overlay.exists():
        packages.require("qemu")
        with appearing_whole(overlay) as temporary:
            run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", "raw", temporary])
    return overlay

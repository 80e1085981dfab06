# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages each task needs, and getting them."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Sequence

from pith import build
from pith.errors import PithError
from pith.progress import say

_one_at_a_time = threading.Lock()

# What each task of the tool calls upon. `./pith doctor` prints this table with the state of each.
NEEDS: dict[str, list[str]] = {
    "build": build.PACKAGES,
    "gcc": build.GCC_PACKAGES,
    "agent": ["musl-tools", "gcc", "binutils"],
    "bench": ["gcc", "libc6-dev"],
    "qemu": ["qemu-system-x86", "qemu-utils"],
    "debian": ["mmdebstrap", "debian-archive-keyring", "e2fsprogs", "fakeroot", "uidmap"],
    "busybox": ["busybox-static"],
    "modules": ["kmod"],
    "linux": ["apt", "dpkg"],
    "symbols": ["llvm-19"],
    "iso": ["grub-common", "grub-pc-bin", "grub-efi-amd64-bin", "xorriso", "mtools"],
    "syslinux": ["isolinux", "syslinux-common"],
    "uefi": ["ovmf"],
    "test": ["python3-pytest", "python3-pexpect", "e2fsprogs", "procps"],
    "debug": ["gdb"],
    "recording": ["termtosvg"],
    "host-tests": ["libgtest-dev", "libclang-rt-19-dev", "llvm-19", "e2fsprogs", "cpio",
                   "gzip", "xz-utils", "zstd", "lz4"],
    "model": ["spin", "gcc", "libc6-dev"],
    "packers": ["cpio", "gzip", "xz-utils", "zstd", "lz4", "bzip2"],
    "programs": ["musl-tools", "gcc", "binutils", "libc6-dev", "linux-libc-dev"],
}

_allow_install = True


def forbid_install() -> None:
    """From now on a missing package is an error (--no-install)."""
    global _allow_install
    _allow_install = False


def missing(packages: Iterable[str]) -> list[str]:
    """Those of `packages` that dpkg does not know as installed, in the order given."""
    wanted = list(dict.fromkeys(packages))
    if not wanted:
        return []
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in shown.splitlines() if line.endswith(" installed")}
    return [package for package in wanted if package not in installed]


def install_command(packages: Iterable[str]) -> str:
    """The command a person would type."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install --no-install-recommends {' '.join(packages)}"


def _apt_get(*arguments: str) -> None:
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    if as_root and not shutil.which("sudo"):
        raise PithError("installing packages needs root or sudo")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    command = [*as_root, *environment, "apt-get", "-q", "-o=Dpkg::Use-Pty=0", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if re.match(r"(E|W|Err)\b", line)]
        raise PithError(f"apt-get {arguments[0]} failed: " + " ".join(lines[-3:] or ["no output"]))


def refresh_lists() -> None:
    """apt-get update, unless the machine has package lists already."""
    known = subprocess.run(["apt-cache", "show", "mmdebstrap"], capture_output=True, check=False)
    if known.returncode != 0:
        _apt_get("update")


def require(*tasks: str) -> None:
    """Sees to it that the packages of the tasks are installed; says which it installs. Any
    thread."""
    with _one_at_a_time:
        _require(tasks)


def _require(tasks: Sequence[str]) -> None:
    lacking = missing(package for task in tasks for package in NEEDS[task])
    if not lacking:
        return
    if not _allow_install:
        raise PithError(f"missing packages (--no-install): {install_command(lacking)}")
    say(f"installing from Debian: {' '.join(lacking)}")
    refresh_lists()
    try:
        _apt_get("install", "-y", "--no-install-recommends", *lacking)
    except PithError:
        _apt_get("update")  # the lists may be older than the mirror
        _apt_get("install", "-y", "--no-install-recommends", *lacking)

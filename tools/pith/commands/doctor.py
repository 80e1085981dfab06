# SPDX-License-Identifier: BSD-2-Clause
"""Say what this machine lacks for each task, and how to get it.

Status 0 if everything for building, running and testing is there. Nothing is installed: the other
subcommands do that when they need something.
"""

import argparse
import os
import pathlib
import platform
import shutil
import sys

from pith import packages
from pith.paths import ROOT

TASKS = {
    "build": "build the kernel",
    "gcc": "build it with g++",
    "agent": "build the guest agent",
    "qemu": "run machines",
    "debian": "make Debian root file systems",
    "busybox": "make BusyBox root file systems",
    "iso": "make CD images",
    "recording": "record the demo",
    "syslinux": "start the kernel by SYSLINUX from one",
    "uefi": "boot under UEFI",
    "test": "drive machines in tests",
    "host-tests": "run the kernel's unit tests",
    "debug": "attach gdb",
}
DISK_GIB = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def _system() -> list[str]:
    problems = []
    release = pathlib.Path("/etc/os-release")
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    if "VERSION_CODENAME=bookworm" not in text:
        problems.append("this is not Debian 12; packages may be named otherwise")
    if platform.machine() != "x86_64":
        problems.append(f"this is a {platform.machine()}; only x86_64 builds so far")
    free = shutil.disk_usage(ROOT).free >> 30
    if free < DISK_GIB:
        problems.append(f"{free} GiB free under {ROOT}; {DISK_GIB} are wanted")
    if os.geteuid() != 0 and not shutil.which("sudo"):
        problems.append("neither root nor sudo: packages have to be installed by hand")
    return problems


def main(_: argparse.Namespace) -> int:
    """Prints the table."""
    lacking_all: list[str] = []
    print(f"{'ok':<10}Python {sys.version.split()[0]}")
    for task, purpose in TASKS.items():
        lacking = packages.missing(packages.NEEDS[task])
        lacking_all += lacking
        state = "missing" if lacking else "ok"
        print(f"{state:<10}{purpose}" + (f": {' '.join(lacking)}" if lacking else ""))
    problems = _system()
    for problem in problems:
        print(f"{'note':<10}{problem}")
    if lacking_all:
        command = packages.install_command(dict.fromkeys(lacking_all))
        print(f"\nto get what is missing:\n  {command}")
    return 1 if lacking_all else 0

# SPDX-License-Identifier: BSD-2-Clause
"""The options that describe a machine, shared by the subcommands that boot one."""

import argparse
import pathlib
import shlex

from pith.machine.qemu import BOOTS, DISK_NAMES, GDB_PORT, MACHINES
from pith.machine.runner import Options


def _positive(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than zero")
    return value


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def add_machine_arguments(parser: argparse.ArgumentParser, kernel: bool = True) -> None:
    """Adds the options; without `kernel` the subcommand chooses kernels itself."""
    if kernel:
        parser.add_argument("--kernel", default="pith", metavar="pith|linux|FILE",
                            help="what to boot (default: pith, built from this tree)")
    add = parser.add_argument
    add("--rootfs", default="debian", metavar="debian|busybox|DIR|IMAGE",
        help="the root file system (default: a cached Debian 12 minbase)")
    add("--packages", type=_names, default=[], metavar="A,B",
        help="more Debian packages in the image")
    add("--smp", type=_positive, default=2, metavar="N", help="processors (default: 2)")
    add("--memory", type=_positive, default=512, metavar="MIB", help="memory (default: 512)")
    add("--machine", choices=MACHINES, default="q35", help="kind of machine (default: q35)")
    add("--iommu", action="store_true", help="with Intel's remapping unit (q35)")
    add("--disk-bus", choices=list(DISK_NAMES), default="virtio",
        help="what the disks are attached to (default: virtio)")
    add("--boot", choices=BOOTS, help="how the kernel is loaded (default: bzimage, "
        "on microvm the ELF by its PVH entry)")
    add("--append", default="", metavar="WORDS", help="more words for the kernel's command line")
    add("--debug", action="store_true", help="the debug kernel")
    add("--copy-in", type=pathlib.Path, metavar="DIR",
        help="the directory's contents are in the guest's /copy-in, read-only on a disk")
    add("--disk", action="append", default=[], metavar="IMAGE|SIZE",
        help="one more disk: an image that is written to, or an empty ext4 of a size (64M, 2G)")
    add("--log", type=pathlib.Path, metavar="FILE",
        help="where the kernel's log goes (- is standard error)")
    add("--icount", action="store_true",
        help="one processor, time by instruction counts: deterministic")
    add("--gdb", type=_positive, nargs="?", const=GDB_PORT, metavar="PORT",
        help=f"wait for gdb on localhost (default: {GDB_PORT})")
    add("--qemu-args", type=shlex.split, default=[], metavar="WORDS", help="more words for QEMU")
    add("--timeout", type=float, metavar="S", help="give up after S seconds with status 124")
    add("--keep", action="store_true", help="what is written to the root stays for the next "
        "--keep run (with an IMAGE: in the image)")


def machine_options(arguments: argparse.Namespace, kernel: str) -> Options:
    """The options as given, for one kernel."""
    return Options(
        kernel=kernel, rootfs=arguments.rootfs, packages=arguments.packages,
        processors=arguments.smp, memory_mib=arguments.memory, machine=arguments.machine,
        disk_bus=arguments.disk_bus, iommu=arguments.iommu,
        boot=arguments.boot, append=arguments.append, debug=arguments.debug,
        copy_in=arguments.copy_in, disks=arguments.disk, log=arguments.log,
        icount=arguments.icount, gdb=arguments.gdb, qemu_args=arguments.qemu_args,
        timeout=arguments.timeout, keep=arguments.keep)

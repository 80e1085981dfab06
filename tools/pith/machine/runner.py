# SPDX-License-Identifier: BSD-2-Clause
"""Runs one command, or one shell, on one machine: from the options to the result."""

import contextlib
import dataclasses
import pathlib
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import BinaryIO

from pith import packages
from pith.errors import PithError
from pith.images import iso, rootfs
from pith.images.initramfs import make_initramfs
from pith.images.kernels import Kernel, default_boot, find_kernel
from pith.images.rootfs import Disk
from pith.machine.console_log import ConsoleLog
from pith.machine.qemu import CD_BOOTS, DISK_NAMES, Machine
from pith.machine.session import End, Request, Session
from pith.machine.symbolise import symbolise
from pith.machine.virtual_machine import VirtualMachine

STATUS_TIMEOUT = 124
STATUS_PANIC = 125
LOG_LINES = 30
SCRATCH_SIZE = re.compile(r"(\d+)([MG])")


@dataclasses.dataclass
class Options:
    """The options of `./pith run`, with its defaults."""

    kernel: str = "pith"
    rootfs: str = "debian"
    packages: list[str] = dataclasses.field(default_factory=list)
    processors: int = 2
    memory_mib: int = 512
    machine: str = "q35"
    disk_bus: str = "virtio"
    iommu: bool = False
    boot: str | None = None
    append: str = ""
    debug: bool = False
    copy_in: pathlib.Path | None = None
    disks: list[str] = dataclasses.field(default_factory=list)
    log: pathlib.Path | None = None
    icount: bool = False
    gdb: int | None = None
    qemu_args: list[str] = dataclasses.field(default_factory=list)
    timeout: float | None = None
    keep: bool = False


@dataclasses.dataclass
class Result:
    """How a run went. `report` has the lines for standard error when the machine failed."""

    end: End
    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    report: list[str]
    powered_off: bool


def _scratch_disk(text: str, image: pathlib.Path) -> Disk | None:
    match = SCRATCH_SIZE.fullmatch(text)
    if match is None:
        return None
    packages.require("debian")
    size = int(match.group(1)) << {"M": 20, "G": 30}[match.group(2)]
    return Disk(rootfs.scratch_disk(size, image), writable=True)


def _root_disk(options: Options, work: pathlib.Path) -> Disk | None:
    """None for busybox, whose root is the initramfs."""
    if options.packages and options.rootfs != "debian":
        raise PithError("--packages goes with --rootfs debian")
    if options.rootfs == "busybox":
        return None
    if options.rootfs == "debian":
        image = rootfs.debian_disk(options.packages)
        if options.keep:
            return Disk(rootfs.kept_overlay(image), "qcow2", writable=True)
        return Disk(image)
    given = pathlib.Path(options.rootfs)
    if given.is_dir():
        packages.require("debian")
        return Disk(rootfs.directory_disk(given, work / "root.ext4"), writable=True)
    if given.is_file():
        return Disk(given.resolve(), rootfs.image_format(given), writable=options.keep)
    raise PithError(f"--rootfs: neither debian, busybox, a directory nor an image: {given}")


def _disks(options: Options, work: pathlib.Path) -> tuple[list[Disk], str]:
    """The machine's disks in order, and what the command line says of them."""
    if options.disk_bus != "virtio" and options.machine == "microvm":
        raise PithError("--disk-bus: microvm has virtio disks only")
    if options.disk_bus != "virtio" and options.kernel == "linux":
        raise PithError("--disk-bus: Linux's initramfs has the modules of virtio disks only")
    disks: list[Disk] = []
    words = []
    names = DISK_NAMES[options.disk_bus]
    root = _root_disk(options, work)
    if root is not None:
        disks.append(root)
        words.append(f"root=/dev/{names[0]} rw")
    if options.copy_in is not None:
        if not options.copy_in.is_dir():
            raise PithError(f"--copy-in: not a directory: {options.copy_in}")
        if root is not None:
            image = rootfs.directory_disk(options.copy_in, work / "copy-in.ext4", spare=False)
            disks.append(Disk(image, read_only=True))
            words.append(f"agent.copy_in=/dev/{names[1]}")
    for index, text in enumerate(options.disks):
        disk = _scratch_disk(text, work / f"scratch{index}.ext4")
        if disk is None:
            file = pathlib.Path(text)
            if not file.is_file():
                raise PithError(f"--disk: neither a size (64M, 2G) nor an image: {text}")
            disk = Disk(file.resolve(), rootfs.image_format(file), writable=True)
        disks.append(disk)
    return disks, " ".join(words)


def _make_machine(options: Options, kernel: Kernel, work: pathlib.Path) -> Machine:
    if options.iommu and options.machine != "q35":
        raise PithError("--iommu: only q35 has one")
    disks, root_words = _disks(options, work)
    in_initramfs = options.copy_in if options.rootfs == "busybox" else None
    initramfs = work / "initramfs.cpio"
    initramfs.write_bytes(
        make_initramfs(kernel.modules, options.rootfs == "busybox", in_initramfs, kernel.files))
    command_line = " ".join(
        filter(None, [kernel.command_line, root_words, options.append]))
    machine = Machine(
        kernel=kernel.image, command_line=command_line, initramfs=initramfs, disks=disks,
        disk_bus=options.disk_bus, kind=options.machine, iommu=options.iommu,
        processors=1 if options.icount else options.processors,
        memory_mib=options.memory_mib, icount=options.icount, gdb=options.gdb,
        extra=options.qemu_args)
    if options.boot in CD_BOOTS:
        make = iso.make_isolinux_iso if options.boot == "iso-syslinux" else iso.make_iso
        machine.cdrom = make(work / "boot.iso", kernel.image, command_line, initramfs)
        machine.kernel = None
        machine.uefi = options.boot == "iso-efi"
        if machine.uefi:
            packages.require("uefi")
    return machine


@contextlib.contextmanager
def _log_sink(path: pathlib.Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
    elif str(path) == "-":
        yield sys.stderr.buffer
    else:
        with open(path, "wb") as file:
            yield file


def _report(session: Session, machine: VirtualMachine, log: ConsoleLog,
            kernel: Kernel) -> list[str]:
    """Why a run failed, with the log's last lines; nothing for a run that ended well."""
    reasons = {
        End.FAILED: session.failure,
        End.PANICKED: "the kernel panicked",
        End.STOPPED: "the machine stopped before the command ended",
        End.TIMED_OUT: "the time was up",
        End.ESCAPED: "the machine was ended from the keyboard",
    }
    if session.end not in reasons or session.end is None:
        return [] if session.powered_off else ["the machine did not power off by itself"]
    lines = [reasons[session.end]]
    said = machine.messages()
    if said and session.end is End.STOPPED:
        if log.is_empty:
            raise PithError(f"cannot start the machine: {said}")
        lines += said.splitlines()
    if session.end is not End.ESCAPED:
        tail = log.tail(LOG_LINES)
        if kernel.symbols is not None and session.end is not End.FAILED:
            packages.require("symbols")
            tail = symbolise(tail, kernel.symbols, log.kernel_base())
        lines += ["the log's last lines:", *("  " + line for line in tail)] if tail else []
    return lines


def _status(session: Session) -> int:
    """The command's own status, or the one that says why there is none."""
    return {End.TIMED_OUT: STATUS_TIMEOUT, End.PANICKED: STATUS_PANIC, End.STOPPED: STATUS_PANIC,
            End.FAILED: STATUS_PANIC, End.ESCAPED: 130}.get(session.end, session.status)


def prepare(options: Options) -> Kernel:
    """Makes all that a run with these options needs and that is kept: packages, image, kernel."""
    packages.require("qemu")
    if options.rootfs == "debian":
        rootfs.debian_disk(options.packages)
    boot = options.boot or default_boot(options.kernel, options.machine)
    return find_kernel(options.kernel, boot, options.debug)


def execute(options: Options, request: Request, kernel: Kernel | None = None) -> Result:
    """Boots, runs, and answers how it went. Raises PithError when it cannot come to that. `kernel`
    is what prepare() answered for these options, if it was called."""
    kernel = kernel or prepare(options)
    with tempfile.TemporaryDirectory(prefix="pith-run.") as work, \
            _log_sink(options.log) as sink:
        machine = _make_machine(options, kernel, pathlib.Path(work))
        log = ConsoleLog(sink)
        start = time.monotonic()
        with VirtualMachine(machine) as running:
            session = Session(running, request, log)
            session.run()
            seconds = time.monotonic() - start
            report = _report(session, running, log, kernel)
        assert session.end is not None
        return Result(session.end, _status(session), bytes(session.output.captured),
                      bytes(session.error.captured), seconds, report, session.powered_off)

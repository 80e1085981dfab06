# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel with bench/operations as process 1 and reads the instruction counts it prints.

One processor, `-icount shift=0`: the time stamp counter counts instructions, and two runs agree.
A bzImage that tells its first time stamp (bench/firmware.S) gives what comes before the kernel."""

import pathlib
import re
import select
import tempfile
import time

from pith import packages
from pith.bench.rows import BOOT
from pith.errors import PithError
from pith.images.cpio import Archive
from pith.images.kernels import Kernel
from pith.machine.console_log import ConsoleLog
from pith.machine.qemu import SERIAL, Machine
from pith.machine.virtual_machine import VirtualMachine
from pith.paths import BUILD, ROOT
from pith.process import run

SOURCES = ROOT / "bench"
# glibc, as Debian's programs have it: its fstat, its thread stacks.
PROGRAM_FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-O2", "-static", "-s", "-Wall", "-Wextra", "-Werror"]
# Copies by `rep movsb` would count an instruction a byte under TCG.
PROCESSOR = ["-cpu", "max,-erms,-fsrm"]
MEMORY_MIB = 1024
SECONDS = 300.0

_LINE = re.compile(rb"^bench\t(\w+)\t(-?\d+|0x[0-9a-f]+)\r?$", re.MULTILINE)


def _build_program() -> bytes:
    packages.require("bench")
    directory = BUILD / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "operations"
    run(["gcc", *PROGRAM_FLAGS, "-o", program,
         *sorted((SOURCES / "operations").glob("*.c"))])
    return program.read_bytes()


def _build_firmware_probe() -> pathlib.Path:
    packages.require("build")
    directory = BUILD / "bench"
    directory.mkdir(parents=True, exist_ok=True)
    run(["clang-19", "--target=i386-none-elf", "-c", SOURCES / "firmware.S", "-o",
         directory / "firmware.o"])
    run(["ld.lld-19", "-m", "elf_i386", "-Ttext", "0", "--oformat", "binary", "-o",
         directory / "firmware.bin", directory / "firmware.o"])
    return directory / "firmware.bin"


def _make_initramfs() -> bytes:
    archive = Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    archive.file("init", _build_program(), 0o755)
    return archive.finish()


def _run_to_end(machine: Machine, what: str) -> dict[str, int]:
    """What the machine printed before it ended by itself."""
    log = ConsoleLog()
    text = bytearray()
    deadline = time.monotonic() + SECONDS
    with VirtualMachine(machine) as running:
        serial = running.sockets[SERIAL]
        while time.monotonic() < deadline:
            if select.select([serial], [], [], 1.0)[0]:
                data = serial.recv(64 * 1024)
                if not data:
                    break
                text += data
                log.feed(data)
        else:
            raise PithError(f"{what} did not come to an end in {SECONDS:.0f} s\n"
                            + "\n".join(log.tail(20)))
    found = {key.decode(): int(value, 0) for key, value in _LINE.findall(bytes(text))}
    if not found or (log.panicked and "end" not in found):
        raise PithError(f"{what} printed no counts\n" + "\n".join(log.tail(20)))
    return found


def _machine(kernel: pathlib.Path, command_line: str, initramfs: pathlib.Path | None) -> Machine:
    return Machine(kernel=kernel, command_line=command_line, initramfs=initramfs, disks=[],
                   processors=1, memory_mib=MEMORY_MIB, icount=True, extra=list(PROCESSOR))


def count_firmware() -> int:
    """Instructions from power-on to the first of a bzImage."""
    machine = _machine(_build_firmware_probe(), "", None)
    return _run_to_end(machine, "the firmware probe")["firmware"]


def count_operations(kernel: Kernel, firmware: int) -> dict[str, int]:
    """Instructions of each row; a negative errno where the kernel cannot do it."""
    with tempfile.TemporaryDirectory(prefix="pith-bench.") as work:
        initramfs = pathlib.Path(work) / "initramfs.cpio"
        initramfs.write_bytes(_make_initramfs())
        command_line = f"{kernel.command_line} mitigations=off"
        counts = _run_to_end(_machine(kernel.image, command_line, initramfs), kernel.name)
    counts[BOOT] = counts.pop("power_on_to_first_user_instruction") - firmware
    return counts

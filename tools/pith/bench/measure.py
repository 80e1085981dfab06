# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel with bench/programs as process 1 and reads the instruction counts it prints.

One processor, `-icount shift=0`: the time stamp counter counts instructions, and two runs agree.
The boot row is a machine of its own: bench/first_instruction.S tells the counter at the first user
instruction, bench/firmware.S what it stood at before the kernel's first."""

import errno
import pathlib
import re
import select
import subprocess
import tempfile
import time
from collections.abc import Sequence

from pith import packages
from pith.bench.rows import BOOT, GATES, SERVERS, Value
from pith.errors import PithError
from pith.images.cpio import Archive
from pith.images.kernels import Kernel
from pith.machine.console_log import ConsoleLog
from pith.machine.qemu import SERIAL, Machine
from pith.machine.virtual_machine import VirtualMachine
from pith.paths import BUILD, ROOT
from pith.process import run

SOURCES = ROOT / "bench"
OUT = BUILD / "bench"
# Copies by `rep movsb` would count an instruction a byte under TCG.
PROCESSOR = ["-cpu", "max,-erms,-fsrm"]
OPTIONS = "quiet mitigations=off"
MEMORY_MIB = 1024
SECONDS = 1500.0
GATE_TEST = "core.gate.gate_cost"
RAM_DISK = "ramdisks=1 ramdisk_size=16384"
AS_SERVER = f"{RAM_DISK} pith.place=ramdisk0:server"
END_SECONDS = 20.0

_COUNT = re.compile(r"^bench\t(\w+)\t(0x[0-9a-f]+)\r?$", re.MULTILINE)
_ROW = re.compile(r"^([a-z][a-z0-9_]*)\t(?:(\d+)|unavailable\t(.*?))\r?$", re.MULTILINE)
_DONE = re.compile(r"^# done\r?$", re.MULTILINE)


def _reason(text: str) -> str:
    return errno.errorcode.get(int(text), text) if text.isdigit() else text


def read_values(text: str) -> dict[str, Value]:
    """Row by key: a count, or what the program said why there is none."""
    return {key: int(count) if count else _reason(reason)
            for key, count, reason in _ROW.findall(text)}


def build_programs() -> list[pathlib.Path]:
    """Builds and names everything that is booted to measure."""
    packages.require("bench")
    run(["python3", SOURCES / "build.py"])
    return [OUT / "pith_bench", OUT / "pith_bench_child", _firmware_probe(), _first_instruction()]


def _assemble(source: str, target: str, *link: str) -> pathlib.Path:
    packages.require("build")
    OUT.mkdir(parents=True, exist_ok=True)
    made = OUT / pathlib.Path(source).stem
    run(["clang-19", f"--target={target}", "-c", SOURCES / source, "-o", f"{made}.o"])
    run(["ld.lld-19", *link, "-o", made, f"{made}.o"])
    return made


def _firmware_probe() -> pathlib.Path:
    return _assemble("firmware.S", "i386-none-elf", "-m", "elf_i386", "-Ttext", "0",
                     "--oformat", "binary")


def _first_instruction() -> pathlib.Path:
    return _assemble("first_instruction.S", "x86_64-none-elf", "-static", "-s", "-z",
                     "noexecstack")


def _archive(programs: dict[str, pathlib.Path], path: pathlib.Path) -> pathlib.Path:
    archive = Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    for name, program in programs.items():
        archive.file(name, program.read_bytes(), 0o755)
    path.write_bytes(archive.finish())
    return path


def _run_to_end(machine: Machine, what: str) -> str:
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
                    # It leaves when it has written all it has to.
                    select.select([running.exit_descriptor], [], [], END_SECONDS)
                    break
                text += data
                log.feed(data)
        else:
            raise PithError(f"{what} did not come to an end in {SECONDS:.0f} s\n"
                            + "\n".join(log.tail(20)))
    if log.panicked:
        raise PithError(f"{what} panicked\n" + "\n".join(log.tail(40)))
    return text.decode("utf-8", "replace")


def _machine(kernel: pathlib.Path, command_line: str, initramfs: pathlib.Path | None,
             extra: Sequence[str] = ()) -> Machine:
    return Machine(kernel=kernel, command_line=command_line, initramfs=initramfs, disks=[],
                   processors=1, memory_mib=MEMORY_MIB, icount=True, extra=[*PROCESSOR, *extra])


def _told_count(machine: Machine, what: str) -> int:
    text = _run_to_end(machine, what)
    found = _COUNT.search(text)
    if found is None:
        raise PithError(f"{what} told no count\n" + "\n".join(text.splitlines()[-20:]))
    return int(found.group(2), 0)


def count_firmware() -> int:
    """Instructions from power-on to the first of a bzImage."""
    return _told_count(_machine(_firmware_probe(), "", None), "the firmware probe")


def run_boot(kernel: Kernel, options: str = "", extra: Sequence[str] = ()) -> int:
    """Instructions from power-on to the first of a program."""
    with tempfile.TemporaryDirectory(prefix="pith-bench.") as work:
        initramfs = _archive({"init": _first_instruction()},
                             pathlib.Path(work) / "initramfs.cpio")
        command_line = f"{kernel.command_line} {OPTIONS} {options}".rstrip()
        machine = _machine(kernel.image, command_line, initramfs, extra)
        return _told_count(machine, f"{kernel.name} starting one program")


def run_operations(kernel: Kernel, keys: list[str], options: str = "",
                   extra: Sequence[str] = ()) -> str:
    """What pith_bench says, measuring all rows or those named."""
    build_programs()
    with tempfile.TemporaryDirectory(prefix="pith-bench.") as work:
        initramfs = _archive(
            {"init": OUT / "pith_bench", "pith_bench_child": OUT / "pith_bench_child"},
            pathlib.Path(work) / "initramfs.cpio")
        command_line = f"{kernel.command_line} {OPTIONS} {options} -- {' '.join(keys)}"
        machine = _machine(kernel.image, command_line.rstrip(" -"), initramfs, extra)
        text = _run_to_end(machine, kernel.name)
    if not _DONE.search(text):
        raise PithError(f"{kernel.name} did not measure to the end\n"
                        + "\n".join(text.splitlines()[-20:]))
    return text


def count_gates() -> dict[str, Value]:
    """What a request through a gate costs over a plain call: a process counts its own steps, built
    as the release kernel is."""
    packages.require("build", "host-tests")
    run(["python3", ROOT / "host" / "test" / "build.py", "--sanitize", "none", "--build",
         "--only", GATE_TEST])
    # What is too much is the table's to judge, not the test's.
    done = subprocess.run([BUILD / "unit" / "none" / f"{GATE_TEST}_test"], capture_output=True,
                          text=True, check=False)
    counts = read_values(done.stdout)
    if not all(key in counts for key in GATES):
        raise PithError(f"{GATE_TEST} told no count\n{done.stdout}{done.stderr}")
    return counts


def count_servers(kernel: Kernel) -> dict[str, Value]:
    """What requests to the RAM disk take more when its driver is a server."""
    taken = []
    for options in (RAM_DISK, AS_SERVER):
        text = run_operations(kernel, list(SERVERS.values()), options)
        taken.append({key: int(value) for key, value in read_values(text).items()})
    return {key: max(taken[1][row] - taken[0][row], 0) for key, row in SERVERS.items()}


def count_all(kernel: Kernel, firmware: int, keys: list[str]) -> dict[str, Value]:
    """Every row of a machine, or those named."""
    counts: dict[str, Value] = {}
    operations = [key for key in keys if key not in (BOOT, *GATES, *SERVERS)]
    if not keys or BOOT in keys:
        counts[BOOT] = run_boot(kernel) - firmware
    if not keys or operations:
        counts |= read_values(run_operations(kernel, operations))
    return counts

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel and has components moved, killed or compared while programs use them.

    tests/placements/run.py same|kill|move|crash|swap [--count N] [--kernel FILE] [--append WORDS]

Ends with `N passed, N failed`; what was counted stands above.
"""
import argparse
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/syscalls"))
from boot import Archive  # noqa: E402

PLACEMENTS = "module,builtin"  # of the storms
# Instance 1 of virtio_blk is the raw disk, 0 has the file system.
INSTANCES = "ramdisk0,virtio_blk0,virtio_blk1,virtio_console0,ext40"
BLOCK = 4096
COUNTS = {"kill": 200, "move": 500, "swap": 20}
SOURCES = {"crash": ["crash.c"], "swap": ["swap.c", "load.c"]}
OBJECTS = {"crash": ["faulty_disk"],
           "swap": ["faulty_disk", "swap_disk_1", "swap_disk_2", "swap_disk_2_bad",
                    "swap_disk_2_crash"]}


def build_guest(program: pathlib.Path, sources: list[str]) -> None:
    """A static program of files in this folder."""
    files = [ROOT / "tests/placements" / name for name in sources]
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Wno-format-truncation", "-o",
                    program, *files, "-lpthread"], check=True)


def build_archive(folder: pathlib.Path, scenario: str, kernel: pathlib.Path) -> pathlib.Path:
    guest = folder / "guest"
    build_guest(guest, SOURCES.get(scenario, ["guest.c", "load.c"]))
    archive = Archive()
    archive.console()
    archive.file(guest, "init")
    for name in OBJECTS.get(scenario, []):
        archive.file(kernel.parent / f"test_components/{name}.o", f"{name}.o")
    (folder / "initrd").write_bytes(archive.finish())
    return folder / "initrd"


class Machine:
    """One boot: its disks, its console's file, what it said."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path, words: str):
        self.files, self.raw = folder / "files.img", folder / "raw.img"
        self.lines = folder / "hvc"
        for disk, size in ((self.files, 64 << 20), (self.raw, 16 << 20)):
            with open(disk, "wb") as file:
                file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", self.files], check=True)
        command = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp",
            options.smp, "-m", "512", "-nodefaults", "-display", "none", "-no-reboot",
            "-kernel", options.kernel, "-serial", "stdio", "-initrd",
            str(build_archive(folder, options.scenario, pathlib.Path(options.kernel))),
            "-append", "console=ttyS0 panic=-1 ramdisks=1 ramdisk_size=8192 "
            f"{'' if options.log else 'quiet'} {options.append} -- {words}",
            "-device", "virtio-serial-pci", "-chardev", f"file,id=hvc,path={self.lines}",
            "-device", "virtconsole,chardev=hvc"]
        for number, disk in enumerate((self.files, self.raw)):
            command += ["-drive", f"if=none,id=d{number},format=raw,file={disk}",
                        "-device", f"virtio-blk-pci,drive=d{number}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=options.timeout)
            said = done.stdout
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"") + b"\ntime is up\n"
        self.text = said.decode(errors="replace").replace("\r", "")


def disk_is_right(machine: Machine) -> bool:
    """Each block on the raw disk is the version the guest was told is there."""
    wanted = re.findall(r"^disk (\d+) (\d+)$", machine.text, re.MULTILINE)
    with open(machine.raw, "rb") as file:
        for number, version in wanted:
            file.seek(int(number) * BLOCK)
            found = struct.unpack("<QQ", file.read(16))
            if found != (int(number), int(version)):
                print(f"raw disk: block {number} is {found}, not version {version}")
                return False
    return len(wanted) >= 100


def check_lines(machine: Machine) -> tuple[bool, int]:
    """No line to the console is missing; how many came more than once (which may be)."""
    text = machine.lines.read_bytes().decode(errors="replace").replace("\r", "")
    told = re.findall(r"^lines (\d+)$", text, re.MULTILINE)
    found = [int(n) for n in re.findall(r"line (\d+)$", text, re.MULTILINE)]
    missing = set(range(int(told[0]) if told else 0)) - set(found)
    if missing:
        print(f"console: {len(missing)} lines are missing: {sorted(missing)[:40]}")
    return bool(told) and not missing, len(found) - len(set(found))


def judge(machine: Machine, scenario: str, show_all: bool) -> tuple[int, int]:
    lines = machine.text.splitlines()
    for line in lines:
        if line.startswith(("pass", "FAIL", "count", "hash")) or show_all:
            print(line)
    checks = {"the guest came to its end":
              bool(re.search(r"^\d+ passed, \d+ failed$", machine.text, re.MULTILINE))}
    if scenario in ("kill", "move"):
        checks["the raw disk holds what was acknowledged"] = disk_is_right(machine)
        checked = subprocess.run(["e2fsck", "-fn", machine.files], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        checks["e2fsck finds nothing"] = checked.returncode == 0
        if checked.returncode != 0:
            print(checked.stdout)
        checks["no line to the console is lost"], repeated = check_lines(machine)
        print(f"count console lines repeated {repeated}")
    passed = sum(line.startswith("pass ") for line in lines) + sum(checks.values())
    failed = sum(line.startswith("FAIL ") for line in lines) + sum(not c for c in checks.values())
    for name, good in checks.items():
        print("pass" if good else "FAIL", name)
    if not checks["the guest came to its end"]:
        print(machine.text[-6000:])
    return passed, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=["same", "kill", "move", "crash", "swap"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--kernel", default=str(ROOT / "build/release/vmlinuz"))
    parser.add_argument("--append", default="", help="more words for the kernel")
    parser.add_argument("--log", action="store_true", help="show what the kernel says, too")
    parser.add_argument("--placements", default=PLACEMENTS)
    parser.add_argument("--instances", default=INSTANCES)
    parser.add_argument("--smp", default="2")
    parser.add_argument("--timeout", type=float, default=300)
    options = parser.parse_args()
    if options.scenario == "same":
        instances = options.instances.replace(",ext40", "")  # nothing is mounted
        words = f"same {options.placements},server {instances}"
    elif options.scenario in ("crash", "swap"):
        options.append += " pith.without=ramdisk"
        words = str(options.count or COUNTS["swap"]) if options.scenario == "swap" else ""
    else:
        count = options.count or COUNTS[options.scenario]
        words = f"storm {options.scenario} {count} {options.placements} {options.instances}"
    with tempfile.TemporaryDirectory() as name:
        machine = Machine(options, pathlib.Path(name), words)
        passed, failed = judge(machine, options.scenario, options.log)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Plugs disks into a running machine and pulls them out while programs use them.

    tests/hotplug/run.py [--count N] [--machine q35|q35-acpi|pc ...] [--kernel FILE]

The guest (guest.c) asks for each change in a line on its console; QEMU does it by QMP. QEMU 7.2
now and then crashes itself when an NVMe disk with requests in flight goes; such a machine is
counted and started again. Ends with `N passed, N failed`.
"""
import argparse
import json
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/syscalls"))
from boot import Archive  # noqa: E402

ROOT_PORT = ["-device", "pcie-root-port,id=hotport,chassis=1,slot=1"]
# By the slot's own registers (PCI Express), or by those of QEMU's firmware.
MACHINES = {
    "q35": ["-M", "q35", "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
            *ROOT_PORT],
    "q35-acpi": ["-M", "q35", *ROOT_PORT],
    "pc": ["-M", "pc"],
}
DEVICES = {
    "nvme": {"driver": "nvme", "serial": "PITHHOT"},
    "virtio": {"driver": "virtio-blk-pci"},
    "scsi": {"driver": "scsi-hd", "bus": "scsi.0"},
    "files": {"driver": "virtio-blk-pci"},
}
DISK_BYTES = 16 << 20


TRIES = 20  # of a machine, when QEMU itself crashes; each goes on behind the rounds before it
LEAST_ROUNDS = 12  # of a machine: fewer do not show whether memory is lost


class QemuCrashed(Exception):
    """QEMU ended by a signal: nothing can be said of the guest behind the rounds that it had done
    before."""

    def __init__(self, rounds: int, failed: int):
        super().__init__(f"after {rounds} rounds")
        self.rounds, self.failed = rounds, failed


class Monitor:
    """QEMU's monitor: commands and the events it sends in between."""

    def __init__(self, path: pathlib.Path):
        deadline = time.monotonic() + 20
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(str(path))
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.file = self.socket.makefile("rw")
        self.file.readline() # the greeting
        self.run("qmp_capabilities")

    def run(self, command: str, **arguments) -> dict:
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                return answer

    def wait_deleted(self, name: str, limit: float) -> bool:
        """Until the guest has let go of a device. DEVICE_DELETED is no measure: it comes when QEMU
        frees the last of it, which on a busy host may be much later."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            there = self.run("qom-list", path="/machine/peripheral")["return"]
            if all(each["name"] != name for each in there):
                return True
            time.sleep(0.05)
        return False


class Plugger:
    """Does what the guest asks for."""

    def __init__(self, monitor: Monitor, folder: pathlib.Path, machine: str):
        self.monitor, self.folder, self.machine = monitor, folder, machine
        self.number = 0
        self.failures: list[str] = []
        self.text = ""  # the guest's console

    def crash(self) -> QemuCrashed:
        """QEMU's own end, in the middle of a round."""
        wrong = [line for line in self.text.splitlines() if line.startswith("FAIL")]
        wrong += [f"FAIL {failure}" for failure in self.failures]
        for line in wrong:
            print(f"{self.machine}: {line}")
        return QemuCrashed(max(self.number - 1, 0), len(wrong))

    def image(self, kind: str) -> pathlib.Path:
        path = self.folder / f"{kind}.img"
        if not path.exists() or kind == "files":
            with open(path, "wb") as file:
                file.truncate(DISK_BYTES)
        if kind == "files":
            subprocess.run(["mkfs.ext4", "-q", "-F", path], check=True)
        return path

    def _must(self, answer: dict, what: str) -> None:
        if "error" in answer:
            self.failures.append(f"{what}: {answer['error']['desc']}")

    def add(self, kind: str) -> None:
        self.number += 1
        drive = f"drive{self.number}"
        self._must(self.monitor.run("blockdev-add", **{
            "node-name": drive, "driver": "raw",
            "file": {"driver": "file", "locking": "off", "filename": str(self.image(kind))}}),
            "blockdev-add")
        place = {} if self.machine == "pc" else {"bus": "hotport"}
        self._must(self.monitor.run("device_add", id=f"hot{self.number}", drive=drive,
                                    **(place | DEVICES[kind])), "device_add")

    def remove(self) -> None:
        name = f"hot{self.number}"
        self._must(self.monitor.run("device_del", id=name), "device_del")
        if not self.monitor.wait_deleted(name, 40):
            self.failures.append(f"the guest does not let go of {name}")
            return
        # Refused while QEMU holds the device's last reference; the image is opened anew anyway.
        self.monitor.run("blockdev-del", **{"node-name": f"drive{self.number}"})


def build_archive(folder: pathlib.Path) -> pathlib.Path:
    guest = folder / "guest"
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-o", guest,
                    ROOT / "tests/hotplug/guest.c", "-lpthread"], check=True)
    archive = Archive()
    archive.console()
    archive.file(guest, "init")
    (folder / "initrd").write_bytes(archive.finish())
    return folder / "initrd"


def converse(process: subprocess.Popen, plugger: Plugger, limit: float, show: bool) -> str:
    """Answers the guest's wishes until the machine ends; its console's text."""
    line, deadline = "", time.monotonic() + limit
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 1)
        if not ready:
            continue
        raw = process.stdout.read1(65536)
        if not raw:
            return plugger.text
        piece = raw.decode(errors="replace").replace("\r", "")
        plugger.text += piece
        if show:
            print(piece, end="", flush=True)
        *lines, line = (line + piece).split("\n")
        for each in lines:
            words = each.split()
            if words[:1] == ["want"] and len(words) == 3:
                plugger.add(words[2]) if words[1] == "add" else plugger.remove()
    return plugger.text + "\ntime is up\n"


def boot(options: argparse.Namespace, machine: str, folder: pathlib.Path,
         rounds: int) -> tuple[int, int]:
    with open(folder / "vda.img", "wb") as file:
        file.truncate(DISK_BYTES)
    monitor = folder / "monitor"
    monitor.unlink(missing_ok=True)
    command = [
        "qemu-system-x86_64", *MACHINES[machine], "-accel", "tcg", "-cpu", "max", "-smp", "2",
        "-m", "256", "-nodefaults", "-display", "none", "-no-reboot", "-kernel", options.kernel,
        "-initrd", str(folder / "initrd"), "-serial", "stdio",
        "-qmp", f"unix:{monitor},server=on,wait=off",
        "-append", f"console=ttyS0 {'' if options.log else 'quiet'} panic=-1 {options.append} "
        f"-- {rounds}",
        *options.qemu.split(), "-drive", f"if=none,id=vda,format=raw,file={folder / 'vda.img'}",
        "-device", "virtio-blk-pci,drive=vda", "-device", "virtio-scsi-pci,id=scsi"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        plugger = Plugger(Monitor(monitor), folder, machine)
        text = converse(process, plugger, options.timeout, options.log)
        if " passed, " not in text and process.poll() == -signal.SIGSEGV:
            raise plugger.crash()
    except (OSError, ValueError) as broken:  # the monitor's end of the line is gone
        if process.wait(10) == -signal.SIGSEGV:
            raise plugger.crash() from broken
        raise
    finally:
        process.kill()
        process.wait()
    lines = text.splitlines()
    for line in lines:
        if line.startswith(("FAIL", "count")):
            print(f"{machine}: {line}")
    counts = [line.split() for line in lines if line.endswith(" failed") and " passed, " in line]
    passed, failed = (int(counts[-1][0]), int(counts[-1][2])) if counts else (0, 1)
    for failure in plugger.failures:
        print(f"{machine}: FAIL {failure}")
    if not counts:
        print(text[-4000:])
    return passed, failed + len(plugger.failures)


def boot_again(options: argparse.Namespace, machine: str,
               folder: pathlib.Path) -> tuple[int, int]:
    """As boot, but not stopped by a QEMU that crashes."""
    rounds, failed = options.count, 0
    for left in reversed(range(TRIES)):
        try:
            good, bad = boot(options, machine, folder, rounds)
            return good, bad + failed
        except QemuCrashed as crash:
            print(f"{machine}: count QEMU crashed {crash}; {left} tries left", flush=True)
            failed += crash.failed
            rounds = max(rounds - crash.rounds, min(LEAST_ROUNDS, options.count))
    return 0, failed + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--machine", action="append", choices=MACHINES)
    parser.add_argument("--kernel", default=str(ROOT / "build/release/vmlinuz"))
    parser.add_argument("--append", default="", help="more words for the kernel")
    parser.add_argument("--qemu", default="", help="more words for QEMU")
    parser.add_argument("--log", action="store_true", help="show what the kernel says, too")
    parser.add_argument("--timeout", type=float, default=240)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build_archive(folder)
        for machine in options.machine or MACHINES:
            good, bad = boot_again(options, machine, folder)
            print(f"{machine}: {good} passed, {bad} failed", flush=True)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

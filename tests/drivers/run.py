#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel on each kind of machine and uses the drivers' devices through /dev.

    tests/drivers/run.py [--kernel FILE] [--machine q35|pc|microvm|microvm-legacy ...]

Disks, RAM disk, console, a named port and a second serial line; bytes are echoed by the guest while
the host sends as fast as it can, so that flow control has to work. Ends with `N passed, N failed`.
"""
import argparse
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/syscalls"))
from boot import Archive  # noqa: E402

MACHINES = {
    "q35": (["-M", "q35"], "pci"),
    "pc": (["-M", "pc"], "pci"),
    # Interrupts by lines, which devices share.
    "pc-lines": (["-M", "pc"], "pci"),
    "microvm": (["-M", "microvm,acpi=off,isa-serial=on,rtc=on",
                 "-global", "virtio-mmio.force-legacy=false"], "device"),
    # ACPI tells of the devices instead of the command line; there are more interrupt lines.
    "microvm-acpi": (["-M", "microvm,acpi=on,isa-serial=on,rtc=on",
                      "-global", "virtio-mmio.force-legacy=false"], "device"),
    "microvm-legacy": (["-M", "microvm,acpi=off,isa-serial=on,rtc=on"], "device"),
}
WORDS = {"pc-lines": " pci=nomsi"} # for the kernel
# Besides the virtio disk, where there is PCI: the device's words and its name in the guest.
DISKS = {
    "nvme0n1": ["nvme,drive={drive},serial=PITHNVME"],
    "nvme1n1": ["nvme,drive={drive},serial=PITH4096,logical_block_size=4096,"
                "physical_block_size=4096"],
    "sda": ["ahci,id=sata", "ide-hd,bus=sata.0,drive={drive},serial=PITHSATA"],
    "sdb": ["virtio-scsi-pci,id=scsi", "scsi-hd,bus=scsi.0,drive={drive},serial=PITHSCSI"],
}
ECHOES = {"port": 512 << 10, "line": 32 << 10}


def pattern(size: int) -> bytes:
    return bytes((i * 7 + (i >> 8)) & 0xff for i in range(size))


class Echo(threading.Thread):
    """The host's end of a channel: sends all once the guest is ready, collects what returns."""

    def __init__(self, end: socket.socket, size: int):
        super().__init__(daemon=True)
        self.end, self.size, self.found = end, size, b""

    def run(self) -> None:
        try:
            while b"READY\n" not in self.found:
                self._receive()
            self.found = self.found.split(b"READY\n", 1)[1]
            threading.Thread(target=self.end.sendall, args=(pattern(self.size),),
                             daemon=True).start()
            while len(self.found) < self.size:
                self._receive()
        except ConnectionError:
            pass

    def _receive(self) -> None:
        got = self.end.recv(65536)
        if not got:
            raise ConnectionError
        self.found += got


def build_archive(folder: pathlib.Path) -> pathlib.Path:
    guest = folder / "guest"
    subprocess.run(["gcc", "-static", "-O1", "-Wall", "-o", guest, ROOT / "tests/drivers/guest.c"],
                   check=True)
    archive = Archive()
    archive.console()
    archive.file(guest, "init")
    (folder / "initrd").write_bytes(archive.finish())
    return folder / "initrd"


def boot(kernel: str, machine: str, folder: pathlib.Path, limit: float) -> tuple[int, int]:
    words, suffix = MACHINES[machine]
    disks = {"vda": [f"virtio-blk-{suffix},drive={{drive}},serial=PITHDISK"]}
    if suffix == "pci":
        disks |= DISKS
    images = {name: folder / f"{machine}-{name}.img" for name in disks}
    for image in images.values():
        with open(image, "wb") as file:
            file.truncate(16 << 20)
    channels = {name: socket.socketpair() for name in ECHOES}
    fds = {name: pair[1].fileno() for name, pair in channels.items()}
    hvc = folder / f"{machine}.hvc"
    command = [
        "qemu-system-x86_64", *words, "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "256",
        "-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel,
        "-initrd", str(folder / "initrd"), "-serial", "stdio",
        "-append", "console=ttyS0 quiet panic=-1 ramdisks=1 ramdisk_size=1024 disks="
        + ",".join(disks) + WORDS.get(machine, ""),
        "-device", f"virtio-serial-{suffix}",
        "-chardev", f"file,id=hvc,path={hvc}", "-device", "virtconsole,chardev=hvc",
        "-chardev", f"socket,id=port,fd={fds['port']}",
        "-device", "virtserialport,chardev=port,name=org.pith.test",
        "-chardev", f"socket,id=line,fd={fds['line']}"]
    for name, devices in disks.items():
        command += ["-drive", f"if=none,id={name},format=raw,file={images[name]}"]
        for device in devices:
            command += ["-device", device.format(drive=name)]
    # microvm has one serial port; a second one is an ISA device as well.
    command += ["-device", "isa-serial,chardev=line"] if suffix == "device" else \
        ["-serial", "chardev:line"]
    echoes = {name: Echo(pair[0], ECHOES[name]) for name, pair in channels.items()}
    for echo in echoes.values():
        echo.start()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              pass_fds=list(fds.values()), timeout=limit)
        text = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace") + "\ntime is up\n"
    for pair in channels.values():
        pair[1].close()
    checks = [(line[5:], line.startswith("pass")) for line in text.replace("\r", "").splitlines()
              if line.startswith(("pass ", "FAIL "))]
    checks.append(("guest came to its end", "drivers: " in text))
    for name, echo in echoes.items():
        echo.join(2)
        checks.append((f"{name}: {len(echo.found)} of {echo.size} bytes back, unchanged",
                       echo.found == pattern(echo.size)))
    checks.append(("hvc0 heard", b"hello from hvc0" in hvc.read_bytes()))
    for name, image in images.items():
        checks.append((f"data is on {name}", any(image.read_bytes())))
    failed = [name for name, good in checks if not good]
    for name in failed:
        print(f"{machine}: FAILED {name}")
    if failed:
        print(text[-4000:])
    return len(checks) - len(failed), len(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", default=str(ROOT / "build/release/vmlinuz"))
    parser.add_argument("--machine", action="append", choices=MACHINES)
    parser.add_argument("--timeout", type=float, default=120)
    options = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        build_archive(folder)
        for machine in options.machine or MACHINES:
            good, bad = boot(options.kernel, machine, folder, options.timeout)
            print(f"{machine}: {good} passed, {bad} failed", flush=True)
            passed, failed = passed + good, failed + bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

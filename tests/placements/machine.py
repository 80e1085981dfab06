# SPDX-License-Identifier: BSD-2-Clause
"""One boot of tests/placements: an initramfs with the guest, its disks and its terminals' files."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/syscalls"), str(ROOT / "tools")]
from boot import Archive  # noqa: E402
from pith.images.rootfs import debian_disk  # noqa: E402
from pith.machine.qemu import IOMMU_WORDS  # noqa: E402

RAW_BYTES = 16 << 20
# Disks and terminals by what the guest calls them.
RAW_DISKS = {"/dev/vdb": "raw.img", "/dev/nvme0n1": "nvme.img"}
STREAMS = {"/dev/hvc0": "hvc0", "/dev/ttyS1": "ttyS1"}


SOURCES = {"crash": ["crash.c"], "swap": ["swap.c", "load.c"]}
STORM_SOURCES = ["load.c", "guest/*.c"]
OBJECTS = {"crash": ["faulty_disk"],
           "swap": ["faulty_disk", "swap_disk_1", "swap_disk_2", "swap_disk_2_bad",
                    "swap_disk_2_crash"]}


def build_guest(program: pathlib.Path, sources: list[str]) -> None:
    """A static program of files in this folder."""
    here = ROOT / "tests/placements"
    files = [file for name in sources for file in sorted(here.glob(name))]
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Wno-format-truncation",
                    f"-I{here}", "-o", program, *files, "-lpthread"], check=True)


def build_archive(folder: pathlib.Path, scenario: str, kernel: pathlib.Path) -> pathlib.Path:
    """The guest, and what it runs or loads."""
    build_guest(folder / "guest", SOURCES.get(scenario, STORM_SOURCES))
    archive = Archive()
    archive.console()
    archive.file(folder / "guest", "init")
    for name in OBJECTS.get(scenario, []):
        archive.file(kernel.parent / f"test_components/{name}.o", f"{name}.o")
    if scenario == "same":
        archive.file(kernel.parent / "user/pithctl", "pithctl")
    (folder / "initrd").write_bytes(archive.finish())
    return folder / "initrd"


def make_disks(folder: pathlib.Path) -> None:
    """Debian with sqlite3, copied, and empty disks."""
    subprocess.run(["cp", "--sparse=always", debian_disk(["sqlite3"]), folder / "files.img"],
                   check=True)
    for name in RAW_DISKS.values():
        with open(folder / name, "wb") as file:
            file.truncate(RAW_BYTES)


class Machine:
    """Boots when made; `text` is what it said on its first serial line."""

    def __init__(self, folder: pathlib.Path, options, words: str):
        self.folder = folder
        kernel = pathlib.Path(options.kernel)
        initrd = build_archive(folder, options.scenario, kernel)
        make_disks(folder)
        # Where idle time takes none, a disk that is waited for seems to take for ever.
        patience = "pith.answer_limit=1000000000" if options.icount else ""
        command = [
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp",
            "1" if options.icount else options.smp, "-m", "512", "-nodefaults", "-display", "none",
            "-no-reboot", "-kernel", kernel, "-initrd", initrd, "-append",
            "console=ttyS0 panic=-1 ramdisks=1 ramdisk_size=8192 "
            f"{'' if options.log else 'quiet'} {patience} {options.append} -- {words}",
            *(IOMMU_WORDS if options.iommu else []),  # before the devices behind it
            "-serial", "stdio", "-serial", f"file:{folder / STREAMS['/dev/ttyS1']}",
            "-device", "virtio-serial-pci",
            "-chardev", f"file,id=hvc,path={folder / STREAMS['/dev/hvc0']}",
            "-device", "virtconsole,chardev=hvc",
            "-drive", f"if=none,id=files,format=raw,file={folder / 'files.img'}",
            "-device", "virtio-blk-pci,drive=files",
            "-drive", f"if=none,id=raw,format=raw,file={folder / RAW_DISKS['/dev/vdb']}",
            "-device", "virtio-blk-pci,drive=raw",
            "-drive", f"if=none,id=nvme,format=raw,file={folder / RAW_DISKS['/dev/nvme0n1']}",
            "-device", "nvme,drive=nvme,serial=storm",
            # The machine has an AHCI controller of its own.
            "-device", "virtio-scsi-pci", "-device", "virtio-rng-pci"]
        if options.icount:  # an instruction is a nanosecond, and idle time takes none
            command += ["-icount", "shift=0,sleep=off"]
        command += options.qemu.split()
        try:
            said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=options.timeout,
                                  check=False).stdout
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"") + b"\ntime is up\n"
        self.text = said.decode(errors="replace").replace("\r", "")

    def facts(self, pattern: str) -> list:
        """What a regular expression for a whole line finds."""
        return re.findall(f"^{pattern}$", self.text, re.MULTILINE)

    def number(self, name: str) -> int:
        """Of the line `name N`; -1 if there is none."""
        found = self.facts(rf"{name} (\d+)")
        return int(found[0]) if found else -1

# SPDX-License-Identifier: BSD-2-Clause
"""The virtual machine as a QEMU command line.

Serial port: the log console. virtio-console ports 1 to 4: the agent's control, standard input,
output and error (user/agent/agent.h has the same numbers). Each is a socket QEMU inherits."""

import dataclasses
import pathlib

from pith.images.rootfs import Disk

QEMU = "qemu-system-x86_64"
PORTS = {"control": 1, "stdin": 2, "stdout": 3, "stderr": 4}
SERIAL = "serial"
CHANNELS = [SERIAL, *PORTS]
DEBUG_EXIT_PORT = 0x501
GDB_PORT = 1234
OVMF = pathlib.Path("/usr/share/ovmf/OVMF.fd")

MACHINES = ["q35", "pc", "microvm"]
# How disks are attached, and what the first three are called in the guest. microvm has virtio only.
DISK_NAMES = {
    "virtio": ["vda", "vdb", "vdc"],
    "nvme": ["nvme0n1", "nvme1n1", "nvme2n1"],
    "ahci": ["sda", "sdb", "sdc"],
    "scsi": ["sda", "sdb", "sdc"],
}
# Pith's CD images start it by Multiboot2; iso-linux by GRUB's `linux`, iso-syslinux by SYSLINUX.
CD_BOOTS = ["iso", "iso-efi", "iso-linux", "iso-syslinux"]
BOOTS = ["bzimage", "elf", *CD_BOOTS]


@dataclasses.dataclass
class Machine:
    """Everything QEMU has to know."""

    kernel: pathlib.Path | None  # None: the machine boots from `cdrom`
    command_line: str
    initramfs: pathlib.Path | None
    disks: list[Disk]
    disk_bus: str = "virtio"
    kind: str = "q35"
    processors: int = 2
    memory_mib: int = 512
    icount: bool = False
    gdb: int | None = None  # the port to wait for gdb on
    cdrom: pathlib.Path | None = None
    uefi: bool = False
    iommu: bool = False  # Intel's, before every PCI device
    extra: list[str] = dataclasses.field(default_factory=list)

    @property
    def has_pci(self) -> bool:
        """microvm has virtio-mmio transports instead."""
        return self.kind != "microvm"


# Translation only; interrupts go as they do without it. virtio devices go through it when told to,
# which those with a legacy interface cannot be.
IOMMU_WORDS = ["-device", "intel-iommu,intremap=off", "-global", "virtio-pci.disable-legacy=on",
               "-global", "virtio-device.iommu_platform=on"]


def _accelerator(machine: Machine) -> list[str]:
    if machine.icount:
        return ["-accel", "tcg", "-icount", "shift=0,sleep=off"]
    return ["-accel", "tcg,thread=multi"]


def _base(machine: Machine) -> list[str]:
    kind = machine.kind
    if kind == "microvm":
        # Version 2 of the virtio-mmio transport; version 1 is QEMU's default for old guests.
        kind += ",acpi=on,isa-serial=on,rtc=on"
    words = ["-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
             "-no-reboot", "-machine", f"{kind},memory-backend=memory", *_accelerator(machine),
             "-cpu", "max", "-smp", str(machine.processors), "-m", f"{machine.memory_mib}M",
             # Not reserved: a machine may have more memory than the host, if it does not use it.
             "-object",
             f"memory-backend-ram,id=memory,size={machine.memory_mib}M,reserve=off"]
    if machine.kind == "microvm":
        words += ["-global", "virtio-mmio.force-legacy=false"]
    else:
        words += ["-device", f"isa-debug-exit,iobase={DEBUG_EXIT_PORT:#x},iosize=2"]
    if machine.iommu:  # before the devices behind it
        words += IOMMU_WORDS
    if machine.gdb is not None:
        words += ["-gdb", f"tcp:127.0.0.1:{machine.gdb}", "-S"]
    return words


def _boot(machine: Machine) -> list[str]:
    words = []
    if machine.kernel is not None:
        words += ["-kernel", str(machine.kernel), "-append", machine.command_line]
        if machine.initramfs is not None:
            words += ["-initrd", str(machine.initramfs)]
    if machine.cdrom is not None:
        words += ["-cdrom", str(machine.cdrom), "-boot", "d"]
    if machine.uefi:
        words += ["-bios", str(OVMF)]
    return words


def _disk_controller(machine: Machine) -> list[str]:
    """What the disks hang on, if they do not on PCI themselves. q35 has an AHCI controller."""
    if machine.disk_bus == "ahci" and machine.kind != "q35":
        return ["-device", "ahci,id=ide"]
    if machine.disk_bus == "scsi":
        return ["-device", "virtio-scsi-pci,id=scsi"]
    return []


def _disk_device(machine: Machine, index: int) -> str:
    if machine.disk_bus == "nvme":
        return f"nvme,serial=PITH{index:04}"
    if machine.disk_bus == "ahci":
        return f"ide-hd,bus=ide.{index},serial=PITH{index:04}"
    if machine.disk_bus == "scsi":
        return f"scsi-hd,bus=scsi.0,scsi-id={index},serial=PITH{index:04}"
    return "virtio-blk-pci" if machine.has_pci else "virtio-blk-device"


def _disk(index: int, disk: Disk, device: str) -> list[str]:
    path = str(disk.path).replace(",", ",,")
    drive = f"if=none,id=disk{index},file={path},format={disk.format}"
    if disk.read_only:
        drive += ",read-only=on"
    elif not disk.writable:
        drive += ",snapshot=on"
    return ["-drive", drive, "-device", f"{device},drive=disk{index}"]


def _channels(descriptors: dict[str, int], device: str) -> list[str]:
    words = ["-chardev", f"socket,id={SERIAL},fd={descriptors[SERIAL]}",
             "-serial", f"chardev:{SERIAL}", "-device", f"{device},id=agent"]
    for name, number in PORTS.items():
        words += ["-chardev", f"socket,id={name},fd={descriptors[name]}",
                  "-device", f"virtserialport,bus=agent.0,nr={number},chardev={name},name={name}"]
    return words


def qemu_command(machine: Machine, descriptors: dict[str, int]) -> list[str]:
    """The words to start QEMU with; `descriptors` has an inherited socket per channel."""
    suffix = "pci" if machine.has_pci else "device"
    words = [QEMU, *_base(machine), *_boot(machine),
             *_channels(descriptors, f"virtio-serial-{suffix}")]
    words += _disk_controller(machine)
    for index, disk in enumerate(machine.disks):
        words += _disk(index, disk, _disk_device(machine, index))
    return words + machine.extra

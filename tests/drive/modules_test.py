# SPDX-License-Identifier: BSD-2-Clause
"""Devices bring their drivers from /lib/modules: by modprobe, and by udev when they are plugged."""

import json
import pathlib
import socket
import subprocess

import pytest
from machines import GUEST, KERNEL, PITH, explain, run

from pith.tests.group import GUEST_PACKAGES

WITHOUT = ("--append", "pith.without=nvme,virtio_scsi")


def _device_add(monitor: pathlib.Path, **properties: str) -> None:
    """Plugs a device by QEMU's monitor."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(monitor))
        stream = connection.makefile("rw", encoding="utf-8")
        stream.readline()  # its greeting
        for command in ({"execute": "qmp_capabilities"},
                        {"execute": "device_add", "arguments": properties}):
            stream.write(json.dumps(command) + "\n")
            stream.flush()
            while "event" in (answer := json.loads(stream.readline())):
                pass
            assert "error" not in answer, answer


def _disk(file: pathlib.Path, name: str) -> str:
    with open(file, "wb") as image:
        image.truncate(16 << 20)
    return f"-drive if=none,id={name},format=raw,file={file}"


@pytest.mark.skipif(KERNEL != "pith", reason="Debian's initramfs is not there to compare")
def test_debian_loads_drivers(tmp_path: pathlib.Path) -> None:
    """kmod's programs work on components; a controller that is plugged brings its driver."""
    monitor = tmp_path / "monitor"
    arguments = " ".join([
        "-device pcie-root-port,id=hotport,chassis=1,slot=1",
        f"-qmp unix:{monitor},server=on,wait=off",
        _disk(tmp_path / "nvme.img", "one"), "-device nvme,drive=one,serial=one",
        _disk(tmp_path / "scsi.img", "two")])
    process = subprocess.Popen(
        [PITH, "run", "--timeout", "200", "--packages", GUEST_PACKAGES, "--copy-in",
         str(GUEST), *WITHOUT, "--qemu-args", arguments, "--", "sh", "/copy-in/modules.sh"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode().strip())
        if line == b"ready\n":
            _device_add(monitor, driver="virtio-scsi-pci", id="scsi", bus="hotport")
            _device_add(monitor, driver="scsi-hd", bus="scsi.0", drive="two")
    assert (process.wait(60), lines) == (0, ["ready", "Module nvme virtio_scsi"]), lines


@pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's components")
def test_busybox_loads_drivers(tmp_path: pathlib.Path) -> None:
    """Where modprobe is BusyBox's. A file system left out is loaded by whoever mounts it, unless
    that is not wanted."""
    script = """
        set -e
        test ! -e /dev/nvme0n1
        for file in /sys/bus/pci/devices/*/modalias; do
            modprobe -q -- "$(cat $file)" || true
        done
        test -b /dev/nvme0n1
        mke2fs -q /dev/nvme0n1 > /dev/null
        setting=/proc/sys/kernel/modprobe
        test "$(cat $setting)" = /sbin/modprobe
        for path in '' /nonesuch /bin/false; do
            echo "$path" > $setting
            ! mount -t ext4 /dev/nvme0n1 /mnt 2>/tmp/why
            grep -q 'No such device' /tmp/why
        done
        echo /sbin/modprobe > $setting
        ! grep -q ext4 /proc/filesystems
        ! mount -t nonesuch /dev/nvme0n1 /mnt 2>/dev/null
        mount -t ext4 /dev/nvme0n1 /mnt
        grep -q 'ext4' /proc/filesystems
        test -z "$(ps -o stat,comm | grep ^Z)"
        echo words > /mnt/file
        umount /mnt
        rmmod ext4
        lsmod | cut -d' ' -f1 | sort | tr '\\n' ' '
    """
    done = run("sh", "-c", script, options=(
        "--rootfs", "busybox", "--append", "pith.without=nvme,ext4", "--qemu-args",
        f"{_disk(tmp_path / 'nvme.img', 'one')} -device nvme,drive=one,serial=one"))
    assert (done.returncode, done.stdout) == (0, b"Module nvme "), explain(done)


@pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's components")
def test_placement_by_file(tmp_path: pathlib.Path) -> None:
    """A write to `placement` moves the instance, or says why not, as pithctl does."""
    script = """
        modprobe nvme
        place=/sys/pith/components/nvme0/placement
        for wish in nowhere servers ''; do
            sh -c "echo $wish > $place" 2>&1 | sed 's/.*: //'
            pithctl move nvme0 "$wish" 2>/dev/null && echo moved to $wish
            cat $place
        done
        su nobody -s /bin/sh -c "echo server > $place" 2>&1 | sed 's/.*: //'
        for wish in server module server; do
            echo $wish > $place && cat $place
            dd if=/dev/nvme0n1 of=/dev/null bs=64k count=4 2>/dev/null || echo lost
        done
    """
    done = run("sh", "-c", script, options=(
        "--rootfs", "busybox", "--append", "pith.without=nvme", "--qemu-args",
        f"{_disk(tmp_path / 'nvme.img', 'one')} -device nvme,drive=one,serial=one"))
    assert done.stdout.decode().splitlines() == [
        *["Invalid argument", "module"] * 3, "Permission denied",
        "server", "module", "server"], explain(done)

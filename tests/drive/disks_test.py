# SPDX-License-Identifier: BSD-2-Clause
"""Debian's root on each kind of disk: written with the driver in the kernel, read and written again
after a restart with the driver as a server that is killed meanwhile; the file system is whole."""

import pathlib
import subprocess

import pytest
from machines import KERNEL, explain, run

from pith.images import rootfs
from pith.machine.qemu import DISK_NAMES

DRIVERS = {"virtio": "virtio_blk", "nvme": "nvme", "ahci": "ahci",
           "scsi": "virtio_scsi"}
WRITE = """
set -e
test -b /dev/$0
mkdir /root/tree
cp -a /etc /root/tree/
dd if=/dev/urandom of=/root/tree/random bs=64k count=32 conv=fsync status=none
find /root/tree -type f -print0 | sort -z | xargs -0 sha256sum > /root/sums
"""
AGAIN = """
set -e
test "$(cat /sys/pith/components/$1/placement)" = server
sha256sum --quiet --check /root/sums
for round in 1 2 3; do
    rm -rf /root/copy
    cp -a /root/tree /root/copy &
    sleep 0.1
    echo kill > /sys/pith/components/$1/control
    wait $!
    sync
done
diff -r --no-dereference /root/tree /root/copy
"""


@pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's drivers")
@pytest.mark.parametrize("bus", list(DISK_NAMES))
def test_root_on(bus: str, tmp_path: pathlib.Path) -> None:
    """Nothing written is lost over a restart, a kill, or from one placement to another."""
    image = tmp_path / "root.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                    rootfs.debian_disk([]), image], check=True)
    driver = DRIVERS[bus]
    for script, placement in ((WRITE, "builtin"), (AGAIN, "server")):
        done = run("bash", "-c", script, DISK_NAMES[bus][0], f"{driver}0", timeout=200, options=(
            "--disk-bus", bus, "--rootfs", str(image), "--keep",
            "--append", f"pith.place={driver}:{placement}"))
        assert done.returncode == 0, explain(done)
    raw = tmp_path / "root.ext4"
    subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
    checked = subprocess.run(["/sbin/e2fsck", "-fn", raw], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout.decode()

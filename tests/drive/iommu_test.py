# SPDX-License-Identifier: BSD-2-Clause
"""Disks behind a remapping unit: Debian works from them in every placement and over kills, and
where a device is told an address that was not lent to it, the access is kept from memory,
reported, and ends that one life."""

import pytest
from machines import KERNEL, explain, run

pytestmark = pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's drivers")

# The second disk's driver; what is read past caches is what was written, whatever happened between.
STRAY = """
set -e
cd /sys/pith/components/$0
statistic() { sed -n "s/^$1 //p" statistics; }
read_back() { dd if=/dev/$1 bs=64k count=16 iflag=direct status=none | sha256sum; }
dd if=/dev/urandom of=/dev/$1 bs=64k count=16 oflag=direct status=none
written=$(read_back $1)
strays=0
for placement in builtin module server; do
    test "$(cat placement)" = $placement || echo $placement > placement
    test "$(read_back $1)" = "$written"
    sleep 1.2  # a life that ends sooner after its move goes back to where it was
    restarts=$(statistic restarts)
    echo "stray-dma 1" > inject
    read_back $1 > /tmp/during 2>&1 || true  # the device may say that it could not
    for try in $(seq 200); do
        test "$(statistic restarts)" -eq "$restarts" || break
        sleep 0.05
    done
    test "$(statistic restarts)" -gt "$restarts"
    test "$(statistic strays)" -gt "$strays"
    strays=$(statistic strays)
    test "$(cat state) $(cat placement)" = "running $placement"
    test "$(read_back $1)" = "$written"
done
dmesg | grep -q "iommu: $(cat device) was kept from writing 0x1000000 "
dmesg | grep -q "$0: its device reached for memory that was not lent to it"
cp -a /etc /root/copy
sync
diff -r --no-dereference /etc /root/copy
"""

ROOT = """
set -e
for placement in builtin module server; do
    cd /sys/pith/components/$0
    test "$(cat placement)" = $placement || echo $placement > placement
    rm -rf /root/copy
    cp -a /usr/share/perl5 /etc /root/ &
    sleep 0.2
    echo kill > control
    wait $!
    sync
    diff -r --no-dereference /etc /root/etc
done
grep -qx 'strays 0' statistics
"""


def test_stray_access() -> None:
    """What was not lent is out of reach, and only the life that tried ends. Of a virtio disk:
    QEMU 7.2 itself crashes when an NVMe or AHCI controller is reset after such an access."""
    done = run("bash", "-c", STRAY, "virtio_blk1", "vdb", timeout=200, options=(
        "--iommu", "--disk", "64M", "--append", "pith.inject"))
    assert done.returncode == 0, explain(done)


@pytest.mark.parametrize("bus,instance", [("nvme", "nvme0"), ("ahci", "ahci0"),
                                          ("scsi", "virtio_scsi0")])
def test_root(bus: str, instance: str) -> None:
    """Debian's root on other controllers' disks, in every placement, over kills."""
    done = run("bash", "-c", ROOT, instance, timeout=200,
               options=("--iommu", "--disk-bus", bus))
    assert done.returncode == 0, explain(done)


def test_turned_off() -> None:
    """With intel_iommu=off the unit is left alone, and nothing pretends to confine anything."""
    done = run("bash", "-c", "echo 'stray-dma 1' > /sys/pith/components/virtio_blk0/inject",
               timeout=100, options=("--iommu", "--append", "pith.inject intel_iommu=off"))
    assert done.returncode != 0 and b"No such device" in done.stderr, explain(done)

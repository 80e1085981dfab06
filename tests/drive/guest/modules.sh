# SPDX-License-Identifier: BSD-2-Clause
# Debian's kmod on components, one of which (nvme) the kernel image was told to do without. Ends
# with the devices' daemon running: the disk that comes then brings the other one's driver.
set -e
fail() { echo "FAIL: $*"; exit 1; }
ask_for_all() { # as modprobe is to be called
    for file in /sys/bus/*/devices/*/modalias; do
        modprobe "$@" -- "$(cat "$file")" 2>/dev/null || true
    done
}

[ ! -e /dev/nvme0n1 ] || fail "a driver that was left out drives"
[ ! -e /sys/module/nvme ] || fail "it is known"
[ -d /sys/module/virtio_blk ] || fail "what is built in"
[ ! -e /sys/module/virtio_blk/initstate ] || fail "what is built in has a state"
modprobe virtio_blk || fail "modprobe of what is built in"
modprobe nonesuch 2>/dev/null && fail "modprobe of what is not there"
[ "$(modinfo -F version nvme)" = 1.0.0 ] || fail "modinfo"
[ "$(lsmod | wc -l)" = 1 ] || fail "something is loaded: $(lsmod)"

# By the alias of each device, as at boot; then by name, which changes nothing.
ask_for_all -q
[ -b /dev/nvme0n1 ] || fail "no disk"
[ "$(lsmod | cut -d' ' -f1 | sort | tr '\n' ' ')" = "Module nvme " ] || fail "$(lsmod)"
lsmod | grep -q '^nvme *[1-9][0-9]* *1$' || fail "$(lsmod)"
modprobe nvme || fail "a second modprobe"
[ "$(cat /sys/module/nvme/initstate)" = live ] || fail "its state"
rmmod nvme 2>/dev/null && fail "a driver at work went"

# One that drives nothing comes and goes.
modprobe virtio_scsi || fail "modprobe virtio_scsi"
rmmod virtio_scsi || fail "rmmod virtio_scsi"
[ ! -e /sys/module/virtio_scsi ] || fail "it is still known"

# The indexes can be made again, as packages do.
cp -rL /lib/modules /tmp/modules
rm /tmp/modules/*/modules.alias* /tmp/modules/*/modules.dep*
mkdir -p /tmp/root/lib && mv /tmp/modules /tmp/root/lib/
depmod -b /tmp/root "$(uname -r)"
cmp "/tmp/root/lib/modules/$(uname -r)/modules.alias" "/lib/modules/$(uname -r)/modules.alias"

/lib/systemd/systemd-udevd --daemon 2>/dev/null
udevadm trigger --action=add
udevadm settle
[ ! -e /sys/module/virtio_scsi ] || fail "nobody asked for it"
echo ready
for _ in $(seq 300); do
    [ -b /dev/sda ] && exec echo "$(lsmod | cut -d' ' -f1 | sort | tr '\n' ' ')"
    sleep 0.1
done
fail "no disk came"

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
lsmod | grep -q '^nvme *[1-9][0-9]* *0$' || fail "$(lsmod)"
modprobe nvme || fail "a second modprobe"
[ "$(cat /sys/module/nvme/initstate)" = live ] || fail "its state"

# A driver stays as long as its disk is open or mounted, and goes with the disk afterwards, wherever
# it lives.
users() { cat /sys/module/nvme/refcnt; }
exec 3</dev/nvme0n1
[ "$(users)" = 1 ] || fail "an open disk has no user"
rmmod nvme 2>/dev/null && fail "a driver went whose disk is open"
exec 3<&-
mke2fs -q /dev/nvme0n1 >/dev/null
mount /dev/nvme0n1 /mnt
rmmod nvme 2>/dev/null && fail "a driver went whose disk is mounted"
echo kept >/mnt/file
umount /mnt
for home in builtin module server; do
    pithctl move nvme0 "$home" 2>/dev/null || [ "$home" = builtin ] || fail "a move to $home"
    rmmod nvme || fail "rmmod of $home"
    [ ! -e /dev/nvme0n1 ] || fail "a disk without a driver"
    [ ! -e /sys/pith/components/nvme0 ] || fail "an instance without its component"
    pithctl list | grep -q nvme && fail "$(pithctl list)"
    modprobe nvme || fail "modprobe after rmmod"
    mount /dev/nvme0n1 /mnt || fail "what it drove is lost"
    [ "$(cat /mnt/file)" = kept ] || fail "what was on the disk"
    umount /mnt
done

# One comes in the midst of it: it is turned away, or the driver stays.
touch /tmp/go-on
( while [ -e /tmp/go-on ]; do
      dd if=/dev/nvme0n1 of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
  done ) &
stayed=0 went=0
while [ $((stayed + went)) -lt 100 ] || [ $went -lt 10 ]; do
    if rmmod nvme 2>/dev/null; then
        [ ! -e /dev/nvme0n1 ] || fail "the disk stayed behind"
        modprobe nvme || fail "modprobe in the midst of it"
        went=$((went + 1))
    else
        stayed=$((stayed + 1))
        [ -b /dev/nvme0n1 ] || fail "it was refused, and is gone"
    fi
    [ $((stayed + went)) -lt 2000 ] || fail "it never went"
done
rm /tmp/go-on
wait
modprobe -q nvme
[ -b /dev/nvme0n1 ] || fail "no disk in the end"

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

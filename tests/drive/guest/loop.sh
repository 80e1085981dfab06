# SPDX-License-Identifier: BSD-2-Clause
# Loop devices as their users know them. What it prints must be the same on every kernel.
set -e
work=/tmp/loop
mkdir -p $work $work/mnt
cd $work

fail() {
    echo "loop.sh: $*" >&2
    exit 1
}
# The command must fail, saying this.
refused() {
    words=$1
    shift
    if "$@" >out 2>&1; then
        fail "'$*' did not fail"
    fi
    grep -q "$words" out || fail "'$*' said: $(cat out)"
}

echo "- a file system in a file"
truncate -s 24M image
mke2fs -q -t ext4 image
mount -o loop image mnt
device=$(findmnt -n -o SOURCE mnt)
losetup -n -O AUTOCLEAR,RO,OFFSET,SIZELIMIT,DIO,LOG-SEC,BACK-FILE "$device" | tr -s ' '
cp -a /usr/share/perl5 mnt/ 2>/dev/null || cp -a /usr/share/dpkg mnt/
cp -a /bin/bash mnt/bash
sync
cmp /bin/bash mnt/bash
losetup -d "$device" # while it is mounted: at the end
cmp /bin/bash mnt/bash
umount mnt
test -z "$(losetup -a)" || fail "still attached: $(losetup -a)"
e2fsck -fn image >out 2>&1 || fail "$(cat out)"
mount -o loop,ro image mnt
cmp /bin/bash mnt/bash
refused 'Read-only' touch mnt/file
umount mnt
rm image

echo "- offset, limit, sizes"
seq 1 200000 | head -c 1048576 >data
device=$(losetup -f --show -o 4096 --sizelimit 10000 data)
blockdev --getsize64 "$device"
cat /sys/block/"${device#/dev/}"/loop/offset /sys/block/"${device#/dev/}"/loop/sizelimit
tail -c +4097 data | head -c 9728 | cmp - "$device"
refused 'No space' dd if=/dev/zero of="$device" bs=512 seek=19 count=1 oflag=direct
losetup -d "$device"
device=$(losetup -f --show data)
blockdev --getsize64 "$device"
truncate -s 2M data
losetup -c "$device"
blockdev --getsize64 "$device"
losetup -d "$device"
device=$(losetup -f --show -b 4096 data)
blockdev --getss "$device"
losetup -d "$device"
refused 'Invalid argument' losetup -f -b 1000 data
refused 'No such device' losetup -d "$device"

echo "- written and read back"
device=$(losetup -f --show data)
head -c 1048576 /dev/urandom >noise
dd if=noise of="$device" bs=64k seek=3 conv=fsync status=none
tail -c +196609 data | head -c 1048576 | cmp - noise
blockdev --flushbufs "$device"
tail -c +196609 "$device" | head -c 1048576 | cmp - noise
losetup -d "$device"

echo "- read-only"
device=$(losetup -f --show -r data)
blockdev --getro "$device"
cat /sys/block/"${device#/dev/}"/ro
refused 'Permission\|not permitted\|Read-only' dd if=/dev/zero of="$device" count=1
losetup -d "$device"

echo "- partitions"
truncate -s 4M disk
# Two entries of type 83: 2048 sectors from 2048 on, 1024 from 4096.
entry() {
    printf '\0\0\0\0\203\0\0\0%b' "$1"
}
{
    entry '\0\010\0\0\0\010\0\0'
    entry '\0\020\0\0\0\004\0\0'
    head -c 32 /dev/zero
    printf '\125\252'
} | dd of=disk bs=1 seek=446 conv=notrunc status=none
device=$(losetup -f --show -P disk)
name=${device#/dev/}
cat /sys/block/"$name"/"$name"p1/start /sys/block/"$name"/"$name"p1/size
cat /sys/block/"$name"/"$name"p2/size /sys/block/"$name"/loop/partscan
mke2fs -q -t ext4 "${device}p1"
mount "${device}p1" mnt
cp /bin/sh mnt/sh
umount mnt
e2fsck -fn "${device}p1" >out 2>&1 || fail "$(cat out)"
losetup -d "$device"
test ! -e "${device}p1" || fail "the partition is still there"

echo "- numbers"
# A request of a device with a number as its argument: what it answered.
request() {
    perl -e 'open my $device, $ARGV[0] =~ /control/ ? "+<" : "<", $ARGV[0] or die "$!\n";
        my $answer = ioctl($device, hex $ARGV[1], $ARGV[2] + 0);
        print defined $answer ? $answer + 0 : $!, "\n"' "$@"
}
losetup /dev/loop9 data
losetup -n -O NAME,BACK-FILE /dev/loop9 | tr -s ' '
refused 'busy\|in use' losetup /dev/loop9 disk
request /dev/loop-control 4c80 9
request /dev/loop-control 4c81 9
losetup -d /dev/loop9
request /dev/loop9 4c01 0
request /dev/loop9 4cff 0
request /dev/loop-control 4c81 9
test ! -e /dev/loop9 || fail "/dev/loop9 is still there"
request /dev/loop-control 4c81 9
request /dev/loop-control 4c81 -1
request /dev/loop-control 4cff 0

echo "- detached while it is open"
device=$(losetup -f --show data)
exec 5<"$device"
losetup -d "$device"
losetup -n -O AUTOCLEAR "$device" | tr -d ' '
cmp data "$device"
exec 5<&-
test -z "$(losetup -a)" || fail "still attached: $(losetup -a)"

echo "- another file"
change() {
    perl -e 'open my $device, "<", $ARGV[0] or die; open my $file, "<", $ARGV[1] or die;
        print defined ioctl($device, 0x4c06, fileno $file) ? "done" : $!, "\n"' "$@"
}
head -c 2097152 /dev/urandom >other
device=$(losetup -f --show -r data)
cmp data "$device"
change "$device" other
cmp other "$device"
change "$device" noise
losetup -d "$device"

echo "- on top of each other"
device=$(losetup -f --show data)
change "$device" other
second=$(losetup -f --show -o 512 "$device")
printf 'words' | dd of="$second" conv=notrunc,fsync status=none
blockdev --flushbufs "$device"
tail -c +513 data | head -c 5
echo
free=$(losetup -f)
refused 'Bad file descriptor' losetup "$free" "$free"
losetup -d "$second"
losetup -d "$device"

echo "- a disk that is full"
mkdir small
mount -t tmpfs -o size=2m none small
truncate -s 8M small/image
device=$(losetup -f --show small/image)
refused 'error' dd if=/dev/zero of="$device" bs=1M count=8 conv=fsync
losetup -d "$device"
umount small

cd /
rm -r $work
echo done

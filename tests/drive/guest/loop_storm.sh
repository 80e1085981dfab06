# SPDX-License-Identifier: BSD-2-Clause
# A loop device written and read while its component is killed and moved, $1 times.
set -e
count=$1
work=/tmp/storm
component=/sys/pith/components/loop0
mkdir -p $work
cd $work
truncate -s 16M image
test "$(losetup -f --show image)" = /dev/loop0
head -c 4194304 /dev/urandom >noise
# Other bytes are another version, though these mean the same.
cp /lib/modules/6.1.0-pith/loop.ko version0
{ cat version0; head -c 4096 /dev/zero; } >version1

# Until the file `over` is there: writes at one of three places, by the cache and past it, and reads
# back; the sums of the rounds go to `rounds`.
work_on() {
    offset=$1
    flags=$2
    rounds=0
    while [ ! -e over ]; do
        dd if=noise of=/dev/loop0 bs=64k seek="$offset" conv=notrunc,fsync $flags status=none
        dd if=/dev/loop0 bs=64k skip="$offset" count=64 ${flags:+iflag=direct} status=none |
            cmp - noise
        rounds=$((rounds + 1))
    done
    echo "$rounds" >"rounds.$offset"
}
work_on 0 '' &
first=$!
work_on 64 oflag=direct &
second=$!
done=0
while [ "$done" -lt "$count" ]; do
    for placement in server module builtin; do
        echo kill >$component/control
        echo "$placement" >$component/placement
        done=$((done + 1))
    done
    [ $((done % 2)) -ne 0 ] || pithctl swap loop0 version$((done / 2 % 2))
    sleep 0.05
done
touch over
wait $first || { echo "the first failed"; exit 1; }
wait $second || { echo "the second failed"; exit 1; }
blockdev --flushbufs /dev/loop0
for offset in 0 64; do
    dd if=/dev/loop0 bs=64k skip=$offset count=64 status=none | cmp - noise
    tail -c +$((offset * 65536 + 1)) image | head -c 4194304 | cmp - noise
    read -r rounds <rounds.$offset
    test "$rounds" -gt 1
done
losetup -d /dev/loop0
grep -E '^(kills|moves|swaps|orphaned|convicted) ' $component/statistics
cat rounds.* >&2
cat $component/statistics >&2
test "$(cat $component/state)" = running

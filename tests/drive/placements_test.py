# SPDX-License-Identifier: BSD-2-Clause
"""The same programs over the same components, wherever those live: the root disk's driver and its
file system in the kernel image, in modules, or in processes of their own."""

import pytest
from machines import FULL, explain, run

TREE = "/usr" if FULL else "/usr/share"
SCRIPT = f"tar --sort=name -c {TREE} 2>/dev/null | sha256sum"
WHERE = "sort -u /sys/pith/components/*/placement"


@pytest.fixture(scope="module", name="expected")
def fixture_expected() -> bytes:
    """What Linux says."""
    done = run("bash", "-c", SCRIPT, kernel="linux", timeout=400)
    assert done.returncode == 0 and done.stdout, explain(done)
    return done.stdout


@pytest.mark.parametrize("placement", ["builtin", "module", "server"])
def test_same_tree(placement: str, expected: bytes) -> None:
    """Every component lives there, and the tree is read as on Linux."""
    done = run("bash", "-c", f"{WHERE} >&2; {SCRIPT}", kernel="pith", timeout=500,
               options=("--append", f"pith.place=*:{placement}"))
    assert done.returncode == 0, explain(done)
    assert done.stderr.split() == [placement.encode()], explain(done)
    assert done.stdout == expected, explain(done)


CLOCK_AND_ENTROPY = """
set -e
for placement in builtin module server; do
    for instance in rtc_cmos0 virtio_rng0; do
        echo $placement > /sys/pith/components/$instance/placement
        test "$(cat /sys/pith/components/$instance/placement)" = $placement
    done
    hwclock --set --date '2031-02-28 23:59:58' --utc
    hwclock -r --utc
    hwclock -w --utc
    shown=$(date +%s -d "$(hwclock -r --utc)")
    echo $((shown - $(date +%s)))
    for kind in 1 2; do od -An -v -tx1 -w16 -N 16 /dev/hwrng; done
    dd if=/dev/hwrng bs=5000 count=4 iflag=fullblock status=none | wc -c
done
test -e /sys/class/rtc/rtc0/dev
test -e /sys/class/misc/hw_random/dev
"""


def test_clock_and_entropy() -> None:
    """The real-time clock is read and set, and the host's random bytes come, in every placement."""
    done = run("bash", "-c", CLOCK_AND_ENTROPY, kernel="pith", timeout=200,
               options=("--qemu-args=-device virtio-rng-pci",))
    assert done.returncode == 0, explain(done)
    lines = [line.strip() for line in done.stdout.decode().splitlines()]
    assert len(lines) == 3 * 5, explain(done)
    seen = set()
    for times in range(3):
        was_set, apart, first, second, count = lines[5 * times:5 * times + 5]
        assert was_set[:19] in ("2031-02-28 23:59:58", "2031-02-28 23:59:59",
                                *(f"2031-03-01 00:00:{late:02}" for late in range(20))), was_set
        assert abs(int(apart)) <= 2
        assert count == "20000"
        seen |= {first, second}
    assert len(seen) == 6  # no byte comes twice

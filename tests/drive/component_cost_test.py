# SPDX-License-Identifier: BSD-2-Clause
"""What it costs that drivers are components behind gates, in instructions."""

import subprocess

import pytest
from machines import FULL, KERNEL, PITH, explain, run

from pith.tests.group import GUEST_PACKAGES

pytestmark = pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's components")

ROWS = ["gate_untracked", "gate_tracked", "server_round_trip", "server_batched_32"]
READS = 64_000 if FULL else 16_000
MOST_FOR_SERVER = 1.6  # over a driver in the kernel

# A virtio disk that nothing else uses, read at random and past the page cache. With `-icount` time
# is instructions: what passed less what the processor idled is what the reads executed.
FIO = """
set -e
clock() {
    read -r up _ < /proc/uptime
    read -r _ _ _ _ idle waiting _ < /proc/stat
    echo "$up $((idle + waiting))"
}
each() {
    fio --name=reads --filename=/dev/vdb --ioengine=psync --direct=1 --rw=randread --bs=4k \
        --numjobs=32 --thread --size=64M --number_ios=$1 --group_reporting --randrepeat=1 --minimal
}
test -z "$1" || test "$(cat /sys/pith/components/virtio_blk1/placement)" = "$1"
each 20 > /dev/null
before=$(clock)
each $(($0 / 32)) > /tmp/said
after=$(clock)
awk -F';' '{ print $6 / 4 }' /tmp/said
echo "$before $after" | awk '{ printf "%.0f\\n", ($3 - $1) * 1e9 - ($4 - $2) * 1e7 }'
"""


def instructions_a_read(kernel: str, placement: str) -> float:
    """With the disk's driver there; "" where there is no choice."""
    where = ("--append", f"pith.place=virtio_blk1:{placement}") if placement else ()
    done = run("bash", "-c", FIO, str(READS), placement, kernel=kernel, timeout=400, options=(
        "--icount", "--smp", "1", "--packages", GUEST_PACKAGES, "--disk", "64M", *where))
    assert done.returncode == 0, explain(done)
    reads, executed = map(int, done.stdout.split())
    assert reads == READS, explain(done)
    return executed / reads


def test_gates_and_servers() -> None:
    """A gate over a plain call, and a server over the kernel: none above its limit."""
    done = subprocess.run([PITH, "bench", "--check", "--recorded", *ROWS], capture_output=True,
                          timeout=600, check=False)
    print(done.stdout.decode())
    assert done.returncode == 0, explain(done)
    assert done.stdout.splitlines()[-1] == b"%d passed, 0 failed" % len(ROWS), explain(done)


def test_reads_of_a_disk() -> None:
    """In the kernel no more than Linux takes; a server not much more than that."""
    linux = instructions_a_read("linux", "")
    builtin = instructions_a_read("pith", "builtin")
    server = instructions_a_read("pith", "server")
    print(f"instructions a read of 4 KiB: Linux {linux:.0f}, in the kernel {builtin:.0f} "
          f"({builtin / linux:.2f}), as a server {server:.0f} ({server / builtin:.2f})")
    assert builtin <= linux
    assert server <= MOST_FOR_SERVER * builtin

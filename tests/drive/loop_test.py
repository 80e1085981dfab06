# SPDX-License-Identifier: BSD-2-Clause
"""Loop devices: losetup, mount -o loop, partitions; and their component killed and moved."""

import pathlib
import shutil

import pytest
from machines import FULL, GUEST, KERNEL, explain, run

from pith.paths import cache_directory
from pith.tests.group import GUEST_PACKAGES

STORM = 400 if FULL else 50  # kills, and as many moves; a few swaps
SAID = """\
- a file system in a file
 1 0 0 0 0 512 /tmp/loop/image
- offset, limit, sizes
9728
4096
10000
1048576
2097152
4096
- written and read back
- read-only
1
1
- partitions
2048
2048
1024
1
- numbers
/dev/loop9 /tmp/loop/data
File exists
Device or resource busy
No such device or address
Invalid argument
0
No such device
Invalid argument
Function not implemented
- detached while it is open
1
- another file
done
Invalid argument
- on top of each other
Invalid argument
words
- a disk that is full
done
"""


def _script(folder: pathlib.Path) -> tuple[tuple[str, ...], str]:
    """Options of the machine, and what it does first: Debian has loop devices in a module."""
    shutil.copy(GUEST / "loop.sh", folder)
    options = ("--copy-in", str(folder))
    if KERNEL != "linux":
        return options, ""
    modules = cache_directory("linux") / "root/lib/modules"
    shutil.copy(next(modules.glob("*/kernel/drivers/block/loop.ko")), folder)
    return (*options, "--packages", GUEST_PACKAGES), "insmod /copy-in/loop.ko && "


def test_as_users_know_them(tmp_path: pathlib.Path) -> None:
    """The programs of util-linux, with images made and checked by e2fsprogs in the machine."""
    options, first = _script(tmp_path)
    done = run("sh", "-c", f"{first} sh /copy-in/loop.sh", options=options, timeout=200)
    assert (done.returncode, done.stdout.decode()) == (0, SAID), explain(done)


@pytest.mark.skipif(KERNEL != "pith", reason="it is about Pith's components")
def test_storm() -> None:
    """Killed and moved through all placements under load: no error, no wrong byte."""
    done = run("sh", "/copy-in/loop_storm.sh", str(STORM), options=("--copy-in", str(GUEST)),
               timeout=1500 if FULL else 250)
    assert done.returncode == 0, explain(done)
    said = dict(line.split() for line in done.stdout.decode().splitlines())
    assert int(said["kills"]) >= STORM and int(said["moves"]) >= STORM, explain(done)
    assert int(said["swaps"]) > 0, explain(done)
    assert int(said["orphaned"]) > 0, explain(done)  # else nothing of it was put to the test
    assert said["convicted"] == "0", explain(done)

# SPDX-License-Identifier: BSD-2-Clause
"""A fresh Debian 12 and the README's two commands: nothing else is installed by hand.

The machine is a minbase chroot in namespaces of its own, so that whatever runs in it ends with the
test. Needs root."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from machines import FULL, KERNEL, ROOT, explain

sys.path.insert(0, str(ROOT / "tools"))

from pith.images.apt_sources import SUITE, debian_sources  # noqa: E402

FIRST_SECONDS = 600  # from clone to prompt: packages, build and image included
NEXT_SECONDS = 30
TEST_SECONDS = 5400
NOT_COPIED = {".git", "build", "__pycache__", ".pytest_cache"}
# Mounts are made in the namespace that ends with the command.
ENTER = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec",
         'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"']


def _bootstrap(directory: pathlib.Path) -> None:
    sources = directory.parent / "sources.list"
    sources.write_text("\n".join(debian_sources()) + "\n", encoding="utf-8")
    directory.parent.chmod(0o755)
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--format=directory",
                    '--aptopt=Acquire::Check-Valid-Until "false"', SUITE, directory, sources],
                   check=True, timeout=600)
    for name in ("resolv.conf", "hosts"):
        shutil.copy(f"/etc/{name}", directory / "etc" / name)


@pytest.fixture(scope="module", name="debian")
def _debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    assert os.geteuid() == 0, "making a chroot needs root"
    directory = tmp_path_factory.mktemp("fresh") / "root"
    _bootstrap(directory)
    shutil.copytree(ROOT, directory / "pith", symlinks=True,
                    ignore=lambda _, names: NOT_COPIED & set(names))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def _in(debian: pathlib.Path, script: str, seconds: int) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   "HOME": "/root", "TERM": "dumb", "LC_ALL": "C.UTF-8",
                   "PITH_TEST_KERNEL": KERNEL}
    return subprocess.run([*ENTER, debian, "sh", "-c", f"cd /pith && {script}"], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds,
                          check=False)


def test_nothing_is_there(debian: pathlib.Path) -> None:
    """Without packages the tool says what it needs, and installs nothing when told not to."""
    assert not (debian / "usr/bin/python3").exists()
    done = _in(debian, "./pith run --no-install -- true", 60)
    assert done.returncode != 0
    assert b"missing package: python3" in done.stderr, explain(done)


def test_run(debian: pathlib.Path) -> None:
    """The first command installs, builds, makes an image and boots; the next one only boots."""
    command = f"./pith run --kernel {KERNEL} -- uname -a"
    start = time.monotonic()
    first = _in(debian, command, FIRST_SECONDS)
    assert first.returncode == 0, explain(first)
    release = rb"6\.1\.0-pith" if KERNEL == "pith" else rb"6\.1\.\S+"
    assert re.match(rb"Linux \S+ " + release + rb" .* x86_64 GNU/Linux\n$", first.stdout), \
        explain(first)
    print(f"first: {time.monotonic() - start:.0f} s")
    again = time.monotonic()
    second = _in(debian, command, NEXT_SECONDS)
    assert (second.returncode, second.stdout) == (0, first.stdout), explain(second)
    print(f"next: {time.monotonic() - again:.1f} s")


if FULL:
    def test_tests(debian: pathlib.Path) -> None:
        """The README's second command passes; only in the long form, since it runs every test."""
        done = _in(debian, "PITH_TEST_INSIDE_FRESH=1 ./pith test", TEST_SECONDS)
        assert done.returncode == 0, explain(done)
        assert re.search(rb"^[1-9]\d* passed, 0 failed", done.stdout.splitlines()[-1])

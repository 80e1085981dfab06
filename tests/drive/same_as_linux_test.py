# SPDX-License-Identifier: BSD-2-Clause
"""Commands that must give the same output and status on the kernel under test as on Linux."""

import pathlib
import shutil
import subprocess

import pytest
from machines import FULL, GUEST, KERNEL, explain, run

from pith.tests.group import GUEST_PACKAGES

# Name, shell script, seconds a machine may take, options of ./pith run.
SCRIPTS = [
    ("true-300-times", "for i in $(seq 300); do /bin/true; done; echo ok", 180, ()),
    ("pipeline",
     "seq 1500000 | awk '{print ($1 * 7919) % 1000003, $1}' | sort -n | uniq -c | sha256sum",
     400, ()),
    ("find", "find / -xdev | wc -l; find /usr -xdev | LC_ALL=C sort | sha256sum", 180, ()),
    ("tar", "tar --sort=name -c /usr 2>/dev/null | sha256sum", 400, ()),
    ("xz", "tar --sort=name -c /usr/bin | head -c 8M > /tmp/in && xz -T2 -1 -k /tmp/in && "
     "sha256sum < /tmp/in.xz && xz -T2 -dc /tmp/in.xz | cmp - /tmp/in && echo intact", 400, ()),
    ("perl", "perl /copy-in/processes.pl", 120, ("--copy-in", str(GUEST))),
    ("copy-between-disks",
     "mount /dev/vdb /mnt && cp -a /usr/{0} /mnt/copy && "
     "diff -r --no-dereference /usr/{0} /mnt/copy && "
     "cd /mnt/copy && find . -printf '%P %m %u %g %l %s\\n' | LC_ALL=C sort | sha256sum"
     .format("" if FULL else "share/perl"), 600, ("--disk", "1G")),
    # Of 150 names a directory has an index and two leaves, whatever their hashes.
    ("grown-directories",
     "mount /dev/vdb /mnt && cd /mnt && mkdir made linked moved && stat -c '%n %s %b' * && "
     "for i in $(seq 150); do : > made/a-name-of-some-length-$i; done && "
     "cp -al made/* linked && mv made/* moved && stat -c '%n %s %b' *", 120, ("--disk", "1G")),
    ("append-while-syncing", "mount /dev/vdc /mnt && perl /copy-in/append.pl /mnt/file 50000",
     300, ("--copy-in", str(GUEST), "--disk", "1G")),
    ("text-tools",
     "grep -rc root /etc/passwd /etc/group; sed -n 1,3p /etc/passwd; ls -la /usr/bin | head -40; "
     "printf '%s\\n' c a b | sort | tr a-z A-Z | paste -sd,; echo gone | gzip -9 | gzip -dc; "
     "mawk 'BEGIN { for (i = 0; i < 5; i++) printf \"%d \", i * i; print \"\" }'", 120, ()),
    ("statuses", "exec 2>/dev/null; false; echo $?; sh -c 'exit 42'; echo $?; "
     "sh -c 'kill -9 $$'; echo $?; "
     "nonesuch 2>&1; echo $?; /etc/passwd 2>&1; echo $?; sh -c 'kill -SEGV $$'; exit 3",
     120, ()),
    # What lspci and udevadm say of the machine; drivers have names of their own.
    ("devices",
     "lspci; lspci -n; lspci -vmm; cd /sys/bus/pci/devices; "
     "for each in *; do cat $each/modalias; grep -v DRIVER= $each/uevent; done; "
     "udevadm info -q property /sys/class/block/vda; "
     "(timeout 5 udevadm monitor -k -p || true) > /tmp/events & sleep 2; "
     "udevadm trigger -c change /sys/class/block/vda; wait; "
     "sed -n '/^ACTION/,$p' /tmp/events | grep -v SEQNUM", 180,
     ("--packages", GUEST_PACKAGES)),
    ("processors",
     "cd /sys/devices/system/cpu; grep . online possible present; "
     "grep . cpu*/online cpu*/cache/*/* 2>/dev/null; grep . cpu*/topology/* | grep -v cluster; "
     "lscpu | grep -E '^(CPU|On-line|Thread|Core|Socket|L[123])' | tr -s ' '; "
     "grep -E '^(physical|siblings|core|cpu cores|apicid|initial)' /proc/cpuinfo", 120,
     ("--smp", "2")),
    ("streams", "echo out; echo error >&2; cat; exec 3>/tmp/three; echo three >&3; cat /tmp/three",
     120, ()),
]


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    """The first runs of all say on standard error that they make the image, and the kernel."""
    for kernel in ("linux", KERNEL):
        made = run("true", kernel=kernel)
        assert made.returncode == 0, explain(made)


@pytest.mark.parametrize("name,script,seconds,options", SCRIPTS, ids=[row[0] for row in SCRIPTS])
def test_same_output(name: str, script: str, seconds: int, options: tuple[str, ...]) -> None:
    """Status, standard output and standard error agree."""
    def on(kernel: str) -> subprocess.CompletedProcess[bytes]:
        return run("bash", "-c", script, kernel=kernel, options=options, stdin=b"from outside\n",
                   timeout=seconds)

    if "--packages" in options:  # the first run says on standard error that it makes the image
        made = run("true", kernel="linux", options=options)
        assert made.returncode == 0, explain(made)
    expected = on("linux")
    assert expected.returncode < 124 and expected.stdout, f"on Linux: {explain(expected)}"
    found = on(KERNEL)
    assert (found.returncode, found.stdout, found.stderr) == \
        (expected.returncode, expected.stdout, expected.stderr), \
        f"on {KERNEL}: {explain(found)}\non Linux: {explain(expected)}"


MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"


@pytest.mark.parametrize("how", [["-static"], ["-Wl,--dynamic-linker=/copy-in/ld-musl.so"]],
                         ids=["static", "dynamic"])
def test_musl(how: list[str], tmp_path: pathlib.Path) -> None:
    """A program of another C library than Debian's: threads, thread-local data, signals, files."""
    subprocess.run(["musl-gcc", "-O1", "-Wall", "-o", tmp_path / "musl", GUEST / "musl.c", *how],
                   check=True, timeout=60)
    shutil.copy(pathlib.Path(MUSL_LOADER).resolve(), tmp_path / "ld-musl.so")
    options = ("--rootfs", "busybox", "--copy-in", str(tmp_path))
    expected = run("/copy-in/musl", "a word", kernel="linux", options=options)
    assert expected.returncode == 7 and expected.stdout, f"on Linux: {explain(expected)}"
    found = run("/copy-in/musl", "a word", options=options)
    assert (found.returncode, found.stdout, found.stderr) == \
        (expected.returncode, expected.stdout, expected.stderr), explain(found)


def test_large_streams() -> None:
    """10 MiB go through standard input and output, and arrive whole."""
    data = bytes(range(256)) * 4096 * 10
    done = run("cat", stdin=data)
    assert done.returncode == 0, explain(done)
    assert done.stdout == data


def _check_file_system(image: str) -> None:
    checked = subprocess.run(["/sbin/e2fsck", "-fn", image], capture_output=True, check=False)
    assert checked.returncode == 0, explain(checked)


def _empty_disk(path: str) -> None:
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", path, "256M"], check=True)


WRITE = "mount /dev/vdb /mnt && dd if=/dev/urandom of=/mnt/data bs=1M count=32 status=none && " \
    "mkdir -p /mnt/a/b && ln /mnt/data /mnt/a/b/link && ln -s ../data /mnt/a/soft && sync && " \
    "sha256sum < /mnt/data"
READ = "mount /dev/vdb /mnt && sha256sum < /mnt/a/b/link && sha256sum < /mnt/a/soft"


@pytest.mark.parametrize("writer,reader", [(KERNEL, KERNEL), (KERNEL, "linux"), ("linux", KERNEL)])
def test_data_lasts_across_reboot(writer: str, reader: str, tmp_path: object) -> None:
    """What one boot synced, the next one reads, on either kernel; e2fsck finds nothing amiss."""
    image = f"{tmp_path}/disk.ext4"
    _empty_disk(image)
    written = run("bash", "-c", WRITE, kernel=writer, options=("--disk", image))
    assert written.returncode == 0, explain(written)
    _check_file_system(image)
    read = run("bash", "-c", READ, kernel=reader, options=("--disk", image))
    assert read.returncode == 0, explain(read)
    assert set(read.stdout.splitlines()) == set(written.stdout.splitlines())
    _check_file_system(image)

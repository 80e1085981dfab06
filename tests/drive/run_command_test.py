# SPDX-License-Identifier: BSD-2-Clause
"""./pith run as a command: argv, streams, statuses, and what it says when things go wrong."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from machines import GUEST, KERNEL, PITH, ROOT, explain, run

BUSYBOX = ("--rootfs", "busybox")


def test_arguments_go_through_as_they_are() -> None:
    """Spaces, quotes, empty words, newlines and bytes that are no text."""
    words = ["a  b", "", "'\"`$HOME`\\", "two\nlines", "*", "ü", "-n", "--"]
    done = run("sh", "-c", 'for word do printf "<%s>" "$word"; done', "sh", *words)
    assert done.returncode == 0, explain(done)
    assert done.stdout.decode() == "".join(f"<{word}>" for word in words)


@pytest.mark.parametrize("script,status", [
    ("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
def test_status(script: str, status: int) -> None:
    """The command's status, or 128 and the signal that ended it."""
    assert run("sh", "-c", script, options=BUSYBOX).returncode == status


def test_command_that_does_not_exist() -> None:
    """As the shell says it."""
    done = run("nonesuch", options=BUSYBOX)
    assert (done.returncode, done.stdout) == (127, b"")
    assert done.stderr == b"nonesuch: command not found\n"


def test_streams_are_separate_and_alone() -> None:
    """Nothing but what the command wrote, each stream by itself."""
    done = run("sh", "-c", "echo out; echo error >&2; cat; echo end >&2", stdin=b"in\n",
               options=BUSYBOX)
    assert done.stdout == b"out\nin\n", explain(done)
    assert done.stderr == b"error\nend\n"


def test_command_that_does_not_read() -> None:
    """Input nobody wants holds nothing up."""
    done = run("true", stdin=bytes(4 << 20), options=BUSYBOX)
    assert done.returncode == 0, explain(done)


def test_left_over_processes_are_ended() -> None:
    """The machine ends with its command; what was written before is not lost."""
    done = run("sh", "-c", "sleep 1000 & (trap '' TERM; sleep 1000) & echo done", options=BUSYBOX,
               timeout=60)
    assert (done.returncode, done.stdout) == (0, b"done\n"), explain(done)


def test_power_off_ends_the_command() -> None:
    """poweroff works from within, as any program's child."""
    done = run("sh", "-c", "echo before; poweroff; sleep 1000", timeout=60)
    assert (done.returncode, done.stdout) == (0, b"before\n"), explain(done)


def test_timeout() -> None:
    """124, and the log's last lines."""
    start = time.monotonic()
    done = run("sleep", "1000", options=BUSYBOX, timeout=20)
    assert done.returncode == 124, explain(done)
    assert b"the time was up" in done.stderr
    assert time.monotonic() - start < 60


def test_panic() -> None:
    """125, with the panic and a backtrace on standard error."""
    done = run("sh", "-c", "echo c > /proc/sysrq-trigger; sleep 1000", options=BUSYBOX, timeout=60)
    assert done.returncode == 125, explain(done)
    assert b"the kernel panicked" in done.stderr
    assert b"panic" in done.stderr.split(b"the log's last lines", 1)[1]


def test_missing_root(tmp_path: pathlib.Path) -> None:
    """A disk without a file system is no root: said, not waited for."""
    image = tmp_path / "empty.img"
    image.write_bytes(bytes(8 << 20))
    done = run("true", options=("--rootfs", str(image)), timeout=90)
    assert done.returncode == 125, explain(done)
    assert b"cannot prepare the root file system" in done.stderr


def test_directory_as_root(tmp_path: pathlib.Path) -> None:
    """A host directory becomes the root."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "busybox"
    program.write_bytes(pathlib.Path("/bin/busybox").read_bytes())
    program.chmod(0o755)
    (tmp_path / "note").write_text("here\n", encoding="ascii")
    done = run("/bin/busybox", "cat", "/note", options=("--rootfs", str(tmp_path)))
    assert done.stdout == b"here\n", explain(done)


@pytest.mark.parametrize("root", ["debian", "busybox"])
def test_copy_in(root: str) -> None:
    """A host directory's contents are at /copy-in, and cannot be harmed."""
    done = run("cat", "/copy-in/processes.pl", options=("--rootfs", root, "--copy-in", str(GUEST)))
    assert done.stdout == (GUEST / "processes.pl").read_bytes(), explain(done)


def test_interrupt_goes_to_the_command() -> None:
    """Ctrl-C is the command's to act on."""
    script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done"
    process = subprocess.Popen(
        [PITH, "run", "--kernel", KERNEL, "--timeout", "90", *BUSYBOX, "--", "sh", "-c", script],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, process_group=0)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.read() == b"caught\n"
    assert process.wait(60) == 9


def test_reader_that_leaves() -> None:
    """`./pith run -- yes | head -1` ends."""
    script = f"{PITH} run --kernel {KERNEL} --rootfs busybox --timeout 90 -- yes | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=120, check=False)
    assert done.stdout == b"y\n"


def test_same_with_instruction_counts() -> None:
    """--icount: two runs tell the same time."""
    def uptime() -> bytes:
        return run("cut", "-d", " ", "-f1", "/proc/uptime",
                   options=(*BUSYBOX, "--icount", "--machine", "q35")).stdout

    first = uptime()
    assert first.strip() and abs(float(first) - float(uptime())) < 0.2


@pytest.mark.skipif(KERNEL == "linux", reason="Linux has no components")
def test_trace_shows_threads_and_requests() -> None:
    """pithctl trace prints JSON of Chrome's format: who ran on each CPU, and each request of the
    disk from its beginning to its end."""
    script = ("(while dd if=/dev/vda of=/dev/null bs=4k count=100 2>/dev/null; do sync; "
              "dd if=/dev/zero of=/dev/vda bs=64k count=4 conv=fsync 2>/dev/null; done) & "
              "/copy-in/pithctl trace 3; status=$?; kill $!; exit $status")
    done = run("sh", "-c", script, options=(*BUSYBOX, "--disk", "64M", "--copy-in",
                                            str(ROOT / "build/release/user")))
    assert done.returncode == 0, explain(done)
    events = json.loads(done.stdout)["traceEvents"]
    kinds = collections.Counter(event["ph"] for event in events)
    assert "dd" in {event["name"] for event in events if event["ph"] == "X"}, kinds
    begun, ended = ({event["id"] for event in events if event["ph"] == kind} for kind in "be")
    assert begun & ended, kinds
    assert all(event["id"].startswith("virtio_blk0/") for event in events if event["ph"] in "be")


@pytest.mark.skipif(KERNEL == "linux", reason="Linux has no components")
@pytest.mark.parametrize("root", ["debian", "busybox"])
def test_pithctl_is_there(root: str) -> None:
    """By its name: for a command, and in a log-in shell with the search path it sets itself."""
    for command in (("pithctl", "list"), ("sh", "-lc", "pithctl list")):
        done = run(*command, options=("--rootfs", root))
        assert done.returncode == 0, explain(done)
        assert b"serial_165500" in done.stdout, explain(done)


@pytest.mark.skipif(KERNEL == "linux", reason="Linux has no components")
def test_pithctl_is_completed() -> None:
    """The completion lies where Debian's bash-completion looks for it, and knows the instances."""
    script = (". /usr/local/share/bash-completion/completions/pithctl; "
              "COMP_WORDS=(pithctl move virtio_b); COMP_CWORD=2; _pithctl; "
              "echo \"${COMPREPLY[@]}\"")
    done = run("bash", "-c", script, timeout=300)
    assert done.stdout == b"virtio_blk0\n", explain(done)

# SPDX-License-Identifier: BSD-2-Clause
"""A person at the shell: everything here is typed into `./pith run` and read from its terminal."""

import os
import re
import subprocess
import time
from collections.abc import Iterator

import pexpect
import pytest
from machines import KERNEL, PITH

PROMPT = r"root@pith:[^\r\n]*# "
KEY_DOWN = "\x1b[B"
KEY_UP = "\x1b[A"
CTRL_C = "\x03"
CTRL_Z = "\x1a"
ESCAPE = "\x1b"
# Whatever terminal, if any, the tests were started from.
ENVIRONMENT = {**os.environ, "TERM": "xterm"}


class Shell:
    """The shell on a machine, by its terminal."""

    def __init__(self) -> None:
        self.terminal = pexpect.spawn(PITH, ["run", "--kernel", KERNEL], timeout=60,
                                      encoding="utf-8", codec_errors="replace",
                                      dimensions=(24, 80), env=ENVIRONMENT)
        # The first run may build an image.
        self.terminal.expect(PROMPT, timeout=900)

    def type(self, keys: str) -> None:
        """Presses keys."""
        self.terminal.send(keys)

    def expect(self, pattern: str, timeout: float = 60) -> str:
        """Waits until the pattern is on the screen; answers what stood before it."""
        self.terminal.expect(pattern, timeout=timeout)
        return self.terminal.before

    def ask(self, command: str, timeout: float = 60) -> str:
        """Runs a command line; answers what it printed."""
        self.type(command + "\r")
        self.expect("\n")  # the echo of what was typed
        return self.expect(PROMPT, timeout)

    def end(self, command: str = "exit") -> int:
        """Ends the shell; answers the status of ./pith."""
        self.type(command + "\r")
        self.terminal.expect(pexpect.EOF, timeout=60)
        self.terminal.close()
        return self.terminal.exitstatus


class Machines:
    """The shell the tests share; one that a failed test left in disorder is replaced."""

    def __init__(self) -> None:
        self.shell: Shell | None = None

    def get(self) -> Shell:
        """A shell at its prompt."""
        if self.shell is None:
            self.shell = Shell()
        return self.shell

    def discard(self) -> None:
        """Ends the machine."""
        if self.shell is not None:
            self.shell.terminal.close(force=True)
        self.shell = None


@pytest.fixture(scope="module", name="machines")
def _machines() -> Iterator[Machines]:
    machines = Machines()
    yield machines
    machines.discard()


@pytest.fixture(name="shell")
def _shell(machines: Machines) -> Iterator[Shell]:
    shell = machines.get()
    yield shell
    try:
        in_order = "in order" in shell.ask("echo in or''der", timeout=10)
    except pexpect.ExceptionPexpect:
        in_order = False
    if not in_order:
        machines.discard()


def test_line_editing(shell: Shell) -> None:
    """Arrow keys, back space and the history work."""
    assert "first" in shell.ask("echo first")
    assert "sesame" in shell.ask("echo sexame" + "\x1b[D" * 3 + "\x7fs" + "\x1b[C" * 3)
    shell.type(KEY_UP + KEY_UP)
    assert "first" in shell.ask("")


def test_terminal_is_a_terminal(shell: Shell) -> None:
    """The shell has a controlling terminal with job control."""
    assert "/dev/pts/" in shell.ask("tty")
    assert "yes" in shell.ask("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo y''es")
    assert "ok" in shell.ask("echo o''k > /dev/tty")


def test_interrupt(shell: Shell) -> None:
    """Ctrl-C ends the program in the foreground and leaves the shell."""
    shell.type("sleep 1000\r")
    shell.expect("\n")
    time.sleep(1)
    shell.type(CTRL_C)
    shell.expect(PROMPT)
    assert "130" in shell.ask("echo $?")


def test_interrupt_ends_a_busy_program(shell: Shell) -> None:
    """Ctrl-C reaches a program that never waits."""
    shell.type("while :; do :; done\r")
    shell.expect("\n")
    time.sleep(1)
    shell.type(CTRL_C)
    shell.expect(PROMPT)


def test_job_control(shell: Shell) -> None:
    """Ctrl-Z stops, bg continues in the background, fg brings back."""
    shell.type("sleep 1000\r")
    shell.expect("\n")
    time.sleep(1)
    shell.type(CTRL_Z)
    shell.expect("Stopped")
    shell.expect(PROMPT)
    shell.ask("bg")
    assert "Running" in shell.ask("jobs")
    shell.type("fg\r")
    shell.expect("sleep 1000")
    time.sleep(1)
    shell.type(CTRL_C)
    shell.expect(PROMPT)
    assert "sleep" not in shell.ask("jobs")


def test_background_reader_is_stopped(shell: Shell) -> None:
    """A background job that reads the terminal stops instead of taking the shell's keys."""
    shell.ask("cat &")
    time.sleep(1)
    assert "Stopped" in shell.ask("jobs")
    shell.ask("kill %1; wait")


def test_end_of_input(shell: Shell) -> None:
    """Ctrl-D ends a program's input."""
    shell.type("wc -l\r")
    shell.expect("\n")
    shell.type("one\rtwo\r\x04")
    assert re.search(r"^2\r$", shell.expect(PROMPT), re.MULTILINE)


def test_less(shell: Shell) -> None:
    """less pages forward, searches and quits."""
    shell.ask("seq 1 500 > /tmp/numbers")
    shell.type("less /tmp/numbers\r")
    shell.expect(r"\b23\b")
    shell.type(" ")
    shell.expect(r"\b46\b")
    shell.type("/^400\r")
    shell.expect(r"\b422\b")
    shell.type("q")
    shell.expect(PROMPT)


def test_vi(shell: Shell) -> None:
    """vi edits and writes a file."""
    shell.ask("rm -f /tmp/poem")
    shell.type("vi /tmp/poem\r")
    shell.expect("poem")
    time.sleep(1)
    shell.type("ifirst line\rsecond line" + ESCAPE)
    time.sleep(1)
    shell.type(":wq\r")
    shell.expect("written")
    shell.expect(PROMPT)
    shown = shell.ask("cat /tmp/poem; wc -c < /tmp/poem")
    assert "first line\r\nsecond line\r\n23" in shown


def test_top(shell: Shell) -> None:
    """top shows the processes, refreshes, and quits."""
    shell.type("top -d 1\r")
    shell.expect("load average")
    shell.expect("PID")
    shell.expect(r"\btop\b")
    shell.expect("top - ", timeout=30)
    shell.type("q")
    shell.expect(PROMPT)


def test_window_size(shell: Shell) -> None:
    """The guest follows the terminal's size, and programs are told."""
    assert "24 80" in shell.ask("stty size")
    shell.terminal.setwinsize(50, 132)
    time.sleep(1)
    assert "50 132" in shell.ask("stty size")
    shell.ask("trap 'echo resi''zed' WINCH")
    shell.terminal.setwinsize(24, 80)
    shell.type("sleep 2\r")
    shell.expect("resized")
    shell.expect(PROMPT)
    shell.ask("trap - WINCH")


def test_suspended_pipeline(shell: Shell) -> None:
    """A whole pipeline is one job."""
    shell.type("sleep 1000 | cat\r")
    shell.expect("\n")
    time.sleep(1)
    shell.type(CTRL_Z)
    shell.expect(r"Stopped +sleep 1000 \| cat")
    shell.expect(PROMPT)
    shell.ask("kill %1; wait")


@pytest.mark.parametrize("command,status", [("exit 3", 3), ("poweroff", 0)])
def test_end_gives_the_terminal_back(command: str, status: int) -> None:
    """Leaving ends QEMU with the shell's status, and the terminal is as it was."""
    script = (f"stty -a; {PITH} run --kernel {KERNEL}; echo status=$?; stty -a; echo the-end")
    terminal = pexpect.spawn("/bin/bash", ["--norc", "-c", script], timeout=120, encoding="utf-8",
                             dimensions=(24, 80))
    terminal.expect(PROMPT)
    before = terminal.before
    terminal.send(command + "\r")
    terminal.expect("the-end")
    after = terminal.before
    terminal.close(force=True)
    assert re.search(rf"status={status}\b", after), after
    settings = [re.search(r"speed [^;]*;.*?-?echoke[^\r\n]*", text, re.DOTALL)
                for text in (before, after)]
    assert settings[0] and settings[1], after
    assert settings[0].group() == settings[1].group()


def test_no_machine_is_left() -> None:
    """Killing ./pith, however hard, ends its machine."""
    terminal = pexpect.spawn(PITH, ["run", "--kernel", KERNEL], timeout=120, encoding="utf-8")
    terminal.expect(PROMPT)
    machines = subprocess.run(["pgrep", "-P", str(terminal.pid)], capture_output=True, text=True,
                              check=False).stdout.split()
    assert machines
    terminal.kill(9)
    terminal.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        alive = subprocess.run(["ps", "-o", "pid=", "-p", ",".join(machines)],
                               capture_output=True, text=True, check=False).stdout.split()
        if not alive:
            return
        time.sleep(0.2)
    raise AssertionError(f"still running: {alive}")

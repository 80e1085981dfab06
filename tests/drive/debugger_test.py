# SPDX-License-Identifier: BSD-2-Clause
"""The commands of tools/gdb read a running kernel: none fails, each shows what must be there."""

import subprocess

import pytest
from machines import PITH, explain

SECONDS = 300
# The agent waits for its host in ppoll once everything runs. Memory is not there yet at reset, so
# the breakpoint is the processor's.
BEFORE = ["thbreak linux::sys_ppoll", "continue"]
EXPECTED = {
    "pith-runqueues": "CPU 1:",
    "pith-threads": "idle/0",
    "pith-processes": "pid 1 ",
    "pith-spaces 1": "[stack]",
    "pith-pages": "kernel",
    "pith-page 0x1000000": "references",
    "pith-locks": "",  # nobody need hold one
}


@pytest.fixture(scope="module", name="transcript")
def run_debugger() -> dict[str, str]:
    """What gdb printed after each command."""
    words = [*BEFORE]
    for command in EXPECTED:
        words += [f"echo <<{command}>>\\n", command]
    done = subprocess.run([PITH, "debug", "--rootfs", "busybox", "--smp", "2"],
                          input="\n".join([*words, "kill", ""]).encode(), capture_output=True,
                          timeout=SECONDS, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    parts = dict(part.split(">>", 1) for part in text.split("<<")[1:] if ">>" in part)
    assert set(EXPECTED) <= set(parts), explain(done)
    return parts


@pytest.mark.parametrize("command", EXPECTED)
def test_command(transcript: dict[str, str], command: str) -> None:
    """It shows what it must and raises nothing."""
    answer = transcript[command]
    assert "Python Exception" not in answer and "No symbol" not in answer, answer
    assert EXPECTED[command] in answer, answer

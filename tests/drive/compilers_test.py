# SPDX-License-Identifier: BSD-2-Clause
"""Both compilers build a kernel that boots. Warnings are errors in either build, and clang's has
the thread-safety analysis on."""

import subprocess

import pytest
from machines import PITH, ROOT, explain, run

BUILD_SECONDS = 900
DIRECTORIES = {"clang": "release", "gcc": "release-gcc"}


@pytest.mark.parametrize("compiler", DIRECTORIES)
def test_build_boots(compiler: str) -> None:
    """Builds, boots, and is the kernel it says it is."""
    built = subprocess.run([PITH, "build", "--compiler", compiler], capture_output=True,
                           timeout=BUILD_SECONDS, check=False)
    assert built.returncode == 0, explain(built)
    kernel = ROOT / "build" / DIRECTORIES[compiler] / "vmlinuz"
    done = run("uname", "-r", kernel=str(kernel), options=("--rootfs", "busybox"))
    assert (done.returncode, done.stdout) == (0, b"6.1.0-pith\n"), explain(done)


def test_thread_safety_analysis_is_on() -> None:
    """The flag is in the commands that ninja runs for the kernel."""
    commands = (ROOT / "build" / "release" / "build.ninja").read_text(encoding="utf-8")
    assert "-Wthread-safety" in commands and "-Werror" in commands

# SPDX-License-Identifier: BSD-2-Clause
"""The kernel builds in each kind and starts on each machine by each entry: all processors run, each
component of the image is loaded, and it asks for a root disk. Needs nothing in user mode."""

import re
import subprocess

import pytest
from machines import PITH, ROOT, explain
from serial_console import log_until

BUILD_SECONDS = 900
KINDS = {"release": [], "debug": ["--debug"], "release-gcc": ["--compiler", "gcc"]}
IMAGES = {"bzimage": "vmlinuz", "elf": "pith.elf"}
END = "unable to mount root"
DEAD = re.compile(rf"panic: (?!.*{END}).*\n")


@pytest.mark.parametrize("kind", KINDS)
def test_build(kind: str) -> None:
    """Builds without a warning: they are errors."""
    done = subprocess.run([PITH, "build", *KINDS[kind]], capture_output=True,
                          timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, explain(done)


@pytest.mark.parametrize("processors", [1, 2, 4])
@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("machine", ["q35", "pc", "microvm"])
def test_release_starts(machine: str, image: str, processors: int) -> None:
    """All processors run."""
    _check("release", machine, image, processors)


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("kind", ["debug", "release-gcc"])
def test_other_builds_start(kind: str, image: str) -> None:
    """Two processors on q35."""
    _check(kind, "q35", image, 2)


def _check(kind: str, machine: str, image: str, processors: int) -> None:
    kernel = ROOT / "build" / kind / IMAGES[image]
    assert kernel.exists(), f"{kernel} was not built"
    if machine == "microvm":
        machine += ",acpi=on,isa-serial=on,rtc=on"
    text = log_until(
        lambda log: END in log or DEAD.search(log) is not None,
        ["-machine", machine, "-smp", str(processors), "-kernel", str(kernel),
         "-append", "console=ttyS0 panic=-1"])
    assert END in text, text[-4000:]
    assert f"smp: {processors} CPUs" in text, text[-4000:]
    assert "not loaded" not in text, text[-4000:]

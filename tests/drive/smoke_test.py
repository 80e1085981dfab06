# SPDX-License-Identifier: BSD-2-Clause
"""The kernel builds in each kind and starts on each machine by each entry: all processors run, each
component of the image is loaded, and it asks for a root disk. Needs nothing in user mode."""

import re
import select
import subprocess
import time

import pytest
from machines import PITH, ROOT, explain

BUILD_SECONDS = 900
BOOT_SECONDS = 120
KINDS = {"release": [], "debug": ["--debug"], "release-gcc": ["--compiler", "gcc"]}
IMAGES = {"bzimage": "vmlinuz", "elf": "pith.elf"}
QEMU = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "256", "-display",
        "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-nodefaults"]
END = "unable to mount root"
DEAD = re.compile(rf"panic: (?!.*{END}).*\n")


@pytest.mark.parametrize("kind", KINDS)
def test_build(kind: str) -> None:
    """Builds without a warning: they are errors."""
    done = subprocess.run([PITH, "build", *KINDS[kind]], capture_output=True,
                          timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, explain(done)


def _log_until(pattern: str, machine: list[str]) -> str:
    """The serial port's text until `pattern` is in it, the machine ends or the time is up."""
    text = ""
    deadline = time.monotonic() + BOOT_SECONDS
    with subprocess.Popen([*QEMU, *machine], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as qemu:
        assert qemu.stdout is not None
        try:
            while pattern not in text and not DEAD.search(text) and time.monotonic() < deadline:
                if select.select([qemu.stdout], [], [], 1.0)[0]:
                    data = qemu.stdout.read1(4096)
                    if not data:
                        break
                    text += data.decode("utf-8", "replace").replace("\r", "")
        finally:
            qemu.kill()
    return text


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
    text = _log_until(END, ["-machine", machine, "-smp", str(processors), "-kernel", str(kernel),
                             "-append", "console=ttyS0 panic=-1"])
    assert END in text, text[-4000:]
    assert f"smp: {processors} CPUs" in text, text[-4000:]
    assert "not loaded" not in text, text[-4000:]

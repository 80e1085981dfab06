# SPDX-License-Identifier: BSD-2-Clause
"""Machines, processors, memory sizes, builds and loaders: the shell answers on each.

All combinations in the long form; otherwise a set that has every pair of values at least once."""

import dataclasses
import itertools

import pytest
from machines import FULL, KERNEL, explain, run

MACHINES = ["q35", "pc", "microvm"]
PROCESSORS = [1, 2, 4, 16]
MEMORY_MIB = [64, 512, 4096]
BUILDS = ["release", "debug"]
DEBUG_LEAST_MIB = 128  # the debug kernel's shadow memory
LINUX_LEAST_MIB = 128  # Debian's Linux with an initramfs


@dataclasses.dataclass(frozen=True)
class Case:
    """One machine."""

    machine: str
    processors: int
    memory_mib: int
    build: str

    def __str__(self) -> str:
        return f"{self.machine}-{self.processors}cpu-{self.memory_mib}M-{self.build}"

    def pairs(self) -> set[tuple[str, str]]:
        """Every pair of this case's values."""
        values = [f"{field.name}={getattr(self, field.name)}"
                  for field in dataclasses.fields(self)]
        return set(itertools.combinations(values, 2))


def _fitting(machine: str, processors: int, memory_mib: int, build: str) -> Case:
    least = DEBUG_LEAST_MIB if build == "debug" else 0
    least = max(least, LINUX_LEAST_MIB) if KERNEL == "linux" else least
    return Case(machine, processors, max(memory_mib, least), build)


def _all_cases() -> list[Case]:
    builds = BUILDS if KERNEL == "pith" else BUILDS[:1]
    product = itertools.product(MACHINES, PROCESSORS, MEMORY_MIB, builds)
    return list(dict.fromkeys(_fitting(*values) for values in product))


def _pairwise(cases: list[Case]) -> list[Case]:
    """A small set of cases with every pair; greedy, and the same each time."""
    chosen: list[Case] = []
    left = set().union(*(case.pairs() for case in cases))
    while left:
        best = max(cases, key=lambda case: len(case.pairs() & left))
        chosen.append(best)
        left -= best.pairs()
    return chosen


CASES = _all_cases() if FULL else _pairwise(_all_cases())
SCRIPT = "nproc; sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo; uname -s"


def _check(case: Case, options: tuple[str, ...]) -> None:
    # On two host processors sixteen virtual ones take their time.
    done = run("sh", "-c", SCRIPT, timeout=120 + 10 * case.processors, options=(
        "--rootfs", "busybox", "--machine", case.machine, "--smp", str(case.processors),
        "--memory", str(case.memory_mib), *(["--debug"] if case.build == "debug" else []),
        *options))
    assert done.returncode == 0, explain(done)
    processors, memory_kib, system = done.stdout.decode().split()
    assert system == "Linux"  # the personality; what uname says on Pith too
    assert int(processors) == case.processors
    least = case.memory_mib * (0.5 if case.memory_mib <= 128 or case.build == "debug" else 0.8)
    assert least <= int(memory_kib) / 1024 <= case.memory_mib


@pytest.mark.parametrize("case", CASES, ids=str)
def test_machine(case: Case) -> None:
    """The machine boots and knows its processors and its memory."""
    _check(case, ())


@pytest.mark.skipif(KERNEL != "pith", reason="Debian's Linux wants more than the least")
@pytest.mark.parametrize(("memory_mib", "filled_mib"), [(32, 8), (8192, 2304), (65536, 64)])
def test_memory_sizes(memory_mib: int, filled_mib: int) -> None:
    """The least memory; files in more than the 2 GiB that a q35 has below 4 GiB; much memory, most
    of which the host does not have."""
    _check(Case("q35", 2, memory_mib, "release"), ())
    script = (f"dd if=/dev/zero of=/tmp/file bs=1M count={filled_mib} 2> /dev/null; "
              "printf mark >> /tmp/file; stat -c %s /tmp/file; tail -c 4 /tmp/file")
    done = run("sh", "-c", script, timeout=300, options=(
        "--rootfs", "busybox", "--memory", str(memory_mib)))
    assert done.stdout == f"{(filled_mib << 20) + 4}\nmark".encode(), explain(done)


@pytest.mark.parametrize("boot", ["iso", "iso-efi", "iso-linux", "iso-syslinux"])
@pytest.mark.parametrize("processors", [2, 4] if FULL else [2])
def test_cd_image(boot: str, processors: int) -> None:
    """GRUB starts the kernel from a CD image, under BIOS and UEFI, by Multiboot2 and `linux`, and
    SYSLINUX does by its own `linux`."""
    _check(Case("q35", processors, 512, "release"), ("--boot", boot))


@pytest.mark.skipif(KERNEL != "pith", reason="only Pith has an ELF of its own")
@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_pvh_entry(machine: str) -> None:
    """QEMU starts the ELF by its PVH note."""
    _check(Case(machine, 2, 512, "release"), ("--boot", "elf"))

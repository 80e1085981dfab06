# SPDX-License-Identifier: BSD-2-Clause
"""Which functions the instructions of one row are spent in.

QEMU runs with a plugin (bench/profile/counter.c) that counts each instruction between the marks of
bench/programs/bench.h, one translated block an instruction, so that the counts are exact. The boot
row is counted from power-on. Calls that the compiler put inline count for who they are in."""

import bisect
import collections
import dataclasses
import pathlib
import re
import tempfile

from pith import packages
from pith.bench import measure
from pith.bench.rows import BOOT, SERVERS
from pith.errors import PithError
from pith.images.kernels import Kernel
from pith.process import run

COUNTER = measure.SOURCES / "profile" / "counter.c"
USER_END = 1 << 47
LOADER_END = 1 << 32

_OPERATIONS = re.compile(r"^# (\w+): (\d+) operations with the warm-up\r?$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Profile:
    """Instructions by address, and how many operations they make up."""

    counts: dict[int, int]
    operations: int


class Symbols:
    """The functions of an ELF file by address."""

    def __init__(self, elf: pathlib.Path) -> None:
        found: list[tuple[int, str]] = []
        for line in run(["llvm-nm-19", "-n", "-C", "--defined-only", elf]).splitlines():
            words = line.split(" ", 2)
            if len(words) == 3 and words[1] in "tTwW":
                found.append((int(words[0], 16), words[2]))
        self._addresses = [address for address, _ in found]
        self._names = [name for _, name in found]
        self._end = self._addresses[-1] + (1 << 20) if found else 0

    def name(self, address: int) -> str | None:
        """The function that holds an address, if any does."""
        place = bisect.bisect_right(self._addresses, address) - 1
        return self._names[place] if place >= 0 and address < self._end else None


def _build_counter() -> pathlib.Path:
    packages.require("build", "symbols")
    measure.OUT.mkdir(parents=True, exist_ok=True)
    made = measure.OUT / "counter.so"
    run(["clang-19", "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", made,
         COUNTER])
    return made


def take(kernel: Kernel, key: str) -> Profile:
    """Runs one row under the counter."""
    with tempfile.TemporaryDirectory(prefix="pith-profile.") as work:
        out = pathlib.Path(work) / "counts"
        plugin = f"{_build_counter()},out={out}"
        if key == BOOT:
            measure.run_boot(kernel, "nokaslr",
                             ["-singlestep", "-plugin", f"{plugin},whole=on"])
            operations = 1
        else:
            # A row that is a difference: all that the server and its clients do.
            row = SERVERS.get(key, key)
            options = f"nokaslr {measure.AS_SERVER}" if key in SERVERS else "nokaslr"
            text = measure.run_operations(kernel, [row], options,
                                          ["-singlestep", "-plugin", plugin])
            told = dict(_OPERATIONS.findall(text))
            if row not in told:
                raise PithError(f"{kernel.name} does not have {row}")
            operations = int(told[row])
        lines = out.read_text(encoding="ascii").split("\n")
    pairs = (line.split() for line in lines if line)
    return Profile({int(address, 16): int(count) for address, count in pairs}, operations)


def _place(address: int, boot: bool, kernel: Symbols, loader: Symbols) -> str:
    if address >= USER_END:
        return kernel.name(address) or "(a component)"
    if not boot or address >= LOADER_END:
        return "(the program)"
    return (loader.name(address) if address >= 1 << 20 else None) or "(firmware)"


def by_function(profile: Profile, key: str, elf: pathlib.Path) -> list[tuple[str, float]]:
    """Functions and their instructions in one operation, the most first."""
    kernel, loader = Symbols(elf), Symbols(elf.with_name("loader.elf"))
    sums: collections.Counter[str] = collections.Counter()
    for address, count in profile.counts.items():
        sums[_place(address, key == BOOT, kernel, loader)] += count
    return [(name, count / profile.operations) for name, count in sums.most_common()]


def by_line(profile: Profile, elf: pathlib.Path, limit: int) -> list[tuple[str, float]]:
    """Lines of the kernel's source and their instructions in one operation, the most first."""
    addresses = [address for address in profile.counts if address >= USER_END]
    sums: collections.Counter[str] = collections.Counter()
    for first in range(0, len(addresses), 4096):
        part = addresses[first:first + 4096]
        shown = run(["llvm-symbolizer-19", f"--obj={elf}", "--output-style=GNU", "--no-inlines",
                     "--relativenames", "--functions=none", *map(hex, part)]).splitlines()
        for address, line in zip(part, shown):
            sums[line.split(" (")[0]] += profile.counts[address]
    return [(name, count / profile.operations) for name, count in sums.most_common(limit)]


def table(title: str, entries: list[tuple[str, float]], total: float) -> str:
    """For a person; what is below a thousandth of the whole goes into one line."""
    lines = [f"{title}: {total:,.0f} instructions"]
    rest = 0.0
    for name, count in entries:
        if count * 1000 < total:
            rest += count
        else:
            lines.append(f"{count:>14,.1f} {count / total:>6.1%}  {name}")
    if rest:
        lines.append(f"{rest:>14,.1f} {rest / total:>6.1%}  (less than a thousandth each)")
    return "\n".join(lines)

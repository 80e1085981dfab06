#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes faults in components under load, one after the other, and counts what came of them.

    tests/placements/campaign.py [--count N] [--seed N] [--kernel FILE] [--record]

A machine goes on until the kernel itself fails or a component does not come back; then another one
is started and goes on behind that fault. Ends with `N passed, N failed`.
"""
import argparse
import dataclasses
import math
import os
import pathlib
import re
import selectors
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/syscalls"), str(ROOT / "tests/placements"), str(ROOT / "tools")]
from boot import Archive  # noqa: E402
from pith.campaign import RECORD, Row, markdown, read_record, write_record  # noqa: E402
from pith.machine.qemu import IOMMU_WORDS  # noqa: E402
from machine import build_guest  # noqa: E402

BEHIND_UNIT = "+iommu"  # the same placement, the disks behind a remapping unit
PLACEMENTS = ("builtin", "module", "server", "server" + BEHIND_UNIT)
FAIL_STOP = ("fault", "illegal", "loop", "bad-call", "bad-answer", "double-completion",
             "missing-completion", "lost-irq", "no-memory")
STRAY = "stray-dma"  # where a remapping unit keeps it from memory
WILD = ("bit", "nop", "source", "destination", "branch", "pointer", "state")
# A volume's requests may take as long as they like, so a missing answer is not noticed there.
DISKS = "virtio_blk0,virtio_blk1,ramdisk0"
SILENCE = 60  # seconds without a word: the kernel hangs
PATIENCE = 180  # seconds without a word about faults: it hangs, whatever else it says
EXPOSURE = {"fail-stop": 4000, "wild": 60}  # milliseconds a fault is given to show
CHANGES = {"fail-stop": 1, "wild": 16}  # in one life, until one shows
LEAST_IN_KERNEL = 0.95
LEAST_SHOWN = 0.95  # in the time they are given; the load decides whether their place is passed


@dataclasses.dataclass
class Series:
    """The faults of one class in one placement."""

    placement: str
    kind: str  # fail-stop or wild
    kinds: tuple[str, ...]
    instances: str
    count: int
    seed: int

    @property
    def home(self) -> str:
        """The placement as the kernel names it."""
        return self.placement.removesuffix(BEHIND_UNIT)

    @property
    def is_confined(self) -> bool:
        """Whether the disks stand behind a remapping unit."""
        return self.placement.endswith(BEHIND_UNIT)


@dataclasses.dataclass
class Boot:
    """What one machine said."""

    text: str
    silent: bool


def start(options: argparse.Namespace, folder: pathlib.Path, series: Series, first: int) -> Boot:
    """One machine with fresh disks, from fault `first` on."""
    files, raw = folder / "files.img", folder / "raw.img"
    for disk, size in ((files, 32 << 20), (raw, 4 << 20)):
        disk.unlink(missing_ok=True)
        with open(disk, "wb") as file:
            file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-F", files], check=True)
    words = (f"{first} {series.count} {series.seed} {series.home} {CHANGES[series.kind]} "
             f"{EXPOSURE[series.kind]} {','.join(series.kinds)} {series.instances}")
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2",
               "-m", "512", "-nodefaults", "-display", "none", "-no-reboot", "-kernel",
               options.kernel, "-serial", "stdio", "-initrd", folder / "initrd", "-append",
               "console=ttyS0 panic=-1 ramdisks=1 ramdisk_size=2048 pith.inject "
               f"pith.answer_limit=400 {'' if options.log else 'quiet'} -- {words}"]
    if series.is_confined:  # before the devices behind it
        command += IOMMU_WORDS
    for number, disk in enumerate((files, raw)):
        command += ["-drive", f"if=none,id=d{number},format=raw,file={disk}",
                    "-device", f"virtio-blk-pci,drive=d{number}"]
    return listen(command)


def listen(command: list) -> Boot:
    """Runs it until its end, or until it has said nothing, or no fault was made, for a while."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as machine:
        said, silent, heard = bytearray(), False, time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(machine.stdout, selectors.EVENT_READ)
            while True:
                if not selector.select(SILENCE) or time.monotonic() - heard > PATIENCE:
                    silent = True
                    machine.kill()
                    break
                piece = os.read(machine.stdout.fileno(), 65536)
                if not piece:
                    break
                said += piece
                if b"inject " in piece or b"done " in piece:
                    heard = time.monotonic()
    return Boot(said.decode(errors="replace").replace("\r", ""), silent)


class Campaign:
    """The rows of the table, filled machine by machine."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.options, self.folder = options, folder
        self.rows: dict[tuple[str, str], Row] = {}
        self.damaged: dict[tuple[str, str], int] = {}
        self.notes: list[str] = []

    def row(self, series: Series, kind: str) -> Row:
        """The row of a kind in a placement."""
        return self.rows.setdefault((series.placement, kind), Row(series.placement, kind))

    def take(self, series: Series, boot: Boot) -> int:
        """Counts what a machine said; answers the number of the fault to go on with."""
        last, is_open = -1, False
        for line in boot.text.splitlines():
            if found := re.match(r"inject (\d+) (\S+) (\S+)", line):
                last, is_open = int(found[1]), True
                row, name = self.row(series, found[2]), f"{found[2]} in {found[3]}"
                row.injected += 1
            elif re.match(r"skip ", line):
                row.injected -= 1
                is_open = False
            elif found := re.match(r"done \d+ activated (\d) recovered (\d) errors (\d+) wrong "
                                   r"(\d+)", line):
                is_open = False
                activated, recovered, errors, wrong = map(int, found.groups())
                row.activated += activated
                row.recovered += recovered
                row.errors += errors
                row.corrupted += bool(wrong)
                if not recovered or wrong:
                    self.notes.append(f"{series.placement}: {name}, seed {series.seed + last}: "
                                      f"{line}")
        crashed = "panic" in boot.text or boot.silent
        if crashed and last >= 0:
            row.activated += is_open
            row.crashes += 1
            said = re.search(r"panic: .*", boot.text)
            self.notes.append(f"{series.placement}: {name}, seed {series.seed + last}: "
                              f"{said[0] if said else 'silence'}")
            (self.folder / f"crash-{series.placement}-{last}.log").write_text(boot.text)
        if self.options.log or last < 0:
            print(boot.text[-6000:])
        return last + 1

    def check_disk(self, series: Series, boot: Boot) -> None:
        """A volume that was unmounted must be sound."""
        key = (series.placement, series.kind)
        found = re.search(r"^ended unmounted (\d) wrong (\d+)$", boot.text, re.MULTILINE)
        if not found:
            return
        checked = subprocess.run(["e2fsck", "-fn", self.folder / "files.img"],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        bad = checked.returncode != 0 or found[1] != "1" or found[2] != "0"
        self.damaged[key] = self.damaged.get(key, 0) + bad
        if bad:
            self.notes.append(f"{series.placement}, {series.kind}: at the end {found[0]}\n"
                              f"{checked.stdout[-800:] if checked.returncode else ''}")

    def run(self, series: Series) -> None:
        """All faults of a series, on as many machines as it takes."""
        begin, first, boots = time.monotonic(), 0, 0
        while first < series.count:
            boot = start(self.options, self.folder, series, first)
            boots += 1
            going_on = self.take(series, boot)
            if going_on <= first and "ended" not in boot.text:
                self.notes.append(f"{series.placement}: a machine did not come to its first fault")
                going_on = first + 1
            self.check_disk(series, boot)
            first = max(going_on, first + 1)
        print(f"count {series.placement} {series.kind} {series.count} machines {boots} "
              f"seconds {time.monotonic() - begin:.0f}", flush=True)

    def verdicts(self) -> dict[str, bool]:
        """What the project promises of faults, and whether it is so."""
        said = {}
        for placement in PLACEMENTS:
            rows = [row for row in self.rows.values() if row.placement == placement]
            stops = [row for row in rows if row.kind in (*FAIL_STOP, STRAY)]
            if not stops:
                continue
            injected, back = sum(r.injected for r in stops), sum(r.recovered for r in stops)
            what = f"{placement}: {back} of {injected} fail-stop faults recovered from"
            if placement.startswith("server"):
                said[what] = injected > 0 and back == injected
                said[f"{placement}: the kernel never crashed"] = not sum(r.crashes for r in rows)
            else:
                said[what] = injected > 0 and back >= math.floor(LEAST_IN_KERNEL * injected)
            said[f"{placement}: no wrong byte and a sound volume after fail-stop faults"] = \
                not sum(r.corrupted for r in stops) and not self.damaged.get(
                    (placement, "fail-stop"), 0)
            shown = sum(r.activated for r in stops)
            least = math.floor(LEAST_SHOWN * injected)
            said[f"{placement}: {shown} fail-stop faults showed"] = shown >= least > 0
        return said


def plan(options: argparse.Namespace) -> list[Series]:
    """`count` faults for each placement: two fifths fail-stop, the others wild."""
    stops = max(options.count * 2 // 5, 1)
    series = []
    for placement in options.placements.split(","):
        kinds = (*FAIL_STOP, STRAY) if placement.endswith(BEHIND_UNIT) else FAIL_STOP
        series += [Series(placement, "fail-stop", kinds, DISKS, stops * 3 // 4, options.seed),
                   Series(placement, "fail-stop",
                          tuple(k for k in FAIL_STOP if k not in ("missing-completion",
                                                                  "lost-irq")),
                          "ext40", stops - stops * 3 // 4, options.seed + 10_000),
                   Series(placement, "wild", WILD, DISKS + ",ext40", options.count - stops,
                          options.seed + 20_000)]
    if options.kinds:
        kinds = tuple(options.kinds.split(","))
        series = [dataclasses.replace(s, kinds=kinds, count=options.count)
                  for s in series if set(kinds) <= set(s.kinds)]
    return [s for s in series if s.count]


def main() -> int:
    """Runs the campaign."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=80, help="faults for each placement")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", default=str(ROOT / "build/release/vmlinuz"))
    parser.add_argument("--placements", default=",".join(PLACEMENTS))
    parser.add_argument("--kinds", help="only these")
    parser.add_argument("--log", action="store_true", help="show what the machines say")
    parser.add_argument("--keep", type=pathlib.Path,
                        help=f"a folder for what they leave, and for the table: {RECORD.name}")
    parser.add_argument("--record", action="store_true",
                        help=f"write {RECORD.relative_to(ROOT)}, which README.md shows; what it "
                             "has of other placements stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or pathlib.Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        build_guest(folder / "guest", ["campaign.c", "load.c"])
        archive = Archive()
        archive.console()
        archive.file(folder / "guest", "init")
        (folder / "initrd").write_bytes(archive.finish())
        campaign = Campaign(options, folder)
        for series in plan(options):
            campaign.run(series)
            write_record(campaign.rows.values(), folder / RECORD.name)
    print(markdown(campaign.rows.values()))
    print("\n".join(f"note {note}" for note in campaign.notes))
    if options.record:
        placements = {row.placement for row in campaign.rows.values()}
        kept = [row for row in read_record() if row.placement not in placements]
        write_record(sorted([*kept, *campaign.rows.values()],
                            key=lambda row: PLACEMENTS.index(row.placement)), RECORD)
    verdicts = campaign.verdicts()
    for what, good in verdicts.items():
        print("pass" if good else "FAIL", what)
    failed = sum(not good for good in verdicts.values())
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    return 1 if failed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())

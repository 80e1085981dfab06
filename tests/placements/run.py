#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel and has components moved, killed or compared while programs use them.

    tests/placements/run.py same|kill|move|restart|crash|swap [--count N] [--kernel FILE]
        [--append WORDS] [--icount] [--iommu]

Ends with `N passed, N failed`; what was counted stands above.
"""
import argparse
import pathlib
import sys
import tempfile

from checks import checks_after_storm
from homes import PLACEMENTS, checks_of_homes
from machine import ROOT, Machine

# virtio_blk0 is the disk with Debian, virtio_blk1 a raw one; the first UART carries the results.
INSTANCES = ["ramdisk0", "virtio_blk0", "virtio_blk1", "nvme0", "serial_165501", "virtio_console0",
             "ext40"]
COUNTS = {"kill": 200, "move": 500, "swap": 20}
# Instructions: of a move's pause; of a hang until it is found and the request served again.
MOST_PAUSE = 1_000_000
MOST_HANG = 103_000_000


def judge(machine: Machine, options: argparse.Namespace) -> tuple[int, int]:
    """Prints what was found; how much passed and failed."""
    lines = machine.text.splitlines()
    for line in lines:
        if line.startswith(("pass", "FAIL", "count", "restart")) or options.log:
            print(line)
    ended = bool(machine.facts(r"\d+ passed, \d+ failed"))
    checks = {"the guest came to its end": "" if ended else machine.text[-6000:]}
    if options.scenario == "same":
        checks |= checks_of_homes(machine, pathlib.Path(options.kernel))
    elif options.scenario in ("kill", "move") and ended:
        checks |= checks_after_storm(machine)
    for name, wrong in checks.items():
        print(f"FAIL {name}\n{wrong}" if wrong else f"pass {name}")
    bad = sum(bool(wrong) for wrong in checks.values())
    passed = sum(line.startswith("pass ") for line in lines) + len(checks) - bad
    failed = sum(line.startswith("FAIL ") for line in lines) + bad
    return passed, failed


def words_for(options: argparse.Namespace) -> str:
    """What the guest is told."""
    if options.scenario == "crash":
        return str(MOST_HANG) if options.icount else ""
    count = options.count or COUNTS.get(options.scenario, 0)
    if options.scenario == "swap":
        return str(count)
    most = MOST_PAUSE if options.icount else 0
    return f"{options.scenario} {options.placements} {options.instances} {count} {most}"


def main() -> int:
    """Boots, looks, counts."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", choices=["same", "kill", "move", "restart", "crash", "swap"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--kernel", default=str(ROOT / "build/release/vmlinuz"))
    parser.add_argument("--append", default="", help="more words for the kernel")
    parser.add_argument("--qemu", default="", help="more words for QEMU")
    parser.add_argument("--log", action="store_true", help="show what the kernel says, too")
    parser.add_argument("--placements", default=",".join(PLACEMENTS))
    parser.add_argument("--instances", default=",".join(INSTANCES))
    parser.add_argument("--smp", default="2")
    parser.add_argument("--icount", action="store_true", help="count instructions; one CPU")
    parser.add_argument("--iommu", action="store_true", help="devices behind a remapping unit")
    parser.add_argument("--timeout", type=float, default=300)
    options = parser.parse_args()
    if options.scenario in ("crash", "swap"):
        options.append += " pith.without=ramdisk"
    with tempfile.TemporaryDirectory() as name:
        machine = Machine(pathlib.Path(name), options, words_for(options))
        passed, failed = judge(machine, options)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

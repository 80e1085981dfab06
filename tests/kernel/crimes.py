#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Commits every crime of core/debug/crimes.def in a machine of its own and sees how it ends.

usage: tests/kernel/crimes.py [--kernel ELF] [--jobs N] [NAME ...]
A crime has failed, which is to say passed, when the kernel's log holds the report that its row
documents and no sign that it succeeded. Builds the debug kernel unless one is given."""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from pith.build import build  # noqa: E402  (needs the path above)
from pith.process import end_with_parent  # noqa: E402

TABLE = ROOT / "core" / "debug" / "crimes.def"
LOGS = ROOT / "build" / "tests" / "crimes"
_ROW = re.compile(r'^CRIME\((\w+),\s+"((?:[^"\\]|\\.)*)"\)', re.MULTILINE)
_STAMP = re.compile(r"\r|^\[ *\d+\.\d+\] ?", re.MULTILINE)
SECONDS = 120
SHOWN_LINES = 12


@dataclasses.dataclass(frozen=True)
class Crime:
    """A row of the table."""

    name: str
    report: str


def read_table() -> list[Crime]:
    """The rows, C escapes undone."""
    text = TABLE.read_text("utf-8")
    rows = [Crime(name, report.replace("\\\\", "\\")) for name, report in _ROW.findall(text)]
    if len(rows) != len(re.findall(r"^CRIME\(", text, re.MULTILINE)):
        sys.exit(f"{TABLE}: a row that cannot be read")
    return rows


def boot(kernel: pathlib.Path, option: str, name: str) -> str:
    """The log of a machine that commits a crime."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max",
               "-smp", "2", "-m", "128", "-kernel", str(kernel), "-append",
               f"console=ttyS0 panic=-1 pith.watchdog=2 {option}", "-display", "none", "-serial",
               "stdio", "-monitor", "none", "-nic", "none", "-no-reboot",
               "-device", "isa-debug-exit,iobase=0x501,iosize=2"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, preexec_fn=end_with_parent) as machine:
        try:
            output, _ = machine.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            machine.kill()
            output, _ = machine.communicate()
            output += b"\nthe time was up\n"
    text = _STAMP.sub("", output.decode("utf-8", "replace"))
    (LOGS / f"{name}.log").write_text(text, "utf-8")
    return text


def judge(crime: Crime, text: str) -> str | None:
    """What is wrong with the log, or None."""
    if f"crime: {crime.name} is committed" not in text:
        return "it was never committed"
    after = text.split(f"crime: {crime.name} is committed", 1)[1]
    if re.search(crime.report, after) is None:
        return f"no report like {crime.report!r}"
    if crime.report.startswith("panic") and f"crime: {crime.name} succeeded" in after:
        return "it succeeded"
    return None


def commit(kernel: pathlib.Path, crime: Crime) -> tuple[Crime, str | None]:
    """Boots, commits and judges."""
    text = boot(kernel, f"pith.crime={crime.name}", crime.name)
    trouble = judge(crime, text)
    if trouble:
        lines = [line for line in text.splitlines() if line.strip()][-SHOWN_LINES:]
        trouble += "".join(f"\n    {line}" for line in lines)
    return crime, trouble


def check_list(kernel: pathlib.Path, crimes: list[Crime]) -> str | None:
    """The kernel knows the crimes of the table, and an honest boot reports nothing."""
    text = boot(kernel, "pith.crime=list", "list")
    listed = re.findall(r"^crime: (\w+)$", text, re.MULTILINE)
    if [name for name in listed if name != "over"] != [crime.name for crime in crimes]:
        return "the kernel's list is not the table's"
    return "an honest boot panics" if "panic: " in text else None


def main() -> int:
    """Commits all crimes, or those named."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--kernel", type=pathlib.Path, help="a debug kernel's pith.elf")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    crimes = read_table()
    wanted = [crime for crime in crimes if not arguments.names or crime.name in arguments.names]
    unknown = set(arguments.names) - {crime.name for crime in crimes}
    if unknown:
        sys.exit(f"no such crime: {', '.join(sorted(unknown))}")
    LOGS.mkdir(parents=True, exist_ok=True)
    kernel = arguments.kernel or build("debug").elf
    failed = 0
    trouble = None if arguments.names else check_list(kernel, crimes)
    if trouble:
        failed += 1
        print(f"FAIL list: {trouble}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for crime, found in pool.map(lambda crime: commit(kernel, crime), wanted):
            failed += found is not None
            print(f"FAIL {crime.name}: {found}" if found else f"ok {crime.name}", flush=True)
    total = len(wanted) + (0 if arguments.names else 1)
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

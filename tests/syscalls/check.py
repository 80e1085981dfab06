#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares two transcripts of `runner --trace`, the reference (Linux) first.

A program fails here when it is missing from one transcript, failed in either, or printed different
lines. Prints the differences and `N passed, N failed`; exits 1 when anything failed.
"""
import difflib
import re
import sys

ESCAPE = re.compile(r"\x1b(c|\[[0-9;?]*[A-Za-z])")  # what firmware leaves on a serial console
RESULT = re.compile(r"^(PASS|FAIL) (\S+/\S+)(.*)$")


def read(path: str) -> dict[str, tuple[str, list[str]]]:
    """Program name -> (verdict, its lines). Other lines (the kernel's log) are ignored."""
    programs: dict[str, tuple[str, list[str]]] = {}
    lines: list[str] = []
    with open(path, encoding="utf-8", errors="replace") as stream:
        for line in ESCAPE.sub("", stream.read()).replace("\r", "").splitlines():
            if match := RESULT.match(line):
                lines = []
                programs[match[2]] = (match[1] + match[3], lines)
            elif line.startswith("| "):
                lines.append(line[2:])
    return programs


def compare(name: str, reference: dict, candidate: dict) -> list[str]:
    """The lines that say what differs; none when the programs agree and passed."""
    if name not in reference or name not in candidate:
        where = "reference" if name not in reference else "candidate"
        return [f"missing from the {where}"]
    verdicts = reference[name][0], candidate[name][0]
    report = [] if verdicts == ("PASS", "PASS") else [f"reference {verdicts[0]}, "
                                                      f"candidate {verdicts[1]}"]
    report += difflib.unified_diff(reference[name][1], candidate[name][1], "reference",
                                   "candidate", lineterm="", n=1)
    return report


def main() -> int:
    if len(sys.argv) != 3:
        print(f"usage: {sys.argv[0]} LINUX-TRANSCRIPT PITH-TRANSCRIPT", file=sys.stderr)
        return 2
    reference, candidate = read(sys.argv[1]), read(sys.argv[2])
    names = sorted(reference.keys() | candidate.keys())
    if names and not any(lines for _, lines in reference.values()):
        print("the reference holds no output: run the runner with --trace", file=sys.stderr)
        return 2
    failed = 0
    for name in names:
        if report := compare(name, reference, candidate):
            failed += 1
            print(f"DIFFERS {name}")
            for line in report:
                print(f"  {line}")
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds build/tests/hostile/hostile, one static program of all attacks."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parents[1] / "build/tests/hostile/hostile"
COMMAND = ["musl-gcc", "-std=gnu17", "-O1", "-static", "-s", "-pthread", "-fno-strict-aliasing",
           "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-Wno-missing-field-initializers",
           "-Wno-infinite-recursion", "-Wno-nonnull", "-Wno-array-bounds", "-mfsgsbase",
           "-fno-stack-protector", "-fno-builtin"]
KERNEL_HEADERS = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]


def main() -> int:
    sources = sorted(HERE.glob("*.c"))
    inputs = [*sources, *HERE.glob("*.h"), pathlib.Path(__file__)]
    newest = max(path.stat().st_mtime for path in inputs)
    if OUT.exists() and OUT.stat().st_mtime > newest:
        return 0
    OUT.parent.mkdir(parents=True, exist_ok=True)
    return subprocess.run([*COMMAND, "-o", OUT, *sources, *KERNEL_HEADERS]).returncode


if __name__ == "__main__":
    sys.exit(main())

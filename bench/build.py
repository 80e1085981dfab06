#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds build/bench/pith_bench and build/bench/pith_bench_child, statically with glibc."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent / "programs"
OUT = HERE.parents[1] / "build/bench"
INCLUDE = f"-I{HERE.parents[1]}"
COMMAND = ["gcc", INCLUDE, "-std=gnu17", "-O2", "-static", "-s", "-pthread", "-fno-strict-aliasing",
           "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-Wno-missing-field-initializers"]


def build(target: str, sources: list[pathlib.Path]) -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    return subprocess.run([*COMMAND, "-o", OUT / target, *sources]).returncode


def main() -> int:
    child = HERE / "child.c"
    sources = sorted(path for path in HERE.glob("*.c") if path != child)
    return build("pith_bench", sources) or build("pith_bench_child", [child])


if __name__ == "__main__":
    sys.exit(main())

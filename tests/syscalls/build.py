#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds the system-call programs, statically, in parallel, and only what changed.

Output: build/tests/syscalls/bin/<family>/<name> and build/tests/syscalls/runner.
A source with the line `// libc: glibc` is linked with glibc, the others with musl.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FLAGS = ["-std=gnu17", "-O1", "-g0", "-static", "-s", "-pthread", "-fno-strict-aliasing",
         "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-Wno-nonnull",
         "-Wno-missing-field-initializers", "-Wno-stringop-overflow", "-Wno-stringop-overread",
         "-Wno-maybe-uninitialized", "-Wno-format-truncation", "-Wno-deprecated-declarations",
         "-Wno-array-bounds", "-Wno-restrict", "-Wno-clobbered", "-Wno-override-init"]
# musl ships no kernel headers: Debian's are searched after its own.
KERNEL_HEADERS = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]


def uses_glibc(source: pathlib.Path) -> bool:
    return any(line.strip() == "// libc: glibc" for line in source.read_text().splitlines()[:12])


def command(source: pathlib.Path, target: pathlib.Path) -> list[str]:
    if uses_glibc(source):
        return ["gcc", *FLAGS, "-o", str(target), str(source)]
    return ["musl-gcc", *FLAGS, "-o", str(target), str(source), *KERNEL_HEADERS]


def compile_one(source: pathlib.Path, target: pathlib.Path) -> str:
    """Yields the compiler's complaint, empty when all is well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(command(source, target), capture_output=True, text=True)
    if result.returncode == 0:
        return ""
    target.unlink(missing_ok=True)
    return f"{source}:\n{result.stderr}"


def stale(source: pathlib.Path, target: pathlib.Path, shared: float) -> bool:
    return not target.exists() or target.stat().st_mtime < max(source.stat().st_mtime, shared)


def jobs(out: pathlib.Path) -> list[tuple[pathlib.Path, pathlib.Path]]:
    pairs = [(source, out / "bin" / source.parent.name / source.stem)
             for source in sorted(HERE.glob("*/*.c"))]
    return pairs + [(HERE / "runner.c", out / "runner")]


def prune(out: pathlib.Path, wanted: set[pathlib.Path]) -> None:
    for path in (out / "bin").glob("*/*"):
        if path not in wanted:
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/tests/syscalls")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    shared = max(path.stat().st_mtime for path in [*HERE.glob("*.h"), pathlib.Path(__file__)])
    pairs = jobs(options.out)
    prune(options.out, {target for _, target in pairs})
    todo = [pair for pair in pairs if stale(*pair, shared)]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        errors = [error for error in pool.map(lambda pair: compile_one(*pair), todo) if error]
    for error in errors:
        print(error, file=sys.stderr)
    print(f"{len(pairs) - 1} programs, {len(todo)} compiled, {len(errors)} with errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())

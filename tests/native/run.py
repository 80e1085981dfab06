#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds the guest of tests/native against libpith, boots a kernel with it and the examples on four
processors, and shows what it says; the last line is `N passed, N failed`."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from pith.build import build  # noqa: E402  (needs the path above)

HERE = ROOT / "tests/native"
OUT = ROOT / "build/tests/native"
EXAMPLES = ("echo", "ring", "capability")
SECONDS = 400
COMMAND = ["musl-gcc", "-std=gnu17", "-O1", "-static", "-s", "-pthread", "-Wall", "-Wextra",
           "-Werror", "-Wno-unused-result", "-Wno-missing-field-initializers", "-Wno-clobbered",
           "-fno-strict-aliasing", f"-I{ROOT}"]
KERNEL_HEADERS = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]


def main() -> int:
    kernel = build("release")
    OUT.mkdir(parents=True, exist_ok=True)
    built = subprocess.run([*COMMAND, "-o", OUT / "guest", *sorted(HERE.glob("*.c")),
                            kernel.directory / "user/libpith.a", *KERNEL_HEADERS], check=False)
    if built.returncode:
        return built.returncode
    programs = [f"--add={kernel.directory / 'user' / f'example_{name}'}=/examples/example_{name}"
                for name in EXAMPLES]
    machine = subprocess.run(
        ["python3", ROOT / "tests/syscalls/boot.py", "--kernel", kernel.bzimage, "--smp", "4",
         "--timeout", str(SECONDS), "--init", OUT / "guest", *programs],
        stdout=subprocess.PIPE, text=True, errors="replace", check=False)
    print(machine.stdout, flush=True)
    said = [line.strip() for line in machine.stdout.splitlines() if line.endswith(" failed")]
    print(said[-1] if said else "0 passed, 1 failed")  # the guest did not come to its end
    return 0 if said and said[-1].endswith(" 0 failed") else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The group power-cuts: crash states of a workload on the host build of ext4.

usage: tests/power_cuts/run.py [--states N] [--seed N]

Says how many states were looked at; the last line is `N passed, N failed`.
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHM = pathlib.Path("/dev/shm")


def main() -> int:
    """Runs the test program; its status is that of the group."""
    full = bool(os.environ.get("PITH_TEST_FULL"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=20_000 if full else 1_500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    environment = dict(os.environ, POWER_CUTS=str(options.states),
                       POWER_CUT_SEED=str(options.seed), UNIT_SECONDS="7200" if full else "600")
    if SHM.is_dir():
        environment["TEST_TMPDIR"] = str(SHM)
    print(f"{options.states} states on the host build, seed {options.seed}", flush=True)
    return subprocess.run([sys.executable, ROOT / "host/test/build.py", "--sanitize", "none",
                           "--only", "power_cuts"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: BSD-2-Clause
"""How the tests in this folder start machines: always by ./pith, as a person would."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PITH = str(ROOT / "pith")
GUEST = ROOT / "tests" / "drive" / "guest"

KERNEL = os.environ.get("PITH_TEST_KERNEL") or "pith"
FULL = bool(os.environ.get("PITH_TEST_FULL"))
# Added to the machine's own --timeout, which is the one that should fire.
GRACE_SECONDS = 600


def run(*command: str, kernel: str = KERNEL, options: tuple[str, ...] = (), stdin: bytes = b"",
        timeout: int = 120) -> subprocess.CompletedProcess[bytes]:
    """Runs a command on a machine; the answer has its status and its two streams."""
    return subprocess.run(
        [PITH, "run", "--kernel", kernel, "--timeout", str(timeout), *options, "--", *command],
        input=stdin, capture_output=True, timeout=timeout + GRACE_SECONDS, check=False)


def explain(done: subprocess.CompletedProcess[bytes]) -> str:
    """For an assertion: what the run said."""
    return (f"status {done.returncode}\n--- stdout ---\n{done.stdout.decode(errors='replace')}"
            f"--- stderr ---\n{done.stderr.decode(errors='replace')}")

# SPDX-License-Identifier: BSD-2-Clause
"""./pith demo, quickly: every step succeeds and nothing is lost; its figures move."""

import re
import subprocess

from machines import FULL, ROOT


def test_demo() -> None:
    """All eleven steps; the script compares what was acknowledged with what the database has."""
    seconds = "8" if FULL else "1"
    done = subprocess.run([ROOT / "pith", "demo", "--seconds", seconds, "--timeout", "500"],
                          capture_output=True, text=True, timeout=560, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [tuple(map(int, found)) for found in
               re.findall(r"^ *(\d+) transactions.* (\d+) kills \|.* (\d+) kills$", done.stdout,
                          re.MULTILINE)]
    assert len(figures) == 11, done.stdout
    transactions = [figure[0] for figure in figures]
    assert transactions == sorted(set(transactions)), "the database stood still"
    assert figures[-1][1:] == (11, 11), done.stdout
    assert "Nothing was lost" in done.stdout

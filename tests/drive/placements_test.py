# SPDX-License-Identifier: BSD-2-Clause
"""The same programs over the same components, wherever those live: the root disk's driver and its
file system in the kernel image, in modules, or in processes of their own."""

import pytest
from machines import FULL, explain, run

TREE = "/usr" if FULL else "/usr/share"
SCRIPT = f"tar --sort=name -c {TREE} 2>/dev/null | sha256sum"
WHERE = "sort -u /sys/pith/components/*/placement"


@pytest.fixture(scope="module", name="expected")
def fixture_expected() -> bytes:
    """What Linux says."""
    done = run("bash", "-c", SCRIPT, kernel="linux", timeout=400)
    assert done.returncode == 0 and done.stdout, explain(done)
    return done.stdout


@pytest.mark.parametrize("placement", ["builtin", "module", "server"])
def test_same_tree(placement: str, expected: bytes) -> None:
    """Every component lives there, and the tree is read as on Linux."""
    done = run("bash", "-c", f"{WHERE} >&2; {SCRIPT}", kernel="pith", timeout=500,
               options=("--append", f"pith.place=*:{placement}"))
    assert done.returncode == 0, explain(done)
    assert done.stderr.split() == [placement.encode()], explain(done)
    assert done.stdout == expected, explain(done)

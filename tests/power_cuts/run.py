#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The group power-cuts: crash states of ext4 volumes, recovered and looked at.

usage: tests/power_cuts/run.py [--states N] [--machine-states N] [--seed N] [--kernel FILE]

First those of a workload on the host build; then those of a machine that runs the kernel, whose
disk QEMU's blklogwrites records; a few of these are recovered by another machine, too. The last
line is `N passed, N failed`.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHM = pathlib.Path("/dev/shm")
sys.path[:0] = [str(ROOT / "tests/syscalls"), str(ROOT / "tools")]
from boot import Archive  # noqa: E402
from pith.build import build  # noqa: E402

VOLUME = 16 << 20  # operations.h: POWER_CUT_VOLUME
OPERATIONS = 250


def run_tests(environment: dict[str, str], *words: str) -> tuple[int, int, str]:
    """The host program; passed, failed, and what it said."""
    done = subprocess.run([sys.executable, ROOT / "host/test/build.py", "--sanitize", "none",
                           "--only", "power_cuts", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          env=dict(os.environ, **environment))
    print(done.stdout, flush=True)
    found = re.findall(r"^(\d+) passed, (\d+) failed$", done.stdout, re.MULTILINE)
    passed, failed = map(int, found[-1]) if found else (0, 1)
    return passed, max(failed, int(done.returncode != 0)), done.stdout


def boot(kernel: str, folder: pathlib.Path, disks: list[str], words: str) -> tuple[int, int]:
    """Boots guest.c; what it counted."""
    guest = folder / "guest"
    subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-o", guest,
                    ROOT / "tests/power_cuts/guest.c"], check=True)
    archive = Archive()
    archive.console()
    archive.file(guest, "init")
    (folder / "initrd").write_bytes(archive.finish())
    command = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2",
               "-m", "256", "-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel,
               "-serial", "stdio", "-initrd", str(folder / "initrd"),
               "-append", f"console=ttyS0 quiet panic=-1 -- {words}"]
    for number, disk in enumerate(disks):
        command += ["-blockdev", disk.format(node=f"d{number}"),
                    "-device", f"virtio-blk-pci,drive=d{number}"]
    try:
        said = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=400, check=False).stdout
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"") + b"\ntime is up\n"
    text = said.decode(errors="replace").replace("\r", "")
    found = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
    if not found or found[-1][1] != "0":
        print(text[-4000:])
    return tuple(map(int, found[-1])) if found else (0, 1)


def machine(options: argparse.Namespace, folder: pathlib.Path) -> tuple[int, int]:
    """A machine works, the power fails, the host and another machine look."""
    base, disk, log = folder / "base", folder / "disk", folder / "log"
    with open(base, "wb") as file:
        file.truncate(VOLUME + 4096)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", base, f"{VOLUME >> 10}k"],
                   check=True)
    disk.write_bytes(base.read_bytes())
    log.write_bytes(b"")
    recorded = ("driver=blklogwrites,node-name={node},log-sector-size=512,file.driver=raw,"
                f"file.file.driver=file,file.file.filename={disk},log.driver=file,"
                f"log.filename={log}")
    passed, failed = boot(options.kernel, folder, [recorded], f"work {OPERATIONS}")
    environment = {"POWER_CUT_MACHINE": str(folder),
                   "POWER_CUT_MACHINE_STATES": str(options.machine_states)}
    more, wrong, _ = run_tests(environment, "--filter", "*OfAMachineLose*")
    passed, failed = passed + more, failed + wrong
    samples = sorted(folder.glob("*.sample"))
    disks = ["driver=raw,node-name={node},file.driver=file,file.filename=" + str(sample)
             for sample in samples]
    more, wrong = boot(options.kernel, folder, disks, "look")
    passed, failed = passed + more, failed + wrong
    environment["POWER_CUT_RECOVERED"] = " ".join(sample.stem for sample in samples)
    more, wrong, _ = run_tests(environment, "--filter", "*AreRecoveredByOne*")
    return passed + more, failed + wrong


def main() -> int:
    """Runs both halves."""
    full = bool(os.environ.get("PITH_TEST_FULL"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=20_000 if full else 1_500)
    parser.add_argument("--machine-states", type=int, default=2_000 if full else 150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", help="default: the release kernel, which is built")
    options = parser.parse_args()
    options.kernel = options.kernel or str(build("release").bzimage)
    os.environ.update(POWER_CUTS=str(options.states), POWER_CUT_SEED=str(options.seed),
                      UNIT_SECONDS="7200" if full else "600")
    if SHM.is_dir():
        os.environ["TEST_TMPDIR"] = str(SHM)
    print(f"{options.states} states on the host build, {options.machine_states} of a machine; "
          f"seed {options.seed}", flush=True)
    passed, failed, _ = run_tests({}, "--filter", "PowerCuts.*")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as name:
        more, wrong = machine(options, pathlib.Path(name))
    print(f"{passed + more} passed, {failed + wrong} failed")
    return 1 if failed + wrong or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

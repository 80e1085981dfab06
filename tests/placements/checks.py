# SPDX-License-Identifier: BSD-2-Clause
"""What the host looks at when a machine under a storm has ended: every acknowledged write must be
on its disk, every acknowledged letter in its terminal's file. Each check answers what is wrong."""
import os
import sqlite3
import struct
import subprocess

from machine import RAW_DISKS, STREAMS, Machine

BLOCK = 4096
ENVIRONMENT = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
# Which instance carries which terminal, and the most a kill may have repeated: what a UART's FIFO
# holds; a request in a console's ring, which is part of the core's buffer of one page.
TERMINALS = {"/dev/ttyS1": ("serial_165501", 16), "/dev/hvc0": ("virtio_console0", 4096)}
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-"


def check_disks(machine: Machine) -> str:
    """Each block on the raw disks is the version the guest was told is there."""
    wanted = machine.facts(r"disk (\S+) (\d+) (\d+)")
    told = machine.number("disks")
    if len(wanted) != told or told < 100:
        return f"the guest told of {told} blocks, {len(wanted)} were heard: too few to judge by"
    for path, image in RAW_DISKS.items():
        with open(machine.folder / image, "rb") as file:
            for number, version in [(int(n), int(v)) for p, n, v in wanted if p == path]:
                file.seek(number * BLOCK)
                found = struct.unpack("<QQ", file.read(16))
                if found != (number, version):
                    return f"{path}: block {number} is {found}, not version {version}"
    return ""


def check_file_system(machine: Machine) -> str:
    """What e2fsck complains of."""
    done = subprocess.run(["e2fsck", "-fn", machine.folder / "files.img"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT, check=False)
    return "" if done.returncode == 0 else done.stdout


def check_database(machine: Machine) -> str:
    """Every transaction that sqlite3 acknowledged is there, whole, and no other."""
    copy = machine.folder / "storm.db"
    subprocess.run(["debugfs", "-R", f"dump /storm.db {copy}", machine.folder / "files.img"],
                   stderr=subprocess.DEVNULL, env=ENVIRONMENT, check=True)
    rows = machine.number("rows")
    with sqlite3.connect(copy) as database:
        whole = database.execute("PRAGMA integrity_check").fetchone()[0]
        found = database.execute("SELECT count(*), coalesce(sum(n), 0), (SELECT total FROM s) "
                                 "FROM t").fetchone()
    total = rows * (rows + 1) // 2
    if whole != "ok" or found != (rows, total, total):
        return f"{whole}; {found} instead of {(rows, total, total)}"
    return ""


def letters(count: int) -> bytes:
    """What the guest wrote (guest/streams.c)."""
    text, state = bytearray(), 1
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xffff_ffff_ffff_ffff
        text.append(LETTERS[(state >> 33) % 64])
    return bytes(text)


def common_length(a: bytes, b: bytes) -> int:
    """How far two texts are the same."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def step_back(ways: dict[int, list[int]], letter: int, expected: bytes,
              longest: int) -> dict[int, list[int]]:
    """Each way to read the text so far (a place, and the repeats before it) goes on with `letter`,
    or, where that does not come next, after one more repeat."""
    more: dict[int, list[int]] = {}
    stuck = {}
    for at, repeats in ways.items():
        if at < len(expected) and expected[at] == letter:
            more[at + 1] = repeats
        else:
            stuck[at] = repeats
    for at, repeats in sorted(stuck.items(), key=lambda way: len(way[1])):
        for back in range(1, min(longest, at) + 1):
            known = more.get(at - back + 1)
            if expected[at - back] == letter and (known is None or len(known) > len(repeats) + 1):
                more[at - back + 1] = [*repeats, back]
    fewest = min((len(repeats) for repeats in more.values()), default=0)
    return {at: repeats for at, repeats in more.items() if len(repeats) <= fewest + 3}


def find_repeats(found: bytes, expected: bytes, longest: int) -> list[int] | None:
    """How many letters were said again, each time that happened; None if something is missing."""
    here, ways = 0, {0: []}
    while here < len(found):
        if len(ways) == 1:  # by far the usual case
            (at, repeats), = ways.items()
            same = common_length(found[here:here + 65536], expected[at:at + 65536])
            if same != 0:
                here, ways = here + same, {at + same: repeats}
                continue
        after = step_back(ways, found[here], expected, longest)
        if not after:
            at = min(ways)
            print(f"after {at} letters: {found[max(here - 20, 0):here + 40]!r} instead of "
                  f"{expected[max(at - 20, 0):at + 40]!r}")
            return None
        here, ways = here + 1, after
    return ways.get(len(expected))


def check_terminal(machine: Machine, path: str) -> str:
    """No letter is missing, and for each kill at most one FIFO or ring request came again."""
    instance, longest = TERMINALS[path]
    told = machine.facts(rf"stream {path} (\d+)")
    killed = machine.facts(rf"count kills {instance} (\d+) .*")
    if not told:
        return "the guest does not say how much it wrote"
    found = (machine.folder / STREAMS[path]).read_bytes()
    repeats = find_repeats(found, letters(int(told[0])), longest)
    if repeats is None:
        return f"letters are missing or out of order ({len(found)} of {told[0]})"
    kills = int(killed[0]) if killed else 0
    print(f"count repeated {path} {len(repeats)} times after {kills} kills, {sum(repeats)} letters,"
          f" at most {max(repeats, default=0)} at once")
    return f"more repeats than {kills} kills" if len(repeats) > kills else ""


def checks_after_storm(machine: Machine) -> dict[str, str]:
    """By name; empty is good."""
    return {
        "the raw disks hold what was acknowledged": check_disks(machine),
        "e2fsck finds nothing": check_file_system(machine),
        "the database holds what was acknowledged": check_database(machine),
        **{f"{path} lost no letter": check_terminal(machine, path) for path in TERMINALS},
    }

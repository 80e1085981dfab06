#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes seeds for damage_fuzzer: random patches of volumes, operations on them.

usage: make_corpus.py FOLDER
"""
import pathlib
import random
import sys


def seed(number: int) -> bytes:
    """Which volume, how many patches, the patches (place, value), sixteen operations."""
    chance = random.Random(number)
    patches = chance.choice([1, 1, 2, 3, 5, 8])
    data = bytes([chance.randrange(6), patches - 1])
    for _ in range(patches):
        data += chance.randbytes(4)
        data += chance.choice([bytes(4), b"\xff\xff\xff\xff", chance.randbytes(4),
                               bytes([chance.randrange(256), 0, 0, 0]), b"\x01\x00\x00\x00"])
    return data + chance.randbytes(16)


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for index in range(300):
    (folder / f"seed{index}").write_bytes(seed(index))

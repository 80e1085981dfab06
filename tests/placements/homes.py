# SPDX-License-Identifier: BSD-2-Clause
"""Compares what each home's loader hashed with the object files of the kernel's build."""
import hashlib
import json
import pathlib
import re

from machine import Machine

PLACEMENTS = ["builtin", "module", "server"]


def listings(machine: Machine) -> dict[str, list[dict]]:
    """What pithctl printed, by what it was asked for."""
    found = re.findall(r"^json (\w+)\n(.*?)^json end$", machine.text, re.MULTILINE | re.DOTALL)
    return {what: json.loads(text) for what, text in found if text}


def checks_of_homes(machine: Machine, kernel: pathlib.Path) -> dict[str, str]:
    """By name; empty is good."""
    lists = listings(machine)
    checks = {f"pithctl was heard about {what}": "" if what in lists else "nothing was"
              for what in [*PLACEMENTS, "objects"]}
    if any(checks.values()):
        return checks
    objects = {each["name"]: each["object"] for each in lists["objects"]}
    built = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()
             for path in (kernel.parent / "components").glob("*.o")}
    checks["the kernel has the objects that were built"] = \
        "" if objects == built else f"{sorted(objects)}, {sorted(built)}"
    for component, wanted in sorted(built.items()):
        homes = {what: [each for each in lists[what] if each["component"] == component]
                 for what in PLACEMENTS}
        for what, instances in homes.items():
            wrong = [f"{each['name']}: {each['placement']}, {each['object']}"
                     for each in instances
                     if each["placement"] != what or each["object"] != wanted]
            checks[f"{component}: {what} loaded {wanted}"] = \
                ", ".join(wrong) if instances else "no instance lives there"
        texts = {each["text"] for instances in homes.values() for each in instances}
        checks[f"{component}: one text in all homes"] = "" if len(texts) == 1 else str(texts)
    return checks

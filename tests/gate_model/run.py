#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Has Spin search the model of the gate protocol (gate.pml) through every order of events.

    tests/gate_model/run.py [NAME…]      NAME: `promises`, or a mutation

The phases and steps of the model are made from the table in core/gate/protocol.h, so a step changed
there is a step changed here. Each mutation plants a bug that must be found. Ends with
`N passed, N failed`.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/gate_model/gate.pml"
TABLE = ROOT / "core/gate/protocol.h"
STEP = re.compile(r"GateStep\{GatePhase::(\w+), GateEvent::(\w+), GatePhase::(\w+), "
                  r"(?:true|false)\}")
# Steps that lose requests on purpose: the model has nobody who takes them.
NOT_MODELLED = {"give_up", "revive"}
# What each planted bug must be found by.
MUTATIONS = {
    "FORGET_EPOCH": "stale",
    "FORGET_REPLAY": "told",
    "FORGET_PUBLISHED": "effects",
    "SKIP_HOLD": "busy",
}
FEWEST_STATES = 1_000_000  # a search that saw less has not seen all
DEPTH = "-m100000"
SECONDS = 600


def enumerators(text: str, name: str) -> list[str]:
    """The enumerators of an enum class, in order."""
    body = re.search(rf"enum class {name} : u8 \{{(.*?)\}};", text, re.DOTALL).group(1)
    return re.findall(r"^\s*(\w+),", body, re.MULTILINE)


def promela_steps() -> str:
    """core/gate/protocol.h as Promela: constants, and take_step()."""
    text = TABLE.read_text()
    steps = STEP.findall(text)
    declared = text.count("GateStep{")
    if not steps or len(steps) != declared:
        sys.exit(f"{TABLE}: {declared} steps, {len(steps)} understood")
    lines = [f"#define {kind}_{word} {number}"
             for kind, name in (("PHASE", "GatePhase"), ("EVENT", "GateEvent"))
             for number, word in enumerate(enumerators(text, name))]
    lines += ["inline take_step(event) {", "    if"]
    lines += [f"    :: phase == PHASE_{start} && event == EVENT_{event} -> phase = PHASE_{end}"
              for start, event, end in steps]
    lines += ["    :: else -> assert(false) /* there is no such step */", "    fi", "}", ""]
    return "\n".join(lines)


def search(folder: pathlib.Path, defines: list[str]) -> str:
    """What the verifier says of the model with these macros."""
    subprocess.run(["spin", "-a", *defines, "gate.pml"], cwd=folder, check=True,
                   stdout=subprocess.PIPE)
    subprocess.run(["gcc", "-O2", "-DSAFETY", "-w", "-o", "pan", "pan.c"], cwd=folder, check=True)
    return subprocess.run(["./pan", DEPTH], cwd=folder, check=True, stdout=subprocess.PIPE,
                          text=True, timeout=SECONDS).stdout


def unused_events() -> list[str]:
    """Events of the table that nothing in the model brings about: it would say nothing of them."""
    model = MODEL.read_text()
    return [event for event in enumerators(TABLE.read_text(), "GateEvent")
            if event not in NOT_MODELLED and f"take_step(EVENT_{event})" not in model]


def promises_fault(folder: pathlib.Path) -> str | None:
    """What is wrong with the protocol, or with the search."""
    said = search(folder, [])
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    if not errors or not states or "Search not completed" in said or "max search depth" in said:
        return f"the search was not completed:\n{said}"
    if int(errors.group(1)) != 0:
        trail = subprocess.run(["spin", "-t", "-g", "gate.pml"], cwd=folder, text=True,
                               stdout=subprocess.PIPE).stdout
        return f"{said.splitlines()[0]}\n{trail}"
    if int(states.group(1)) < FEWEST_STATES:
        return f"only {states.group(1)} states"
    if unused := unused_events():
        return f"no use of {', '.join(unused)}"
    print(f"{states.group(1)} states")
    return None


def mutation_fault(folder: pathlib.Path, name: str) -> str | None:
    """Why the planted bug does not count as found."""
    said = search(folder, [f"-DMUTATION_{name}"])
    found = re.search(r"assertion violated (.*) \(at depth", said)
    if not found:
        return "it was not found"
    return None if MUTATIONS[name] in found.group(1) else f"found as another: {found.group(1)}"


def main() -> int:
    names = sys.argv[1:] or ["promises", *MUTATIONS]
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "gate_steps.pml").write_text(promela_steps())
        (folder / "gate.pml").write_text(MODEL.read_text())
        for name in names:
            fault = (promises_fault(folder) if name == "promises"
                     else mutation_fault(folder, name))
            print(f"{name}: {fault or 'ok'}", flush=True)
            failed += fault is not None
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

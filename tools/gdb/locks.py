# SPDX-License-Identifier: BSD-2-Clause
"""pith-locks: who holds what (debug builds, which keep the record)."""

import pathlib
import sys

import gdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from structures import (cpus, heap_items, list_items, number, per_cpu, processes,  # noqa: E402
                        tasks, text)


def print_held(owner: str, held: gdb.Value) -> None:
    """A HeldList of core/sync/order.cpp."""
    for index in range(number(held["count"])):
        entry = held["held"][index]
        print(f"{owner}: {text(entry['name'])} ({number(entry['order'])}) {int(entry['lock']):#x}")


class Locks(gdb.Command):
    """pith-locks: spinning locks held by each CPU, mutexes held by each thread. Debug builds."""

    def __init__(self) -> None:
        super().__init__("pith-locks", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        try:
            kind = gdb.lookup_type("core::(anonymous namespace)::HeldList")
        except gdb.error as error:
            raise gdb.GdbError("only debug builds record who holds a lock (--debug)") from error
        for cpu in cpus():
            print_held(f"CPU {cpu}", per_cpu("core::(anonymous namespace)::g_spinning", cpu))
        seen: dict[int, gdb.Value] = {}
        for cpu in cpus():
            queue = per_cpu("core::(anonymous namespace)::g_run_queues", cpu)
            for thread in [queue["current"].dereference(),
                           *heap_items(queue["fair_"]["root_"], "fair_node"),
                           *list_items(queue["real_time_"][0], "core::Thread", "run_link")]:
                seen[int(thread.address)] = thread
        for process in processes():
            for task in tasks(process):
                seen[int(task["thread"])] = task["thread"].dereference()
        for thread in seen.values():
            record = thread["lock_record"]["bytes"].address.cast(kind.pointer()).dereference()
            print_held(text(thread["name_"]), record)


Locks()

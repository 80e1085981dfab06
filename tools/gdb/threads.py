# SPDX-License-Identifier: BSD-2-Clause
"""pith-threads, pith-runqueues, pith-processes."""

import pathlib
import sys

import gdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from structures import (cpus, enumerator, heap_items, list_items, number,  # noqa: E402
                        per_cpu, processes, tasks, text)

RUN_QUEUES = "core::(anonymous namespace)::g_run_queues"


def describe(thread: gdb.Value) -> str:
    """One line of a thread."""
    entity = thread["scheduling"]
    parameters = entity["parameters"]
    kind = enumerator(parameters["scheduling_class"])
    level = (f"rt {number(parameters['real_time_priority'])}" if kind == "real_time"
             else f"nice {number(parameters['nice'])}" if kind == "fair" else "idle")
    return (f"{int(thread.address):#x}  cpu {number(entity['cpu'])}  "
            f"{enumerator(thread['state_']):<8} {level:<8} work {number(thread['work_']):#x}  "
            f"{text(thread['name_'])}")


def waiting_threads(queue: gdb.Value) -> list[gdb.Value]:
    """Those that are runnable and not running: real-time ones first."""
    found = []
    lists = queue["real_time_"]
    for level in range(*lists.type.range()):
        found += list(list_items(lists[level], "core::Thread", "run_link"))
    return found + list(heap_items(queue["fair_"]["root_"], "fair_node"))


class RunQueues(gdb.Command):
    """pith-runqueues: what each CPU runs and who waits for it."""

    def __init__(self) -> None:
        super().__init__("pith-runqueues", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        for cpu in cpus():
            queue = per_cpu(RUN_QUEUES, cpu)
            print(f"CPU {cpu}: {number(queue['waiting_'])} waiting, "
                  f"{number(queue['switches'])} switches")
            print(f"  runs  {describe(queue['current'].dereference())}")
            for thread in waiting_threads(queue):
                print(f"  waits {describe(thread)}")


class Threads(gdb.Command):
    """pith-threads: running and runnable threads, and every thread of a process. Threads of the
kernel's own that sleep hang in the queues they wait on and are not listed."""

    def __init__(self) -> None:
        super().__init__("pith-threads", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        found: dict[int, gdb.Value] = {}
        for cpu in cpus():
            queue = per_cpu(RUN_QUEUES, cpu)
            for thread in [queue["current"].dereference(), queue["idle"].dereference(),
                           *waiting_threads(queue)]:
                found[int(thread.address)] = thread
        for process in processes():
            for task in tasks(process):
                found[int(task["thread"])] = task["thread"].dereference()
        for thread in found.values():
            print(describe(thread))


class Processes(gdb.Command):
    """pith-processes: the tree of processes with their threads."""

    def __init__(self) -> None:
        super().__init__("pith-processes", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        for process in processes():
            print(f"pid {number(process['pid'])}  parent {number(process['parent_pid'])}  "
                  f"{enumerator(process['state'])}  {int(process.address):#x}")
            for task in tasks(process):
                thread = task["thread"].dereference()
                print(f"  tid {number(task['tid'])}  {describe(thread)}")


RunQueues()
Threads()
Processes()

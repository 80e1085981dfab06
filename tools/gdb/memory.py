# SPDX-License-Identifier: BSD-2-Clause
"""pith-spaces, pith-page, pith-pages."""

import pathlib
import sys

import gdb

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from structures import (PAGE_SHIFT, cpus, enumerator, find_process, list_items,  # noqa: E402
                        number, per_cpu, pointee, processes, symbol, text)

USES = ["reserved", "free", "kernel", "page_table", "slab", "anonymous", "object"]
FLAGS = ["uptodate", "dirty", "writeback", "referenced", "locked", "error", "active"]


def rights(mapping: gdb.Value) -> str:
    """As /proc/PID/maps has them."""
    bits = number(mapping["protection"])
    letters = "".join(letter if bits >> bit & 1 else "-" for bit, letter in enumerate("rwx"))
    return letters + ("s" if mapping["shared"] else "p")


def print_space(space: gdb.Value) -> None:
    """Every mapping, in order."""
    print(f"address space {int(space.address):#x}, {number(space['table_']['pages_'])} table pages")
    for mapping in list_items(space["ranges_"]["order_"], "core::Mapping", "order_link"):
        target = pointee(mapping["object"])
        label = text(mapping["label"]) or (
            f"object {int(target.address):#x} page {number(mapping['object_page'])}"
            if target is not None else "anonymous")
        print(f"  {number(mapping['start']):012x}-{number(mapping['end']):012x} {rights(mapping)} "
              f"{label}")


class Spaces(gdb.Command):
    """pith-spaces [PID]: the mappings of a process, or of all."""

    def __init__(self) -> None:
        super().__init__("pith-spaces", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        chosen = [find_process(int(argument))] if argument else list(processes())
        for process in chosen:
            image = pointee(process["image"])
            print(f"pid {number(process['pid'])}" + ("" if image is not None else ": no memory"))
            space = pointee(image["space"]) if image is not None else None
            if space is not None:
                print_space(space)


class Page(gdb.Command):
    """pith-page ADDRESS: the record of the frame at a physical address."""

    def __init__(self) -> None:
        super().__init__("pith-page", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        address = int(gdb.parse_and_eval(argument))
        page = symbol("core::g_pages")[address >> PAGE_SHIFT]
        bits = number(page["flags"])
        flags = " ".join(name for bit, name in enumerate(FLAGS) if bits >> bit & 1) or "-"
        print(f"frame {address >> PAGE_SHIFT:#x}: {enumerator(page['use'])}, order "
              f"{number(page['order'])}, {number(page['references'])} references, "
              f"{number(page['maps'])} maps\n  flags {flags}\n  object {int(page['object']):#x} "
              f"index {number(page['index']):#x}")


class Pages(gdb.Command):
    """pith-pages: how many frames are used for what."""

    def __init__(self) -> None:
        super().__init__("pith-pages", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        totals = [0] * len(USES)
        cached = 0
        for cpu in range(64):
            cache = per_cpu("core::(anonymous namespace)::g_caches", cpu)
            cached += number(cache["count"]) if cpu in cpus() else 0
            for use in range(len(USES)):
                totals[use] += int(cache["by_use"][use])
        for use, count in zip(USES, totals):
            if count:
                print(f"{use:<11} {count:>9} frames {count * 4:>10} KiB")
        print(f"{'CPU caches':<11} {cached:>9} frames {cached * 4:>10} KiB")


Spaces()
Page()
Pages()

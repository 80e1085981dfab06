# SPDX-License-Identifier: BSD-2-Clause
"""Reading the kernel's data types through DWARF: what the commands beside this file stand on."""

from collections.abc import Iterator

import gdb

PAGE_SHIFT = 12


def symbol(name: str) -> gdb.Value:
    """A variable by its C++ name; GDB's error if the kernel has none such."""
    for lookup in (gdb.lookup_global_symbol, gdb.lookup_static_symbol):
        found = lookup(name)
        if found is not None:
            return found.value()
    return gdb.parse_and_eval(f"'{name}'")


def field(value: gdb.Value, *names: str) -> gdb.Value:
    """A member of a member..., pointers and atomics looked through."""
    for name in names:
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        value = value[name]
    return plain(value)


def plain(value: gdb.Value) -> gdb.Value:
    """What is inside a std::atomic (libc++'s or libstdc++'s); other values as they are."""
    kind = value.type.strip_typedefs()
    while kind.code == gdb.TYPE_CODE_STRUCT and "atomic" in str(kind):
        value = value[kind.fields()[0]]
        kind = value.type.strip_typedefs()
    return value


def number(value: gdb.Value) -> int:
    """As a Python integer; quantities and addresses too."""
    value = plain(value)
    kind = value.type.strip_typedefs()
    if kind.code == gdb.TYPE_CODE_STRUCT:
        value = value["value"]
    return int(value)


def enumerator(value: gdb.Value) -> str:
    """The last word of an enumerator's name."""
    return str(plain(value)).rsplit("::", 1)[-1]


def text(value: gdb.Value) -> str:
    """A character array or a C string, to its NUL."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR and int(value) == 0:
        return ""
    return value.string("utf-8", "replace")


def pointee(reference: gdb.Value) -> gdb.Value | None:
    """The object of a Ref, RefOrNull or Box; None for an empty one."""
    pointer = reference["object_"]
    return pointer.dereference() if int(pointer) else None


def list_items(head: gdb.Value, kind: str, member: str) -> Iterator[gdb.Value]:
    """The elements of a base::List; stops at a damaged link."""
    element = gdb.lookup_type(kind)
    offset = next(part.bitpos // 8 for part in element.fields() if part.name == member)
    first = head["head_"].address
    link, seen = head["head_"]["next"], 0
    while int(link) and int(link) != int(first) and seen < 100_000:
        yield gdb.Value(int(link) - offset).cast(element.pointer()).dereference()
        link, seen = link["next"], seen + 1


def heap_items(root: gdb.Value, node: str) -> Iterator[gdb.Value]:
    """The elements of a base::PairingHeap, in no order."""
    waiting = [root]
    while waiting:
        item = waiting.pop()
        while int(item):
            yield item.dereference()
            waiting.append(item[node]["child"])
            item = item[node]["next"]


def cpus() -> list[int]:
    """The CPUs that run."""
    online = number(symbol("core::(anonymous namespace)::g_online"))
    return [cpu for cpu in range(64) if online >> cpu & 1]


def per_cpu(name: str, cpu: int) -> gdb.Value:
    """One CPU's part of a core::PerCpu."""
    return symbol(name)["slots_"][cpu]["value"]


def processes() -> Iterator[gdb.Value]:
    """Every linux::Process, parents first."""
    root = symbol("linux::(anonymous namespace)::g_init")
    waiting = [root.dereference()] if int(root) else []
    while waiting:
        process = waiting.pop()
        yield process
        waiting += list(list_items(process["children"], "linux::Process", "sibling_link"))[::-1]


def find_process(pid: int) -> gdb.Value:
    """By number; a GDB error if there is none."""
    for process in processes():
        if number(process["pid"]) == pid:
            return process
    raise gdb.GdbError(f"no process {pid}")


def tasks(process: gdb.Value) -> Iterator[gdb.Value]:
    """The threads of a process, as linux::Task."""
    return list_items(process["tasks"], "linux::Task", "process_link")

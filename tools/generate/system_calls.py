# SPDX-License-Identifier: BSD-2-Clause
"""docs/generated/system-calls.md: every system call there is a row for."""

from generate.declarations import ROOT, declarations, page, table

FAMILIES = ROOT / "abi" / "linux" / "syscalls"


def _number(text: str) -> str:
    return "-" if text == "-1" else text


def pages() -> dict[str, str]:
    """One table for each family."""
    parts, total = [], 0
    for file in sorted(FAMILIES.glob("*.def")):
        rows = sorted(declarations(file, "SYSCALL"), key=lambda row: int(row[1]))
        total += len(rows)
        shown = [[f"`{name}`", number, _number(number32), f"`{arguments}`"]
                 for name, number, number32, arguments in rows]
        parts.append(f"## {file.stem}: {len(rows)}\n\n"
                     + table(["call", "x86-64", "i386", "arguments"], shown))
    text = page("System calls", "`abi/linux/syscalls/*.def`",
                f"{total} calls. A number without a row answers ENOSYS. A row says that a call is "
                "there, not that every flag of it is: CAVEATS.md has what is missing, and "
                "`./pith test syscalls` compares with Linux.", *parts)
    return {"docs/generated/system-calls.md": text}

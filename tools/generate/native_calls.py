# SPDX-License-Identifier: BSD-2-Clause
"""docs/generated/native-calls.md: the native calls."""

from generate.declarations import ROOT, declarations, page, table, unquoted

ROWS = ROOT / "abi" / "native" / "calls.def"
BASE = 0x6000_0000  # PITH_CALL_BASE of abi/native/transfer.h


def pages() -> dict[str, str]:
    """One table."""
    rows = [[f"`{name}`", f"{BASE + int(number):#x}", f"`{arguments}`", unquoted(purpose)]
            for name, number, arguments, purpose in declarations(ROWS, "NATIVE_CALL")]
    text = page("Native calls", "`abi/native/calls.def`",
                "By `syscall` or `int 0x81`, with the same numbers; docs/native-api.md explains.",
                table(["call", "number", "arguments", "what it does"], rows))
    return {"docs/generated/native-calls.md": text}

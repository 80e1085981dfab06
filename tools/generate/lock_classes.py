# SPDX-License-Identifier: BSD-2-Clause
"""docs/generated/lock-classes.md: the order of all locks."""

from generate.declarations import ROOT, declarations, page, table, unquoted

FILE = ROOT / "core" / "sync" / "lock_classes.def"


def pages() -> dict[str, str]:
    """Outermost first."""
    rows = sorted(declarations(FILE, "LOCK_CLASS"), key=lambda row: (int(row[2]), row[0]))
    shown = [[order, f"`{name}`", kind, unquoted(purpose)] for name, kind, order, purpose in rows]
    text = page("Lock classes", "`core/sync/lock_classes.def`",
                "A lock may be taken only while every lock held has a lower order; debug builds "
                "check it. `mutex` may sleep; `spin` is held with preemption off; `spin_irq` with "
                "interrupts off.", table(["order", "class", "kind", "purpose"], shown))
    return {"docs/generated/lock-classes.md": text}

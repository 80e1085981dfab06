# SPDX-License-Identifier: BSD-2-Clause
"""The table of faults in README.md, from tests/placements/campaign.tsv."""

from lint.source import ROOT
from pith.campaign import markdown, read_record

BEGIN = "<!-- tests/placements/campaign.py --record -->\n"
END = "<!-- end of faults -->\n"


def pages() -> dict[str, str]:
    """README.md with the table between its two marks."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {"README.md": f"{before}{BEGIN}{markdown(read_record())}\n{END}{after}"}

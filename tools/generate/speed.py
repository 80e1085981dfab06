# SPDX-License-Identifier: BSD-2-Clause
"""The table of instruction counts in README.md, from bench/reached.tsv."""

from lint.source import ROOT
from pith.bench.rows import read_reached, read_rows
from pith.bench.verdict import judge, markdown

BEGIN = "<!-- ./pith bench --record -->\n"
END = "<!-- end -->\n"


def pages() -> dict[str, str]:
    """README.md with the table between its two marks."""
    reached = read_reached()
    linux = {key: counts[0] for key, counts in reached.items()}
    pith = {key: counts[1] for key, counts in reached.items()}
    verdicts = [verdict for verdict in judge(read_rows(), linux, pith)
                if verdict.row.key in reached]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = markdown(verdicts, ["Linux", "Pith"])
    return {"README.md": f"{before}{BEGIN}{table}\n{END}{after}"}

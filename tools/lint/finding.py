# SPDX-License-Identifier: BSD-2-Clause
"""What a rule finds, and the list of exceptions to the rules."""

import dataclasses
import datetime
import pathlib

EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.txt")


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One breach of a rule. A warning is told but fails nothing."""

    path: str
    line: int
    rule: str
    text: str
    warning: bool = False

    def __str__(self) -> str:
        kind = "warning: " if self.warning else ""
        return f"{self.path}:{self.line}: {kind}{self.rule}: {self.text}"


@dataclasses.dataclass(frozen=True)
class Exemption:
    """A line of exceptions.txt: since when, which rule, which file, and why."""

    line: int
    rule: str
    path: str


def _read_exemptions() -> tuple[list[Exemption], list[Finding]]:
    exemptions, findings = [], []
    for number, text in enumerate(EXCEPTIONS.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        words = text.split(maxsplit=3)
        try:
            datetime.date.fromisoformat(words[0])
            exemptions.append(Exemption(number, words[1], words[2]))
            if not words[3].strip():
                raise ValueError
        except (ValueError, IndexError):
            findings.append(Finding("tools/lint/exceptions.txt", number, "exceptions",
                                    "wanted: YYYY-MM-DD RULE PATH REASON"))
    return exemptions, findings


def without_exceptions(findings: list[Finding]) -> list[Finding]:
    """The findings that no exception excuses, and one for each exception that excuses none."""
    exemptions, result = _read_exemptions()
    used = set()
    for finding in findings:
        matching = [exemption for exemption in exemptions
                    if (exemption.rule, exemption.path) == (finding.rule, finding.path)]
        used.update(matching)
        if not matching:
            result.append(finding)
    result += [Finding("tools/lint/exceptions.txt", exemption.line, "exceptions",
                       f"{exemption.path} no longer breaks {exemption.rule}: remove this line")
               for exemption in exemptions if exemption not in used]
    return sorted(result)

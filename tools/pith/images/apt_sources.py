# SPDX-License-Identifier: BSD-2-Clause
"""The Debian sources this machine is set up with, so that images come from the same mirror."""

import pathlib
import re

APT = pathlib.Path("/etc/apt")
SUITE = "bookworm"
DEFAULT = [f"deb http://deb.debian.org/debian {SUITE} main"]


def _is_ours(suite: str) -> bool:
    return suite == SUITE or suite in (f"{SUITE}-updates", f"{SUITE}-security")


def _from_one_line_format(text: str) -> list[str]:
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+.*\bmain\b", line)
        if match and _is_ours(match.group(2)):
            found.append(f"deb {match.group(1)} {match.group(2)} main")
    return found


def _from_stanzas(text: str) -> list[str]:
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value.split()
                  for key, value in re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE)}
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        found += [f"deb {uri} {suite} main" for uri in fields.get("uris", [])
                  for suite in fields.get("suites", [])
                  if _is_ours(suite) and "main" in fields.get("components", [])]
    return found


def debian_sources() -> list[str]:
    """Lines for a sources.list; Debian's own mirror when this machine names none."""
    found: list[str] = []
    listed = APT / "sources.list"
    if listed.exists():
        found += _from_one_line_format(listed.read_text("utf-8", "replace"))
    parts = APT / "sources.list.d"
    for file in sorted(parts.iterdir()) if parts.is_dir() else []:
        if file.suffix == ".list":
            found += _from_one_line_format(file.read_text("utf-8", "replace"))
        elif file.suffix == ".sources":
            found += _from_stanzas(file.read_text("utf-8", "replace"))
    has_base = any(line.split()[2] == SUITE for line in found)
    return list(dict.fromkeys(found)) if has_base else DEFAULT

# SPDX-License-Identifier: BSD-2-Clause
"""Runs every rule over the tree."""

from collections.abc import Iterator

from lint import component_objects, generated, includes, names, sizes
from lint.finding import Finding, without_exceptions
from lint.source import Source, all_sources

# Boilerplate of others, in their own form.
NOT_CHECKED = {"LICENSE"}


def _findings(sources: list[Source]) -> Iterator[Finding]:
    tree = {source.path for source in sources}
    for source in sources:
        if source.path in NOT_CHECKED:
            continue
        yield from names.check_names(source)
        if source.is_code:
            yield from names.check_licence(source)
            yield from sizes.check_source(source)
            yield from includes.check_includes(source, tree)
    yield from sizes.check_folders(sources)
    yield from generated.check_generated()
    yield from component_objects.check_component_objects()


def check_tree() -> tuple[list[Finding], int]:
    """What is wrong, exceptions taken into account, and how many files were looked at."""
    sources = all_sources()
    return without_exceptions(list(_findings(sources))), len(sources)

# SPDX-License-Identifier: BSD-2-Clause
"""Component objects: each is built, holds no writable data, leaves nothing undefined, and lies in
the kernel image byte for byte."""

import dataclasses
import pathlib

from lint.component_objects import KINDS, object_faults

from pith.build import component_folders
from pith.images.kernels import build_pith
from pith.tests.group import Counts, Settings


def _embedded_fault(component: bytes, kernel: bytes) -> list[str]:
    return [] if component in kernel else ["is not in the kernel image as it was built"]


def _faults(file: pathlib.Path, kind: str, kernel: bytes) -> list[str]:
    if not file.exists():
        return ["was not built"]
    return [*object_faults(file, kind), *_embedded_fault(file.read_bytes(), kernel)]


@dataclasses.dataclass(frozen=True)
class ObjectsGroup:
    """One test for each component of the image and kind of build."""

    name: str
    summary: str

    def run(self, settings: Settings) -> Counts:
        """See Group."""
        counts = Counts()
        for kind in KINDS:
            output = build_pith(debug=kind == "debug")
            kernel = output.kernel.read_bytes()
            for folder in component_folders():
                name = pathlib.PurePosixPath(folder).name
                faults = _faults(output.directory / "components" / f"{name}.o", kind, kernel)
                counts.passed += not faults
                counts.failed += bool(faults)
                counts.details += [f"{kind}/{name}.o {fault}" for fault in faults]
        if counts.passed + counts.failed == 0:
            return Counts(failed=1, details=["images/default.def names no component"])
        return counts

# SPDX-License-Identifier: BSD-2-Clause
"""Builds the kernel, its components and its images: writes build/<kind>/build.ninja and runs
ninja."""

import dataclasses
import pathlib
import subprocess
import sys

from . import ninja
from .errors import PithError

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = [
    "clang-19", "lld-19", "llvm-19", "libc++-19-dev", "libboost1.81-dev", "ninja-build", "lz4",
]
GCC_PACKAGES = ["g++"]


@dataclasses.dataclass(frozen=True)
class BuildOutput:
    """Where a build left its files."""

    directory: pathlib.Path

    @property
    def bzimage(self) -> pathlib.Path:
        return self.directory / "vmlinuz"

    @property
    def elf(self) -> pathlib.Path:
        return self.directory / "pith.elf"

    @property
    def kernel(self) -> pathlib.Path:
        return self.directory / "kernel.elf"


def output(kind: str, compiler: str = "clang") -> BuildOutput:
    """The paths of a build, made or not."""
    name = kind if compiler == "clang" else f"{kind}-{compiler}"
    return BuildOutput(ROOT / "build" / name)


def component_folders() -> list[str]:
    """Folders of the components in the ordinary image."""
    return ninja.component_folders(ROOT)


def build(kind: str, compiler: str = "clang", targets: list[str] | None = None) -> BuildOutput:
    """Builds `kind` ("release" or "debug"); PithError with the compiler's words on failure."""
    result = output(kind, compiler)
    result.directory.mkdir(parents=True, exist_ok=True)
    ninja.write(ROOT, result.directory, kind, compiler)
    command = ["ninja", "-C", str(result.directory), "--quiet", *(targets or [])]
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if finished.returncode != 0:
        sys.stderr.write(finished.stdout)
        raise PithError(f"the {kind} build failed (ninja exited with {finished.returncode})")
    return result


if __name__ == "__main__":
    arguments = sys.argv[1:]
    chosen = "debug" if "--debug" in arguments else "release"
    with_compiler = "gcc" if "--gcc" in arguments else "clang"
    rest = [word for word in arguments if not word.startswith("--")]
    try:
        print(build(chosen, with_compiler, rest).directory)
    except PithError as error:
        sys.exit(f"pith: {error}")

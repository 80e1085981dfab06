#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boots a kernel in QEMU with an initramfs of given programs and shows its serial console.

    boot.py --kernel FILE --add build/tests/syscalls/bin=/syscalls \\
            --init build/tests/syscalls/runner -- --trace /syscalls [FILTER...]

The words after -- become the arguments of /init. The init must power the machine off.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile


def header(name: str, mode: int, size: int, inode: int, device: tuple[int, int]) -> bytes:
    fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, *device, len(name) + 1, 0]
    text = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return text + b"\0" * (-len(text) % 4)


class Archive:
    """A cpio archive in the "newc" format."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.count = 0
        self.folders: set[str] = set()

    def _put(self, name: str, mode: int, content: bytes = b"", device=(0, 0)) -> None:
        self.count += 1
        self.data += header(name, mode, len(content), self.count, device)
        self.data += content + b"\0" * (-len(content) % 4)

    def folder(self, name: str) -> None:
        if name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self._put(name, 0o40755)

    def file(self, source: pathlib.Path, name: str) -> None:
        self.folder(os.path.dirname(name))
        self._put(name, 0o100755, source.read_bytes())

    def tree(self, source: pathlib.Path, name: str) -> None:
        if source.is_file():
            return self.file(source, name)
        self.folder(name)
        for path in sorted(source.rglob("*")):
            if path.is_file():
                self.file(path, f"{name}/{path.relative_to(source)}")
        return None

    def console(self) -> None:
        self.folder("dev")
        self._put("dev/console", 0o20600, device=(5, 1))

    def finish(self) -> bytes:
        self._put("TRAILER!!!", 0)
        return bytes(self.data)


def make_archive(options: argparse.Namespace) -> bytes:
    archive = Archive()
    archive.console()
    for folder in ("proc", "sys", "tmp", "dev/pts"):
        archive.folder(folder)
    archive.file(options.init, "init")
    for pair in options.add:
        source, _, name = pair.partition("=")
        archive.tree(pathlib.Path(source), name.strip("/"))
    return archive.finish()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--init", type=pathlib.Path, required=True)
    parser.add_argument("--add", action="append", default=[], metavar="SOURCE=TARGET")
    parser.add_argument("--append", default="", help="more words for the kernel's command line")
    parser.add_argument("--smp", default="2")
    parser.add_argument("--memory", default="1024")
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--icount", action="store_true", help="count instructions; implies 1 CPU")
    parser.add_argument("--timeout", type=float, default=900)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    line = f"console=ttyS0 quiet panic=-1 {options.append} -- {' '.join(options.arguments)}"
    with tempfile.NamedTemporaryFile(suffix=".cpio") as initrd:
        initrd.write(make_archive(options))
        initrd.flush()
        command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", options.cpu,
                   "-smp", "1" if options.icount else options.smp, "-m", options.memory,
                   "-kernel", options.kernel, "-initrd", initrd.name, "-append", line,
                   "-nographic", "-no-reboot", "-monitor", "none"]
        if options.icount:
            command += ["-icount", "shift=0,sleep=off"]
        try:
            return subprocess.run(command, stdin=subprocess.DEVNULL,
                                  timeout=options.timeout).returncode
        except subprocess.TimeoutExpired:
            print("boot.py: time is up", file=sys.stderr)
            return 124


if __name__ == "__main__":
    sys.exit(main())

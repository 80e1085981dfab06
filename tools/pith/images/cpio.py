# SPDX-License-Identifier: BSD-2-Clause
"""Writes initramfs archives: cpio "newc", owned by root, the same bytes for the same contents."""

import os
import pathlib
import stat


class Archive:
    """An archive in memory; `finish` answers its bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0
        self._names: set[str] = set()

    def _add(self, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0),
             links: int = 1) -> None:
        self._names.add(name)
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts.append(_padded(header + encoded) + _padded(data))

    def _add_parents(self, name: str) -> None:
        for parent in reversed(pathlib.PurePosixPath(name).parents):
            if str(parent) != "." and str(parent) not in self._names:
                self.directory(str(parent))

    def directory(self, name: str, mode: int = 0o755) -> None:
        """Adds a directory and those above it."""
        if name not in self._names:
            self._add_parents(name)
            self._add(name, stat.S_IFDIR | mode, links=2)

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        """Adds a regular file."""
        self._add_parents(name)
        self._add(name, stat.S_IFREG | mode, data)

    def symlink(self, name: str, target: str) -> None:
        """Adds a symbolic link."""
        self._add_parents(name)
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name: str, major: int, minor: int, mode: int = 0o600) -> None:
        """Adds a character device node."""
        self._add_parents(name)
        self._add(name, stat.S_IFCHR | mode, device=(major, minor))

    def tree(self, source: pathlib.Path, name: str) -> None:
        """Adds a host directory under `name`; what is neither file, directory nor link is left."""
        self.directory(name)
        for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
            inner = f"{name}/{entry.name}"
            mode = stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode)
            if entry.is_symlink():
                self.symlink(inner, os.readlink(entry.path))
            elif entry.is_dir():
                self.tree(pathlib.Path(entry.path), inner)
            elif entry.is_file():
                self.file(inner, pathlib.Path(entry.path).read_bytes(), mode)

    def finish(self) -> bytes:
        """The archive's bytes, trailer included."""
        self._inode = -1
        self._add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

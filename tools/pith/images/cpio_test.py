# SPDX-License-Identifier: BSD-2-Clause
"""Archives are what cpio and the kernel expect."""

import unittest

from pith.images.cpio import Archive


class ArchiveTest(unittest.TestCase):
    """The bytes of small archives."""

    def test_entries_in_order_with_parents(self) -> None:
        archive = Archive()
        archive.file("a/b/c", b"12345", 0o755)
        archive.symlink("a/link", "b/c")
        archive.character_device("dev/console", 5, 1)
        self.assertEqual([name for name, _, _ in self._entries(archive.finish())],
                         ["a", "a/b", "a/b/c", "a/link", "dev", "dev/console", "TRAILER!!!"])

    def test_contents_and_modes(self) -> None:
        archive = Archive()
        archive.file("c", b"12345", 0o755)
        archive.symlink("link", "c")
        entries = {name: (mode, data) for name, mode, data in self._entries(archive.finish())}
        self.assertEqual(entries["c"], (0o100755, b"12345"))
        self.assertEqual(entries["link"], (0o120777, b"c"))

    def _entries(self, data: bytes) -> list[tuple[str, int, bytes]]:
        found, at = [], 0
        while at < len(data):
            self.assertEqual(data[at:at + 6], b"070701")
            fields = [int(data[at + 6 + 8 * index:at + 14 + 8 * index], 16) for index in range(13)]
            name_start = at + 110
            name = data[name_start:name_start + fields[11] - 1].decode()
            start = -(-(name_start + fields[11]) // 4) * 4
            found.append((name, fields[1], data[start:start + fields[6]]))
            at = -(-(start + fields[6]) // 4) * 4
        return found


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""Both formats of apt's sources are understood."""

import pathlib
import tempfile
import unittest
from unittest import mock

from pith.images import apt_sources


class AptSourcesTest(unittest.TestCase):
    """Reading a directory like /etc/apt."""

    def _sources(self, files: dict[str, str]) -> list[str]:
        with tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                path = pathlib.Path(directory) / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            with mock.patch.object(apt_sources, "APT", pathlib.Path(directory)):
                return apt_sources.debian_sources()

    def test_stanzas(self) -> None:
        text = ("Types: deb\n# note\nURIs: http://mirror.example/debian\n"
                "Suites: bookworm bookworm-updates\nComponents: main contrib\n\n"
                "Types: deb\nURIs: http://other.example/x\nSuites: stable\nComponents: main\n")
        self.assertEqual(self._sources({"sources.list.d/debian.sources": text}),
                         ["deb http://mirror.example/debian bookworm main",
                          "deb http://mirror.example/debian bookworm-updates main"])

    def test_lines(self) -> None:
        text = ("deb [signed-by=/x] http://mirror.example/debian bookworm main non-free\n"
                "deb http://other.example/x cloud-bookworm main\n"
                "deb-src http://mirror.example/debian bookworm main\n")
        self.assertEqual(self._sources({"sources.list": text}),
                         ["deb http://mirror.example/debian bookworm main"])

    def test_nothing(self) -> None:
        self.assertEqual(self._sources({}), apt_sources.DEFAULT)


if __name__ == "__main__":
    unittest.main()

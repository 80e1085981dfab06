# SPDX-License-Identifier: BSD-2-Clause
"""What bash offers behind `pithctl`, with a made-up /sys/pith."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from pith.paths import ROOT

SCRIPT = ROOT / "user/pithctl/completion.bash"


class CompletionTest(unittest.TestCase):
    """Each test gives words, the last of which is to be completed."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        sys = pathlib.Path(self.folder.name)
        for name in ("virtio_blk0", "virtio_blk1", "ext40"):
            (sys / "components" / name).mkdir(parents=True)
            (sys / "components" / name / "inject").write_text("fault\nillegal\nbit\n")
        (sys / "objects/ramdisk").mkdir(parents=True)
        for name in ("new.o", "notes.txt"):
            (sys / name).touch()

    def offered(self, *words: str) -> list[str]:
        """What bash offers for the last word."""
        line = " ".join(f"'{word}'" for word in ("pithctl", *words))
        script = (f"PITHCTL_SYS=$PWD; source {SCRIPT}; COMP_WORDS=({line}); "
                  f"COMP_CWORD={len(words)}; _pithctl; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        done = subprocess.run(["bash", "-c", script], cwd=self.folder.name, check=True,
                              stdout=subprocess.PIPE, text=True)
        return done.stdout.split()

    def test_commands_are_those_of_the_program(self) -> None:
        source = (ROOT / "user/pithctl/main.cpp").read_text(encoding="utf-8")
        commands = re.findall(r'^    \{"(\w+)", \w+, "', source, re.MULTILINE)
        self.assertGreater(len(commands), 8)
        self.assertEqual(self.offered(""), commands)

    def test_names(self) -> None:
        self.assertEqual(self.offered("move", "vir"), ["virtio_blk0", "virtio_blk1"])
        self.assertEqual(self.offered("swap", "e"), ["ext40"])
        self.assertEqual(self.offered("unload", ""), ["ramdisk"])

    def test_what_comes_behind_a_name(self) -> None:
        self.assertEqual(self.offered("move", "ext40", "s"), ["server"])
        self.assertEqual(self.offered("inject", "ext40", ""), ["fault", "illegal", "bit"])
        self.assertEqual(self.offered("inject", "ext40", "bit", ""), ["--seed"])

    def test_objects_are_files(self) -> None:
        self.assertEqual(self.offered("load", "n"), ["new.o"])
        self.assertEqual(self.offered("swap", "ext40", "n"), ["new.o"])

    def test_nothing(self) -> None:
        self.assertEqual(self.offered("kill", "nonesuch"), [])
        self.assertEqual(self.offered("inject", "nonesuch0", ""), [])


if __name__ == "__main__":
    unittest.main()

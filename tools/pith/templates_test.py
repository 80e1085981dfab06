# SPDX-License-Identifier: BSD-2-Clause
"""What `./pith new` makes compiles, with the flags of its place and without a warning."""

import pathlib
import shutil
import string
import subprocess
import tempfile
import unittest

from pith.commands.new import TEMPLATES
from pith.ninja import KIND_FLAGS, Generator
from pith.paths import ROOT


@unittest.skipUnless(shutil.which("clang++-19"), "needs clang-19")
class TemplatesTest(unittest.TestCase):
    """One template, one compilation."""

    def _compile(self, template: str, text_behind: str, *flags: str) -> None:
        generator = Generator(ROOT, ROOT / "build" / "release", "release", "clang")
        text = string.Template((TEMPLATES / template).read_text("utf-8")).substitute(
            name="sample", number="0", folder="components/block/sample")
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "sample.cpp"
            source.write_text(text_behind + text, encoding="utf-8")
            words = generator.flags(KIND_FLAGS["release"], *flags).split()
            done = subprocess.run(["clang++-19", *words, "-fsyntax-only", str(source)],
                                  capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_components(self) -> None:
        for template in ("component.cpp.in", "driver.cpp.in"):
            self._compile(template, "", "-fPIC", "-DPITH_COMPONENT")

    def test_system_call(self) -> None:
        # Its row declares it; here it has none.
        self._compile("syscall.cpp.in", '#include "base/result.h"\n'
                      "namespace linux { Result<u64> sys_sample(); }\n", "-fPIE")


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""The check of component objects finds planted faults, and nothing in an object in order."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from lint.component_objects import object_faults

COMPILER = shutil.which("clang-19")


@unittest.skipUnless(COMPILER and shutil.which("llvm-readelf-19"), "needs clang-19 and llvm-19")
class ObjectFaultsTest(unittest.TestCase):
    """Objects made here."""

    def _faults(self, text: str, kind: str = "release") -> list[str]:
        with tempfile.TemporaryDirectory() as directory:
            source = pathlib.Path(directory) / "a.c"
            source.write_text(text, encoding="ascii")
            file = source.with_suffix(".o")
            subprocess.run([str(COMPILER), "-O1", "-fPIC", "-fvisibility=hidden", "-ffreestanding",
                            "-c", source, "-o", file], check=True)
            return list(object_faults(file, kind))

    def test_in_order(self) -> None:
        self.assertEqual(self._faults(
            "static int f(int x) { return x; }\nint (*const table[])(int) = {f};\n"
            "const char text[] = \"x\";\n"), [])

    def test_writable_data(self) -> None:
        self.assertEqual(self._faults("int counter = 7;\n"),
                         [".data holds 4 bytes of writable data"])
        self.assertEqual(self._faults("long zeroed[4];\n"),
                         [".bss holds 32 bytes of writable data"])

    def test_undefined_symbols(self) -> None:
        text = "void g(void); void f(void) { g(); }\n"
        self.assertEqual(self._faults(text), ["`g` is undefined"])

    def test_sanitizers_may_be_undefined_in_debug_objects(self) -> None:
        text = "void __asan_load8(void*); void f(void* p) { __asan_load8(p); }\n"
        self.assertEqual(self._faults(text, "debug"), [])
        self.assertEqual(self._faults(text), ["`__asan_load8` is undefined"])


if __name__ == "__main__":
    unittest.main()

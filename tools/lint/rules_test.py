# SPDX-License-Identifier: BSD-2-Clause
"""Each rule finds what it is there to find, and lets pass what is in order."""

import unittest

from lint import includes, names, sizes
from lint.source import Source, bare_code


class TextSource(Source):
    """A file that exists only here."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path)
        self.__dict__["text"] = text
        self.__dict__["lines"] = text.splitlines()


def _including(path: str, included: str) -> list[str]:
    source = TextSource(path, f'#include "{included}"\n')
    return [finding.rule for finding in includes.check_includes(source, {included})]


class IncludeTest(unittest.TestCase):
    """The direction of includes."""

    def test_downward(self) -> None:
        for path, included in [
                ("core/vm/a.cpp", "base/types.h"), ("core/vm/a.cpp", "arch/api/cpu.h"),
                ("linux/vfs/a.cpp", "core/vm/b.h"), ("arch/x86_64/a.cpp", "core/vm/b.h"),
                ("components/block/virtio/a.cpp", "abi/component/env.h"),
                ("components/block/virtio/a.cpp", "components/block/virtio/b.h"),
                ("core/vm/a_test.cpp", "host/test/machine.h")]:
            self.assertEqual(_including(path, included), [], (path, included))

    def test_upward(self) -> None:
        for path, included in [
                ("base/a.h", "core/vm/b.h"), ("core/vm/a.cpp", "arch/x86_64/b.h"),
                ("core/vm/a.cpp", "linux/vfs/b.h"), ("core/vm/a.cpp", "components/fs/ext4/b.h"),
                ("linux/vfs/a.cpp", "components/fs/ext4/b.h"), ("arch/api/cpu.h", "core/vm/b.h"),
                ("components/block/virtio/a.cpp", "core/vm/b.h"),
                ("components/block/virtio/a.cpp", "components/block/ram/b.h"),
                ("linux/vfs/a.cpp", "images/b.h")]:
            self.assertEqual(_including(path, included), ["include"], (path, included))


class SizeTest(unittest.TestCase):
    """Where functions start and end."""

    def _functions(self, text: str) -> list[tuple[int, int]]:
        return list(sizes.cpp_functions(text))

    def test_functions_at_every_scope(self) -> None:
        text = """\
namespace a {
struct B {
    int member() const { return 1; }
    B(int x) : y_{x},
               z_(x) {
        call();
    }
    int y_{0};
};
constexpr int table[] = {1, 2, 3};
auto f(int x) -> int
{
    if (x) { return [&] { return x; }(); }
    return 0;
}
} // namespace a
"""
        self.assertIn((3, 3), self._functions(text))
        self.assertIn((11, 15), self._functions(text))
        self.assertEqual(max(last for _, last in self._functions(text)), 15)

    def test_braces_in_literals_do_not_count(self) -> None:
        self.assertEqual(self._functions('int f() {\n  g("{", \'{\'); // {\n}\n'), [(1, 3)])

    def test_long_function_is_found(self) -> None:
        body = "    g();\n" * 101
        findings = list(sizes.check_source(TextSource("core/a.cpp", f"void f() {{\n{body}}}\n")))
        self.assertEqual([(finding.rule, finding.warning) for finding in findings],
                         [("function-size", False)])

    def test_long_line_and_file(self) -> None:
        text = "x" * 101 + "\n" + "\n" * 600
        rules = {finding.rule for finding in sizes.check_source(TextSource("a.def", text))}
        self.assertEqual(rules, {"line-length", "file-size"})

    def test_digit_separators_are_no_literals(self) -> None:
        self.assertIn("{", bare_code("int f() { return 1'000'000; }"))


class NameTest(unittest.TestCase):
    """Names and licences."""

    def test_names(self) -> None:
        def bad(path: str) -> bool:
            return bool(list(names.check_names(TextSource(path, ""))))

        for path in ["core/vm/page_tree.h", "docs/decisions/001-one-table.md", ".ci/run",
                     "README.md", "arch/x86_64/entry.S", "tools/pith/__init__.py", ".gitignore"]:
            self.assertFalse(bad(path), path)
        for path in ["core/PageTree.h", "base/utils.h", "core/misc/a.h", "core/string_utils.cpp",
                     "linux/common/a.h", "core/page-tree.h"]:
            self.assertTrue(bad(path), path)

    def test_licence(self) -> None:
        self.assertTrue(list(names.check_licence(TextSource("a.py", "import os\n"))))
        self.assertFalse(list(names.check_licence(TextSource("a.py", f"# {names.SPDX}\n"))))


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""What a component's object says of itself to modinfo and depmod."""

import pathlib
import unittest

from pith.module_information import aliases, module_information

ROOT = pathlib.Path(__file__).resolve().parents[2]


class AliasesTest(unittest.TestCase):
    """Lines of `matches`, and the patterns Linux has for them."""

    def test_each_bus(self) -> None:
        """By number, by class, and by name."""
        self.assertEqual(list(aliases("pci 1af4:1001, virtio_mmio device 2")),
                         ["pci:v00001AF4d00001001sv*sd*bc*sc*i*", "virtio:d00000002v*"])
        self.assertEqual(list(aliases("pci class 01080a")), ["pci:v*d*sv*sd*bc01sc08i0A*"])
        self.assertEqual(list(aliases("platform rtc_cmos")), ["platform:rtc_cmos"])
        self.assertEqual(list(aliases("nothing: made on demand, one for each volume")), [])

    def test_every_driver_has_one(self) -> None:
        """No component of the tree is out of its devices' reach."""
        for file in (ROOT / "components").rglob("component.def"):
            with self.subTest(file=file):
                self.assertIn(b"\0alias=", module_information(file.parent))


if __name__ == "__main__":
    unittest.main()

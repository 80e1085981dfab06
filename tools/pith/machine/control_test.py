# SPDX-License-Identifier: BSD-2-Clause
"""Messages survive any words and any cutting."""

import unittest

from pith.machine import control


class ControlTest(unittest.TestCase):
    """Encoding and decoding."""

    def test_words_go_through_as_they_are(self) -> None:
        words = ["", "a b", "$(x)", "'\"", "ü", "\udcff"]
        message, = control.Decoder().feed(control.encode(control.START, *words))
        self.assertEqual(message.kind, control.START)
        self.assertEqual(message.payload.split(b"\0")[:-1],
                         [word.encode("utf-8", "surrogateescape") for word in words])

    def test_messages_cut_anywhere(self) -> None:
        data = control.encode(control.EXIT, "0", "5", "6") + control.encode(control.BYE)
        for cut in range(len(data)):
            decoder = control.Decoder()
            kinds = [message.kind for part in (data[:cut], data[cut:])
                     for message in decoder.feed(part)]
            self.assertEqual(kinds, [control.EXIT, control.BYE])


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-2-Clause
"""The control port's messages, as user/agent/agent.h describes them: one byte of kind, four of
length, and a payload of NUL-terminated words."""

import dataclasses
import struct
from collections.abc import Iterator

VERSION = "1"
_HEADER = struct.Struct("<cI")

START = b"S"
WINDOW = b"W"
END_OF_INPUT = b"E"
SIGNAL = b"K"
BYE = b"B"
HELLO = b"H"
FAILURE = b"F"
EXIT = b"X"


@dataclasses.dataclass(frozen=True)
class Message:
    """One message from the agent."""

    kind: bytes
    payload: bytes

    @property
    def words(self) -> list[str]:
        """The payload's words."""
        return [word.decode("utf-8", "replace") for word in self.payload.split(b"\0")[:-1]]


def encode(kind: bytes, *words: str) -> bytes:
    """A message's bytes. Words carry any byte but NUL, as the shell gave them."""
    payload = b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)
    return _HEADER.pack(kind, len(payload)) + payload


class Decoder:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yields the messages that `data` completes."""
        self._pending += data
        while len(self._pending) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._pending)
            end = _HEADER.size + length
            if len(self._pending) < end:
                return
            payload, self._pending = self._pending[_HEADER.size:end], self._pending[end:]
            yield Message(kind, payload)

# SPDX-License-Identifier: BSD-2-Clause
"""Failures that a person reads as one line."""


class PithError(Exception):
    """Something the user can act on; the text is one line, without a full stop."""


class Terminated(BaseException):
    """A signal asks the tool to end. Not an Exception, so that nothing swallows it on the way."""

    def __init__(self, signal_number: int):
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number

"""What came of a test."""

import re

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_LONGEST = 4000


class Outcome:
    __slots__ = ("outcome", "message", "stack", "steps", "seconds", "exhausted")

    def __init__(self, outcome, message=None, stack=None):
        self.outcome = outcome
        self.message = message
        self.stack = stack
        self.steps = 0
        self.seconds = 0.0
        self.exhausted = False


def message_of(text):
    """The first line of an error, without what differs from run to run."""
    line = text.strip().split("\n", 1)[0] if text.strip() else "failed"
    if line.startswith("AssertionError: assert "):
        line = line[len("AssertionError: ") :]
    return _ADDRESS.sub("0x…", line)[:_LONGEST]

"""Collects and runs tests through unittest, one by one."""

import inspect
import os
import sys
import unittest

from .outcome import Outcome, message_of


class UnittestTest:
    def __init__(self, file, case):
        self.file = file
        self.names = [type(case).__qualname__, case._testMethodName]
        self._case = case

    def run(self, following, thorough):
        result = unittest.TestResult()
        # A suite of its own, so that fixtures of the class and the module are set up and torn down.
        unittest.TestSuite([self._case]).run(result)
        problems = result.failures + result.errors
        if problems or result.unexpectedSuccesses:
            text = problems[0][1] if problems else "unexpected success"
            return Outcome("failed", message_of(_last_error(text)), text[:8000])
        if result.skipped:
            return Outcome("skipped")
        return Outcome("todo" if result.expectedFailures else "passed")

    @staticmethod
    def path_of(names):
        """A failing part (`subTest`) counts as its whole test."""
        *outer, last = names
        return (*outer, last.split(" ", 1)[0])


class UnittestSuite:
    def __init__(self):
        self.errors = []

    def collect(self, files):
        tests = []
        for file in files:
            loaded = _load(file)
            for case in _flattened(loaded):
                if isinstance(case, unittest.loader._FailedTest):
                    self.errors.append(str(case._exception))
                else:
                    tests.append(UnittestTest(_file_of(case) or file, case))
        return tests


def _load(file):
    """As `python -m unittest FILE` does; a file that only its own folder can import comes from there."""
    name = file[: -len(".py")].replace("/", ".")
    suite = unittest.TestLoader().loadTestsFromName(name)
    if any(isinstance(case, unittest.loader._FailedTest) for case in _flattened(suite)):
        folder, _, base = name.rpartition(".")
        sys.path.insert(0, os.path.abspath(folder.replace(".", "/")))
        again = unittest.TestLoader().loadTestsFromName(base)
        if not any(isinstance(case, unittest.loader._FailedTest) for case in _flattened(again)):
            return again
    return suite


def _file_of(case):
    try:
        file = os.path.relpath(inspect.getsourcefile(type(case)))
    except (OSError, TypeError):
        return None
    return None if file.startswith("..") else file.replace(os.sep, "/")


def _flattened(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flattened(item)
        else:
            yield item


def _last_error(text):
    lines = text.strip().splitlines()
    starts = [line for line in lines if line[:1].isalpha() and not line.startswith("Traceback")]
    return starts[0] if starts else (lines[-1] if lines else "failed")

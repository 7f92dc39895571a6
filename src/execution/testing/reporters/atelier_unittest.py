"""Runs unittest with a result that reports to the studio; takes the arguments of `python -m unittest`."""

import inspect
import os
import sys
import time
import traceback
import unittest

import atelier_channel as channel

ROOT = os.getcwd()


def _source(test):
    """File and line of a test, or nothing for one that could not be loaded."""
    try:
        method = getattr(test, test._testMethodName)
        file = os.path.relpath(inspect.getsourcefile(type(test)), ROOT)
        line = inspect.getsourcelines(inspect.unwrap(method))[1]
        return (None, None) if file.startswith("..") else (file.replace(os.sep, "/"), line)
    except (AttributeError, OSError, TypeError):
        return None, None


class Result(unittest.TextTestResult):
    def startTest(self, test):
        self.began = time.perf_counter()
        super().startTest(test)

    def send(self, test, outcome, error=None, suffix=""):
        if isinstance(test, unittest.loader._FailedTest):
            message = str(test._exception).strip()
            lines = message.splitlines()
            file = test._testMethodName.replace(".", "/") + ".py"
            channel.record(kind="broken", file=file if os.path.exists(file) else None, message=lines[-1] if lines else "", stack=message)
            return
        file, line = _source(test)
        content = dict(kind="case", file=file, line=line, outcome=outcome)
        if hasattr(test, "_testMethodName"):
            content.update(path=[type(test).__qualname__], name=test._testMethodName + suffix)
        else:
            # Set-up or tear-down of a class or module.
            content.update(path=[], name=str(test))
        content["durationMs"] = (time.perf_counter() - getattr(self, "began", time.perf_counter())) * 1000
        if error is not None:
            content["message"] = "".join(traceback.format_exception_only(error[0], error[1])).strip()
            content["stack"] = "".join(traceback.format_exception(*error))
        channel.record(**{key: value for key, value in content.items() if value is not None})

    def addSuccess(self, test):
        super().addSuccess(test)
        self.send(test, "passed")

    def addError(self, test, err):
        super().addError(test, err)
        self.send(test, "failed", err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.send(test, "failed", err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.send(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.send(test, "todo")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.send(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.send(test, "failed", err, suffix=" " + subtest._subDescription())


class Runner(unittest.TextTestRunner):
    resultclass = Result

    def run(self, test):
        result = super().run(test)
        channel.record(kind="end", exitCode=0 if result.wasSuccessful() else 1)
        return result


if __name__ == "__main__":
    # As `python -m unittest` does: the current folder comes first.
    sys.path[0] = ROOT
    sys.argv[0] = "python3 -m unittest"
    unittest.main(module=None, testRunner=Runner)

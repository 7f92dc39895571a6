"""Collects and runs tests through pytest, one by one. See https://docs.pytest.org/en/stable/reference/reference.html#hooks."""

import importlib.util
import os

import pytest
from _pytest.config import _prepareconfig
from _pytest.main import Session
from _pytest.runner import CallInfo

from .outcome import Outcome, message_of

_ARGUMENTS = ["-q", "--capture=no", "--continue-on-collection-errors", "-p", "no:cacheprovider", "-p", "no:faulthandler"]
_PHASES = ("setup", "call", "teardown")


class _Errors:
    def __init__(self):
        self.messages = []

    def pytest_collectreport(self, report):
        if report.failed:
            self.messages.append(str(report.longrepr))


class PytestTest:
    def __init__(self, item):
        file, *names = item.nodeid.split("::")
        self.file = file
        self.names = names or [file]
        self._item = item

    def run(self, following, thorough):
        """`following` is the test that comes next: fixtures that it shares stay open."""
        item = self._item
        if hasattr(item, "_request") and not item._request:
            item._initrequest()
        error = None
        result = None
        for when in _PHASES:
            if when == "call" and (error is not None or result is not None):
                continue
            more = {"nextitem": following._item if following else None} if when == "teardown" else {}
            hook = getattr(item.ihook, f"pytest_runtest_{when}")
            call = CallInfo.from_call(lambda: hook(item=item, **more), when=when)
            if thorough:
                result = _reported(item, call, when) or result
            elif call.excinfo is not None and error is None:
                error = call.excinfo
        if hasattr(item, "_request"):
            item._request = False
            item.funcargs = None
        if thorough:
            return result or Outcome("passed")
        if error is None:
            return Outcome("passed")
        if isinstance(error.value, pytest.skip.Exception):
            return Outcome("skipped")
        return Outcome("failed", message_of(error.exconly()))

    @staticmethod
    def path_of(names):
        return tuple(names)


def _reported(item, call, when):
    """What pytest itself makes of a phase; None for one that went well."""
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    if hasattr(report, "wasxfail"):
        return Outcome("todo")
    if report.skipped:
        return Outcome("skipped")
    if report.failed:
        text = message_of(call.excinfo.exconly()) if call.excinfo else "failed"
        return Outcome("failed", text, report.longreprtext[:8000])
    return None


class PytestSuite:
    def __init__(self):
        self.errors = []

    def collect(self, files):
        errors = _Errors()
        arguments = [*_ARGUMENTS, *_quiet_plugins(), *files]
        try:
            items = _items(arguments, errors)
        except pytest.UsageError:
            # Options of the project's configuration for plug-ins that have no place here.
            items = _items(["-o", "addopts=", *arguments], errors)
        self.errors = errors.messages
        return [PytestTest(item) for item in items]


def _quiet_plugins():
    """Plug-ins that run tests elsewhere or measure them in their own way."""
    known = (("xdist", ["-n", "0"]), ("pytest_cov", ["--no-cov"]))
    return [word for module, words in known if importlib.util.find_spec(module) for word in words]


def _items(arguments, plugin):
    os.environ.setdefault("PYTEST_CURRENT_TEST", "")
    config = _prepareconfig(arguments, [plugin])
    config._do_configure()
    session = Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    config.hook.pytest_collection(session=session)
    return session.items

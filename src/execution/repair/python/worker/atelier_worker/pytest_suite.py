"""Collects and runs tests through pytest, one by one. See https://docs.pytest.org/en/stable/reference/reference.html#hooks."""

import copy
import importlib.util
import inspect
import os
import traceback

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
        self._parameters = _plain_parameters(item)

    def run(self, following, thorough):
        """`following` is the test that comes next: fixtures that it shares stay open."""
        item = self._item
        if not thorough and self._parameters is not None:
            return _called(item.obj, self._parameters)
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


def _called(function, parameters):
    """Runs a test that is no more than its function: most of the time would go into what pytest does around it."""
    try:
        # The function may change what it is given, and the next candidate needs it as it was.
        function(**copy.deepcopy(parameters))
    except pytest.skip.Exception:
        return Outcome("skipped")
    except BaseException as error:
        text = "".join(traceback.format_exception_only(type(error), error))
        return Outcome("failed", message_of(text))
    return Outcome("passed")


def _plain_parameters(item):
    """The arguments of a test that needs no fixture, set-up or plug-in; None for all others."""
    if type(item) is not pytest.Function or item.cls is not None or not inspect.isfunction(item.obj):
        return None
    if inspect.iscoroutinefunction(item.obj) or inspect.isgeneratorfunction(item.obj):
        return None
    for name in ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown", "pytest_pyfunc_call"):
        for implementation in getattr(item.ihook, name).get_hookimpls():
            if not implementation.function.__module__.startswith("_pytest."):
                return None
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    definitions = item._fixtureinfo.name2fixturedefs
    for name in item.fixturenames:
        is_direct = name in parameters and all(
            getattr(one.func, "__name__", "") == "get_direct_param_fixture_func" for one in definitions.get(name, ())
        )
        if not is_direct or not _is_data(parameters[name]):
            return None
    return {name: parameters[name] for name in item.fixturenames}


def _is_data(value):
    """Whether a copy is as good as the value itself."""
    if isinstance(value, dict):
        return type(value) is dict and all(_is_data(key) and _is_data(item) for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return type(value) in (list, tuple, set, frozenset) and all(map(_is_data, value))
    return value is None or type(value) in (bool, int, float, complex, str, bytes)


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

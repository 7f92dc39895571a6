"""A pytest plugin that reports to the studio. See https://docs.pytest.org/en/stable/reference/reference.html#hooks."""

import os
import signal
import threading

import pytest

import atelier_channel as channel

# Seconds after which a test counts as one that never ends; the tests after it still have their turn.
_SECONDS = float(os.environ.get("ATELIER_TEST_SECONDS", "120"))


def _identify(nodeid):
    file, *parts = nodeid.split("::")
    return file, parts[:-1], parts[-1] if parts else file


def _end(*_):
    pytest.fail(f"the test did not end within {_SECONDS:g} seconds", pytrace=False)


class Plugin:
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        unused = signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None)
        if not unused or threading.current_thread() is not threading.main_thread():
            return (yield)
        signal.signal(signal.SIGALRM, _end)
        # Again and again, for code that swallows the first.
        signal.setitimer(signal.ITIMER_REAL, _SECONDS, 0.2)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    @pytest.hookimpl
    def pytest_collectreport(self, report):
        if not report.failed:
            return
        message = str(report.longrepr)
        channel.record(kind="broken", file=report.nodeid.split("::")[0] or None, message=_last_line(message), stack=message)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report):
        outcome = _outcome(report)
        if outcome is None:
            return
        file, path, name = _identify(report.nodeid)
        content = dict(kind="case", file=file, path=path, name=name, outcome=outcome)
        content["durationMs"] = report.duration * 1000
        if report.location and report.location[1] is not None:
            content["line"] = report.location[1] + 1
        if outcome == "failed":
            text = report.longreprtext
            content["message"] = _last_line(text)
            content["stack"] = text
            if report.when == "teardown":
                content["name"] = name + " (teardown)"
        channel.record(**content)

    @pytest.hookimpl
    def pytest_sessionfinish(self, session, exitstatus):
        # With xdist only the controller sees every result.
        if not hasattr(session.config, "workerinput"):
            channel.record(kind="end", exitCode=int(exitstatus))


def _outcome(report):
    if report.when == "call":
        if hasattr(report, "wasxfail"):
            return "todo"
        return report.outcome
    if report.when == "setup" and report.skipped:
        return "todo" if hasattr(report, "wasxfail") else "skipped"
    return "failed" if report.failed else None


def _last_line(text):
    errors = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = errors or [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if errors else (lines[-1] if lines else "failed")


def pytest_configure(config):
    if channel.active:
        config.pluginmanager.register(Plugin(), "atelier-reporter")

"""A pytest plugin that reports to the studio. See https://docs.pytest.org/en/stable/reference/reference.html#hooks."""

import os
import signal
import threading

import pytest

import atelier_channel as channel

# Seconds after which a test counts as one that never ends; the tests after it still have their turn.
_SECONDS = float(os.environ.get("ATELIER_TEST_SECONDS", "120"))
_LEAST_SHARE = 0.05


def _identify(nodeid):
    file, *parts = nodeid.split("::")
    return file, parts[:-1], parts[-1] if parts else file


class Plugin:
    def __init__(self):
        self.seconds = _SECONDS

    def _end(self, *_):
        within = self.seconds
        # Where one test never ends, others seldom do: they are given less and less.
        self.seconds = max(_SECONDS * _LEAST_SHARE, within / 2)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        pytest.fail(f"the test did not end within {within:g} seconds", pytrace=False)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        unused = signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None)
        if not unused or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGALRM, self._end)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            yield
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

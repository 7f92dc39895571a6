"""Work in a process of its own, which can neither outlive its time nor leave anything behind."""

import json
import os
import resource
import select
import signal
import sys
import time
import traceback

from .channel import write_all

# Bytes that a candidate may take beyond what the project takes itself.
_MEMORY = 1 << 30


def in_child(work, seconds):
    """Forks, and gives what `work` returned there (as JSON can carry it); None if it crashed or took too long."""
    with Child(lambda tell: tell(work())) as child:
        return child.hear(seconds)


class Child:
    """A forked process that does `work(tell)`; what it tells, as JSON can carry it, is heard here."""

    def __init__(self, work):
        self._read, write = os.pipe()
        self._rest = b""
        self._lines = []
        self._pid = os.fork()
        if self._pid == 0:
            _work_and_exit(work, self._read, write)
        os.close(write)
        try:
            os.setpgid(self._pid, self._pid)
        except OSError:
            pass

    def hear(self, seconds):
        """The next thing told; None if the process ended or said nothing for too long."""
        deadline = time.monotonic() + seconds
        while not self._lines:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                return None
            part = os.read(self._read, 1 << 20)
            if not part:
                return None
            *self._lines, self._rest = (self._rest + part).split(b"\n")
        return json.loads(self._lines.pop(0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._read)
        try:
            # The whole group: tests may have started processes.
            os.killpg(self._pid, signal.SIGKILL)
        except OSError:
            pass
        os.waitpid(self._pid, 0)


def _work_and_exit(work, read, write):
    status = 1
    try:
        os.close(read)
        os.setpgid(0, 0)
        work(lambda thing: write_all(write, json.dumps(thing).encode() + b"\n"))
        status = 0
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(status)


def limit_memory():
    """A candidate that fills lists for ever ends in a MemoryError."""
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = size + _MEMORY
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))

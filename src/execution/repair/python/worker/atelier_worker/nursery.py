"""A process that has the project imported and its tests collected, and forks a child for each candidate."""

import gc
import json
import os
import select
import signal
import socket
import time

from .aim import choose, is_unchanged, measure, seconds_for, take_costs, try_all, try_failing
from .instrument import compile_module, edited
from .isolation import Child, in_child, limit_memory
from .swap import LiveFunctions, Unswappable, restore

# Seconds to import the project and run the chosen tests once.
_START = 50


def verdict(outcome):
    return {"outcome": outcome, "fixed": [], "broken": [], "messages": {}}


class Nursery:
    """The controller's end."""

    def __init__(self, project, request, test_seconds, leave):
        self._socket, inner = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._socket.close()
                leave()
                _Keeper(project, request, test_seconds, inner).serve()
            finally:
                os._exit(0)
        inner.close()
        self._rest = b""
        self._lines = []
        self.base = self._receive(_START)

    def ask(self, candidates, seconds, on_wait):
        """
        Candidates with what came of each, in their order; `unswappable` is for those that have to be tried anew. Ends
        early if the process was lost. `on_wait` is called now and then while nothing comes.
        """
        self._socket.sendall(json.dumps(candidates).encode() + b"\n")
        for candidate in candidates:
            answer = self._receive(seconds, on_wait)
            if answer is None:
                return
            yield candidate, answer

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except OSError:
            pass
        os.waitpid(self.pid, 0)
        self._socket.close()

    def _receive(self, seconds, on_wait=lambda: None):
        deadline = time.monotonic() + seconds
        while not self._lines:
            if time.monotonic() > deadline:
                return None
            if not select.select([self._socket], [], [], 0.5)[0]:
                on_wait()
                continue
            part = self._socket.recv(1 << 20)
            if not part:
                return None
            *self._lines, self._rest = (self._rest + part).split(b"\n")
        return json.loads(self._lines.pop(0))


class _Keeper:
    """The nursery's end."""

    def __init__(self, project, request, test_seconds, connection):
        self._connection = connection
        files = sorted({path["file"] for path in request["failing"] + request["guards"]})
        self._project = project.open()
        self._targets = choose(request, project.collect(files))
        for target in self._targets:
            target.loads = None if target.failing else request["loads"].get(target.test.file)
        costs = in_child(lambda: measure(project.budget, self._targets, test_seconds), _START)
        if costs is None:
            raise SystemExit
        take_costs(self._targets, costs, test_seconds)
        self._live = LiveFunctions()
        gc.collect()
        gc.freeze()
        self._send({"costs": costs})

    def serve(self):
        for line in self._connection.makefile("r"):
            for answer in self._try(json.loads(line)):
                self._send(answer)

    def _send(self, message):
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def _try(self, candidates):
        """
        A child tries one candidate after the other as long as nothing goes wrong. If the unchanged program does not do
        at the end what it did at first, some candidate left something behind, and each is tried in a child of its own.
        """
        first = list(self._try_together(candidates))
        if first and first[-1] == "changed":
            first = [answer for candidate in candidates for answer in self._try_together([candidate]) if answer != "changed"]
        for candidate, answer in zip(candidates, first):
            yield self._judge(candidate) if answer["fixed"] else answer

    def _try_together(self, candidates):
        seconds = seconds_for([target for target in self._targets if target.failing])
        at = 0
        while at < len(candidates):
            with Child(lambda tell: self._work(candidates[at:], tell)) as child:
                while at < len(candidates):
                    answer = child.hear(seconds)
                    at += 1
                    late = answer is None or answer.pop("late", False)
                    yield answer or verdict("exhausted")
                    if late:
                        break
                else:
                    if child.hear(seconds) is not True:
                        yield "changed"

    def _work(self, candidates, tell):
        limit_memory()
        for candidate in candidates:
            answer = self._with(candidate, lambda budget, targets, _: try_failing(budget, targets))
            tell(answer)
            if answer.get("late"):
                return
        tell(is_unchanged(self._project.budget, self._targets))

    def _judge(self, candidate):
        """Every test decides about what mended some."""
        work = lambda: self._with(candidate, try_all)  # noqa: E731
        return in_child(work, seconds_for(self._targets)) or verdict("exhausted")

    def _with(self, candidate, run):
        importer = self._project.importer
        texts = candidate_texts(self._project, candidate)
        replaced = []
        try:
            for path, text in texts.items():
                code = compile_module(text, os.path.join(self._project.root, path))
                if path in importer.codes:
                    replaced += self._live.swap(importer.codes[path], code)
            # Modules that are only imported while a test runs come with the edit.
            importer.texts.update(texts)
            return run(self._project.budget, self._targets, list(texts))
        except (SyntaxError, ValueError):
            return verdict("invalid")
        except Unswappable:
            return {**verdict("failed"), "unswappable": True}
        finally:
            restore(replaced)
            for path in texts:
                importer.texts.pop(path, None)


def candidate_texts(project, candidate):
    """The edited texts by path from the project's directory."""
    texts = {}
    for path in {edit["file"] for edit in candidate["edits"]}:
        own = [edit for edit in candidate["edits"] if edit["file"] == path]
        texts[path] = edited(project.base_text(path), own)
    return texts

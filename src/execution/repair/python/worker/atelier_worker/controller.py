"""Answers the host's requests, one after another."""

import os
import resource
import signal
import time

from .aim import Patience, choose, numbered, run_test, take_costs, try_all
from .channel import Channel
from .instrument import Coverage
from .isolation import in_child, limit_memory
from .nursery import Nursery, candidate_texts, verdict
from .project import Project

# Seconds for a whole test file on the unchanged program.
_FILE_SECONDS = 55
# Seconds after which an import is given up when a candidate is tried anew.
_IMPORT_SECONDS = 10
# Candidates between looks at whether the host wants to go on.
_TOGETHER = 12


class Controller:
    def __init__(self, word):
        self._channel = Channel(word)
        self._project = None
        self._nursery = None
        self._aim = None
        self._test_seconds = 5.0

    def serve(self):
        self._channel.reply(kind="ready")
        for request in self._channel.requests():
            kind = request["kind"]
            try:
                if kind == "open":
                    self._open(request)
                elif kind == "run":
                    self._run(request)
                elif kind == "aim":
                    self._take_aim(request)
                elif kind == "try":
                    self._try_all(request)
            except Exception as error:
                self._channel.reply(kind="broken", id=request.get("id", 0), message=f"{type(error).__name__}: {error}")
        if self._nursery is not None:
            self._nursery.close()

    def _open(self, request):
        self._test_seconds = request["testMs"] / 1000
        self._project = Project(os.getcwd(), request["directory"], request["framework"])
        self._project.warm()

    def _run(self, request):
        start = time.perf_counter()

        def work():
            self._channel.leave()
            return _run_file(self._project, request["file"], request["withCoverage"], self._test_seconds)

        result = in_child(work, _FILE_SECONDS)
        milliseconds = (time.perf_counter() - start) * 1000
        if result is None:
            result = {"tests": [], "failure": "the tests crashed or did not end", "startsProcesses": False, "loaded": []}
        self._channel.reply(kind="ran", id=request["id"], milliseconds=milliseconds, **result)

    def _take_aim(self, request):
        start = time.perf_counter()
        if self._nursery is not None:
            self._nursery.close()
        self._nursery = None
        self._aim = request
        nursery = Nursery(self._project, request, self._test_seconds, self._channel.leave)
        if nursery.base is None:
            nursery.close()
            raise RuntimeError("the project could not be imported, or its tests did not end")
        self._nursery = nursery
        self._channel.reply(kind="aimed", id=request["id"], milliseconds=(time.perf_counter() - start) * 1000)

    def _try_all(self, request):
        waiting = list(request["candidates"])
        together = 1 if self._aim["onDisk"] else _TOGETHER
        while waiting and not self._channel.is_cancelled():
            batch, waiting = waiting[:together], waiting[together:]
            self._channel.reply(kind="trying", id=request["id"], candidate=batch[0]["id"])
            written = self._write(batch[0]) if self._aim["onDisk"] else {}
            try:
                self._try_batch(request["id"], batch)
            finally:
                for file, text in written.items():
                    _write_file(file, text)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._channel.reply(kind="done", id=request["id"], memoryBytes=memory, handles=0)

    def _try_batch(self, request_id, batch):
        tried = 0

        def on_wait():
            # The host ends a worker of which it hears nothing.
            self._channel.reply(kind="trying", id=request_id, candidate=batch[tried]["id"])

        for candidate, answer in self._nursery.ask(batch, _FILE_SECONDS, on_wait):
            if answer.pop("unswappable", False):
                answer = self._try_anew(candidate)
            self._channel.reply(kind="tried", id=request_id, candidate=candidate["id"], **answer)
            tried += 1
        if tried < len(batch):
            raise RuntimeError("the process that holds the project is gone")

    def _try_anew(self, candidate):
        costs = self._nursery.base["costs"]

        def work():
            self._channel.leave()
            return _import_and_try(self._project, self._aim, candidate, costs, self._test_seconds)

        result = in_child(work, _IMPORT_SECONDS + self._test_seconds)
        return result or verdict("exhausted")

    def _write(self, candidate):
        """For tests that start processes: these see only what is on the disk."""
        written = {}
        for path, text in candidate_texts(self._project, candidate).items():
            file = os.path.join(self._project.root, path)
            written[file] = self._project.base_text(path)
            _write_file(file, text)
        return written


def _run_file(project, file, with_coverage, test_seconds):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    coverage = Coverage() if with_coverage else None
    project.open(coverage)
    tests = project.collect([file])
    results, covered = [], []
    chosen = list(numbered(tests))
    patience = Patience()
    for at, (test, occurrence) in enumerate(chosen):
        if coverage:
            coverage.hits.clear()
        following = chosen[at + 1][0] if at + 1 < len(chosen) else None
        outcome = run_test(project.budget, test, following, patience.steps, test_seconds, thorough=True)
        patience.learn(outcome)
        result = {"file": file, "names": test.names, "occurrence": occurrence, "outcome": outcome.outcome}
        if outcome.message is not None:
            result["message"] = outcome.message
        if outcome.stack is not None:
            result["stack"] = outcome.stack
        if outcome.exhausted:
            result["exhausted"] = True
        results.append(result)
        if coverage:
            covered.append({**result, "covered": coverage.covered()})
    answer = {"tests": results, "startsProcesses": project.starts_processes, "loaded": project.loaded_files()}
    if not tests and project.suite.errors:
        answer["failure"] = project.suite.errors[0][-2000:]
    if coverage:
        answer["coverage"] = covered
    return answer


def _import_and_try(project, aim, candidate, costs, test_seconds):
    limit_memory()
    texts = candidate_texts(project, candidate)
    project.open(texts=texts)
    files = sorted({path["file"] for path in aim["failing"] + aim["guards"]})
    project.budget.begin(10_000_000, _IMPORT_SECONDS)
    tests = project.collect(files)
    project.budget.end()
    targets = choose(aim, tests)
    if len(targets) < len(costs):
        return verdict("failed")
    take_costs(targets, costs, test_seconds)
    for target in targets:
        target.loads = None if target.failing else aim["loads"].get(target.test.file)
    return try_all(project.budget, targets, list(texts))


def _write_file(file, text):
    with open(file, "wb") as out:
        out.write(text.encode())

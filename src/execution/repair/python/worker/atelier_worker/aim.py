"""The tests that candidates are measured by, and what they may cost."""

import time

from .budget import Exhausted
from .outcome import Outcome, message_of

# Steps that a candidate may take more than the unchanged program, in any case.
_SPARE_STEPS = 40_000
# At most this many for tests that fail with a wrong result, but whose neighbours take longer.
_MENDED_STEPS = 600_000
# For tests that crash: nothing is known of what they take if they do not.
_CRASHED_STEPS = 400_000
# For a test that does not even end on the unchanged program.
_ENDLESS_STEPS = 40_000
# For the unchanged program itself; where tests never end, those after them get less and less.
_BASE_STEPS = 5_000_000
# Tests that cost much more than all cheaper ones together are only run for a candidate that mended these.
_PATIENCE = 4
# Failing tests that may stay exactly as they were before a candidate is given up.
_MOST_UNCHANGED = 8


class Target:
    """A chosen test, with its number among the failing ones or the guards."""

    def __init__(self, test, index, failing):
        self.test = test
        self.index = index
        self.failing = failing
        self.message = None
        self.steps = _ENDLESS_STEPS
        self.seconds = 0.0
        self.stable = True
        self.exhausted = False
        # Files of the project that a guard's file loads; None where that is not known.
        self.loads = None


def run_test(budget, test, following, steps, seconds, thorough=False):
    """Runs a test within limits."""
    start = time.perf_counter()
    budget.begin(steps, seconds)
    try:
        outcome = test.run(following, thorough)
    except Exhausted as error:
        outcome = Outcome("failed", message_of(str(error)))
    outcome.steps = budget.end()
    outcome.seconds = time.perf_counter() - start
    outcome.exhausted = budget.exhausted
    return outcome


def choose(request, tests):
    """Finds the tests that the host named, in the order in which they are collected."""
    wanted = {}
    for failing, paths in ((True, request["failing"]), (False, request["guards"])):
        for index, path in enumerate(paths):
            key = (path["file"], path["occurrence"], tests[0].path_of(path["names"]) if tests else ())
            wanted.setdefault(key, []).append((index, failing))
    targets = []
    for test, occurrence in numbered(tests):
        key = (test.file, occurrence, tuple(test.names))
        targets += [Target(test, index, failing) for index, failing in wanted.get(key, ())]
    return targets


def numbered(tests):
    """Tests with how many of the same name came so far, from 1."""
    counts = {}
    for test in tests:
        key = (test.file, tuple(test.names))
        counts[key] = counts.get(key, 0) + 1
        yield test, counts[key]


class Patience:
    """Steps that tests of the unchanged program may take: fewer, the more of them never ended."""

    def __init__(self):
        self.steps = _BASE_STEPS

    def learn(self, outcome):
        if outcome.exhausted:
            self.steps = max(_ENDLESS_STEPS, self.steps // 4)


def measure(budget, targets, test_seconds):
    """Runs the targets in their order on the unchanged program; what each did, as JSON can carry it."""
    costs = []
    patience = Patience()
    for target, following in paired(targets):
        outcome = run_test(budget, target.test, following, patience.steps, test_seconds)
        patience.learn(outcome)
        costs.append(
            {
                "outcome": outcome.outcome,
                "message": outcome.message,
                "steps": outcome.steps,
                "seconds": outcome.seconds,
                "exhausted": outcome.exhausted,
            }
        )
    return costs


def take_costs(targets, costs, test_seconds):
    """Sets the limits of candidates. Failing tests may end early; mended, they take what their neighbours do."""
    most = max((cost["steps"] for cost in costs if not cost["exhausted"]), default=0)
    for target, cost in zip(targets, costs):
        steps = 0 if cost["exhausted"] else cost["steps"]
        target.message = cost["message"]
        target.steps = steps * 3 + min(steps * 20, 300_000) + _SPARE_STEPS
        if target.failing:
            crashed = not cost["exhausted"] and not (cost["message"] or "").startswith("assert")
            least = _CRASHED_STEPS if crashed else 0
            target.steps = max(target.steps, least, min(most * 3 + _SPARE_STEPS, _MENDED_STEPS))
        target.seconds = min(test_seconds, 0.3 + cost["seconds"] * 5)
        target.exhausted = cost["exhausted"]
        target.stable = target.failing or cost["outcome"] == "passed"


def try_failing(budget, targets):
    """Runs failing tests, cheapest first, until nothing is to be hoped for."""
    fixed, messages, unfixed, spent = [], {}, 0, 0.0
    failing = sorted((target for target in targets if target.failing), key=lambda target: target.seconds)
    for target in failing:
        hopeless = unfixed >= _MOST_UNCHANGED and not fixed and not messages
        if hopeless or (unfixed and target.seconds > _PATIENCE * spent):
            break
        spent += target.seconds
        outcome = run_test(budget, target.test, None, target.steps, target.seconds)
        if outcome.exhausted and not fixed:
            return {"outcome": "exhausted", "fixed": [], "broken": [], "messages": {}, "late": budget.late}
        if outcome.outcome == "passed":
            fixed.append(target.index)
            continue
        unfixed += 1
        if outcome.outcome == "failed" and outcome.message != target.message and not outcome.exhausted:
            messages[target.index] = outcome.message
    return {"outcome": "failed", "fixed": fixed, "broken": [], "messages": messages}


def try_all(budget, targets, files):
    """Runs every test in its order: the tests of a file may build on one another. `files` are those edited."""
    fixed, broken, messages, total = [], [], {}, 0
    chosen = [target for target in targets if target.failing or (target.stable and _concerns(target, files))]
    for target, following in paired(chosen):
        outcome = run_test(budget, target.test, following, target.steps, target.seconds)
        total += target.failing
        if outcome.outcome == "passed":
            if target.failing:
                fixed.append(target.index)
        elif target.failing:
            if outcome.outcome == "failed" and outcome.message != target.message and not outcome.exhausted:
                messages[target.index] = outcome.message
        else:
            broken.append(target.index)
            break
    if broken or not fixed:
        verdict = "failed"
    else:
        verdict = "plausible" if len(fixed) == total else "partial"
    return {"outcome": verdict, "fixed": fixed, "broken": broken, "messages": messages}


def is_unchanged(budget, targets):
    """Whether the first of the tests still do on the unchanged program what they did at first."""
    cheap = sorted((target for target in targets if not target.exhausted), key=lambda target: target.seconds)
    chosen = [target for target in cheap if target.failing][:2] + [target for target in cheap if not target.failing][:2]
    for target in chosen:
        outcome = run_test(budget, target.test, None, target.steps, target.seconds)
        if target.stable and not target.failing and outcome.outcome != "passed":
            return False
        if target.failing and outcome.message != target.message:
            return False
    return True


def seconds_for(targets):
    """How long all of the targets may take before their process is ended from outside."""
    return 2 + sum(target.seconds for target in targets)


def paired(targets):
    following = [target.test for target in targets[1:]] + [None]
    return list(zip(targets, following))


def _concerns(target, files):
    return target.loads is None or any(file in target.loads for file in files)

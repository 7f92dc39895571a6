"""Counts steps of the project's code, and ends what takes too many or too long."""

import builtins
import signal

_UNLIMITED = 1 << 60


class Exhausted(BaseException):
    """No Exception, so that few handlers of the project catch it; one that does is met again at the next step."""


class Budget:
    def __init__(self):
        self._left = _UNLIMITED
        self._limit = _UNLIMITED
        self.exhausted = False
        # Whether it was the time that ran out, perhaps in the midst of something that must not be left half done.
        self.late = False
        builtins.__atelier_step__ = self._step

    def _step(self):
        self._left -= 1
        if self._left < 0:
            self.exhausted = True
            raise Exhausted("more steps than any run that ends")

    def _alarm(self, *_):
        self.exhausted = self.late = True
        # Later steps must not go on if this is swallowed.
        self._left = 0
        raise Exhausted("more time than any run that ends")

    def begin(self, steps, seconds):
        self._left = self._limit = steps
        self.exhausted = self.late = False
        signal.signal(signal.SIGALRM, self._alarm)
        # Again and again, for code that swallows the first.
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)

    def end(self):
        """Steps taken since the beginning."""
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Exhausted:
            signal.setitimer(signal.ITIMER_REAL, 0)
        taken = self._limit - max(self._left, 0)
        self._left = _UNLIMITED
        return taken

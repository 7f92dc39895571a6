"""Puts edited code in the place of the old, in functions that already exist."""

import gc
import types

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED: set for functions, not for modules and class bodies
_OWN = (
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_flags",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_exceptiontable",
)


class Unswappable(Exception):
    """The edit changes what ran when the module was loaded."""


class LiveFunctions:
    """The functions of this process by their code."""

    def __init__(self):
        self._by_code = {}
        for thing in gc.get_objects():
            if type(thing) is types.FunctionType:
                self._by_code.setdefault(id(thing.__code__), []).append(thing)

    def swap(self, old, new):
        """
        Makes the functions of a module's old code run the new, and gives what was replaced, for `restore`. Raises
        Unswappable before anything is changed.
        """
        pairs = []
        _pair(old, new, pairs)
        live = [(function, after) for before, after in pairs for function in self._by_code.get(id(before), ())]
        if any(len(function.__code__.co_freevars) != len(after.co_freevars) for function, after in live):
            raise Unswappable
        replaced = [(function, function.__code__) for function, _ in live]
        for function, after in live:
            function.__code__ = after
        return replaced


def restore(replaced):
    for function, code in replaced:
        function.__code__ = code


def _pair(old, new, pairs):
    """Finds functions that differ; those that only moved to other lines do not."""
    before, after = _nested(old), _nested(new)
    if _own(old) == _own(new) and len(before) == len(after):
        inner = []
        for one, other in zip(before, after):
            _pair(one, other, inner)
        if inner and old.co_flags & _OPTIMIZED:
            pairs.append((old, new))
        pairs += inner
        return
    if not old.co_flags & _OPTIMIZED:
        raise Unswappable
    pairs.append((old, new))
    # Functions inside that exist already, such as those a decorator made.
    named = {code.co_name: code for code in after}
    for code in before:
        if code.co_name in named and not code.co_name.startswith("<"):
            _pair(code, named[code.co_name], pairs)


def _own(code):
    constants = [_constant(value) for value in code.co_consts]
    return [getattr(code, name, None) for name in _OWN], constants


def _constant(value):
    if isinstance(value, types.CodeType):
        return ("code", value.co_name)
    if isinstance(value, (tuple, frozenset)):
        return (type(value), [_constant(item) for item in value])
    # 1, 1.0 and True are equal but not the same.
    return (type(value), repr(value))


def _nested(code):
    return [value for value in code.co_consts if isinstance(value, types.CodeType)]

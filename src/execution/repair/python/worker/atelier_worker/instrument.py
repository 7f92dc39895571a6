"""Compiles the project's modules so that they count steps and, where wanted, record which statements run."""

import ast
import builtins
import importlib.machinery
import os
import sys

_LOOPS = (ast.While, ast.For, ast.AsyncFor)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BODIES = ("body", "orelse", "finalbody")
_SKIPPED = ("/.venv/", "/venv/", "/site-packages/", "/node_modules/", "/.tox/")


class Coverage:
    """Which statements ran, by number; the statements' places in UTF-16 code units, by file."""

    def __init__(self):
        self.hits = set()
        self._places = []
        builtins.__atelier_mark__ = self.hits.add

    def add(self, path, start, end):
        self._places.append((path, start, end))
        return len(self._places) - 1

    def covered(self):
        files = {}
        for number in sorted(self.hits):
            path, start, end = self._places[number]
            files.setdefault(path, []).append({"start": start, "end": end})
        return files


class Offsets:
    """From the lines and UTF-8 columns of `ast` to UTF-16 code units of the text."""

    def __init__(self, text):
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + _units(line))

    def of(self, line, column):
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        if text.isascii():
            return self._starts[line - 1] + column
        return self._starts[line - 1] + _units(text.encode()[:column].decode(errors="ignore"))


def _units(text):
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def compile_module(text, file, path=None, coverage=None):
    """Code of a module; `path` is relative to the root. Raises SyntaxError as `compile` does."""
    tree = ast.parse(text, file)
    instrument = _Instrument(path, Offsets(text), coverage) if coverage else _Instrument(path, None, None)
    instrument.visit_body(tree)
    return compile(tree, file, "exec", dont_inherit=True)


class _Instrument:
    def __init__(self, path, offsets, coverage):
        self._path = path
        self._offsets = offsets
        self._coverage = coverage

    def visit_body(self, node):
        for field in _BODIES:
            body = getattr(node, field, None)
            if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                setattr(node, field, self._instrumented(node, field, body))
        for handler in getattr(node, "handlers", ()) or getattr(node, "cases", ()):
            self.visit_body(handler)

    def _instrumented(self, owner, field, body):
        first = 0
        if field == "body" and isinstance(owner, (ast.Module, ast.ClassDef, *_FUNCTIONS)) and _is_text(body[0]):
            first = 1
        while first < len(body) and isinstance(body[first], ast.ImportFrom) and body[first].module == "__future__":
            first += 1
        result = body[:first]
        if field == "body" and isinstance(owner, (*_LOOPS, *_FUNCTIONS)):
            result.append(_call("__atelier_step__", body[min(first, len(body) - 1)]))
        for statement in body[first:]:
            if self._coverage:
                result.append(self._mark(statement))
            self.visit_body(statement)
            result.append(statement)
        return result

    def _mark(self, statement):
        start = self._offsets.of(statement.lineno, statement.col_offset)
        inner = getattr(statement, "body", None)
        if isinstance(inner, list):
            last = (inner[0].lineno, inner[0].col_offset)
        else:
            last = (statement.end_lineno, statement.end_col_offset)
        number = self._coverage.add(self._path, start, self._offsets.of(*last))
        return _call("__atelier_mark__", statement, ast.Constant(number))


def _is_text(statement):
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _call(name, place, *arguments):
    node = ast.Expr(ast.Call(ast.Name(name, ast.Load()), list(arguments), []))
    for part in ast.walk(node):
        if isinstance(part, (ast.expr, ast.stmt)):
            part.lineno = part.end_lineno = place.lineno
            part.col_offset = part.end_col_offset = place.col_offset
    return node


class Importer(importlib.machinery.PathFinder):
    """Loads the project's own modules instrumented, with edits where a candidate has them."""

    def __init__(self, root, coverage=None):
        self._root = root
        self._coverage = coverage
        self.texts = {}
        # Code of the modules that were loaded, by path.
        self.codes = {}

    def install(self):
        """Comes after the finders of test runners, which have to rewrite their own files."""
        places = [at for at, finder in enumerate(sys.meta_path) if finder is importlib.machinery.PathFinder]
        sys.meta_path.insert(places[0] if places else len(sys.meta_path), self)
        sys.path_importer_cache.clear()

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        relative = self.relative(spec.origin)
        if relative is None:
            return None
        spec.loader = _Loader(self, relative, spec.loader.name, spec.loader.path)
        return spec

    def relative(self, file):
        """The path from the root of a file of the project itself, or None."""
        if file is None:
            return None
        absolute = os.path.abspath(file)
        if not absolute.startswith(self._root + "/") or any(part in absolute for part in _SKIPPED):
            return None
        return absolute[len(self._root) + 1 :]

    def text_of(self, path):
        text = self.texts.get(path)
        return read_text(os.path.join(self._root, path)) if text is None else text

    def compile(self, path):
        return compile_module(self.text_of(path), os.path.join(self._root, path), path, self._coverage)


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, importer, relative, name, file):
        super().__init__(name, file)
        self._importer = importer
        self._relative = relative

    def get_code(self, fullname):
        code = self._importer.compile(self._relative)
        self._importer.codes[self._relative] = code
        return code


def read_text(file):
    """As the host reads it, line ends included."""
    with open(file, "rb") as source:
        return source.read().decode("utf-8-sig", errors="replace")


def edited(text, edits):
    """The text with edits, whose places are in UTF-16 code units of the old text."""
    units = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda edit: edit["start"], reverse=True):
        replacement = edit["replacement"].encode("utf-16-le")
        units = units[: edit["start"] * 2] + replacement + units[edit["end"] * 2 :]
    return units.decode("utf-16-le")

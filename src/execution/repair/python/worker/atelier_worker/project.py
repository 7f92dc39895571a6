"""The project in this process: where it stands, how it is imported, which tests it has."""

import os
import sys

from .budget import Budget
from .instrument import Importer, read_text

_PROCESS_EVENTS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.startfile"}


class Project:
    def __init__(self, root, directory, framework):
        self.root = os.path.join(root, directory) if directory else root
        self.framework = framework
        self.starts_processes = False
        self._texts = {}
        os.chdir(self.root)
        # As `python -m pytest` and the studio's own command have it.
        sys.path[:0] = [self.root, os.path.join(self.root, "src")]
        sys.dont_write_bytecode = True
        self.budget = Budget()

    def warm(self):
        """Imports what does not belong to the project, so that children need not."""
        self._suite()

    def open(self, coverage=None, texts=()):
        """Prepares this process to import the project; only children do."""
        sys.addaudithook(self._audit)
        self.importer = Importer(self.root, coverage)
        self.importer.texts.update(texts)
        self.importer.install()
        self.suite = self._suite()
        return self

    def collect(self, files):
        return self.suite.collect(files)

    def loaded_files(self):
        files = {self.importer.relative(getattr(module, "__file__", None)) for module in list(sys.modules.values())}
        return sorted(file for file in files if file and file.endswith(".py"))

    def _audit(self, event, _):
        if event in _PROCESS_EVENTS:
            self.starts_processes = True

    def _suite(self):
        if self.framework == "pytest":
            from .pytest_suite import PytestSuite

            return PytestSuite()
        from .unittest_suite import UnittestSuite

        return UnittestSuite()

    def base_text(self, path):
        """Text of an unedited file."""
        if path not in self._texts:
            self._texts[path] = read_text(os.path.join(self.root, path))
        return self._texts[path]

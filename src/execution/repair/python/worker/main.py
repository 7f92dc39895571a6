"""Entry of a worker: tries candidates on a Python project. See atelier_worker/__init__.py."""

import sys

from atelier_worker.controller import Controller

if __name__ == "__main__":
    # The project must not find the worker's modules in place of its own.
    del sys.path[0]
    Controller(sys.argv.pop()).serve()

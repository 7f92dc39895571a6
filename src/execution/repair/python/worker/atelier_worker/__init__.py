"""
Tries candidates on a Python project, fast.

The controller answers the requests of the host (see ../../../validation/protocol.ts) and never imports the project. For
candidates it keeps a nursery: a process that has imported the project and collected its tests. For each candidate the
nursery forks a child, which puts the edited functions' code in the place of the old, runs the tests and tells what came
of it; so nothing that a candidate does outlives it. What cannot be swapped, such as a changed class body or default, is
tried in a child of the controller that imports everything anew.

All loops and calls of the project's own code count steps, so that what never ends is ended soon.
"""

"""Tests and their child processes see no module of a user's ``PYTHONPATH``: a ``sitecustomize.py`` may print
into what a test reads. Tests that want one set it themselves."""

import os

os.environ.pop("PYTHONPATH", None)

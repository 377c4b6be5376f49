"""What every test and every process that it starts has: compiled code shared, and no module of a user's.

``PYTHONPATH`` is taken away, for a ``sitecustomize.py`` may print into what a test reads; tests that want one
set it themselves.
"""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

os.environ.pop("PYTHONPATH", None)


def _share_compiled_code() -> None:
    """Let JAX keep what it compiles in a folder of this session: landscapes and processes ask for the same
    programs again and again. A folder that the user's ``JAX_COMPILATION_CACHE_DIR`` names is taken instead.
    """
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # else this is a worker of a session that has one
        folder = tempfile.mkdtemp(prefix="compiled-")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


_share_compiled_code()

# No deadlines: others use this machine too. The same examples each time, but of a night's.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("nightly", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pytest-xdist give a whole file to one worker, for its tests share fixtures and compiled code, and
    all files that start a Ray to one, so that there is one Ray at a time. What takes longest begins.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("/".join(item.path.parts[-2:])))
    slow = {_group(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (_group(item) != "ray", _group(item) not in slow))


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    assert marker is not None
    return marker.args[0]

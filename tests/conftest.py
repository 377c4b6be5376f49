"""What every test and every process that it starts has: compiled code shared, and no module of a user's.

``PYTHONPATH`` is taken away, for a ``sitecustomize.py`` may print into what a test reads; tests that want one
set it themselves.
"""

import atexit
import os
import shutil
import tempfile

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

"""What every test and every process that it starts has: code compiled fast and shared, stores in memory,
and no module of a user's.

``PYTHONPATH`` is taken away, for a ``sitecustomize.py`` may print into what a test reads; tests that want one
set it themselves.
"""

import atexit
import importlib.metadata
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from support.instances import left_out, unknown

os.environ.pop("PYTHONPATH", None)


def _compute_on_one_thread() -> None:
    """As our workers do: threads of BLAS that wait for each other took 60 s of processor for what one does
    in 8 (numbers of low index at N = 401, beside others). It holds for processes that are still to start, as
    pytest-xdist's: in this one a plugin has loaded NumPy.
    """
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"


def _keep_bytecode() -> None:
    """Let Python keep what it compiles, whatever the user's environment says: importing JAX takes 3 s of
    processor without, 0.9 s with it, and tests start hundreds of processes.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _share_compiled_code() -> None:
    """Let JAX keep what it compiles in a folder of this session: landscapes and processes ask for the same
    programs again and again. A folder that the user's ``JAX_COMPILATION_CACHE_DIR`` names is taken instead.
    """
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # else this is a worker of a session that has one
        folder = tempfile.mkdtemp(prefix="compiled-")
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


ROOM_IN_MEMORY = 4 * 2**30
"""Bytes that must be free there; the stores of a session take 1.4 GB."""


UNOPTIMISED = "--xla_backend_optimization_level=0"
OLDER_EMITTER = "--xla_cpu_use_fusion_emitters=false"
"""Fused loops by XLA's older emitter: `tests/tasks/test_critical_sets.py` takes 32 s of processor, not 46."""
LAST_WITH_IT = (0, 10)
"""Of jaxlib, as far as is known: 0.12, which newer Pythons get, ends a process that names that flag."""


def _compile_fast() -> None:
    """Landscapes of tests are small and many: LLVM would optimise for longer than their code runs. A user's
    ``XLA_FLAGS`` are left as they are.
    """
    jaxlib = tuple(map(int, importlib.metadata.version("jaxlib").split(".")[:2]))
    older = [OLDER_EMITTER] if jaxlib <= LAST_WITH_IT else []
    os.environ.setdefault("XLA_FLAGS", " ".join([UNOPTIMISED, *older]))


def _keep_stores_in_memory() -> None:
    """A run syncs every object that it writes, 3 ms each on a disk. What is in memory goes with the session;
    name a folder by pytest's ``--basetemp`` or by ``TMPDIR`` to look into what a test left.
    """
    memory = Path("/dev/shm")
    if {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & set(os.environ) or not os.access(memory, os.W_OK):
        return
    if shutil.disk_usage(memory).free > ROOM_IN_MEMORY:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder = tempfile.mkdtemp(prefix="stores-", dir=memory)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _begin_on_one_day() -> None:
    """Datasets say on which day their run began and with which commit: tests that compare them may go on over
    midnight, or while somebody commits.
    """
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")
    os.environ.setdefault("MORSECENSUS_COMMIT", "tests")


_begin_on_one_day()
_compute_on_one_thread()
_keep_bytecode()
_share_compiled_code()
_compile_fast()
_keep_stores_in_memory()

# No deadlines: others use this machine too. The same examples each time, but of a night's.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("nightly", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(autouse=True, scope="session")
def _workers_are_taken_over():
    """Serial runs in this process take the worker of the run before, however a test starts them."""
    from support.workers import shared

    with shared():
        yield


@pytest.fixture(autouse=True)
def _no_store_is_looked_into():
    """Blocks that ran in this process said where content is found: in a store that may be gone."""
    from morsecensus.tasks.runtime import inputs

    yield
    inputs._find.clear()


RAY = ("test_ray.py", "test_cluster.py", "test_cluster_examples.py", "test_dask.py")
"""Files that start a Ray or a cluster for most of their tests."""


DEAREST = (
    "pipeline/test_chaos.py",
    "pipeline/test_s3.py",
    "test_study.py",
    "pipeline/test_plugins.py",
    "pipeline/test_run.py",
    "pipeline/test_explore.py",
    "test_docs.py",
)
"""Files that take longest, in many tests, so that no worker is left with one at the end."""


def _place(file: str) -> str:
    return "ray" if file.rpartition("/")[2] in RAY else file


@pytest.hookimpl(tryfirst=True)  # before `-m "not soak"` is looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave some instances to the soak, and begin with what takes longest: files of Ray, then the dearest,
    then those with slow tests."""
    if not any("::" in name for name in config.args) and (lost := unknown(items)):
        raise pytest.UsageError(f"tests/support/instances.py: no such instance: {lost}")
    for item in left_out(items):
        item.add_marker(pytest.mark.soak)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    dearest = {name: place for place, name in enumerate(DEAREST)}

    def turn(item: pytest.Item) -> tuple[bool, int, bool]:
        file = item.nodeid.partition("::")[0].removeprefix("tests/")
        return _place(file) != "ray", dearest.get(file, len(DEAREST)), item.path not in slow

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a whole file to one worker, for its tests share fixtures and compiled code, and all files of Ray
    to one, so that there is one Ray at a time.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _place(nodeid.partition("::")[0])

    return Scheduler(config, log)

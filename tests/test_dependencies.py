"""What is declared is imported, and what is imported is declared; and what a worker has to load."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("tasks", "storage", "analysis", "pipeline")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME_EXTRAS = ("distributed", "explore", "export", "ray", "s3")
BEHIND_A_NAME = {"s3fs": "s3://", "h5py": '"h5py"'}
"""Packages that fsspec or h5netcdf import for us, and the text by which a room asks for them."""
HEAVY = ("scipy.stats", "scipy.optimize", "pandas", "xarray", "dask", "matplotlib", "ray", "zarr")


def _canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(requirements):
    return {_canonical(re.match(r"[\w.-]+", line)[0]) for line in requirements}


DECLARED = _names(PROJECT["dependencies"])
OPTIONAL = _names(line for extra in RUNTIME_EXTRAS for line in PROJECT["optional-dependencies"][extra])


@cache
def _imported(text):
    modules = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module)
    return modules


_owners = cache(packages_distributions)


def _third_party(sources):
    """Top-level packages that are imported, at any depth of a file, with one file that does."""
    found = {}
    for name, text in sources:
        for module in _imported(text):
            found.setdefault(module.partition(".")[0], name)
    return {top: name for top, name in found.items() if top not in {*sys.stdlib_module_names, "morsecensus"}}


def _undeclared(imported, declared):
    owners = _owners()
    return {top for top in imported if not {_canonical(name) for name in owners.get(top, [])} & declared}


def _unused(imported, declared):
    owners = _owners()
    return declared - {_canonical(name) for top in imported for name in owners.get(top, [])}


@pytest.fixture(scope="module")
def sources():
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths]


def test_imports_are_declared(sources):
    imported = _third_party(sources)
    assert not {top: imported[top] for top in _undeclared(imported, DECLARED | OPTIONAL)}


def test_what_every_installation_gets_is_imported(sources):
    assert not _unused(_third_party(sources), DECLARED)


def test_extras_are_asked_for_and_no_more_is_optional(sources):
    unused = _unused(_third_party(sources), OPTIONAL)
    assert unused == set(BEHIND_A_NAME)
    for text in BEHIND_A_NAME.values():
        assert any(text in source for _, source in sources)
    assert not OPTIONAL & DECLARED


def test_these_checks_can_fail(sources):
    spoiled = [*sources, ("tasks/new.py", "def f():\n    import gudhi.wasserstein\n")]
    assert _undeclared(_third_party(spoiled), DECLARED | OPTIONAL) == {"gudhi"}
    assert _unused(_third_party(sources), DECLARED | {"gudhi"}) == {"gudhi"}
    without = [(name, text) for name, text in sources if name != "storage/chunks.py"]
    assert _unused(_third_party(without), DECLARED) == {"google-crc32c", "numcodecs"}


def _loaded(script):
    """Which of HEAVY a fresh process has after this."""
    command = f"import sys; {script}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_a_worker_loads_nothing_heavy_that_it_has_no_use_for():
    """Everything in tasks, as the sum of all studies would load it. scipy.stats alone takes a second."""
    modules = [
        ".".join(("morsecensus", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        for path in sorted((ROOT / "tasks").rglob("*.py"))
    ]
    assert "morsecensus.tasks.finders.homotopy.sampled" in modules
    assert not _loaded(f"import morsecensus.pipeline.worker.worker, {', '.join(modules)}")
    assert _loaded("import scipy.stats") >= {"scipy.stats", "scipy.optimize"}


@pytest.mark.parametrize("command", [["--help"], ["run", "--help"], ["plan", "--help"]])
def test_help_loads_nothing_heavy(command):
    script = (
        "from morsecensus.pipeline.cli.app import app; from typer.testing import CliRunner; "
        f"assert 'Usage' in CliRunner().invoke(app, {command!r}).output"
    )
    assert not _loaded(script)

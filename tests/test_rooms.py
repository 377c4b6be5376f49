"""Which room may import what."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("tasks", "storage", "analysis", "pipeline")
OURS = "morsecensus."
FORBIDDEN = {
    "tasks": {"storage", "pipeline", "analysis", "ray", "xarray", "zarr", "fsspec", "matplotlib", "dask"},
    "storage": {"tasks", "analysis", "pipeline", "ray", "jax", "xarray", "dask", "scipy", "matplotlib"},
    "analysis": {"pipeline", "ray", "jax", "distributed"},
    "pipeline": {"jax", "matplotlib"},
}
LEAVES = {
    "ray": {"pipeline/backends/ray_executor.py", "pipeline/backends/ray_pool.py"},
    "distributed": {"pipeline/backends/dask_scheduler.py"},
    "numba": {"tasks/finders/homotopy/simd.py"},
    "flint": {
        "tasks/finders/homotopy/balls.py",
        "tasks/finders/homotopy/extended.py",
        "tasks/finders/homotopy/krawczyk.py",
        "tasks/finders/homotopy/multilinear/balls.py",
    },
}
LONGEST_LEAF = 200


def _imports(path):
    """Return the dotted names that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix(OURS) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: absolute imports only"
            module = str(node.module).removeprefix(OURS)
            found |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return found


def _files(room):
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room):
    for path in _files(room):
        roots = {name.partition(".")[0] for name in _imports(path)}
        assert not roots & FORBIDDEN[room], path


def test_analysis_takes_leaves_of_tasks_that_are_plain_numpy():
    leaves = (
        "tasks.covariance",
        "tasks.measurables",
        "tasks.proportions",
        "tasks.topology.complex",
        "tasks.topology.persistence",
    )
    registry = {"tasks.landscapes.registry", "tasks.landscapes.registry.MODELS"}
    for path in _files("analysis"):
        names = {name for name in _imports(path) if name.startswith("tasks")} - registry
        assert all(name.startswith(leaves) for name in names), path
    # What the registry itself reads is as plain.
    readers = {
        name.rpartition(".")[0]
        for name in _imports(ROOT / "tasks/landscapes/registry.py")
        if name.count(".") > 2
    }
    kept = (*leaves, *readers)
    parts = [ROOT / f"{leaf.replace('.', '/')}.py" for leaf in kept if leaf != "tasks.measurables"]
    parts += _files("tasks/measurables")
    for part in (*parts, ROOT / "tasks/landscapes/registry.py"):
        names = _imports(part)
        assert all(
            name.startswith(("tasks.", "numpy", "scipy.special", "jaxtyping", *sys.stdlib_module_names))
            for name in names
        ), part
        assert all(name.startswith(kept) for name in names if name.startswith("tasks.")), part


@pytest.mark.parametrize("package", LEAVES)
def test_heavy_packages_live_in_leaves(package):
    users = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in _files(room)
        if any(name.partition(".")[0] == package for name in _imports(path))
    }
    assert users == LEAVES[package]
    for path in users:
        assert len((ROOT / path).read_text().splitlines()) < LONGEST_LEAF


def test_no_module_hides_one_of_the_standard_library():
    for room in ROOMS:
        for path in _files(room):
            assert path.stem not in sys.stdlib_module_names, path

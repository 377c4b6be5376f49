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
        "tasks/finders/homotopy/ball_homotopy.py",
        "tasks/finders/homotopy/balls.py",
        "tasks/finders/homotopy/extended.py",
        "tasks/finders/homotopy/krawczyk.py",
        "tasks/finders/homotopy/multilinear/balls.py",
    },
}
LONGEST_LEAF = 200
FLOORS = {
    "tasks": (
        ("block", "bodies"),
        ("records",),
        ("finders", "topology"),
        ("points", "trajectories"),
        ("landscapes",),
        ("systems", "geometry"),
        ("runtime", "covariance", "measurables", "proportions"),
    ),
    "pipeline": (
        ("cli", "api"),
        ("commands",),
        ("run",),
        ("backends", "study"),
        ("worker",),
        ("plugins", "stopping"),
        ("errors",),
    ),
}
"""Of a room: folders, and files at its root. Each may import what stands below it, and nothing beside it."""


class _WithoutTyping(ast.NodeTransformer):
    def visit_If(self, node):
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            return self.generic_visit(node)
        return [self.visit(other) for other in node.orelse] or ast.Pass()


def _imports(path, typing=True):
    """Return the dotted names that a file imports, at any depth; with or without what stands under
    TYPE_CHECKING."""
    found = set()
    tree = ast.parse(path.read_text())
    if not typing:
        tree = _WithoutTyping().visit(tree)
    for node in ast.walk(tree):
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
        "tasks.proportions",
        "tasks.topology.complex",
        "tasks.topology.persistence",
    )
    registry = {
        "tasks.landscapes.registry",
        "tasks.landscapes.registry.MODELS",
        "tasks.landscapes.parameters",
        "tasks.landscapes.parameters.Model",
    }
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
    parts = [f"{leaf.replace('.', '/')}.py" for leaf in kept]
    for part in (*parts, "tasks/landscapes/registry.py"):
        names = _imports(ROOT / part)
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


def _edges(room):
    """Yield which module of a room imports which, lazily too; not what only the type checker reads."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in _files(room)}
    for path in _files(room):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in _imports(path, typing=False):
            if name in modules and name != module:
                yield module, name


@pytest.mark.parametrize("room", FLOORS)
def test_folders_of_a_room_import_downwards(room):
    floor = {part: number for number, parts in enumerate(FLOORS[room]) for part in parts}
    present = {path.stem for path in (ROOT / room).glob("[!_]*")} - {"__pycache__"}
    assert present <= set(floor), "a folder has its place in the table"
    for module, name in _edges(room):
        one, two = module.split(".")[1], name.split(".")[1]
        assert one == two or floor[one] < floor[two], f"{module} imports {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_comes_back_to_itself(room):
    below = {}
    for module, name in _edges(room):
        below.setdefault(module, set()).add(name)
    # Whoever imports nothing is taken away, until nobody is left, or only those on a circle.
    while leaves := {name for names in below.values() for name in names} - set(below):
        below = {module: rest for module, names in below.items() if (rest := names - leaves)}
    assert not below

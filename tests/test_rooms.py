"""Which room may import what."""

import sys

import pytest

from support.rooms import FLOORS, MARK, PAGE, ROOMS, ROOT, edges, files_of, imports, page

FORBIDDEN = {
    "tasks": {"storage", "pipeline", "analysis", "ray", "xarray", "zarr", "fsspec", "matplotlib", "dask"},
    "storage": {"tasks", "analysis", "pipeline", "ray", "jax", "xarray", "dask", "scipy", "matplotlib"},
    "analysis": {"pipeline", "ray", "jax", "distributed"},
    "pipeline": {"jax", "matplotlib"},
}
LEAVES = {
    "ray": {f"pipeline/backends/ray_{name}.py" for name in ("executor", "pool", "size")},
    "distributed": {"pipeline/backends/dask_scheduler.py"},
    "numba": {f"tasks/runtime/{file}.py" for file in ("machine_code", "simd", "simd_types")},
    "flint": {
        "tasks/finders/homotopy/ball_homotopy.py",
        "tasks/finders/homotopy/balls.py",
        "tasks/finders/homotopy/extended.py",
        "tasks/finders/homotopy/krawczyk.py",
        "tasks/finders/homotopy/multilinear/balls.py",
    },
}
LONGEST_LEAF = 200


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room):
    for path in files_of(room):
        roots = {name.partition(".")[0] for name in imports(path)}
        assert not roots & FORBIDDEN[room], path


def test_analysis_takes_leaves_of_tasks_that_are_plain_numpy():
    leaves = (
        "tasks.covariance",
        "tasks.measurables",
        "tasks.proportions",
        "tasks.temperatures",
        "tasks.topology.complex",
        "tasks.topology.persistence",
    )
    registry = {
        "tasks.landscapes.registry",
        "tasks.landscapes.registry.MODELS",
        "tasks.landscapes.parameters",
        "tasks.landscapes.parameters.Model",
    }
    for path in files_of("analysis"):
        names = {name for name in imports(path) if name.startswith("tasks")} - registry
        assert all(name.startswith(leaves) for name in names), path
    # What the registry itself reads is as plain.
    readers = {
        name.rpartition(".")[0]
        for name in imports(ROOT / "tasks/landscapes/registry.py")
        if name.count(".") > 2
    }
    kept = (*leaves, *readers)
    parts = [ROOT / f"{leaf.replace('.', '/')}.py" for leaf in kept if leaf != "tasks.measurables"]
    parts += files_of("tasks/measurables")
    for part in (*parts, ROOT / "tasks/landscapes/registry.py"):
        names = imports(part)
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
        for path in files_of(room)
        if any(name.partition(".")[0] == package for name in imports(path))
    }
    assert users == LEAVES[package]
    for path in users:
        assert len((ROOT / path).read_text().splitlines()) < LONGEST_LEAF


def test_no_module_hides_one_of_the_standard_library():
    for room in ROOMS:
        for path in files_of(room):
            assert path.stem not in sys.stdlib_module_names, path


@pytest.mark.parametrize("room", FLOORS)
def test_folders_of_a_room_import_downwards(room):
    floor = {part: number for number, parts in enumerate(FLOORS[room]) for part in parts}
    present = {path.stem for path in (ROOT / room).glob("[!_]*")} - {"__pycache__"}
    assert present <= set(floor), "a folder has its place in the table"
    for module, name in edges(room):
        one, two = module.split(".")[1], name.split(".")[1]
        assert one == two or floor[one] < floor[two], f"{module} imports {name}"


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_comes_back_to_itself(room):
    below = {}
    for module, name in edges(room):
        below.setdefault(module, set()).add(name)
    # Whoever imports nothing is taken away, until nobody is left, or only those on a circle.
    while leaves := {name for names in below.values() for name in names} - set(below):
        below = {module: rest for module, names in below.items() if (rest := names - leaves)}
    assert not below


def test_the_map_is_that_of_the_code():
    assert PAGE.read_text().partition(MARK)[2] == page(), "python tests/support/rooms.py writes it anew"

"""Nothing that stands in a user's folder is taken for ours: all four rooms have names that others use too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RAY = [pytest.mark.ray, pytest.mark.slow]
STUDY = """
name = "shadows"
seed = 1

[[cells]]
xi = "q^3"
n = 3
landscapes = 2
block = 2
options = { starts_per_round = 128, max_rounds = 1 }
"""
RAISE = "raise ImportError('a file of the user, not of ours')\n"


@pytest.fixture
def folder(tmp_path):
    """A folder full of shadows, with a sitecustomize.py that prints."""
    for name in ("tasks.py", "storage.py"):
        (tmp_path / name).write_text(RAISE)
    for name in ("analysis", "pipeline"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(RAISE)
    (tmp_path / "sitecustomize.py").write_text("print('hello from the site')\n")
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def call(folder, *arguments, **env):
    command = [sys.executable, "-m", "morsecensus", *arguments]
    return subprocess.run(
        command, cwd=folder, env=os.environ | env, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("backend", ["serial", pytest.param("ray", marks=RAY)])
def test_a_study_runs_among_shadows(folder, backend):
    here = {"PYTHONPATH": os.pathsep.join((".", str(folder)))}
    done = call(folder, "run", "study.toml", "--store", "store", "--backend", backend, **here)
    assert done.returncode == 0, done.stderr
    if backend == "serial":  # the report doesn't know by which the store was written
        done = call(folder, "report", "store", "--out", "report", **here)
        assert done.returncode == 0, done.stderr
        assert Path(folder, "report", "report.html").exists()


@pytest.mark.ray
@pytest.mark.slow
def test_workers_of_ray_look_for_nothing_in_the_current_folder(folder):
    """The command's own process doesn't; Ray would send its folder to all of them."""
    for name in ("morsecensus", "numpy", "queue"):
        (folder / f"{name}.py").write_text(RAISE)
    command = [Path(sys.executable).parent / "morsecensus", "run", "study.toml", "--store", "store"]
    done = subprocess.run(
        [*command, "--backend", "ray", "--workers", "1"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_notebook_finds_the_public_names_among_shadows(folder):
    code = (
        "import sys, morsecensus as m\n"
        "assert not {'jax', 'xarray', 'ray', 'matplotlib'} & set(sys.modules), 'loaded at import'\n"
        "names = [getattr(m, name) for name in m.__all__]\n"
        "print(m.predict('q^3', [4])[0]['total'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert round(float(done.stdout.splitlines()[-1]), 6) == 18.790234


def test_the_names_of_the_rooms_are_not_ours(tmp_path):
    for room in ("tasks", "storage", "analysis", "pipeline"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {room}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"No module named '{room}'" in done.stderr

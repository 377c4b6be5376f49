"""The public functions: what is loaded when, what they return, and what a physicist sees of it."""

import subprocess
import sys

import numpy as np
import pytest

import morsecensus as mc
from morsecensus.pipeline.errors import UsageError
from morsecensus.storage.dataset import dataset_hash

HEAVY = (
    "jax",
    "ray",
    "zarr",
    "xarray",
    "numpy",
    "pydantic",
    "rich",
    "typer",
    "scipy",
    "matplotlib",
    "asyncio",
)
STUDY = """
name = "small"
seed = 1
[[cells]]
xi = "q^3"
n = 4
landscapes = 4
block = 2
"""


def loaded(code, among):
    script = f"{code}; import sys; print([name for name in {among} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def test_the_import_loads_nothing_heavy():
    assert loaded("import morsecensus", HEAVY) == "[]"
    assert loaded("import morsecensus; morsecensus.__version__; dir(morsecensus)", HEAVY[:5]) == "[]"


@pytest.mark.parametrize("name", ["predict", "census", "mean_field", "run", "open", "report"])
def test_a_function_loads_no_jax_before_it_is_called(name):
    assert loaded(f"import morsecensus; morsecensus.{name}", ("jax", "ray", "matplotlib")) == "[]"


def test_all_public_names_are_there_and_documented():
    assert mc.__all__ == sorted(mc.__all__)
    for name in mc.__all__:
        thing = getattr(mc, name)
        assert name == "__version__" or (thing.__doc__ and f"mc.{name}" in str(mc.__doc__)), name
    with pytest.raises(AttributeError, match="no attribute 'oracle'"):
        _ = mc.oracle


def lines(result):
    found = repr(result).splitlines()
    assert len(found) == 4
    return found


def test_predictions_are_those_of_the_command():
    (row, last) = mc.predict("q^3", [4, 6])
    assert (row["n"], last["n"]) == (4, 6)
    assert mc.predict("q^3", "4,6") == [row, last]
    assert mc.predict("q^3", 4, energy=(-1.5, 1.5, 3))[0]["by_energy"] is not None
    assert mc.predict(n=2, model="partite")[0]["total"] > 0
    assert len(mc.predict("q^3", 70, max_index=2)[0]["by_index"]) == 3
    with pytest.raises(UsageError, match=r"max_index: got 1\.5, allowed: an integer"):
        mc.predict("q^3", 70, max_index=1.5)
    with pytest.raises(UsageError, match="--xi: missing"):
        mc.predict(n=4)
    with pytest.raises(UsageError, match="model: got 'glass'"):
        mc.predict("q^3", 4, model="glass")


def test_one_landscape_by_each_finder():
    """The same points, whoever looks for them: 3-spin at N = 4, seed 1."""
    found = {name: mc.census("q^3", 4, seed=1, finder=name) for name in ("multistart", "homotopy")}
    whole = mc.enumerate("q^3", 4, seed=1)
    for census in found.values():
        np.testing.assert_allclose(census.energy, whole.energy, atol=1e-10)
        np.testing.assert_array_equal(census.by_index, whole.by_index)
        np.testing.assert_array_equal(census.index, whole.index)
        assert census.points.shape == whole.points.shape == (whole.total, 4)
        value = [float(census.landscape.value(census.couplings, x)) / 4 for x in census.points]
        np.testing.assert_allclose(value, census.energy, atol=1e-9)
    assert whole.complete
    text = lines(found["multistart"])
    assert text[0] == "census of pspin, xi = q^3, field = 0.0, n = 4, seed 1, landscape 0"
    assert text[1].startswith(f"{whole.total} critical points by multistart, by index 0: ")
    assert text[3].startswith("complete (")
    assert "complete: " in lines(whole)[2]
    with pytest.raises(
        UsageError, match="finder: got 'guess', allowed: auto, homotopy, low-index, multistart"
    ):
        mc.census("q^3", 4, finder="guess")
    with pytest.raises(UsageError, match="n: got None"):
        mc.census("q^3")
    with pytest.raises(UsageError, match=r"options: unknown key 'rounds'"):
        mc.census("q^3", 4, options={"rounds": 3})


def test_the_bottom_of_one_landscape():
    found = mc.census("q^3", 6, finder="low-index", max_index=1)
    whole = mc.census("q^3", 6, finder="homotopy")
    text = lines(found)
    assert text[0] == "census of pspin, xi = q^3, field = 0.0, n = 6, seed 1, landscape 0"
    counts = whole.by_index[:2].tolist()
    of_index = f"by index 0: {counts[0]}, 1: {counts[1]}"
    assert text[1] == f"{sum(counts)} critical points by low-index, {of_index}, and their images at -E"
    first, last = whole.energy[whole.index == 0][[0, -1]]
    assert text[2].startswith(f"energies per spin by index 0: {first:.6g} to {last:.6g}, 1: ")
    assert text[3] == "closed: index 0, 1; graph of minima that saddles of index 1 join: one part"
    assert not found.complete
    with pytest.raises(UsageError, match=r"options\.max_index: got -1, allowed: integers >= 0"):
        mc.census("q^3", 6, finder="low-index", max_index=-1)
    with pytest.raises(UsageError, match="max_index: got 6, allowed: 0 to 5, the dimension"):
        mc.census("q^3", 6, finder="low-index", max_index=6)
    with pytest.raises(UsageError, match="max-index: got 1 with --finder multistart"):
        mc.census("q^3", 6, max_index=1)


def test_a_landscape_too_large_is_refused_with_its_size():
    with pytest.raises(UsageError, match=r"--n: got 2000, which needs \d+ GiB, allowed: what fits in"):
        mc.census("q^3", 2000, finder="low-index")


def test_auto_takes_the_finder_that_a_study_would_take():
    assert mc.census("q^3", 4, finder="auto").finder == "homotopy"
    assert mc.census(mc.build("pspin", {"xi": "q^3"}, 4), finder="auto").finder == "homotopy"


def test_a_landscape_of_ones_own():
    built = mc.build("pspin", {"xi": "q^3"}, 4)
    np.testing.assert_array_equal(mc.census(built).energy, mc.census("q^3", 4).energy)


def test_topology_of_one():
    found = mc.topology("q^3", 3, seed=1)
    assert found.outcome == "certified"
    assert sum(pair["death"] is None for pair in found.pairs) == 2  # of a sphere: a component and a surface
    assert lines(found)[2] == f"{len(found.pairs)} classes are born, 2 never die"


def test_a_study_from_text_path_or_dictionary_to_its_report(tmp_path):
    (tmp_path / "study.toml").write_text(STUDY)
    outcome = mc.run(STUDY, tmp_path / "a", quiet=True)
    assert lines(outcome)[1].startswith("4 landscapes, ")
    again = mc.run(tmp_path / "study.toml", tmp_path / "a", quiet=True)
    assert again.computed_blocks == 0
    cell = {"xi": "q^3", "n": 4, "landscapes": 4, "block": 2}
    mc.run({"name": "small", "seed": 1, "cells": [cell]}, tmp_path / "b", quiet=True)
    assert dataset_hash(str(tmp_path / "a")) == dataset_hash(str(tmp_path / "b"))
    study = mc.open(tmp_path / "a")
    assert study.cells[0].dataset.sizes["landscape"] == 4
    assert lines(study)[0].startswith("study small: 1 cells in .cells")
    report = mc.report(tmp_path / "a", tmp_path / "report")
    assert lines(report)[1] == f"page: {tmp_path / 'report' / 'report.html'}"
    assert report.page.exists()
    assert {path.stem for path in report.tables} >= {"cells"}
    assert report.figures
    with pytest.raises(UsageError, match="not TOML"):
        mc.run("name = \n", tmp_path / "c")

"""Searches for critical points of networks as a study: rows, refusals, the closed form and the report."""

import csv
import re

import numpy as np
import pytest
import xarray as xr

import morsecensus as mc
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.report import write_report
from morsecensus.analysis.topics.criticality.measure import LOOSE, closed_rows, rank_correlation
from morsecensus.analysis.topics.criticality.read import CRITICAL, find_searched
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash, dataset_path
from support.figures import unrendered

NET = {
    "name": "linear",
    "layers": [4, 2, 4],
    "activation": "linear",
    "labels": "inputs",
    "loss": "squared",
    "count": 30,
    "algorithm": "gd",
    "rate": 0.05,
    "steps": 200,
    "keep": 4,
    "seeds": 5,
    "precision": "float64",
    "points": {"steps": 60},
}
WILD = NET | {"name": "wild", "rate": 1e3, "seeds": 1}
RELU = NET | {"name": "relu", "layers": [4, 3, 2], "activation": "relu", "labels": "hard", "seeds": 2}


def content(*tables):
    return {"name": "points", "seed": 2, "networks": list(tables) or [NET, WILD, RELU]}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A store of some runs, then asked for more."""
    store = tmp_path_factory.mktemp("points") / "run"
    for seeds in (2, 5):
        mc.run(content(NET | {"seeds": seeds}, WILD, RELU), store, backend="serial", quiet=True)
    return str(store)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"precision": "float32"}, r"points: got precision float32, allowed: float64"),
        ({"layers": [4, 130, 4]}, r"points: got 1174 weights, allowed: at most 1000"),
        ({"points": {"steps": 0}}, r"points\.steps: got 0, allowed: integers from 1"),
        ({"points": {"tolerance": 0}}, r"points\.tolerance: got 0, allowed: numbers above 0"),
        ({"points": {"flat": 2}}, r"points\.flat: got 2, allowed: numbers above 0, at most 1"),
        ({"points": {"flatness": 1}}, r"points\.flatness: unknown key"),
        ({"layers": [4, 2, 3]}, r"labels: got inputs with layers \[4, 2, 3\], allowed: as many"),
        ({"loss": "cross-entropy"}, r"labels: got inputs with loss cross-entropy, allowed: squared"),
    ],
)
def test_what_cannot_be_is_one_line(change, message):
    with pytest.raises(UsageError, match=message) as error:
        parse_study(content(NET | change))
    assert "\n" not in str(error.value)


def test_a_plan_says_what_searches_cost():
    costs = [make_plan(parse_study(content(NET | {"points": {"steps": steps}}))) for steps in (10**3, 10**5)]
    seconds = [plan.cells[0].description.seconds_per_landscape for plan in costs]
    assert seconds[1] > 10 * seconds[0]


def test_extended_is_whole(extended, tmp_path):
    mc.run(content(), tmp_path / "run", backend="serial", quiet=True)
    assert dataset_hash(str(tmp_path / "run")) == dataset_hash(extended)


def test_rows_are_points_and_of_a_run_that_diverged_unknown(extended):
    data = xr.open_zarr(dataset_path(extended), group="c0000")
    zero, spectrum = data["point_zero"].values[..., None], data["point_spectrum"].values
    np.testing.assert_array_equal((spectrum < -zero).sum(axis=2), data["point_index"].values)
    np.testing.assert_array_equal((abs(spectrum) <= zero).sum(axis=2), data["point_nullity"].values)
    assert (np.diff(data["data_variance"].values, axis=1) < 0).all()
    wild = xr.open_zarr(dataset_path(extended), group="c0001")
    assert wild["status"].values.tolist() == [1]
    assert not [name for name in wild if str(name).startswith("point_")], "what is nowhere known is left out"
    assert "data_variance" not in xr.open_zarr(dataset_path(extended), group="c0002")


def test_critical_points_are_on_the_closed_form_and_looser_ones_are_not(extended):
    linear, relu = find_searched(open_study(extended))
    rows = {row["called"]: row for row in closed_rows(linear)}
    assert rows[CRITICAL]["points"] > 8
    assert rows[CRITICAL]["off"] == rows[CRITICAL]["wrong"] == 0
    assert rows[CRITICAL]["known"] == 11
    assert not list(closed_rows(relu))
    # negative controls: other data, and an index that counts zeros
    closed = linear.closed
    vars(linear)["closed"] = type(closed)(closed.loss * 1.001, closed.index, closed.nullity)
    assert next(closed_rows(linear))["off"] == rows[CRITICAL]["points"]
    vars(linear)["closed"] = type(closed)(closed.loss, closed.index + closed.nullity, closed.nullity)
    assert next(closed_rows(linear))["wrong"] == rows[CRITICAL]["points"]
    vars(linear)["closed"] = closed
    assert len(rows) == 1 + len(LOOSE)


def test_the_report_says_what_is_critical(extended, tmp_path):
    with unrendered():
        page = write_report(extended, tmp_path / "report").read_text()
    page = re.sub("<[^>]*>", "", page)
    assert "index against loss" in page
    assert "0 at no critical loss of the closed form, 0 with another index or nullity" in page

    def rows(name):
        with (tmp_path / f"report/tables/{name}.csv").open() as stream:
            return list(csv.DictReader(stream))

    for row in rows("network_points"):
        assert sum(float(row[name]) for name in ("critical", "gradient_flat", "neither")) == pytest.approx(1)
    assert {row["network"] for row in rows("network_points")} == {"linear", "relu"}
    classes = [row["class"] for row in rows("network_points_correlation") if row["network"] == "linear"]
    assert {"critical", "all ends", "along training"} <= set(classes)
    one = next(one for one in find_searched(open_study(extended)) if one.network.name == "linear")
    np.testing.assert_allclose(one.curved_share * (one.network.weights - one.nullity), one.index)
    assert rows("networks")[0]["end_test_errors"] == "", "an autoencoder has no classes"


def test_rank_correlations_and_their_errors():
    """Runs that are independent, points of a run that aren't: level, and power."""
    source = np.random.default_rng(4)
    run = np.repeat(np.arange(12), 8)

    def scores(slope):
        found = []
        for _ in range(200):
            own = np.repeat(source.standard_normal(12), 8)
            loss = own + source.standard_normal(96)
            other = np.repeat(source.standard_normal(12), 8) + source.standard_normal(96)
            rho, error = rank_correlation(loss, slope * loss + other, run)
            found.append(rho / error)
        return np.array(found)

    null = scores(0.0)
    # 200 binomial draws of what a t of 11 degrees leaves beyond 3 errors, 1.2 %: seldom more than 10
    assert (np.abs(null) > 3).sum() <= 10
    assert null.std() > 0.7
    assert (scores(1.0) > 3).mean() > 0.8
    assert rank_correlation(np.arange(8.0), np.ones(8), np.arange(8)) == (None, None)
    assert rank_correlation(np.arange(8.0), np.arange(8.0), np.zeros(8, int)) == (None, None)
    assert rank_correlation(np.arange(8.0), np.arange(8.0), np.arange(8))[0] == pytest.approx(1)

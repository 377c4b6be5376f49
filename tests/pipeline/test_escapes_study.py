"""Escapes as a study: kicks of real saddles, in a store, against the linear law and in the report."""

import csv

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import morsecensus as mc
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.report import write_report
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.points.newton import refine
from morsecensus.tasks.trajectories.escapes import escape_times

CELL = {
    "body": "escapes",
    "xi": "q^3",
    "n": 6,
    "landscapes": 3,
    "finder": "multistart",
    "saddles": 2,
    "kicks": 24,
}


def content(**more):
    return {"name": "escapes", "seed": 5, "cells": [CELL | more]}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A store of two landscapes, then asked for three."""
    store = tmp_path_factory.mktemp("escapes") / "run"
    for landscapes in (2, 3):
        mc.run(content(landscapes=landscapes), store, backend="serial", quiet=True)
    return store


def test_extended_is_whole(extended, tmp_path):
    mc.run(content(), tmp_path / "run", backend="serial", quiet=True)
    assert dataset_hash(str(tmp_path / "run")) == dataset_hash(str(extended))


def test_saddles_are_kicked_and_leave(extended):
    data = xr.open_zarr(dataset_path(str(extended)), group="c0000")
    kicked = data["index"].values > 0
    assert data["time"].dims == ("landscape", "saddle", "radius", "kick")
    assert 3 < kicked.sum() == data["n_saddles"].values.sum()
    negative = (data["spectrum"].values < 0).sum(axis=2)
    np.testing.assert_array_equal(negative[kicked], data["index"].values[kicked])
    assert np.isfinite(data["time"].values[kicked]).all()
    assert np.isnan(data["time"].values[~kicked]).all()
    assert not data["status"].values.any()


def test_a_flow_by_other_means_leaves_as_late():
    """Against an adaptive solver of order 8 with an event, from the same kicks."""
    landscape = build("pspin", {"xi": "q^3", "field": 0.0}, 8)
    couplings = landscape.sample(3, 0)
    manifold = landscape.manifold
    starts = manifold.random_points(np.random.default_rng(1), 40)
    hits = refine(landscape, couplings, jnp.asarray(starts), 50, 0.5)
    row = int(np.flatnonzero(np.asarray(hits.outcomes) == 0)[0])
    point = np.asarray(hits.points)[row]
    kicks = 1e-4 * np.random.default_rng(2).standard_normal((3, 8))
    tangent = np.array([manifold.project(jnp.asarray(point), jnp.asarray(kick)) for kick in kicks])
    jet = landscape.jet(couplings, jnp.asarray(point))
    spectrum = np.linalg.eigvalsh(manifold.tangent_hessian(point, jet.gradient, jet.hessian, 1e3))
    rates = spectrum[np.abs(spectrum) < 999]
    assert rates[0] < 0
    found = escape_times(landscape, couplings, point, tangent, 0.01, 1 / np.abs(rates).max(), 10_000)

    slope = jax.jit(lambda x: -manifold.project(x, landscape.value_and_gradient(couplings, x)[1]))

    def left(_, x):
        return np.linalg.norm(x - point) / np.sqrt(8) - 0.01

    left.terminal, left.direction = True, 1.0
    for kick, time in zip(tangent, found, strict=True):
        start = np.asarray(manifold.retract(jnp.asarray(point), jnp.asarray(kick)))
        way = solve_ivp(lambda _, x: slope(x), (0, 1e3), start, "DOP853", events=left, rtol=1e-10, atol=1e-12)
        assert float(time) == pytest.approx(way.t_events[0][0], rel=2e-3)


def test_the_report_holds_them_against_the_law(extended, tmp_path):
    page = write_report(str(extended), tmp_path / "report").read_text()
    assert "Escapes from saddles" in page
    with (tmp_path / "report/tables/escapes.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["radius"]) for row in rows] == [1e-6, 1e-5, 1e-4, 1e-3]
    for row in rows:
        assert abs(float(row["z"])) < 4
        assert float(row["z_bare"]) > 10
        assert float(row["z_half"]) < -10
    with (tmp_path / "report/tables/tests.csv").open() as stream:
        names = [row["test"] for row in csv.DictReader(stream)]
    assert {"mean escape times", "law of escape times"} <= set(names)
    assert (tmp_path / "report/figures/escapes.svg").exists()
    with (tmp_path / "report/tables/escapes_slopes.csv").open() as stream:
        (slope,) = csv.DictReader(stream)
    opening = page[: page.index("Escapes from saddles")]
    assert "How long saddles hold" in opening
    assert r.estimate(float(rows[0]["scaled"]), float(rows[0]["scaled_se"])) in opening
    assert r.estimate(float(slope["slope"]), float(slope["slope_se"])) in opening


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"model": "relu-units", "xi": None}, "cells[0].model: got 'relu-units', allowed: "),
        ({"radii": 0.01}, "cells[0].radii: got 0.01, allowed: up to 0.002, the distance over 5"),
        ({"radii": []}, "cells[0].radii: got 0 of them"),
        ({"max_index": 0}, "cells[0].max_index: got 0"),
        ({"kicks": 0}, "cells[0].kicks: got 0"),
        ({"distance": 2.0}, "cells[0].distance: "),
        ({"starts": 3}, "cells[0].starts: unknown key"),
    ],
)
def test_mistakes_are_one_line(changes, text):
    cell = {name: value for name, value in (CELL | changes).items() if value is not None}
    with pytest.raises(UsageError) as caught:
        make_plan(parse_study({"name": "escapes", "seed": 5, "cells": [cell]}))
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)

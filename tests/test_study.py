"""A real census, end to end: run a study, open its dataset, hold it against exact theory; and the same with
known errors.

Levels are 0.001 over all tests of a kind (Bonferroni); the seed is arbitrary. Power with 200 landscapes a
cell is stated in docs/validation.md; with the 100 and fewer here all controls are still rejected.
"""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from morsecensus.analysis.agreement.coupling_scale import combined, coupling_scale
from morsecensus.analysis.agreement.exact import exact_sampler, judge_cell
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.scan import scan
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_path
from morsecensus.tasks.measurables.words import COMPLETE
from oracles.controls import dropped_saddles, ledger_of, scaled_couplings, wrong_shift

pytestmark = pytest.mark.slow
LEVEL = 1e-3

STUDY = {
    "name": "end-to-end",
    "seed": 2,
    "cells": [
        {"xi": "q^3", "n": "4:6", "landscapes": 100},
        {"xi": "0.5*q^2+0.5*q^3", "field": 0.7, "n": 5, "landscapes": 60},
        {"xi": "q^4", "n": 4, "landscapes": 60},
        {"model": "distinct", "n": 5, "landscapes": 30},
    ],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("study") / "store")
    outcome = run_study(parse_study(STUDY), path, Settings("serial"), Console(quiet=True))
    assert not outcome.failed
    return path


@pytest.fixture(scope="module")
def cells(store):
    return {
        (cell.dataset.attrs["model"], cell.dataset.attrs.get("xi"), cell.n): cell
        for cell in open_study(store).cells
    }


@pytest.fixture(scope="module")
def pure(cells):
    """The pure 3-spin cells, each with its exact sampler."""
    return [(cells["pspin", "q^3", n], exact_sampler(cells["pspin", "q^3", n])) for n in (4, 5, 6)]


def _p_values(cell, sample):
    return {
        t.result.name: t.result.p_value
        for t in scan(cell.dataset, judge_cell(cell, sample))
        if t.result.p_value is not None
    }


def test_landscapes_close(cells):
    for cell in cells.values():
        assert (cell.dataset["status"].values == COMPLETE).mean() >= 0.99


def test_census_agrees_with_exact_theory(cells):
    found = [
        (key, name, p)
        for key, cell in cells.items()
        if cell.theory.isotropic is not None
        for name, p in _p_values(cell, exact_sampler(cell)).items()
    ]
    assert len(found) >= 30
    assert all(p > LEVEL / len(found) for _, _, p in found), min(found, key=lambda row: row[2])


def test_a_wrong_hessian_shift_is_rejected(pure):
    for cell, sample in pure:
        p = _p_values(wrong_shift(cell), sample)
        assert p["counts by index"] < LEVEL
        assert p["Hessian spectra at index 0"] < LEVEL


def test_couplings_over_distinct_indices_are_rejected(cells, pure):
    distinct = cells["distinct", None, 5]
    attrs = {**distinct.dataset.attrs, "model": "pspin", "xi": "q^3", "field": 0.0}
    posing = replace(distinct, stored=distinct.dataset.assign_attrs(attrs))
    p = _p_values(posing, pure[1][1])
    assert p["counts by index"] < LEVEL
    assert p["energies by index"] < LEVEL


def test_dropped_saddles_are_noticed_by_the_ledger(pure):
    for cell, _ in pure:
        honest, robbed = ledger_of(cell), ledger_of(dropped_saddles(cell, 0.02))
        assert honest.parity == 0
        assert honest.morse_sum in (0, None)
        # An odd number of the pairs is lost: at 2% of about N^2 pairs that is one landscape in ten or more.
        assert robbed.parity is not None
        assert robbed.parity > 0.05
        assert (robbed.morse_sum is None) == (cell.n % 2 == 0)


def test_the_variance_of_the_couplings_is_measured(pure):
    honest = [scan(cell.dataset, coupling_scale(cell, sample)) for cell, sample in pure]
    scaled = [(scaled_couplings(cell, 1.1), sample) for cell, sample in pure]
    wrong = [scan(cell.dataset, coupling_scale(cell, sample)) for cell, sample in scaled]
    assert all(scale is not None for scale in honest + wrong)
    assert combined(honest).p_value > LEVEL
    assert combined(wrong).p_value < LEVEL
    assert combined(honest).power(1.1, level=LEVEL) > 0.99


def test_the_dataset_says_the_same_without_our_code(store, cells):
    zarr = xr.open_zarr(dataset_path(store), group="c0000", consolidated=False)
    index, landscape = zarr["index"].values, zarr["row_landscape"].values
    counts = np.zeros((zarr.sizes["landscape"], 4), dtype=int)
    np.add.at(counts, (landscape, index), 1)
    np.testing.assert_array_equal(counts, zarr["points_by_index"].values)
    np.testing.assert_array_equal((zarr["spectrum"].values < 0).sum(axis=1), index)
    np.testing.assert_allclose(zarr["radial_derivative"].values, 3 * zarr["energy"].values, atol=1e-12)

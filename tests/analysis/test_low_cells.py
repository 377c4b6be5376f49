"""Tests of a census that knows the points of low index alone, against the exact law of those."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.exact import (
    exact_sampler,
    judge_counts,
    judge_energy_law,
    judge_energy_moments,
    judge_low,
)
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.results import at_index
from morsecensus.analysis.theory.models.pspin.theory import PspinTheory
from morsecensus.analysis.topics.minima.measure import expected_share

N, HIGHEST, LANDSCAPES = 70, 2, 150
THEORY = PspinTheory("0.5*q^2+0.5*q^3", 0.7)
NONE = np.zeros(HIGHEST + 1)


@pytest.fixture(scope="module")
def law():
    return THEORY.low(N, HIGHEST)


def census(law, factor=(1.0, 1.0, 1.0), shift=0.0, beyond=True, seed=5):
    """Landscapes with Poisson numbers of points of low index, energies by the exact law; and, unless
    ``beyond`` is False, some of higher index that a search came across."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(-2.4, -0.9, 3001)
    cumulative = np.cumsum(law.count_by_index(grid), axis=1)
    counts = np.zeros((LANDSCAPES, N), int)
    counts[:, : HIGHEST + 1] = rng.poisson(law.by_index() * factor, (LANDSCAPES, HIGHEST + 1))
    counts[:, HIGHEST + 1] = rng.integers(0, 5, LANDSCAPES) * beyond
    index = np.concatenate([np.repeat(np.arange(N), row) for row in counts])
    energy = np.full(len(index), -1.5)
    for k in range(HIGHEST + 1):
        chosen = index == k
        energy[chosen] = np.interp(rng.random(chosen.sum()) * cumulative[k, -1], cumulative[k], grid[1:])
    held = counts.sum(axis=1)
    landscape = {
        "n_points": held,
        "row_size": held,
        "status": np.zeros(LANDSCAPES, int),
        "reason": np.zeros(LANDSCAPES, int),
        "bound": np.full(LANDSCAPES, 1e30),
        "chao1": held.astype(float),
    }
    dataset = xr.Dataset(
        {name: ("landscape", values) for name, values in landscape.items()}
        | {"points_by_index": (("landscape", "morse_index"), counts)}
        | {"energy": ("row", energy + shift), "index": ("row", index)},
        attrs={"model": "pspin", "xi": THEORY.xi, "field": THEORY.field, "n": N, "seed": 1},
    )
    return Cell("c0000", dataset, LANDSCAPES, "low-index {}")


def p_value(cell, test):
    return scan(cell.dataset, test).result.p_value


@pytest.mark.parametrize("beyond", [True, False])
def test_points_of_the_exact_law_are_accepted(law, beyond):
    cell = census(law, beyond=beyond)
    counts = judge_counts(cell, law, NONE).result
    assert counts.note == "indices 0, 1, 2"
    assert counts.dof == 3
    assert counts.p_value > 1e-3
    moments = scan(cell.dataset, judge_energy_moments(cell, law, NONE)).result
    assert moments.dof == 6
    assert moments.p_value > 1e-3
    assert p_value(cell, judge_energy_law(cell, law, NONE, minima=True)) > 1e-3


def test_wrong_numbers_and_energies_are_noticed(law):
    assert judge_counts(census(law, factor=(1, 1.25, 1)), law, NONE).result.p_value < 1e-6
    shifted = census(law, shift=0.01)
    assert p_value(shifted, judge_energy_moments(shifted, law, NONE)) < 1e-6
    far = census(law, shift=0.04)
    assert p_value(far, judge_energy_law(far, law, NONE, minima=True)) < 1e-4
    assert judge_counts(shifted, law, NONE).result.p_value > 1e-3


def test_what_may_be_missing_excuses_numbers_that_are_too_low(law):
    fewer = census(law, factor=(1, 0.8, 1))
    found = judge_counts(fewer, law, np.array([0.0, 0.3 * law.by_index()[1], 0.0])).result
    assert found.p_value < 1e-6
    assert found.p_missing > 1e-3


def test_spectra_need_the_index_that_was_asked_for(law):
    """Minima alone: no test speaks of saddles."""
    cell = census(THEORY.low(N, HIGHEST))
    values = {name: ("row", np.ones(cell.dataset.sizes["row"])) for name in ("lambda_min", "lambda_max")}
    cell = Cell(cell.name, cell.dataset.assign(values), LANDSCAPES, cell.finder)
    lowest = THEORY.low(N, 0)
    judged = scan(cell.dataset, judge_low(cell, lowest, np.zeros(1), exact_sampler(cell)))
    names = [each.result.name for each in judged]
    assert [name for name in names if name.endswith("index 1")] == []
    assert "smallest eigenvalue at index 0" in names
    wrong = judged[names.index("smallest eigenvalue at index 0")]
    assert wrong.result.p_value < 1e-2  # all ones


def test_means_have_a_row_an_index(law):
    edges = np.linspace(-2.2, 0.2, 25)
    means = THEORY.low_means(N, edges, HIGHEST)
    np.testing.assert_allclose(means.by_index, law.by_index())
    np.testing.assert_array_equal(means.by_index_se, NONE)
    assert means.total == pytest.approx(THEORY.means(N, edges).total)
    assert means.binned.shape == (HIGHEST + 1, 24)
    assert means.curve.shape == (HIGHEST + 1, len(means.grid))
    np.testing.assert_allclose(means.binned.sum(axis=1), means.by_index, rtol=1e-4)
    assert not means.complete
    assert at_index(means.by_index, HIGHEST) == means.by_index[HIGHEST]
    assert at_index(means.by_index, HIGHEST + 1) is None
    assert expected_share(SimpleNamespace(expected=means)) is None  # pyright: ignore
    np.testing.assert_allclose(means.curve_all, THEORY.means(N, edges).curve_all)

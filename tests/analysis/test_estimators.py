"""Estimators against the same numbers computed by hand from whole columns."""

from dataclasses import replace

import numpy as np
import pytest

from morsecensus.analysis.agreement.coupling_scale import coupling_scale
from morsecensus.analysis.agreement.exact import exact_sampler
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.complexity import estimate_complexity
from morsecensus.analysis.estimates.counts import (
    estimate_counts,
    estimate_energies,
    estimate_histogram,
    estimate_lowest,
    mean_and_error,
    summarise_ledger,
)
from morsecensus.analysis.estimates.spectra import compare_spectra
from morsecensus.analysis.results import measure_study
from morsecensus.analysis.topics.complexity.section import Complexity, complexity_rows
from morsecensus.analysis.topics.pairs.variances import counts_of
from morsecensus.analysis.topics.universality.measure import proper_counts


@pytest.fixture(scope="module")
def cell(census_store):
    return open_study(census_store).cells[1]


@pytest.fixture(scope="module")
def counts(cell):
    """Recounted from the points."""
    data = cell.dataset
    table = np.zeros((150, 4))
    np.add.at(table, (data["row_landscape"].values, data["index"].values), 1)
    return table


def jackknife(cell, statistic):
    """Error of a statistic of (energies, indices) by leaving out landscapes."""
    data = cell.dataset
    owner, energy, index = (data[name].values for name in ("row_landscape", "energy", "index"))
    left = np.array([statistic(energy[owner != i], index[owner != i]) for i in range(150)])
    return np.sqrt(149 / 150 * np.sum((left - left.mean(axis=0)) ** 2, axis=0))


def test_counts(cell, counts):
    found = estimate_counts(cell)
    np.testing.assert_allclose(found["mean"], counts.mean(axis=0))
    np.testing.assert_allclose(found["se"], counts.std(axis=0, ddof=1) / np.sqrt(150))
    total = counts.sum(axis=1)
    assert float(found["total"]) == pytest.approx(total.mean())
    assert float(found["total_se"]) == pytest.approx(total.std(ddof=1) / np.sqrt(150))
    assert float(found["complete"]) == 1
    assert float(found["missing_total"]) == float(found["plausible_missing"]) == 0


def test_energies_and_their_errors(cell):
    found = scan(cell.dataset, estimate_energies(cell))
    data = cell.dataset
    minima = data["energy"].values[data["index"].values == 0]
    assert float(found["mean"][0]) == pytest.approx(minima.mean())
    assert float(found["sd"][0]) == pytest.approx(minima.std())
    errors = jackknife(cell, lambda e, k: np.array([e[k == 0].mean(), e[k == 0].std()]))
    assert float(found["mean_se"][0]) == pytest.approx(errors[0], rel=0.02)
    assert float(found["sd_se"][0]) == pytest.approx(errors[1], rel=0.03)


def only_one_has(cell, kept):
    """Of the first 20 landscapes, the rows that are kept: function of owner, energy and index."""
    data = cell.dataset.isel(landscape=slice(20), row=cell.dataset["row_landscape"].values < 20).load()
    rows = kept(*(data[name].values for name in ("row_landscape", "energy", "index")))
    sizes = np.bincount(data["row_landscape"].values[rows], minlength=20)
    return replace(cell, stored=data.isel(row=rows).assign(row_size=("landscape", sizes)))


def test_points_that_one_landscape_has_alone_have_no_errors_over_landscapes(cell):
    """Its residuals from its own mean vanish: an error of zero would be a claim."""
    one = only_one_has(cell, lambda owner, energy, index: (index != 0) | (owner == 7))
    assert (one.dataset["index"].values == 0).sum() > 1
    found = scan(one.dataset, estimate_energies(one))
    assert np.isfinite([found["mean"][0], found["sd"][0]]).all()
    assert np.isnan([found["mean_se"][0], found["sd_se"][0]]).all()
    assert (found["mean_se"][1:] > 0).all()
    minima, saddles, *_ = scan(one.dataset, compare_spectra(one, None))
    assert (minima.index, saddles.index) == (0, 1)
    assert np.isnan(minima.se).all()
    assert minima.density.max() > 0
    assert np.isfinite(saddles.se).all()
    assert saddles.se.max() > 0


def test_a_bin_that_one_landscape_fills_has_no_error_of_its_index(cell):
    edges = np.linspace(-2, 2, 9)
    one = only_one_has(cell, lambda owner, energy, index: (energy >= edges[4]) | (owner == 7))
    found = scan(one.dataset, estimate_histogram(edges))
    below = (found["all"].values > 0) & (edges[:-1] < edges[4])
    assert below.any()
    assert np.isfinite(found["index"].values[below]).all()
    assert np.isnan(found["index_se"].values[below]).all()
    assert found["index_se"].values[4] > 0
    # a mean over landscapes has one: the others have no such point
    assert (found["all_se"].values[below] > 0).all()


def test_widths_of_points_that_one_landscape_has_alone_measure_no_couplings(cell):
    every = only_one_has(cell, lambda owner, energy, index: owner >= 0)
    one = only_one_has(cell, lambda owner, energy, index: owner == 7)
    scales = [scan(each.dataset, coupling_scale(each, exact_sampler(each))) for each in (every, one)]
    assert scales[0].se > 0
    assert scales[1] is None


def test_histogram_and_its_errors(cell):
    edges = np.linspace(-2, 2, 9)
    found = scan(cell.dataset, estimate_histogram(edges))
    data = cell.dataset
    owner, energy, index = (data[name].values for name in ("row_landscape", "energy", "index"))
    table = np.array([np.histogram(energy[owner == i], edges)[0] for i in range(150)])
    np.testing.assert_allclose(found["all"], table.mean(axis=0))
    np.testing.assert_allclose(found["all_se"], table.std(axis=0, ddof=1) / np.sqrt(150))
    low = np.array([np.histogram(energy[(owner == i) & (index == 0)], edges)[0] for i in range(150)])
    np.testing.assert_allclose(found["minima_se"], low.std(axis=0, ddof=1) / np.sqrt(150))
    inside = (energy >= edges[3]) & (energy < edges[4])
    assert float(found["index"][3]) == pytest.approx(index[inside].mean())
    error = jackknife(cell, lambda e, k: k[(e >= edges[3]) & (e < edges[4])].mean())
    assert float(found["index_se"][3]) == pytest.approx(float(error), rel=0.05)


def test_lowest(cell):
    data = cell.dataset
    wanted = [data["energy"].values[data["row_landscape"].values == i].min() for i in range(150)]
    found = estimate_lowest(cell)
    np.testing.assert_array_equal(found["energy"], np.sort(wanted))
    assert float(found["mean"]) == pytest.approx(np.mean(wanted))
    assert float(found["sd"]) == pytest.approx(np.std(wanted, ddof=1))


def test_complexity_and_its_errors(cell, counts):
    total = counts.sum(axis=1)
    found = estimate_complexity(cell)
    assert float(found["annealed"]) == pytest.approx(np.log(total.mean()) / 4)
    assert float(found["quenched"]) == pytest.approx(np.log(total).mean() / 4)
    gap = float(found["annealed"]) - float(found["quenched"])
    assert gap > 0
    assert float(found["gap"]) == pytest.approx(gap)
    # the mean of a logarithm has a textbook error; 400 bootstrap draws know it to 4%
    error = np.log(total).std(ddof=1) / np.sqrt(150) / 4
    assert float(found["quenched_se"]) == pytest.approx(error, rel=0.15)
    assert float(found["annealed_se"]) == pytest.approx(
        total.std(ddof=1) / np.sqrt(150) / total.mean() / 4, rel=1e-9
    )


def test_landscapes_of_failed_blocks_have_no_complexity(tmp_path, synthetic):
    """Storage gives them zero points; half of them would lower the annealed one by log(2)/N, many errors."""
    path = synthetic.store(tmp_path / "run", [(synthetic.layout(0, 4, 40, block_size=20), {}, {1})])
    cell = synthetic.cell(path)
    computed = cell.dataset["points_by_index"].values[:20]
    np.testing.assert_array_equal(counts_of(cell)[:, 1:], computed)
    mean, covariance = proper_counts(cell)
    np.testing.assert_allclose(mean, computed.mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(computed.T) / 20)
    found, total = estimate_complexity(cell), computed.sum(axis=1)
    assert float(found["annealed"]) == pytest.approx(np.log(total.mean()) / 4)
    error = total.std(ddof=1) / np.sqrt(20) / total.mean() / 4
    assert float(found["annealed_se"]) == pytest.approx(error)
    assert int(found["without"]) == 0
    (family,) = measure_study(open_study(path))
    page = " ".join(part.html for part in Complexity().more(family))
    assert "20 landscapes of failed blocks have no number" in page
    for row in complexity_rows(family):
        assert abs(row["z"]) < 4


def test_ledger(cell):
    found = summarise_ledger(cell)
    assert list(found["status"].values) == [150, 0, 0]
    # odd landscapes at even N: the Morse sum says nothing, and isn't counted as passed
    assert int(found["checks"].sel(check="morse", verdict="uninformative")) == 150
    assert int(found["checks"].sel(check="morse", verdict="pass")) == 0
    assert int(found["checks"].sel(check="parity", verdict="pass")) == 150


def test_open_and_failed_landscapes_stay_in_the_mean(tmp_path, synthetic):
    layout = synthetic.layout(0, 4, 40, block_size=20)
    path = synthetic.store(tmp_path / "run", [(layout, {"status": 1}, {1})])
    cell = synthetic.cell(path)
    found = estimate_counts(cell)
    data = cell.dataset
    seen = data["n_points"].values[:20].sum()
    assert float(found["total"]) == pytest.approx(seen / 40)
    assert (float(found["open"]), float(found["failed"])) == (0.5, 0.5)
    assert float(found["missing_total"]) == pytest.approx((20 * 30 - seen + 20 * 30) / 40)
    # the bound is rigorous: the mean plus it is the largest mean that can be
    assert float(found["total"]) + float(found["missing_total"]) == pytest.approx(30)
    # mirror images: half of the missing points have index k, half N-1-k
    np.testing.assert_allclose(found["missing"], float(found["missing_total"]) / 2)
    # Chao1 says 2 more where open; failed ones get what the open ones have
    assert float(found["plausible_missing"]) == pytest.approx((20 * 2 + 20 * (seen / 20 + 2)) / 40)


@pytest.mark.parametrize("exponent", [-700, 700])
def test_errors_of_numbers_whose_squares_are_no_doubles(exponent):
    values = np.random.default_rng(1).standard_normal((50, 3))
    mean, error = mean_and_error(values)
    np.testing.assert_array_equal(error, values.std(axis=0, ddof=1) / np.sqrt(50))
    for one, other in zip((mean, error), mean_and_error(np.ldexp(values, exponent)), strict=True):
        np.testing.assert_array_equal(other, np.ldexp(one, exponent))

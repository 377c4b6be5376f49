"""The section on the bottom of landscapes: bands, levels, exponents and their errors."""

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.exact import low_law
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.topics.base import Chapter, chapter_of
from morsecensus.analysis.topics.bottom import scaling
from morsecensus.analysis.topics.bottom.bands import jackknife, measure, shape
from morsecensus.analysis.topics.bottom.gaps import expected_below, gaps_of
from morsecensus.analysis.topics.bottom.measure import find
from morsecensus.analysis.topics.bottom.section import BottomOfLandscapes
from morsecensus.analysis.topics.bottom.tables import BANDS, DECLARED, NUMBERS
from support.low_cells import dataset, draw, low_cell, study_of


def test_bands_are_of_points_and_of_hits():
    low = low_cell(draw(8, 40), 8)
    data, bottom = low.dataset, measure(low)
    minima = data["index"].values == 0
    energy = data["energy"].values[minima]
    above = (data["hits"] - data["hits_below"]).values[minima]
    assert bottom.bands[0].points == minima.sum()
    assert bottom.bands[0].mean == pytest.approx(energy.mean())
    assert bottom.bands[0].sd == pytest.approx(energy.std())
    assert bottom.bands[0].lowest == energy.min()
    assert bottom.bands[0].highest == energy.max()
    assert bottom.weighted.mean == pytest.approx(np.average(energy, weights=above))
    assert bottom.softest.lowest == data["lambda_min"].values[minima].min() > 0
    own = energy[: int(data["points_by_index"].values[0, 0])]
    np.testing.assert_array_equal(bottom.levels[0][: len(own)], own[:6])
    assert np.nansum(bottom.shares, axis=1) == pytest.approx(np.ones(40))


def test_errors_by_leaving_out_are_those_of_the_mean():
    rng = np.random.default_rng(1)
    values = rng.exponential(size=(50, 30))  # landscapes of 30 points
    sums = np.stack([np.sum(values**power, axis=1) for power in range(4)], axis=1)
    value, error = jackknife(sums, shape)
    means = values.mean(axis=1)
    assert value[0] == pytest.approx(means.mean())
    assert error[0] == pytest.approx(means.std(ddof=1) / np.sqrt(50))
    assert abs(value[1] - 1) < 4 * error[1] < 0.3
    assert abs(value[2] - 2) < 4 * error[2] < 2


def test_levels_of_a_poisson_process_unfold_to_one():
    law = low_law(low_cell(draw(9, 5), 9))
    rng = np.random.default_rng(2)
    number = np.cumsum(rng.exponential(size=(400, 4)), axis=1)
    grid = np.linspace(-2.4, -0.6, 4001)
    below = np.cumsum(law.count_by_index(np.concatenate([[-np.inf], grid]))[0])
    levels = np.where(number < below[-1], np.interp(number, below, grid), np.nan)[:, :2]
    np.testing.assert_allclose(expected_below(law, levels)[:, 0], number[:, 0], rtol=1e-3, atol=1e-3)
    for gap in gaps_of(levels, law):
        assert abs(gap.unfolded - 1) < 4 * gap.unfolded_se + 0.1  # levels that are nan were the highest
    even = np.interp(np.arange(1, 3) + rng.normal(0, 0.05, (400, 1)), below, grid)
    assert gaps_of(even, law)[1].p_value < 1e-6


def test_exponents_have_the_errors_that_they_say():
    sizes, rng = [20, 30, 40, 60, 80, 100], np.random.default_rng(4)
    n = np.array(sizes, float)
    found = []
    for _ in range(200):
        noise = 0.01 * rng.standard_normal((2, 6))
        power = scaling.power("width", sizes, -(n**-0.7) * (1 + noise[0]), 0.01 * n**-0.7)
        lowest = 0.8 * np.log(n) / n + 0.3 / n + 0.001 * noise[1]
        log = scaling.logarithm("lowest", sizes, lowest, np.full(6, 1e-5), 0.8)
        found.append([(power.value - 0.7) / power.error, power.p_value, (log.value - 0.8) / log.error])
    found = np.array(found)
    assert np.abs(found.mean(axis=0)[[0, 2]]).max() < 0.28  # 4 / sqrt(200)
    np.testing.assert_allclose(found.std(axis=0)[[0, 2]], 1, atol=0.2)
    assert 0.4 < found[:, 1].mean() < 0.6


def test_no_exponent_without_a_sign_or_through_two_points():
    errors = np.full(3, 0.1)
    assert scaling.power("x", [20, 30, 40], np.array([0.3, 0.25, -0.3]), errors) is None
    assert scaling.power("x", [20, 30, 40], np.array([0.3, 0.25, 0.1]), errors) is None
    assert scaling.power("x", [20, 30], np.array([0.3, 0.25]), errors[:2]) is None


@pytest.mark.parametrize("fit", [scaling.power, scaling.rate, lambda *args: scaling.logarithm(*args, None)])
def test_cells_of_one_n_are_one_size(fit):
    """Tables of one N that differ in what is stored hold the same landscapes: no fit, and no second count."""
    values, errors = np.array([0.30, 0.31, 0.25, 0.20]), np.array([0.01, 0.02, 0.01, 0.01])
    assert fit("x", [8, 8, 8], values[:3], errors[:3]) is None
    assert fit("x", [20, 20, 30], values[:3], errors[:3]) is None
    once = fit("x", [20, 30, 40], values[[0, 2, 3]], errors[[0, 2, 3]])
    assert fit("x", [20, 20, 30, 40], values, errors) == once
    assert fit("x", [30, 20, 20, 40], values[[2, 1, 0, 3]], errors[[2, 1, 0, 3]]).sizes == (20, 30, 40)


def test_the_section_of_three_tables_of_one_n(tmp_path):
    cells = [low_cell(draw(1, 15, 8), k, 1, 8, f"c{k:04d}") for k in range(3)]
    found = chapter_of(BottomOfLandscapes(), study_of(*cells))
    found.write(tmp_path)
    assert not found.tables()[DECLARED[-1]]


def test_the_section(tmp_path):
    cells = [low_cell(draw(n, 15, n), n, 1, n, f"c{n:04d}") for n in (8, 10, 12)]
    found = chapter_of(BottomOfLandscapes(), study_of(*cells))
    entries, parts = found.write(tmp_path)
    assert [title for _, title in entries] == ["Bottom of the landscape: Spherical p-spin, ξ = q^3"]
    assert len(list(tmp_path.glob("bottom-1-*.svg"))) == 3
    text = " ".join(part.html for part in parts)
    assert "no mean lacks anything" in text
    rows = found.tables()
    for table in DECLARED:
        table.write(tmp_path, rows[table])
    assert [row["index"] for row in rows[NUMBERS]] == [0, 1] * 3
    assert {row["weight"] for row in rows[BANDS]} == {"counted", "hits"}
    for row in rows[BANDS]:
        if row["weight"] == "counted":
            assert abs(row["mean"] - row["exact_mean"]) < 5 * row["mean_se"]
    assert any(row["quantity"] == "index 0: sd" and row["value"] > 0 for row in rows[DECLARED[-1]])


def test_an_index_without_any_point_has_its_rows(tmp_path):
    found = chapter_of(BottomOfLandscapes(), study_of(low_cell(np.array([[1, 0, 0, 0]] * 5), 1, 1, 8)))
    _, parts = found.write(tmp_path)
    minima, saddles = found.tables()[NUMBERS]
    assert (minima["mean"], saddles["mean"], saddles["complexity"]) == (1, 0, None)
    assert saddles["exact_complexity"] < 0.5
    assert "Bottom" in " ".join(part.html for part in parts)


def test_what_is_sought_of_an_odd_landscape_is_its_lower_half():
    assert low_cell(draw(2, 5, 8), 2, sought=3, n=8).sought == 3
    assert low_cell(draw(2, 5, 8), 2, sought=1, n=8).sought == 1


def test_minima_of_one_energy_are_one_level():
    """An even landscape has each minimum twice; nobody need know that it is even."""
    low = low_cell(draw(8, 10), 8)
    data = low.dataset
    twice = data.isel(row=np.repeat(np.arange(data.sizes["row"]), 2))
    twice["row_size"] = twice["n_points"] = 2 * data["row_size"]
    twice["points_by_index"] = 2 * data["points_by_index"]
    once, again = measure(low), measure(Cell("c0000", twice, 10, "low-index {}"))
    for name in ("levels", "distinct", "shares", "ground"):
        np.testing.assert_array_equal(getattr(once, name), getattr(again, name))
    np.testing.assert_array_equal(once.distinct, data["points_by_index"].values[:, 0])


@pytest.mark.parametrize(("share", "coverage"), [(0.1, 0.9), (0.4, 0.999)], ids=["coverage", "theory"])
def test_errors_of_fits_take_in_what_open_indices_may_lack(share, coverage):
    """Of a band that lost half of its highest points: only widened errors hold the shift, by what the
    coverage says of a few, and by what lacks to the exact mean where no hit tells."""
    counts = draw(12, 200)
    whole = find(study_of(low_cell(counts, 12)).families)[0].cells[0]
    assert whole.with_missing(1) is whole.bottom.bands[1]  # all closed
    state = np.zeros((200, 2), int)
    state[:, 1] = 1
    cell = low_cell(counts, 12, state=state)
    data, index = cell.stored, cell.stored["index"].values
    energy = data["energy"].values.copy()
    lost = (energy > np.quantile(energy[index == 1], 1 - share)) & (np.arange(len(energy)) % 2 == 0)
    kept = ~((index == 1) & lost)
    owner = np.repeat(np.arange(200), data["row_size"].values)
    fewer = data.isel(row=np.flatnonzero(kept))
    gone = np.bincount(owner[~kept], minlength=200)
    fewer["row_size"] = fewer["n_points"] = data["row_size"] - gone
    numbers = data["points_by_index"].values.copy()
    numbers[:, 1] -= gone
    fewer["points_by_index"] = (("landscape", "morse_index"), numbers)
    fewer["recapture_upper_by_index"] = fewer["chao1_by_index"] = fewer["points_by_index"] + 0.0
    fewer["coverage_lower_by_index"] = xr.full_like(fewer["points_by_index"], coverage, dtype=float)
    found = find(study_of(Cell("c0000", fewer, 200, "low-index {}")).families)[0].cells[0]
    cut, wide, true = found.bottom.bands[1], found.with_missing(1), whole.bottom.bands[1]
    for name in ("mean", "sd"):
        off = abs(getattr(cut, name) - getattr(true, name))
        assert getattr(cut, f"{name}_se") < off < getattr(wide, f"{name}_se")


def test_the_rate_is_that_of_the_scale_of_the_couplings():
    scaled = low_cell(draw(2, 5, 8), 2, n=8)
    scaled.stored.attrs["xi"] = "2*q^3"
    slope = find(study_of(scaled).families)[0].slope
    assert slope == pytest.approx(find(study_of(low_cell(draw(2, 5, 8), 2, n=8)).families)[0].slope / 2**0.5)


def test_studies_without_low_cells_have_no_section():
    cell = Cell("c0000", dataset(8, draw(1, 12, 8), np.random.default_rng(0)), 12, "homotopy {}")
    assert find(study_of(cell).families) == []
    assert Chapter(BottomOfLandscapes(), []).sections == []

"""Euler curves in the report: random trigonometric polynomials (q^3 at N = 2), right and wrong by 2%."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.markup import render
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.topology.euler.figure import draw_euler
from morsecensus.analysis.topics.topology.euler.measure import measure_euler
from morsecensus.analysis.topics.topology.euler.section import Euler
from morsecensus.storage.tables import STATUS

N, LANDSCAPES = 2, 40_000
DRAWS = 200
"""Of the bootstrap: enough where no p-value of a curve decides."""


def coefficients(landscapes, seed):
    """Cosine and sine coefficients of H/N at frequencies 1 and 3: cos^3 a = (3 cos a + cos 3a) / 4."""
    scale = np.sqrt(np.array([0.75, 0.25]) / N)
    return np.random.default_rng(seed).standard_normal((2, landscapes, 2)) * scale


def critical_points(cosine, sine):
    """Owner, energy and index of each critical point, sorted by owner and energy.

    With z = e^{it}, z^3 H' is a cubic in w = z^2, whose roots are eigenvalues of its companion matrix.
    """
    first, third = ((cosine - 1j * sine) / 2).T
    top = np.stack([3j * third, 1j * first, -1j * np.conj(first), -3j * np.conj(third)], axis=1)
    companion = np.zeros((len(top), 3, 3), complex)
    companion[:, 0] = -top[:, 1:] / top[:, :1]
    companion[:, 1, 0] = companion[:, 2, 1] = 1
    w = np.linalg.eigvals(companion)
    owner, which = np.nonzero(np.abs(np.abs(w) - 1) < 1e-7)
    half = np.angle(w[owner, which]) / 2
    owner, t = np.concatenate([owner, owner]), np.concatenate([half, half + np.pi])
    waves = np.array([1, 3])
    phase = np.outer(t, waves)
    energy = (np.cos(phase) * cosine[owner] + np.sin(phase) * sine[owner]).sum(axis=1)
    curvature = -(waves**2 * (np.cos(phase) * cosine[owner] + np.sin(phase) * sine[owner])).sum(axis=1)
    order = np.lexsort((energy, owner))
    return owner[order], energy[order], (curvature[order] < 0).astype(int)


def make_cell(owner, energy, index, landscapes, name="c0000"):
    by_index = np.bincount(owner * N + index, minlength=landscapes * N).reshape(landscapes, N)
    dataset = xr.Dataset(
        {
            "row_size": ("landscape", by_index.sum(axis=1)),
            "points_by_index": (("landscape", "morse_index"), by_index),
            "energy": ("row", energy),
            "index": ("row", index),
            "status": ("landscape", np.zeros(landscapes, int)),
            "bound": ("landscape", np.full(landscapes, 6.0)),
            "chao1": ("landscape", by_index.sum(axis=1).astype(float)),
        },
        attrs={"model": "pspin", "xi": "q^3", "n": N, "field": 0.0},
    )
    return Cell(name, dataset, landscapes)


@pytest.fixture(scope="module")
def series():
    return coefficients(LANDSCAPES, 1)


@pytest.fixture(scope="module")
def cell(series):
    return make_cell(*critical_points(*series), LANDSCAPES)


def with_variance(cell, factor):
    """As if the couplings had this many times their variance."""
    return replace(cell, stored=cell.dataset.assign(energy=cell.dataset["energy"] * factor**0.5))


def some(cell, first, last):
    """Landscapes first..last-1 of a cell."""
    offset = np.concatenate([[0], np.cumsum(cell.dataset["row_size"].values)])
    part = cell.dataset.isel(landscape=slice(first, last), row=slice(offset[first], offset[last]))
    return Cell(cell.name, part, last - first)


def tables(result):
    return {table.name: rows for table, rows in Chapter(Euler(), [result]).tables().items()}


def page_of(result, folder):
    return render("t", Chapter(Euler(), [result]).write(folder)[1])


def test_the_mean_curve_counts_arcs(cell, series):
    """Brute force: arcs of the circle where H/N >= u, from values on a fine grid."""
    few = some(cell, 0, 400)
    result = measure_euler([few], DRAWS)
    assert result is not None
    rows = tables(result)["euler_curves"]
    assert len(rows) > 50
    cosine, sine = (part[:400] for part in series)
    phase = np.outer(2 * np.pi * np.arange(4000) / 4000, [1, 3])
    values = cosine @ np.cos(phase).T + sine @ np.sin(phase).T
    for row in rows[::6]:
        above = values >= row["level"]
        arcs = np.sum(above & ~np.roll(above, 1, axis=1), axis=1)
        # Two arcs of the grid's width or less may be lost in 400 landscapes.
        assert row["mean"] == pytest.approx(arcs.mean(), abs=2.5 / 400)
        assert row["se"] == pytest.approx(arcs.std(ddof=1) / 20, rel=0.03, abs=1e-3)
        assert row["z"] == pytest.approx((row["mean"] - row["exact"]) / row["se"])


@pytest.mark.parametrize("factor", [0.98, 1.0, 1.02])
def test_two_percent_of_the_variance_are_rejected(cell, factor, tmp_path):
    result = measure_euler([with_variance(cell, factor)], DRAWS)
    assert result is not None
    (row,) = tables(result)["euler_tests"]
    assert row["verdict"] == ("agrees" if factor == 1.0 else "disagrees")
    assert row["variance"] == pytest.approx(factor, abs=4 * row["variance_se"])
    # So it should: with this many landscapes less than that would be seen.
    assert row["detectable"] < 0.018
    assert row["landscapes_for_2_percent"] < LANDSCAPES
    page = page_of(result, tmp_path)
    assert ('<tr class="bad">' in page) == (factor != 1.0)
    assert page.count("<figure>") == 1
    for table, rows in Chapter(Euler(), [result]).tables().items():
        table.write(tmp_path, rows)


def test_curves_of_all_n_measure_one_variance(cell):
    """Cells of one N share couplings and count once; another N adds its information."""
    first, second = some(cell, 0, 20_000), some(cell, 20_000, LANDSCAPES)
    other = replace(second, name="c0001", stored=second.dataset.assign_attrs(n=N))
    alone, twice = measure_euler([first], DRAWS), measure_euler([first, other], DRAWS)
    assert alone is not None
    assert twice is not None
    for result, last in ((alone, alone.cells[0]), (twice, twice.cells[1])):
        assert result.scale is not None
        assert last.scale is not None
        assert (result.scale.ratio, result.scale.se) == pytest.approx((last.scale.ratio, last.scale.se))
    lacking = replace(alone.cells[0], missing=0.1)
    assert replace(alone, cells=(lacking,)).scale is None


def test_the_landscapes_needed_are_those_of_a_larger_cell(cell):
    """A tenth of the landscapes foretells the same number."""
    results = [measure_euler([part], DRAWS) for part in (cell, some(cell, 0, LANDSCAPES // 10))]
    whole, tenth = (tables(result)["euler_tests"][0] for result in results if result is not None)
    assert tenth["landscapes_for_2_percent"] == pytest.approx(whole["landscapes_for_2_percent"], rel=0.2)
    assert tenth["detectable"] == pytest.approx(whole["detectable"] * 10**0.5, rel=0.1)


def test_caps_lost_at_the_top_are_rejected(cell):
    """Negative control of the exact tests: no landscape has what lies beyond the level."""
    few = some(cell, 0, 10_000)
    right = measure_euler([few], DRAWS)
    assert right is not None
    row = tables(right)["euler_tests"][0]
    assert row["top_expected"] == pytest.approx(9)
    assert (row["verdict"], row["p_bottom"]) == ("agrees", None)
    energy = few.dataset["energy"].where(few.dataset["energy"] < row["top_level"], 0.0)
    wrong = measure_euler([replace(few, stored=few.dataset.assign(energy=energy))], DRAWS)
    assert wrong is not None
    row = tables(wrong)["euler_tests"][0]
    assert row["top_caps"] == 0
    assert row["p_top"] == pytest.approx(4 * np.exp(-9), rel=0.01)
    assert wrong.verdicts == ("disagrees",)


def test_missing_points_leave_a_verdict_open(cell, tmp_path):
    wrong = with_variance(cell, 1.04)
    status = np.full(LANDSCAPES, STATUS.index("open"))
    open_ = replace(wrong, stored=wrong.dataset.assign(status=("landscape", status)))
    result = measure_euler([open_], DRAWS)
    assert result is not None
    assert result.cells[0].missing > 0.5
    assert result.verdicts == ("undecided",)
    page = page_of(result, tmp_path)
    assert '<tr class="doubt">' in page
    assert "may lack points" in page
    assert measure_euler([wrong], DRAWS).verdicts == ("disagrees",)  # type: ignore[union-attr]


def test_cells_have_one_supremum_together(cell):
    parts = [some(cell, start, start + 1000) for start in range(0, 7000, 1000)]
    result = measure_euler(parts)
    assert result is not None
    assert result.joint is not None
    assert result.joint.p_value is not None
    assert result.joint.statistic == max(found.tests[0].statistic for found in result.cells)
    wrong = measure_euler([with_variance(part, 1.25) for part in parts])
    assert wrong is not None
    assert wrong.joint is not None
    assert wrong.joint.p_value is not None
    assert wrong.joint.p_value < 0.01 < result.joint.p_value
    assert "disagrees" in wrong.verdicts


def test_at_most_six_panels_are_drawn_and_the_page_says_so(cell, tmp_path):
    result = measure_euler([some(cell, start, start + 50) for start in range(0, 400, 50)])
    assert result is not None
    page = page_of(result, tmp_path)
    assert "6 of 8 cells are drawn" in page
    # Fifty landscapes are too few for the variance, and the page says how many it takes.
    assert "takes 176 landscapes" in page
    assert tables(result)["euler_tests"][0]["variance"] is None


def test_too_few_landscapes_or_no_theory(cell, tmp_path):
    result = measure_euler([some(cell, 0, 10)])
    assert result is not None
    assert result.verdicts == ("not testable",)
    assert draw_euler(result) is None
    assert "No cell has enough landscapes" in page_of(result, tmp_path)
    assert tables(result)["euler_curves"] == []
    unknown = cell.dataset.assign_attrs(model="other")
    assert measure_euler([replace(cell, stored=unknown)]) is None

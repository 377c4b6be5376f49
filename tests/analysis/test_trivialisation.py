"""Topology trivialisation: the exact curve by other routes, its limits, the tests, and the section."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.residuals import RARE
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.page.style import new_figure, style
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.trivialisation.figure import plot_rates, plot_totals
from morsecensus.analysis.topics.trivialisation.measure import (
    exact_totals,
    find_sweeps,
    joint_test,
    limiting_complexity,
    smallest_seen,
    sweep_rows,
    sweep_test,
    total_rows,
    transition_field,
    usable_cells,
    wrong_field_power,
)
from morsecensus.analysis.topics.trivialisation.section import Triviality
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.homotopy.census import homotopy
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.spin import MixedSpin

THREE = Covariance.pure(3)
MIXED = Covariance.parse("0.5*q^2+0.5*q^3")
FIELDS = (0.0, 1.0, 3.0, 7.0)


def circle_counts(base, fields, landscapes, rng):
    """Critical points on the circle by brute force, shape (fields, landscapes): sign changes of dH/dt.

    H is a random Fourier sum with covariance 2 xi(cos(t - s)): no tensor, no determinant, no Kac-Rice. Fields
    share their draws.
    """
    orders = base.degree
    angles = np.linspace(0, 2 * np.pi, 4 * 360, endpoint=False)
    # xi(cos t) = sum of c_k cos(k t), and c_k is the variance of the k-th pair of Fourier coefficients
    grid = 2 * np.pi * np.arange(64) / 64
    normal = rng.standard_normal((2, orders + 1, landscapes))
    found = []
    for s2 in fields:
        values = np.array([base.with_field(s2).value(np.cos(t)) for t in grid])
        power = np.maximum(np.fft.rfft(values).real[: orders + 1] / 64 * 2, 0.0)
        k = np.arange(orders + 1)[:, None]
        scale = np.sqrt(power)[:, None] * k
        slope = -np.sin(k * angles).T @ (scale * normal[0]) + np.cos(k * angles).T @ (scale * normal[1])
        found.append(np.sum(slope * np.roll(slope, 1, axis=0) < 0, axis=0))
    return np.array(found)


@pytest.mark.parametrize("base", [THREE, MIXED, Covariance.pure(4)])
def test_exact_curve_on_the_circle_against_brute_force(base):
    fields = (0.0, 0.5, 1.5, 4.0, 20.0)
    counts = circle_counts(base, fields, 4000, np.random.default_rng(8))
    error = counts.std(axis=1, ddof=1) / np.sqrt(counts.shape[1])
    z = (counts.mean(axis=1) - exact_totals(base, 2, fields)) / np.where(error > 0, error, 1)
    assert np.max(np.abs(z)) < 4
    # and Rice's formula for the zeros of dH/dt: -xi' and xi' + 3 xi'' are the derivatives of xi(cos t) at 0
    rice = [2 * np.sqrt(1 + 3 * base.x2 / (base.x1 + s2)) for s2 in fields]
    np.testing.assert_allclose(rice, exact_totals(base, 2, fields), rtol=1e-9)


@pytest.mark.parametrize("base", [THREE, MIXED, Covariance.parse("q^3+0.2*q^5")])
@pytest.mark.parametrize("n", [2, 5, 20, 100])
def test_the_mean_number_at_the_transition_is_that_of_eigenvectors(base, n):
    assert exact_totals(base, n, [transition_field(base)])[0] == pytest.approx(2 * n, rel=1e-9)


@pytest.mark.parametrize("n", [2, 4, 8, 60])
def test_the_curve_falls_to_two(n):
    fields = np.linspace(0, 15, 31)
    totals = exact_totals(THREE, n, fields)
    assert np.all(np.diff(totals) < 0)
    assert totals[-1] > 2
    assert exact_totals(THREE, n, [1e6])[0] == pytest.approx(2, abs=1e-4)


def test_large_n_has_a_kink_at_the_transition():
    assert transition_field(THREE) == 3.0
    fields = np.array([0.0, 1.0, 2.0, 2.9, 3.0, 3.1, 12.0])
    limit = limiting_complexity(THREE, fields)
    np.testing.assert_allclose(limit, np.maximum(0, np.log(6 / (3 + fields)) / 2), atol=1e-15)
    rates = {n: np.log(exact_totals(THREE, n, fields) / 2) / n for n in (50, 200, 800)}
    gaps = [np.max(np.abs(rates[n] - limit)) for n in (50, 200, 800)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01
    assert exact_totals(THREE, 800, [6.0])[0] == pytest.approx(2, abs=0.02)


@pytest.fixture(scope="module")
def counts():
    """Numbers of points of 40 landscapes at N = 4, all enumerated, shape (landscapes, FIELDS)."""
    columns = []
    for s2 in FIELDS:
        landscape = MixedSpin(THREE.with_field(s2), 4)
        column = []
        for instance in range(40):
            census = homotopy(landscape, landscape.sample(9, instance), 9, instance, HomotopyOptions())
            column.append(len(census.points()[0].energy))
        columns.append(column)
    return np.array(columns).T


def make_family(n, field, numbers, xi="q^3", finder=""):
    """A family of one cell, with what a sweep reads of it."""
    size = len(numbers)
    by_index = np.zeros((size, n), int)
    by_index[:, 0] = numbers
    landscapes = {
        "n_points": numbers,
        "row_size": numbers,
        "status": np.zeros(size, int),
        "reason": np.zeros(size, int),
        "bound": np.full(size, 2.0**n * 2),
        "chao1": numbers.astype(float),
    }
    dataset = xr.Dataset(
        {name: ("landscape", values) for name, values in landscapes.items()}
        | {"points_by_index": (("landscape", "morse_index"), by_index)},
        attrs={"model": "pspin", "xi": xi, "field": field, "n": n, "seed": 1},
    )
    cell = Cell(f"c{n}{field:g}", dataset, size)
    result = SimpleNamespace(cell=cell, n=n, counts=estimate_counts(cell))
    return FamilyResult(cell.family, (result,), finder)  # pyright: ignore


def simulated(fields, landscapes, seed=2, base=THREE):
    """Families at N = 2 from the circle: the same law as a census, by another route, and fast."""
    drawn = circle_counts(base, fields, landscapes, np.random.default_rng(seed))
    return [make_family(2, s2, row, str(base)) for s2, row in zip(fields, drawn, strict=True)]


@pytest.fixture(scope="module")
def sweep():
    (found,) = find_sweeps(simulated(FIELDS, 2000))
    return found


def test_a_census_agrees_with_the_curve(counts):
    (found,) = find_sweeps([make_family(4, s2, row) for s2, row in zip(FIELDS, counts.T, strict=True)])
    test = sweep_test(found.sweeps[0])
    assert test.dof == 4
    assert test.p_value is not None
    assert test.p_value > 1e-3
    np.testing.assert_array_equal(found.sweeps[0].totals(), counts)
    # every landscape has a minimum and a maximum, and an even number of points
    assert counts.min() >= 2
    assert not np.any(counts % 2)


def test_what_counts_as_a_sweep():
    families = simulated(FIELDS, 50)
    assert find_sweeps(families[:2]) == []
    assert find_sweeps([*families[:2], *simulated((5.0,), 50, base=MIXED)]) == []
    (found,) = find_sweeps(families[::-1])
    assert found.sweeps[0].fields.tolist() == list(FIELDS)
    assert (found.title, found.transition) == ("ξ = q^3", 3.0)
    nothing = Chapter(Triviality(), [])
    assert nothing.tables() == {}
    assert nothing.write(Path("unused")) == ([], [])


def test_rare_extra_points_are_not_tested():
    fields = (0.0, 1.0, 3.0, 1e4)
    (found,) = find_sweeps(simulated(fields, 300))
    (part,) = found.sweeps
    assert usable_cells(part).tolist() == [0, 1, 2]
    assert (exact_totals(THREE, 2, [1e4])[0] - 2) * 300 < 2 * RARE
    (few,) = find_sweeps(simulated(FIELDS, 5))
    assert sweep_test(few.sweeps[0]).p_value is None
    assert joint_test([sweep_test(few.sweeps[0])]) is None


def test_negative_control_a_wrong_field_variance(sweep):
    (part,) = sweep.sweeps
    right, wrong = sweep_test(part), sweep_test(part, 1.5)
    assert right.p_value is not None
    assert right.p_value > 1e-3
    assert wrong_field_power(part, 1.5) > 0.9
    assert wrong.p_value is not None
    assert wrong.p_value < 0.01
    seen = smallest_seen(part)
    assert seen is not None
    assert 0.02 < seen < 0.5


def test_stated_power_is_the_share_of_rejections():
    fields = (0.0, 1.0, 3.0)
    sweeps = [find_sweeps(simulated(fields, 300, seed))[0].sweeps[0] for seed in range(60)]
    stated = np.mean([wrong_field_power(part, 1.7) for part in sweeps])
    rejected = np.mean([(sweep_test(part, 1.7).p_value or 1.0) < 0.01 for part in sweeps])
    assert abs(rejected - stated) < 4 * np.sqrt(stated * (1 - stated) / 60) + 0.02
    honest = np.mean([(sweep_test(part).p_value or 1.0) < 0.05 for part in sweeps])
    assert honest < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)


def test_tables_are_theory_and_data(sweep):
    tables = {table.name: rows for table, rows in Chapter(Triviality(), [sweep]).tables().items()}
    rows = tables["trivialisation"]
    assert rows == total_rows(sweep)
    numbers = sweep.sweeps[0].totals()
    np.testing.assert_allclose([row["mean"] for row in rows], numbers.mean(axis=0))
    np.testing.assert_allclose([row["exact"] for row in rows], exact_totals(THREE, 2, FIELDS))
    assert [row["field_over_transition"] for row in rows] == [0, 1 / 3, 1, 7 / 3]
    (test,) = tables["trivialisation_tests"]
    assert test == sweep_rows(sweep)[0]
    assert test["p_value"] == sweep_test(sweep.sweeps[0]).p_value


def test_figure_shows_the_table(sweep):
    with style():
        _, axes = new_figure(1, 2, 3.3)
        (totals,) = plot_totals(axes[0], sweep)
        (rates,) = plot_rates(axes[1], sweep)
    rows = total_rows(sweep)
    np.testing.assert_array_equal(totals.lines[0].get_xdata(), FIELDS)
    np.testing.assert_array_equal(totals.lines[0].get_ydata(), [row["mean"] for row in rows])
    curve = axes[0].get_lines()[0]
    np.testing.assert_allclose(curve.get_ydata(), exact_totals(THREE, 2, curve.get_xdata()))
    np.testing.assert_allclose(rates.lines[0].get_ydata(), [np.log(row["mean"] / 2) / 2 for row in rows])
    assert axes[0].get_yscale() == "log"


def test_section(sweep, tmp_path):
    entries, parts = Chapter(Triviality(), [sweep]).write(tmp_path)
    html = "".join(part.html for part in parts)
    assert "transition is at σ² = 3." in html
    assert "note good" in html
    assert entries == [("trivialisation-1", "Topology trivialisation: ξ = q^3")]
    assert {path.name for path in tmp_path.iterdir()} == {"trivialisation-1.svg", "trivialisation-1.png"}
    (trivial,) = find_sweeps(simulated(FIELDS, 300, base=Covariance.pure(2)))
    assert trivial.transition == 0
    html = "".join(part.html for part in Chapter(Triviality(), [trivial]).write(tmp_path)[1])
    assert "trivial without any field" in html


def test_a_departure_is_rejected_unless_missing_points_explain_it(tmp_path):
    fields = (0.0, 1.0, 3.0)
    drawn = circle_counts(THREE, fields, 300, np.random.default_rng(6))
    # every landscape without two of its points beyond the minimum and the maximum
    families = [make_family(2, s2, np.maximum(row - 2, 2)) for s2, row in zip(fields, drawn, strict=True)]
    (lost,) = find_sweeps(families)
    html = "".join(part.html for part in Chapter(Triviality(), [lost]).write(tmp_path)[1])
    assert "note bad" in html
    for family in families:
        dataset = family.cells[0].cell.dataset
        dataset["status"] = ("landscape", np.ones(300, int))
        family.cells[0].counts = estimate_counts(family.cells[0].cell)  # pyright: ignore
    (unfinished,) = find_sweeps(families)
    html = "".join(part.html for part in Chapter(Triviality(), [unfinished]).write(tmp_path)[1])
    assert "Undecided" in html
    assert "note bad" not in html


def holding(family, numbers, lacking=()):
    """The family with these landscapes alone, those at some of these places open."""
    (result,) = family.cells
    cell = result.cell
    stored = cell.stored.isel(landscape=numbers).assign_coords(landscape=np.asarray(numbers))
    stored["status"].values[list(lacking)] = 1
    cell = Cell(cell.name, stored, cell.planned)
    result = SimpleNamespace(cell=cell, n=result.n, counts=estimate_counts(cell))
    return FamilyResult(family.family, (result,), "")  # pyright: ignore


def test_cells_that_hold_other_landscapes_are_compared_over_those_in_common():
    fields = (0.0, 1.0, 3.0)
    drawn = circle_counts(THREE, fields, 300, np.random.default_rng(5))
    whole = [make_family(2, s2, row) for s2, row in zip(fields, drawn, strict=True)]
    holds = (np.r_[0:100, 200:300], np.r_[50:300], np.r_[0:250])
    # the first ten landscapes, which the second cell lacks, are open in the first
    families = [holding(*one) for one in zip(whole, holds, ([*range(10)], [], [200, 201]), strict=True)]
    (found,) = find_sweeps(families)
    (part,) = found.sweeps
    both = np.r_[50:100, 200:250]
    assert part.landscapes == 100
    np.testing.assert_array_equal(part.totals(), drawn[:, both].T)
    # place 200 of the third cell is landscape 200: the bound is 8 points, and the mean is over 100 landscapes
    lacks = (8 - drawn[2, [200, 201]]).sum() / 100
    np.testing.assert_allclose(part.missing(), [0, 0, lacks])


def test_a_sweep_without_landscapes_in_common_is_not_tested(tmp_path):
    families = simulated((0.0, 1.0, 3.0), 300)
    holds = (np.r_[0:100], np.r_[100:200], np.r_[200:300])
    (found,) = find_sweeps([holding(*one) for one in zip(families, holds, strict=True)])
    test = sweep_test(found.sweeps[0])
    assert (test.p_value, test.landscapes, test.note) == (None, 0, "too few landscapes in common")
    html = "".join(part.html for part in Chapter(Triviality(), [found]).write(tmp_path)[1])
    assert "No sweep has enough landscapes" in html

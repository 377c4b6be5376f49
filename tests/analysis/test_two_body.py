"""The two-body control: every critical point of every landscape is known, by an eigenvalue solver."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import quad
from scipy.special import airy

from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts, estimate_energies
from morsecensus.analysis.page.style import new_figure, style
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.theory.goe.sampler import plain_spectra
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.topics.base import Chapter
from morsecensus.analysis.topics.two_body.figure import plot_growth
from morsecensus.analysis.topics.two_body.measure import (
    TRACY_WIDOM_MEAN,
    Comparison,
    comparison_rows,
    edge_energy,
    find_comparison,
    ordered_energies,
    two_of_each,
)
from morsecensus.analysis.topics.two_body.section import SIMPLE_AND_COMPLEX, TwoBody
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.homotopy.census import homotopy
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.measurables.words import COMPLETE, OPEN
from morsecensus.tasks.systems.symmetric import multi_indices

TWO = Covariance.pure(2)
THREE = Covariance.pure(3)
FINDERS = {
    "multistart": lambda *known: multistart(*known, MultistartOptions(starts_per_round=512)),
    "homotopy": lambda *known: homotopy(*known, HomotopyOptions()),
}


def coupling_matrix(landscape, couplings):
    """The symmetric matrix A of H = x.A x, from the packed tensor."""
    packed = landscape.tensors(couplings)[2]
    rows, columns = multi_indices(landscape.n, 2).T
    matrix = np.zeros((landscape.n, landscape.n))
    matrix[rows, columns] = matrix[columns, rows] = packed
    return matrix


@pytest.mark.parametrize("finder", list(FINDERS))
@pytest.mark.parametrize(("xi", "n"), [("q^2", 2), ("q^2", 5), ("2.5*q^2", 6)])
def test_a_census_is_an_eigenvalue_solver(finder, xi, n):
    landscape = MixedSpin(Covariance.parse(xi), n)
    for instance in range(4):
        couplings = landscape.sample(7, instance)
        census = FINDERS[finder](landscape, couplings, 7, instance)
        points, _ = census.points()
        assert census.ledger.status == COMPLETE
        assert np.bincount(points.index, minlength=n).tolist() == [2] * n
        values, vectors = np.linalg.eigh(coupling_matrix(landscape, couplings))
        # H = x.A x on |x|^2 = N: N times the eigenvalue, energy per spin is the eigenvalue
        np.testing.assert_allclose(np.sort(points.energy), np.repeat(values, 2), rtol=0, atol=1e-12)
        overlap = np.abs(points.points @ vectors) / np.sqrt(n)
        np.testing.assert_allclose(overlap[np.arange(2 * n), points.index], 1.0, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 7, 20, 60])
@pytest.mark.parametrize("xi", [TWO, Covariance.parse("3*q^2")])
def test_theory_has_two_points_of_each_index(xi, n):
    model = FiniteN(xi, n)
    assert model.total() == pytest.approx(2 * n, rel=1e-10)
    np.testing.assert_allclose(model.by_index(), 2.0, rtol=1e-10)


@pytest.mark.parametrize("n", [2, 5, 12])
def test_ordered_energies_are_those_of_sampled_matrices(n):
    mean, spread = ordered_energies(TWO, n)
    drawn = plain_spectra(n, 20_000, np.random.default_rng(3)) / np.sqrt(n)
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    assert np.max(np.abs(drawn.mean(axis=0) - mean) / error) < 4.5
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.03)
    # the two eigenvalues of a 2 x 2 GOE matrix are a Rayleigh length apart
    if n == 2:
        np.testing.assert_allclose(mean, np.array([-1, 1]) * np.sqrt(np.pi / 8), rtol=1e-10)


def test_ordered_energies_scale_and_sum_to_the_trace():
    mean, spread = ordered_energies(TWO, 9)
    assert mean.sum() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(
        ordered_energies(Covariance.parse("4*q^2"), 9), (2 * mean, 2 * spread), rtol=1e-12
    )
    with pytest.raises(ValueError, match=r"got xi = q\^3; allowed is c\*q\^2"):
        ordered_energies(THREE, 9)


def test_the_edge_follows_the_tracy_widom_law():
    # What is left is of order 1/N: the scaled distance stays, and shrinks to nothing with N.
    gaps = [ordered_energies(TWO, n)[0][0] - edge_energy(TWO, n) for n in (10, 20, 40, 60)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.007
    np.testing.assert_array_less(np.multiply(gaps, [10, 20, 40, 60]), 0.5)


def test_the_tracy_widom_mean_is_that_of_its_fredholm_determinant():
    nodes, weights = np.polynomial.legendre.leggauss(60)
    x, w = 8 * (nodes + 1), 8 * weights

    def distribution(s):
        """F_1(s) = det(1 - K_s), K_s(x, y) = Ai((x + y)/2 + s)/2 on the half line (Ferrari and Spohn)."""
        kernel = 0.5 * airy(np.add.outer(x, x) / 2 + s)[0]
        root = np.sqrt(w)
        return np.linalg.det(np.eye(len(x)) - root[:, None] * kernel * root)

    right = quad(lambda s: 1 - distribution(s), 0, 8, epsabs=1e-9)[0]
    left = quad(distribution, -9, 0, epsabs=1e-9)[0]
    assert right - left == pytest.approx(TRACY_WIDOM_MEAN, abs=1e-6)


def relabelled(result, **attrs):
    dataset = result.dataset.assign_attrs(attrs)
    return type(result)(result.name, dataset, result.planned, result.finder)


def two_body_cell(template, n, landscapes, seed=11, scale=1.0, drop=False):
    """A cell of a two-body census, its energies from sampled matrices; the template lends its layout."""
    values = scale * plain_spectra(n, landscapes, np.random.default_rng(seed)) / np.sqrt(n)
    index = np.tile(np.repeat(np.arange(n), 2), landscapes)
    counts = np.full((landscapes, n), 2)
    energy = np.repeat(values, 2, axis=1).ravel()
    if drop:
        kept = np.ones(len(index), bool)
        kept[2:4] = False  # both points of index 1 of the first landscape
        counts[0, 1] = 0
        index, energy = index[kept], energy[kept]
    dataset = xr.Dataset(
        {
            "row_size": ("landscape", counts.sum(axis=1)),
            "n_points": ("landscape", counts.sum(axis=1)),
            "points_by_index": (("landscape", "morse_index"), counts),
            "status": ("landscape", np.zeros(landscapes, int)),
            "reason": ("landscape", np.zeros(landscapes, int)),
            "bound": ("landscape", np.full(landscapes, 2.0 * n)),
            "chao1": ("landscape", counts.sum(axis=1).astype(float)),
            "energy": ("row", energy),
            "index": ("row", index),
        },
        attrs={"model": "pspin", "xi": "q^2", "field": 0.0, "n": n, "seed": 5},
    )
    return type(template)(f"c01{n:02d}", dataset, landscapes, template.finder)


def measured(cell):
    theory = cell.theory.exact(cell.n)
    return SimpleNamespace(
        cell=cell,
        n=cell.n,
        counts=estimate_counts(cell),
        energies=scan(cell.dataset, estimate_energies(cell)),
        total=theory.total(),
        by_index=theory.by_index(),
        energy_mean=theory.energy_moments()[0],
    )


def family(*cells):
    return FamilyResult(cells[0].family, tuple(measured(cell) for cell in cells))


@pytest.fixture(scope="module")
def three(census_store, synthetic):
    return synthetic.cell(census_store, "c0000")


@pytest.fixture(scope="module")
def comparison(three):
    simple = family(two_body_cell(three, 4, 400), two_body_cell(three, 8, 400))
    found = find_comparison([family(three), simple])
    assert found is not None
    return found


def test_a_study_needs_both_kinds_of_model(three):
    simple = family(two_body_cell(three, 4, 20))
    assert find_comparison([simple]) is None
    assert find_comparison([family(three)]) is None
    in_a_field = family(relabelled(two_body_cell(three, 4, 20), field=1.0))
    assert find_comparison([family(three), in_a_field]) is None
    trivial = family(relabelled(three, field=9.0))
    assert find_comparison([simple, trivial]) is None
    nothing = Chapter(TwoBody(), [])
    assert nothing.tables() == {}
    assert nothing.write(Path("unused")) == ([], [])


def test_rows_against_theory(comparison):
    rows = comparison_rows(comparison)
    assert [(row["xi"], row["n"]) for row in rows] == [("q^2", 4), ("q^2", 8), ("q^3", 3)]
    for row in rows[:2]:
        assert (row["total"], row["total_se"], row["two_of_each"]) == (2 * row["n"], 0.0, 400)
        assert row["exact_total"] == pytest.approx(2 * row["n"], rel=1e-12)
        assert row["exact_minimum_energy"] == pytest.approx(ordered_energies(TWO, row["n"])[0][0])
        assert abs(row["z"]) < 4
        assert (row["limiting_rate"], row["limiting_energy"]) == (0.0, -np.sqrt(2))
    assert rows[2]["two_of_each"] is None
    assert rows[2]["edge"] is None
    assert rows[2]["limiting_rate"] == pytest.approx(np.log(2) / 2)
    assert rows[2]["limiting_energy"] == pytest.approx(-np.sqrt(8 / 3))
    assert Chapter(TwoBody(), [comparison]).tables() == {SIMPLE_AND_COMPLEX: rows}


def test_figure_shows_the_rows_on_exact_curves(comparison):
    with style():
        _, (ax,) = new_figure(1, 1, 3.4)
        marks = plot_growth(ax, comparison)
    rows = comparison_rows(comparison)
    shown = np.concatenate([mark.lines[0].get_ydata() for mark in marks])
    np.testing.assert_array_equal(shown, [row["total"] for row in rows])
    curve = ax.get_lines()[0]
    np.testing.assert_allclose(curve.get_ydata(), 2 * np.asarray(curve.get_xdata()), rtol=1e-10)


def test_page_says_that_every_landscape_is_right(comparison, tmp_path):
    html = "".join(part.html for part in Chapter(TwoBody(), [comparison]).write(tmp_path)[1])
    assert "exactly two points of each index: 800 of 800" in html
    assert "note good" in html
    assert 'class="bad"' not in html
    assert {path.name for path in tmp_path.iterdir()} == {"simple-and-complex.svg", "simple-and-complex.png"}


def test_negative_controls_one_lost_class_and_a_wrong_variance(three, comparison, tmp_path):
    lost = family(two_body_cell(three, 8, 400, drop=True))
    assert two_of_each(lost.cells[0]) == (399, 0)
    wrong = Comparison((lost,), comparison.complex)
    html = "".join(part.html for part in Chapter(TwoBody(), [wrong]).write(tmp_path)[1])
    assert "399 of 400" in html
    assert "note bad" in html
    assert 'class="bad"' in html
    # 10% too much variance of the couplings moves the lowest eigenvalue by 4.9%, here 5.7 standard errors
    scaled = family(two_body_cell(three, 8, 400, scale=1.1**0.5))
    assert comparison_rows(Comparison((scaled,), comparison.complex))[0]["z"] < -3


def test_an_open_landscape_may_lack_points(three, comparison, tmp_path):
    cell = two_body_cell(three, 8, 400, drop=True)
    status = np.zeros(400, int)
    status[0] = OPEN
    opened = family(
        type(cell)(cell.name, cell.dataset.assign(status=("landscape", status)), 400, cell.finder)
    )
    assert two_of_each(opened.cells[0]) == (399, 1)
    beside = Comparison((opened,), comparison.complex)
    html = "".join(part.html for part in Chapter(TwoBody(), [beside]).write(tmp_path)[1])
    assert "399 of 400; the others are not complete, and may lack points" in html
    assert 'class="bad"' not in html
    assert "note bad" not in html

"""Theory with errors: its record, and the tests of cells against it."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.sampled import judge_energies, judge_means
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_histogram
from morsecensus.analysis.results import FamilyResult, family_edges
from morsecensus.analysis.theory.means import Means
from morsecensus.analysis.theory.registry import symmetry_of, theory_of
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.partite import Partite
from morsecensus.tasks.landscapes.registry import MODELS


def make_cell(points, levels, sizes, n, ambient):
    """A cell of complete landscapes from (energy, index) rows of each."""
    count = np.array([len(rows) for rows in points])
    rows = np.concatenate(points)
    by_index = np.array([np.bincount(p[:, 1].astype(int), minlength=levels) for p in points])
    size = len(points)
    landscape = {
        "n_points": count,
        "row_size": count,
        "status": np.zeros(size, int),
        "reason": np.zeros(size, int),
        "bound": np.full(size, 10_000.0),
        "chao1": count.astype(float),
    }
    dataset = xr.Dataset(
        {name: ("landscape", values) for name, values in landscape.items()}
        | {"points_by_index": (("landscape", "morse_index"), by_index)}
        | {"energy": ("row", rows[:, 0]), "index": ("row", rows[:, 1].astype(int))},
        attrs={"model": "partite", "sizes": sizes, "n": n, "seed": 1},
    )
    return Cell("c0000", dataset, size, "multistart {}", ambient)


def matrix_points(sizes, rng):
    """Critical points of u.J v on two spheres from the singular values of J: four for each.

    At +s the Hessian's eigenvalues are +-s' - s for each other singular value s' and -s for each row or
    column too many; at -s the index is mirrored. Energies are per spin, Var H the mean of the sizes.
    """
    found = np.linalg.svd(rng.standard_normal(sizes), compute_uv=False)
    spins, dimension = sum(sizes), sum(sizes) - 2
    rows = []
    for value in found:
        index = len(found) - 1 + np.sum(found < value) + abs(sizes[0] - sizes[1])
        energy = value / np.sqrt(2 * spins)
        rows += [(energy, index)] * 2 + [(-energy, dimension - index)] * 2
    return np.array(rows, dtype=float)


def matrix_cell(landscapes, seed=5, shift=1.0):
    rng = np.random.default_rng(seed)
    points = [matrix_points((2, 4), rng) * [shift, 1] for _ in range(landscapes)]
    return make_cell(points, 5, "1,2", 2, 6)


def means_of(cell):
    edges = family_edges([cell])
    means = cell.theory.means(cell.n, edges)
    assert means is not None
    return means, edges


def test_every_theory_is_of_a_model_and_its_functions_take_the_models_parameters():
    given = {"xi": "q^3", "sizes": "1,1,1"}
    edges = np.linspace(-1, 1, 9)
    for model in ("pspin", "partite"):
        parameters = {name: given[name] for name in MODELS[model].parameters if name in given}
        theory = theory_of(model, parameters)
        means = theory.means(3, edges)
        assert means is not None
        assert means.by_index is not None
        assert means.binned is not None
        assert means.sampled == (model == "partite")
        np.testing.assert_allclose(means.binned.sum(axis=0), means.binned_all, rtol=1e-6)
        slack = 5 * means.total_se + 1e-6 * means.total
        assert abs(means.by_index.sum() - means.total) < slack
        assert theory.symmetry(3) == ((2, True) if model == "pspin" else (8, True))
        limits = theory.limits(5)
        assert limits is not None
        assert limits["E_inf"] > 0
        share = theory.index_fraction(np.array([-2 * limits["E_inf"], 0.0]))
        assert share is not None
        np.testing.assert_allclose(share, [0, 0.5], atol=1e-12)
    assert theory_of("distinct", {}).means(3, edges) is None
    assert theory_of("distinct", {}).symmetry(3) == (1, False)


def test_partite_means_are_those_of_singular_values():
    cell = matrix_cell(20_000)
    means, edges = means_of(cell)
    # four points for each of two singular values, and indices 0, 1, 3, 4 of 0 .. 4
    assert means.total == pytest.approx(8, abs=5 * means.total_se + 1e-9)
    histogram = scan(cell.dataset, estimate_histogram(edges))
    assert means.binned is not None
    for name, exact, covariance in (
        ("all", means.binned_all, means.all_covariance),
        ("minima", means.binned[0], means.minima_covariance),
    ):
        assert covariance is not None
        error = np.hypot(histogram[f"{name}_se"].values, np.sqrt(np.diag(covariance)))
        known = exact * cell.landscapes > 50
        score = (histogram[name].values - exact)[known] / error[known]
        assert known.sum() > 10
        assert np.max(np.abs(score)) < 4.5
        assert 0.4 < np.mean(score**2) < 2


def test_energies_of_matrices_agree_and_wrong_ones_are_rejected():
    def p_values(cell):
        means, edges = means_of(cell)
        return np.array(
            [judged.result.p_value for judged in scan(cell.dataset, judge_means(cell, means, edges))],
            dtype=float,
        )

    # counts never vary for a matrix: nothing to test
    agreed = p_values(matrix_cell(500))
    assert np.isnan(agreed[0])
    assert agreed[1:].min() > 1e-3
    assert p_values(matrix_cell(500, shift=1.1))[1:].max() < 1e-3
    assert np.isnan(p_values(matrix_cell(3))).all()


def test_p_values_of_sampled_theory_are_uniform():
    """With the covariance of the draws in the test; without it, few draws reject theory that holds."""
    cells = [matrix_cell(300, seed=seed) for seed in range(40)]
    means, edges = means_of(cells[0])
    none = np.zeros(5)
    found = [scan(cell.dataset, judge_energies(cell, means, edges, none, minima=False)) for cell in cells]
    found = [judged.result.p_value for judged in found]
    p_values = np.array(found, dtype=float)
    assert 0.3 < p_values.mean() < 0.7
    assert np.mean(p_values < 0.1) < 0.3


def test_counts_by_index_of_multistart():
    landscape = Partite((2, 2, 2))
    points = []
    for instance in range(150):
        census = multistart(
            landscape, landscape.sample(3, instance), 3, instance, MultistartOptions(starts_per_round=256)
        )
        found, _ = census.points()
        points.append(np.stack([found.energy, found.index], axis=1))
    cell = make_cell(points, 4, "1,1,1", 2, 6)
    means, edges = means_of(cell)
    judged = [found.result for found in scan(cell.dataset, judge_means(cell, means, edges))]
    names = ["counts by index", "energies of minima", "energies of all points"]
    assert [result.name for result in judged] == names
    assert np.array([result.p_value for result in judged], dtype=float).min() > 1e-3
    # a third of the classes lost: both signs of a class go together
    thin = [rows[np.abs(rows[:, 0]) > np.quantile(np.abs(rows[:, 0]), 1 / 3)] for rows in points]
    lost = make_cell(thin, 4, "1,1,1", 2, 6)
    p_value = scan(lost.dataset, judge_means(lost, means, edges))[0].result.p_value
    assert p_value is not None
    assert p_value < 1e-6


def test_families_without_theory_or_limits():
    cell = matrix_cell(20)
    unequal = FamilyResult(cell.family, (SimpleNamespace(cell=cell),))  # pyright: ignore
    assert unequal.limits is None
    assert unequal.floor is None
    assert unequal.limiting_index(np.zeros(1)) is None
    large = theory_of("partite", {"sizes": "1,1,1"}).means(30, np.linspace(-1, 1, 5))
    assert large is None


def test_means_without_errors():
    grid = np.zeros(2)
    means = Means(2.0, grid, grid, grid, by_index=np.ones(2))
    assert not means.sampled
    np.testing.assert_array_equal(means.by_index_se, [0, 0])
    assert Means(2.0, grid, grid, grid).by_index_se is None


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("pspin", {"xi": "q^3", "field": 0.0}),
        ("pspin", {"xi": "0.5*q^2+0.5*q^4", "field": 0.0}),
        ("pspin", {"xi": "q^4", "field": 0.5}),
        ("partite", {"sizes": "1,1,1"}),
        ("spiked", {"xi": "q^3", "signal": "2*q^3"}),
        ("spiked", {"xi": "q^4", "signal": "q^2"}),
        ("spiked", {"xi": "q^3", "signal": "q^2"}),
        ("spiked", {"xi": "q^4", "signal": "0*q"}),
        ("matrix-tensor", {"p": 3, "delta2": 0.4, "deltap": 1.0}),
        ("matrix-tensor", {"p": 4, "delta2": 0.4, "deltap": 1.0}),
        ("entries", {"xi": "q^3", "field": 0.0, "law": "rademacher"}),
        ("entries", {"xi": "q^4", "field": 0.0, "law": "gaussian"}),
    ],
)
def test_reports_know_the_symmetry_of_the_landscape(model, parameters):
    landscape = build(model, parameters, 4)
    assert symmetry_of(model, parameters, 4) == (landscape.symmetry.size, landscape.symmetry.odd)

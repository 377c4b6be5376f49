"""Networks with quadratic units: the closed form against autodiff, as judge of a census, and in `predict`."""

import numpy as np
import pytest

from morsecensus.analysis.theory.models.quadratic.manifolds import (
    count_by_index,
    critical_manifolds,
    gaussian_binomial,
    hessian_spectrum,
    index_of,
    strengths_of,
    subsets,
)
from morsecensus.analysis.theory.registry import theory_of

CELLS = [(4, 3, "goe"), (3, 2, "wishart")]


def descending(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return values[::-1], vectors[:, ::-1]


def point_on(manifold, vectors, width, draw):
    """A random point of a critical manifold."""
    frame = np.linalg.qr(draw.standard_normal((width, width)))[0][:, : len(manifold.chosen)]
    return ((frame * np.sqrt(manifold.strengths)) @ vectors[:, list(manifold.chosen)].T).ravel()


@pytest.mark.parametrize(("n", "width", "teacher"), CELLS)
def test_spectrum_is_that_of_autodiff(n, width, teacher):
    """Value, index, dimension and every eigenvalue."""
    import jax

    from morsecensus.tasks.landscapes.base import build

    landscape, draw = build("quadratic", {"width": width, "teacher": teacher}, n), np.random.default_rng(0)
    whole = jax.jit(jax.value_and_grad(landscape.value, 1))
    hessian = jax.jit(jax.hessian(landscape.value, 1))
    for number in range(3):
        target = landscape.sample(5, number)
        values, vectors = descending(target)
        for manifold in critical_manifolds(values, width):
            x = point_on(manifold, vectors, width, draw)
            value, gradient = whole(target, x)
            spectrum = np.linalg.eigvalsh(hessian(target, x))
            np.testing.assert_allclose(gradient, 0, atol=1e-12)
            assert float(value) == pytest.approx(manifold.loss, abs=1e-12)
            np.testing.assert_allclose(spectrum, hessian_spectrum(values, manifold.chosen, width), atol=1e-11)
            assert (spectrum < -1e-9).sum() == manifold.index
            assert (np.abs(spectrum) < 1e-9).sum() == manifold.dimension


def plain_losses(values, width):
    """Negative control: f where the a_i are the l_i, as if there were no trace term."""
    tails = [
        np.delete(values, chosen)
        for chosen in subsets(len(values), width)
        if (values[list(chosen)] > 0).all()
    ]
    return sorted(float((tail**2).sum() + tail.sum() ** 2 / 2) for tail in tails)


def forgetful_index(values, chosen):
    """Negative control: the index with each steep direction once, not once for each free unit."""
    return int(index_of(values, chosen, len(chosen) + 1))


@pytest.mark.parametrize(("n", "width", "teacher"), CELLS)
def test_census_is_the_closed_form_and_not_its_negative_controls(n, width, teacher):
    from morsecensus.tasks.finders.multistart.census import multistart
    from morsecensus.tasks.finders.options import MultistartOptions
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.measurables.words import COMPLETE, PASS

    landscape = build("quadratic", {"width": width, "teacher": teacher}, n)
    options = MultistartOptions(starts_per_round=1024, max_rounds=48, max_iterations=60)
    without_trace, forgetful = [], []
    for number in range(3):
        target = landscape.sample(1, number)
        values, _ = descending(target)
        known = critical_manifolds(values, width)
        census = multistart(landscape, target, 1, number, options)
        assert (census.ledger.status, census.ledger.morse_check) == (COMPLETE, PASS)
        found = census.classes.points
        order = np.argsort(found.energy)
        np.testing.assert_allclose(
            found.energy[order] * n * width, [m.loss for m in known], rtol=1e-10, atol=1e-14
        )
        assert found.index[order].tolist() == [m.index for m in known]
        assert found.set_dimension[order].tolist() == [m.dimension for m in known]
        plain = plain_losses(values, width)
        without_trace.append(len(plain) == len(known) and np.allclose(plain, [m.loss for m in known]))
        forgetful.append(all(forgetful_index(values, m.chosen) == m.index for m in known))
    assert not any(without_trace)
    if width > 1:
        assert not any(forgetful), "the origin alone has free units' share times n"


def test_ledger_sees_any_manifold_that_is_missing():
    """The equivariant Morse check on the closed form itself, whole and without any one or two."""
    from morsecensus.tasks.landscapes.base import build

    width, n = 3, 4
    landscape = build("quadratic", {"width": width, "teacher": "wishart"}, n)
    values, vectors = descending(landscape.sample(1, 0))
    known, draw = critical_manifolds(values, width), np.random.default_rng(0)
    points = landscape.symmetry.stratify(np.stack([point_on(m, vectors, width, draw) for m in known])).points
    index = np.array([m.index for m in known])
    assert not landscape.symmetry.morse_quotient(points, index).any(), "a perfect function"
    for i in range(len(known)):
        for j in range(i + 1):
            rest = np.delete(np.arange(len(known)), [i, j])
            assert (landscape.symmetry.morse_quotient(points[rest], index[rest]) < 0).any(), (i, j)


def test_a_set_begins_to_count_where_a_smaller_one_is_degenerate():
    """a_i > 0 for S exactly if 2 l_i < tau for S without i."""
    draw = np.random.default_rng(3)
    for _ in range(200):
        values = np.sort(draw.standard_normal(5))[::-1]
        chosen = tuple(sorted(draw.choice(5, 2, replace=False)))
        smallest = strengths_of(values, chosen)[1] > 0
        steep = index_of(values, chosen[:1], 2) - index_of(values, chosen[:1], 1)
        others = [j for j in range(5) if j != chosen[0]]
        tau = -2 * values[others].sum() / 3
        assert smallest == (2 * values[chosen[1]] > tau)
        assert steep == (2 * values[others] > tau).sum()


def test_wishart_counts_are_those_of_any_positive_spectrum():
    for n, width in [(4, 2), (3, 5), (6, 3)]:
        values = np.sort(np.random.default_rng(n).random(n))[::-1]
        indices = [m.index for m in critical_manifolds(values, width)]
        assert np.bincount(indices, minlength=n * width + 1).tolist() == count_by_index(n, width).tolist()
    assert gaussian_binomial(4, 2).tolist() == [1, 1, 2, 1, 1]


def test_predict_counts_manifolds():
    (exact,) = theory_of("quadratic", {"width": 3, "teacher": "wishart", "spectrum": ""}).rows([6], None)
    assert (exact["total"], exact["total_se"], exact["method"]) == (42.0, None, "exact")
    (goe,) = theory_of("quadratic", {"width": 3, "teacher": "goe", "spectrum": ""}).rows([6], (0.0, 2.0, 4))
    assert goe["by_index"][0] == 1.0, "one manifold of minima, always"
    assert sum(goe["by_index"]) == pytest.approx(goe["total"])
    assert sum(goe["by_energy"]["counts"]) == pytest.approx(goe["total"]), "all are below 2"
    (given,) = theory_of("quadratic", {"width": 1, "teacher": "goe", "spectrum": "2,1"}).rows([2], None)
    # The origin, and both eigenvectors: a_2 = 1 + 2/3.
    assert (given["total"], given["by_index"], given["total_se"]) == (3.0, [1.0, 1.0, 1.0], None)
    with pytest.raises(ValueError, match="spectrum: got 2 values, allowed: n = 3"):
        theory_of("quadratic", {"spectrum": "2,1"}).rows([3], None)
    with pytest.raises(ValueError, match=r"n: got 40 with width 8, .* sets of eigenvalues; allowed: up to"):
        theory_of("quadratic", {"width": 8, "teacher": "goe"}).rows([40], None)


def test_mean_numbers_of_goe_teachers_are_those_of_other_draws():
    """By a sampler of its own, within four standard errors; the mean of a Wishart teacher isn't."""
    (row,) = theory_of("quadratic", {"width": 2, "teacher": "goe", "spectrum": ""}).rows([4], None)
    draw, numbers = np.random.default_rng(11), []
    for _ in range(2000):
        upper = np.triu(draw.standard_normal((4, 4)), 1) / 2
        matrix = upper + upper.T + np.diag(draw.standard_normal(4)) / np.sqrt(2)
        numbers.append(len(critical_manifolds(np.linalg.eigvalsh(matrix)[::-1], 2)))
    error = np.hypot(np.std(numbers) / np.sqrt(2000), row["total_se"])
    assert abs(np.mean(numbers) - row["total"]) < 4 * error
    (other,) = theory_of("quadratic", {"width": 2}).rows([4], None)
    assert abs(np.mean(numbers) - other["total"]) > 4 * error


def test_expected_tells_found_from_missed_and_spurious():
    theory = theory_of("quadratic", {"width": 1, "teacher": "goe", "spectrum": "2,1"})
    known = critical_manifolds(np.array([2.0, 1.0]), 1)
    columns = {
        "energy": [m.loss / 2 for m in known],
        "index": [m.index for m in known],
        "set_dimension": [m.dimension for m in known],
    }
    record = {"target_eigenvalues": [2.0, 1.0], "n": 2, "points": columns}
    whole = theory.expected(record)
    assert (whole["expected"], whole["found"], whole["spurious"]) == (3, 3, 0)
    columns["index"][1] += 1
    wrong = theory.expected(record)
    assert (wrong["found"], wrong["spurious"]) == (2, 1)
    assert [row["found"] for row in wrong["manifolds"]] == [True, False, True]

"""The closed form of factorised landscapes: against autodiff and partitions, and as a judge of a census."""

from itertools import pairwise

import numpy as np
import pytest

from morsecensus.analysis.theory.models.factorised.manifolds import (
    BALANCE,
    Architecture,
    count_by_index,
    critical_manifolds,
    hessian_spectrum,
    index_of,
    nullity_of,
    total,
)
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.factorised.measure import closed
from morsecensus.analysis.topics.manifolds.match import match

SHAPES = [(3, 2, 2, 0), (3, 2, 2, 1), (2, 4, 2, 0), (3, 2, 3, 0), (2, 3, 3, 1), (2, 2, 4, 2)]


def point_on(shape, target, chosen, draw):
    """A random point of C_S, built from singular vectors."""
    left, sigma, right = np.linalg.svd(target, full_matrices=False)
    s, t = len(chosen), sigma[list(chosen)] ** (1 / shape.layers)
    hidden = [
        np.linalg.qr(draw.standard_normal((shape.width, s)))[0] if s else np.zeros((shape.width, 0))
        for _ in range(shape.layers - 1)
    ]
    frames = [right.T[:, list(chosen)], *hidden, left[:, list(chosen)]]
    return np.concatenate([((above * t) @ below.T).ravel() for below, above in pairwise(frames)])


@pytest.mark.parametrize("sizes", SHAPES)
def test_spectrum_is_that_of_autodiff(sizes):
    """Of H, and of the loss alone: index, nullity and every eigenvalue."""
    import jax

    from morsecensus.tasks.landscapes import factorised
    from morsecensus.tasks.landscapes.base import build

    assert factorised.BALANCE == BALANCE
    rows, width, layers, extra = sizes
    shape = Architecture(*sizes)
    landscape = build("factorised", {"width": width, "layers": layers, "extra": extra}, rows)
    target, draw = landscape.sample(5, 0), np.random.default_rng(0)
    sigma = landscape.known(target)["target_singular_values"]
    assert shape.ambient == landscape.manifold.ambient
    whole = jax.jit(jax.value_and_grad(lambda x: landscape.value(target, x)))
    hessians = jax.jit(lambda x: [jax.hessian(f, 1)(target, x) for f in (landscape.value, landscape.loss)])
    for chosen in shape.subsets():
        x = point_on(shape, target, chosen, draw)
        value, gradient = whole(x)
        spectrum, plain = (np.linalg.eigvalsh(hessian) for hessian in hessians(x))
        np.testing.assert_allclose(gradient, 0, atol=1e-12)
        np.testing.assert_allclose(spectrum, hessian_spectrum(shape, sigma, chosen), atol=1e-12)
        np.testing.assert_allclose(plain, hessian_spectrum(shape, sigma, chosen, 0.0), atol=1e-12)
        assert (spectrum < -1e-9).sum() == (plain < -1e-9).sum() == index_of(shape, chosen)
        assert (np.abs(spectrum) < 1e-9).sum() == nullity_of(shape, len(chosen))
        losses = [m.loss for m in critical_manifolds(shape, sigma) if m.chosen == chosen]
        assert losses == [pytest.approx(float(value), abs=1e-12)]


def test_wrong_index_formulas_are_rejected_by_the_spectrum():
    """Negative control: pairs the other way round, or the free hidden units forgotten."""
    shape, sigma = Architecture(3, 2), np.array([2.0, 1.0, 0.5])
    backwards, forgetful = 0, 0
    for chosen in shape.subsets():
        index = int((hessian_spectrum(shape, sigma, chosen) < -1e-9).sum())
        outside = [j for j in range(3) if j not in chosen]
        free = (2 - len(chosen)) * len(outside)
        backwards += index != sum(j >= i for i in chosen for j in outside) + free
        forgetful += index != sum(j < i for i in chosen for j in outside)
    assert (backwards, forgetful) == (4, 4)


@pytest.mark.parametrize(("rows", "width"), [(2, 1), (3, 2), (4, 4), (3, 5)])
def test_two_layers_are_equivariantly_perfect(rows, width):
    """sum_S t^index / (t; t)_{r - s} = 1/(t; t)_r: partitions of at most r parts by Durfee rectangles."""

    def partitions(parts):
        series = np.zeros(30, dtype=int)
        series[0] = 1
        for i in range(1, parts + 1):
            for d in range(i, 30):
                series[d] += series[d - i]
        return series

    shape, series = Architecture(rows, width), np.zeros(30, dtype=int)
    for chosen in shape.subsets():
        k = index_of(shape, chosen)
        series[k:] += partitions(width - len(chosen))[: 30 - k]
    assert series.tolist() == partitions(width).tolist()


def test_manifolds_of_a_known_matrix():
    found = critical_manifolds(Architecture(3, 2), np.array([3.0, 2.0, 1.0]))
    assert [(m.chosen, m.loss, m.index) for m in found[:3]] == [
        ((0, 1), 0.5, 0),
        ((0, 2), 2.0, 1),
        ((0,), 2.5, 2),
    ]
    assert all(m.strict and not m.degenerate for m in found)
    deep = critical_manifolds(Architecture(3, 2, 3), np.array([3.0, 2.0, 1.0]))
    assert [m.chosen for m in deep if not m.strict] == [(0,), ()]
    assert [m.chosen for m in deep if m.degenerate] == [(0,), (1,), (2,), ()]


def test_singular_values_must_be_in_order():
    with pytest.raises(ValueError, match=r"singular_values: got .*, allowed: 3 positive numbers, descending"):
        critical_manifolds(Architecture(3), np.array([1.0, 2.0, 3.0]))


def test_match_tells_found_from_spurious_and_missed():
    shape, sigma = Architecture(2, 1), np.array([2.0, 1.0])
    # Closed form: 0.5, 2 and 2.5. One is missed, one comes twice, one is none of them.
    landscape = match(0, *closed(shape, sigma), np.arange(10, 14), np.array([0.5, 0.5, 2.5 + 1e-12, 1.0]))
    assert [each.row for each in landscape.found] == [10, -1, 12]
    assert landscape.spurious == (11, 13)
    assert not landscape.entire
    assert match(0, *closed(shape, sigma), np.arange(3), np.array([2.5, 0.5, 2.0])).entire


def test_match_rejects_values_of_another_matrix():
    """Negative control: M one part in a million larger."""
    shape, sigma = Architecture(3, 2), np.array([3.0, 2.0, 1.0])
    values = np.array([m.loss for m in critical_manifolds(shape, sigma)])
    assert match(0, *closed(shape, sigma), np.arange(7), values).entire
    assert not match(0, *closed(shape, sigma * (1 + 1e-6)), np.arange(7), values).entire


def test_predict_counts_manifolds():
    rows = theory_of("factorised", {"width": 2, "layers": 2, "extra": 0, "spectrum": ""}).rows([2, 3], None)
    assert [row["total"] for row in rows] == [4, 7]
    assert rows[1]["by_index"][:7] == [1, 1, 2, 1, 1, 0, 1]
    shape = Architecture(3, 2)
    assert rows[1]["by_index"] == count_by_index(shape).tolist()
    assert rows[0]["minima_energy_mean"] == 0
    assert np.exp(theory_of("factorised", {"width": 2}).log_total(3)) == pytest.approx(total(shape))


def test_predicted_energies_are_those_of_the_given_matrix():
    parameters = {"width": 1, "layers": 2, "extra": 0, "spectrum": "2,1"}
    (row,) = theory_of("factorised", parameters).rows([2], (0.0, 1.0, 4))
    assert row["minima_energy_mean"] == 0.5 / 4
    assert row["by_energy"]["counts"] == [1, 0, 2, 0]
    with pytest.raises(ValueError, match="spectrum: got 2 values, allowed: n = 3"):
        theory_of("factorised", parameters).rows([3], None)

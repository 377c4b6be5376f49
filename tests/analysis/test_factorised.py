"""The closed form of factorised landscapes: against autodiff and partitions, and as a judge of a census."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.agreement.verdicts import check, judge
from morsecensus.analysis.dataset.cells import Cell
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
from morsecensus.analysis.topics.factorised.section import Factorised
from morsecensus.analysis.topics.manifolds.match import is_right, match
from morsecensus.analysis.topics.verdicts.measure import verdict_rows
from morsecensus.analysis.topics.verdicts.section import Agreement, Found

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


def kinds(manifolds):
    return np.array([(m.index, m.dimension, m.degenerate) for m in manifolds])


def test_match_tells_found_from_spurious_and_missed():
    shape, sigma = Architecture(2, 1), np.array([2.0, 1.0])
    # Closed form: 0.5, 2 and 2.5. One is missed, one comes twice, one is none of them.
    own = kinds(closed(shape, sigma)[0])
    values = np.array([0.5, 0.5, 2.5 + 1e-12, 1.0])
    landscape = match(0, *closed(shape, sigma), np.arange(10, 14), values, own[[0, 0, 2, 1]])
    assert [each.row for each in landscape.found] == [10, -1, 12]
    assert landscape.spurious == (11, 13)
    assert not landscape.entire
    assert match(0, *closed(shape, sigma), np.arange(3), np.array([2.5, 0.5, 2.0]), own[[2, 0, 1]]).entire


def test_match_rejects_values_of_another_matrix():
    """Negative control: M one part in a million larger."""
    shape, sigma = Architecture(3, 2), np.array([3.0, 2.0, 1.0])
    known = critical_manifolds(shape, sigma)
    values, own = np.array([m.loss for m in known]), kinds(known)
    assert match(0, *closed(shape, sigma), np.arange(7), values, own).entire
    assert not match(0, *closed(shape, sigma * (1 + 1e-6)), np.arange(7), values, own).entire


def cell_with(sigma, width, points, order=None, landscapes=1):
    """A cell whose landscapes hold the manifolds of ``points``, in that order; of failed blocks if none."""
    rows = range(len(points)) if order is None else order
    points = [points[k] for k in rows] * landscapes
    columns = {
        "energy": [m.loss / (2 * len(sigma) * width) for m in points],
        "index": [m.index for m in points],
        "set_dimension": [m.dimension for m in points],
        "nullity": [m.nullity for m in points],
    }
    values = {name: ("row", np.array(column)) for name, column in columns.items()}
    values["row_size"] = ("landscape", [len(points) // landscapes] * landscapes, {"sample_dimension": "row"})
    values |= {name: ("landscape", [0] * landscapes) for name in ("status", "morse_check")}
    target = np.array(sigma if points else [np.nan] * len(sigma))
    values["target_singular_values"] = (("landscape", "value"), np.tile(target, (landscapes, 1)))
    attrs = {"model": "factorised", "n": len(sigma), "width": width, "layers": 2, "extra": 0}
    return Cell("c0000", xr.Dataset(values, attrs=attrs), landscapes)


def test_manifolds_of_one_value_are_no_contradiction():
    """5, 4, 3: keeping 5 and keeping 4 and 3 leave 25/2 both; two points of either order, and one wrong."""
    topic, sigma = Factorised(), np.array([5.0, 4.0, 3.0])
    known = critical_manifolds(Architecture(3, 2), sigma)
    assert sorted(m.chosen for m in known if m.loss == 12.5) == [(0,), (1, 2)]
    assert len({(m.index, m.dimension) for m in known if m.loss == 12.5}) == 1, "of one kind, too"
    for order in (range(7), range(6, -1, -1)):
        row = topic.cell_row(topic.check(cell_with(sigma, 2, known, order)))
        assert (row["found"], row["spurious"]) == (7, 0)
        assert is_right(row)
    # another point of that value is none of them, and a wrong index is still told
    twice = topic.cell_row(topic.check(cell_with(sigma, 2, [*known, known[-2]])))
    assert (twice["found"], twice["spurious"]) == (7, 1)
    wrong = [replace(m, index=m.index + (m.loss == 12.5)) for m in known]
    assert topic.cell_row(topic.check(cell_with(sigma, 2, wrong)))["index_wrong"] == 2


def test_of_manifolds_of_one_value_a_point_takes_its_own_kind():
    """All of one value: index and dimension tell them apart, in whatever order points come."""
    shape = Architecture(3, 2)
    known = [replace(m, loss=12.5) for m in critical_manifolds(shape, np.array([5.0, 4.0, 3.0]))]
    assert len({(m.index, m.dimension) for m in known}) > 3
    for order in (np.arange(7), np.arange(7)[::-1]):
        found = match(0, known, 25.0, np.arange(7), np.full(7, 12.5), kinds(known)[order]).found
        assert [tuple(kinds(known)[order][each.row]) for each in found] == [tuple(k) for k in kinds(known)]


def test_what_has_no_landscape_is_not_tested():
    """Every block failed: nothing agrees with anything."""
    topic, empty = Factorised(), cell_with([5.0, 4.0, 3.0], 2, [], landscapes=3)
    whole = cell_with([5.0, 4.0, 3.0], 2, critical_manifolds(Architecture(3, 2), np.array([5.0, 4.0, 3.0])))
    for cells, words, kind in (
        ([empty], ["not testable"], ""),
        ([whole], ["agrees"], "good"),
        ([whole, empty], ["agrees", "not testable"], ""),
    ):
        found = [topic.check(cell) for cell in cells]
        verdicts = judge(topic.tests(found))
        assert [verdict.word for verdict in verdicts] == words
        (said,) = Agreement().findings([Found(verdict_rows(verdicts), tuple(cells))])
        assert said.kind == kind
        assert ("hold." in said.text) == ("agrees" in words)
        note = topic.section(found).body[1].html
        assert ('"note bad"' in note) == (empty in cells)
    assert check([empty], "any", 0, 0, 0, "x").judged.result.p_value is None


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

"""Couplings of other laws: their covariance, what is generic, and a census against roots of a polynomial."""

import itertools

import jax
import numpy as np
import pytest
from scipy import stats

from morsecensus.tasks.finders.choose import choose
from morsecensus.tasks.finders.homotopy.cost import path_count
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.entries import draw_entries
from morsecensus.tasks.landscapes.laws import EntryLaw
from morsecensus.tasks.measurables.words import COMPLETE, DEGENERATE, REASONS

LAWS = ["gaussian", "rademacher", "student(5)", "student(3)", "diluted(0.4)"]
QUICK = MultistartOptions(starts_per_round=256, max_rounds=16)


def entries(law, n, xi="q^3", field=0.0):
    return build("entries", {"law": law, "xi": xi, "field": field}, n)


@pytest.mark.parametrize("xi", ["q^3", "0.5*q^2+0.5*q^4"])
def test_gaussian_entries_are_the_p_spin_number_by_number(xi):
    mine = entries("gaussian", 4, xi, 0.3).sample(7, 3)
    theirs = build("pspin", {"xi": xi, "field": 0.3}, 4).sample(7, 3)
    assert mine.keys() == theirs.keys()
    for name in mine:
        np.testing.assert_array_equal(mine[name], theirs[name])


@pytest.mark.parametrize("law", LAWS)
def test_laws_have_mean_zero_and_variance_one_and_the_test_can_fail(law):
    draw = np.random.default_rng(3)
    z = draw_entries(EntryLaw.parse(law), draw.standard_normal(200_000), draw)

    def score(sample, mean):
        error = sample.std(ddof=1) / len(sample) ** 0.5
        return abs(sample.mean() - mean) / error if error > 0 else float(sample.mean() != mean) * 99

    limit = stats.norm.isf(1e-3 / 2 / 10)
    assert score(z, 0.0) < limit
    if law != "student(3)":  # its fourth moment is infinite: no error of a variance
        assert score(z**2, 1.0) < limit
        assert score((1.05 * z) ** 2, 1.0) > limit


@pytest.mark.parametrize("law", ["rademacher", "student(8)", "diluted(0.4)"])
def test_excess_kurtosis_is_that_of_the_draws(law):
    draw = np.random.default_rng(5)
    known = EntryLaw.parse(law)
    fourth = draw_entries(known, draw.standard_normal(10**6), draw) ** 4
    error = fourth.std(ddof=1) / 10**3
    assert abs(fourth.mean() - 3 - known.excess_kurtosis) <= 4 * error


def test_covariance_is_xi_of_the_overlap_for_every_law_and_the_test_can_fail():
    n, count = 4, 1500
    limit = stats.norm.isf(1e-3 / 2 / 30)  # Bonferroni: three laws, ten entries each; seed 5 is arbitrary
    points = build("pspin", {"xi": "q^3"}, n).manifold.random_points(np.random.default_rng(3), 4)

    def scores(law):
        landscape = entries(law, n, "q^3", 0.4)
        values = jax.jit(jax.vmap(landscape.value, in_axes=(None, 0)))
        data = np.array([values(landscape.sample(5, k), points) for k in range(count)]) / n**0.5
        for i, j in itertools.combinations_with_replacement(range(4), 2):
            product = data[:, i] * data[:, j]
            error = product.std(ddof=1) / count**0.5
            exact = landscape.covariance.value(float(points[i] @ points[j]) / n)
            wrong = (product * 5 / 3).mean() - exact  # a Student law with df = 5 left unscaled
            yield (product.mean() - exact) / error, wrong / (error * 5 / 3)

    for law in ("rademacher", "student(5)", "diluted(0.4)"):
        right, wrong = np.abs(list(scores(law))).max(axis=0)
        assert right < limit < wrong


def points_on_the_circle(landscape, couplings):
    """Number of critical points at N = 2 from the roots of a polynomial: no Newton, no JAX.

    With x = sqrt 2 (c, s), H = a c^3 + 3 b c^2 s + 3 d c s^2 + e s^3; H' over c^3 is a cubic in tan t.
    """
    a, b, d, e = landscape.tensors(couplings)[3]
    roots = np.roots([-d, e - 2 * b, 2 * d - a, b])
    return 2 * int(np.sum(np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots))))


def test_signs_on_the_circle_have_the_points_of_a_polynomial():
    landscape = entries("rademacher", 2)
    for instance in range(12):
        couplings = landscape.sample(2, instance)
        census = multistart(landscape, couplings, 2, instance, QUICK)
        assert census.ledger.points_by_index.sum() == points_on_the_circle(landscape, couplings)


def test_what_is_generic():
    assert entries("student(5)", 4).complex_points == build("pspin", {"xi": "q^3"}, 4).complex_points
    for law in ("rademacher", "diluted(0.5)"):
        landscape = entries(law, 4)
        assert landscape.complex_points is None
        assert choose(landscape)[0] == "multistart"
        # That of generic couplings, an upper bound.
        assert path_count(landscape) == 15
    assert choose(entries("student(5)", 4))[0] == "homotopy"


def test_a_spin_without_couplings_leaves_its_landscape_open():
    landscape = entries("diluted(0.35)", 3)
    tensors = (landscape.sample(1, k)["degree_3"].reshape(3, 3, 3) for k in range(200))
    instance = next(k for k, t in enumerate(tensors) if not np.abs(t).sum(axis=(1, 2)).all())
    census = multistart(landscape, landscape.sample(1, instance), 1, instance, QUICK)
    assert census.ledger.status != COMPLETE
    assert REASONS[census.ledger.reason] == REASONS[DEGENERATE]


def test_names_of_laws_are_canonical():
    names = {"student": "student(5)", "student(5.0)": "student(5)", " diluted( 0.30 )": "diluted(0.3)"}
    for text, canonical in names.items():
        assert str(EntryLaw.parse(text)) == canonical
        assert str(EntryLaw.parse(canonical)) == canonical


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ("cauchy", 'allowed: "gaussian"'),
        ("student(2)", "variance is infinite"),
        ("student(1.5)", "variance is infinite"),
        ("student(nan)", "allowed"),
        ("student(1e400)", "df <= 1e"),
        ("diluted(0)", "0 < kept"),
        ("diluted(1.2)", "0 < kept"),
        ("rademacher(3)", "allowed"),
        ("diluted(0.01)", "kept >= 0.1"),
        (3, "got a int"),
    ],
)
def test_wrong_laws_are_named(law, message):
    with pytest.raises(ValueError, match=message) as error:
        entries(law, 4)
    assert str(error.value).startswith("law: ")
    assert "\n" not in str(error.value)

"""Homotopies for couplings that nobody says are generic: what closes, what stays open, and why."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from morsecensus.tasks.finders.choose import choose
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.homotopy.sampled_census import sampled_homotopy
from morsecensus.tasks.finders.options import HomotopyOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes import tensors
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import ENUMERATED, PASS, PATHS_OPEN, UNINFORMATIVE
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems import symmetric

ALL = HomotopyOptions(certify="all")


def given(n, **arrays):
    packed = tensors.pack(arrays, n)
    described = tensors.describe(packed)
    inputs.keep(described["sha256"], packed)
    return build("given", described, n)


def polynomial(n, degree, terms):
    """A form from its monomials: exponents -> coefficient."""
    indices = symmetric.multi_indices(n, degree)
    exponents = [tuple(np.bincount(row, minlength=n).tolist()) for row in indices]
    values = np.array([terms.get(row, 0.0) for row in exponents])
    return {f"packed_{degree}": values / symmetric.multiplicities(n, degree)}


def rank_one_sum(weights, vectors, degree):
    indices = symmetric.multi_indices(vectors.shape[1], degree)
    entries = np.prod(vectors[:, indices], axis=2)
    return {f"packed_{degree}": weights @ entries}


def enumerated(model):
    return enumerate_landscape(model, model.sample(1, 0), 1, 0, ALL)


def shape(found):
    return (
        found.enumeration.found,
        found.enumeration.expected,
        found.enumeration.singular,
        found.enumeration.infinite,
    )


def test_a_point_of_energy_zero_is_found_and_proven():
    """x^2 y: 2xy = mu x, x^2 = mu y, so (0, 1) with mu = 0, and x^2 = 2 y^2."""
    found = enumerated(given(2, **polynomial(2, 3, {(2, 1): 1.0})))
    points = found.census.classes.points.points
    expected = np.array([[0, math.sqrt(2)], [math.sqrt(4 / 3), math.sqrt(2 / 3)]])
    gaps = np.linalg.norm(np.abs(points)[:, None] - expected, axis=2)
    assert sorted(gaps.argmin(axis=1)) == [0, 1, 1]
    assert gaps.min(axis=1).max() < 1e-12
    assert np.abs(found.census.classes.points.energy).min() < 1e-12
    assert found.census.ledger.reason == ENUMERATED
    assert found.census.ledger.parity_check == PASS
    assert found.completeness.proven


def test_a_product_has_seven_classes_three_of_energy_zero():
    """xyz: yz = mu x and so on: the axes with mu = 0, and all signs of (1, 1, 1)."""
    found = enumerated(given(3, **polynomial(3, 3, {(1, 1, 1): 1.0})))
    assert shape(found) == (7, 7, 0, 0)
    energies = np.sort(np.abs(found.census.classes.points.energy))
    np.testing.assert_allclose(energies, [0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 1 / 3], atol=1e-12)
    assert found.completeness.proven


@pytest.mark.parametrize("rotated", [False, True])
def test_an_odeco_tensor_has_its_closed_form_points(rotated):
    """sum w_a (v_a.x)^3 with orthonormal v_a: x is proportional to sum over a subset of v_a/w_a."""
    n, weights = 4, np.array([1.0, -2.0, 3.0, 0.5])
    vectors = special_ortho_group.rvs(n, random_state=3) if rotated else np.eye(n)
    found = enumerated(given(n, **rank_one_sum(weights, vectors, 3)))
    assert shape(found) == (15, 15, 0, 0)
    chosen = [s for s in itertools.product((0, 1), repeat=n) if any(s)]
    expected = np.array([np.array(s) / weights @ vectors for s in chosen])
    expected *= math.sqrt(n) / np.linalg.norm(expected, axis=1, keepdims=True)
    points = found.census.classes.points.points
    gaps = np.minimum(*(np.linalg.norm(points[:, None] - s * expected, axis=2) for s in (1, -1)))
    assert sorted(gaps.argmin(axis=1)) == list(range(15))
    assert gaps.min(axis=1).max() < 1e-10
    assert found.completeness.proven


def test_a_continuous_set_leaves_the_books_open():
    """x^3 in three variables: one class, and the sphere x = 0, which no path may be counted for."""
    found = enumerated(given(3, **polynomial(3, 3, {(3, 0, 0): 1.0})))
    assert shape(found) == (1, 7, 6, 0)
    ledger = found.census.ledger
    assert ledger.reason == PATHS_OPEN
    assert (ledger.parity_check, ledger.bound_check) == (UNINFORMATIVE, PASS)
    assert found.census.classes.points.set_dimension.tolist() == [0, 1]
    assert list(ledger.points_by_index) == [1, 0, 1]
    books = found.census.books
    assert (books.singular, books.infinite, books.unresolved) == (6, 0, 6)


def test_motzkins_sextic_comes_out_with_its_nondegenerate_points():
    """x^4 y^2 + x^2 y^4 + z^6 - 3 x^2 y^2 z^2: 30 nondegenerate real points, 4 degenerate ones."""
    terms = {(4, 2, 0): 1.0, (2, 4, 0): 1.0, (0, 0, 6): 1.0, (2, 2, 2): -3.0}
    found = enumerated(given(3, **polynomial(3, 6, terms)))
    assert found.census.ledger.reason == PATHS_OPEN
    assert found.census.ledger.points_by_index.sum() == 30
    assert found.certificates.proven.all()
    # Its zeros: (1, 1, 1) with all signs; (1, 0, 0) and (0, 1, 0) are degenerate, and there once each.
    classes = found.census.classes.points
    assert classes.degenerate.sum() == 2
    points, energy = classes.points[classes.degenerate == 0], classes.energy[classes.degenerate == 0]
    assert (np.abs(np.abs(points) - 1).max(axis=1) < 1e-9).sum() == (np.abs(energy) < 1e-12).sum() == 4
    assert found.enumeration.singular > 0


@pytest.mark.parametrize("quadratic", [(1.0, 1.0, 2.0), (1.0, 1.0, 1.0)])
def test_a_double_eigenvalue_is_no_two_points(quadratic):
    terms = dict(zip([(2, 0, 0), (0, 2, 0), (0, 0, 2)], quadratic, strict=True))
    found = enumerated(given(3, **polynomial(3, 2, terms)))
    simple = sum(quadratic.count(value) == 1 for value in quadratic)
    assert shape(found) == (simple, 3, 3 - simple, 0)
    assert found.census.ledger.reason != ENUMERATED


@pytest.mark.parametrize(
    "direction", [(0, 0, 0), (1, 0, 0), (0, 1, 1), (1e-30, 0, 0), (1e-9, 2e-9, 0), (1, 2, 3)]
)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("strength", [0.1, 3.0])
def test_fields_orthogonal_to_eigenvectors(direction, turned, strength):
    """An eigenvector that the field is orthogonal to has two points, and others as many."""
    axes = special_ortho_group.rvs(3, random_state=1) if turned else np.eye(3)
    values = np.array([0.5, 1.0, 2.0])
    matrix, field = axes @ np.diag(values) @ axes.T, strength * (axes @ np.array(direction))
    rows, columns = symmetric.multi_indices(3, 2).T
    arrays = {
        "packed_2": np.stack([matrix[rows, columns]] * 2),
        "packed_1": np.stack([field, np.ones(3)]),
    }
    found = enumerated(given(3, **arrays))
    assert shape(found) == (6, 6, 0, 0)
    assert found.census.ledger.reason == ENUMERATED
    assert found.completeness.proven
    points = found.census.classes.points.points
    force = 2 * points @ matrix + field
    force -= (force * points).sum(axis=1, keepdims=True) * points / 3
    assert np.abs(force).max() < 1e-12
    if strength * max(direction) < 0.5:  # a weak field leaves all of both signs
        assert list(found.census.ledger.points_by_index) == [2, 2, 2]


def test_a_field_on_a_multiple_of_unity_has_two_points_and_no_others():
    arrays = {"packed_2": polynomial(3, 2, {(2, 0, 0): 1.0, (0, 2, 0): 1.0, (0, 0, 2): 1.0})["packed_2"]}
    found = enumerated(given(3, **arrays, packed_1=np.array([1.0, 2.0, 0.0])))
    assert (found.enumeration.found, found.enumeration.expected) == (2, 6)
    assert found.census.ledger.reason == PATHS_OPEN


def test_diluted_fields_and_forms_are_enumerated_or_open():
    model = build("entries", {"xi": "q^2", "field": 1.0, "law": "diluted(0.5)"}, 3)
    reasons = []
    for number in range(40):
        found = enumerate_landscape(model, model.sample(1, number), 1, number, ALL)
        reasons.append(found.census.ledger.reason)
        assert (reasons[-1] == ENUMERATED) == (found.enumeration.found == 6)
        assert found.certificates.proven.all()
    assert reasons.count(ENUMERATED) >= 20


def test_sampled_numbers_count_paths_to_infinity_as_no_points():
    """A quadratic form among cubics has 8 points for 30 paths, x^3 two, and a double eigenvalue none."""
    weights = {(2, 0, 0, 0): 1.0, (0, 2, 0, 0): 2.0, (0, 0, 2, 0): -1.0, (0, 0, 0, 2): 3.5}
    whole = symmetric.packed_size(4, 3)
    quadratic = polynomial(4, 2, weights)["packed_2"]
    cubic = np.stack([np.zeros(whole), np.random.default_rng(1).standard_normal(whole)])
    mixed = given(4, packed_2=np.stack([quadratic] * 2), packed_3=cubic)
    repeated = given(3, **polynomial(3, 2, {(2, 0, 0): 1.0, (0, 2, 0): 1.0, (0, 0, 2): 2.0}))
    line = given(3, **polynomial(3, 3, {(3, 0, 0): 1.0}))
    for model, paths, ends, points in ((mixed, 30, 8, 8), (line, 7, 1, 2), (repeated, 3, 1, 2)):
        census = sampled_homotopy(model, model.sample(1, 0), 1, 0, SampledHomotopyOptions())
        assert (census.books.paths, census.books.distinct, census.books.unresolved) == (paths, ends, 0)
        assert census.books.jumps == 0
        assert census.sample.number.estimate == points
        assert sum(part.estimate for part in census.sample.number_by_index) == points


def test_ghz_has_six_tuples():
    """e_0^3 + e_1^3: itself twice, and all factors (1, +-1)/sqrt(2) with an even number of minus signs."""
    tensor = np.zeros((2, 2, 2))
    tensor[0, 0, 0] = tensor[1, 1, 1] = 1.0
    found = enumerated(given(2, tensor=tensor))
    assert shape(found) == (6, 6, 0, 0)
    # |x_i|^2 = 2, energies per spin.
    values = np.sort(np.abs(found.census.classes.points.energy)) * 6 / 2**1.5
    np.testing.assert_allclose(values, [0.5**0.5] * 4 + [1.0] * 2, atol=1e-12)
    assert found.completeness.proven


def test_a_tuple_of_value_zero_is_at_infinity():
    """The W state: five tuples with a value, and e_1, e_1, e_1 with none."""
    tensor = np.zeros((2, 2, 2))
    tensor[0, 0, 1] = tensor[0, 1, 0] = tensor[1, 0, 0] = 1.0
    found = enumerated(given(2, tensor=tensor))
    assert shape(found) == (5, 6, 0, 1)
    assert found.census.ledger.reason == PATHS_OPEN


def test_diluted_couplings_close_or_say_why_not():
    model = build("entries", {"xi": "q^3", "law": "diluted(0.5)"}, 4)
    reasons = []
    for number in range(12):
        found = enumerate_landscape(model, model.sample(1, number), 1, number, ALL)
        solutions, paths, singular, infinite = shape(found)
        reasons.append(found.census.ledger.reason)
        assert (reasons[-1] == ENUMERATED) == (solutions == paths)
        assert solutions + singular + infinite == paths == 15
        # Each path's regular endpoint is proven, real or not.
        assert found.completeness.solutions == solutions
    assert ENUMERATED in reasons
    assert PATHS_OPEN in reasons


def test_the_planner_takes_homotopies_for_generic_couplings_alone():
    assert choose(build("entries", {"xi": "q^3", "law": "rademacher"}, 4))[0] == "multistart"
    assert choose(build("entries", {"xi": "q^3", "law": "student(5)"}, 4))[0] == "homotopy"

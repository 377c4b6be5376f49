"""Degenerate points and continuous sets whose truth is known in closed form."""

from itertools import permutations

import numpy as np
import pytest

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.landscapes.tensors import describe as describe_file
from morsecensus.tasks.landscapes.tensors import digest, pack
from morsecensus.tasks.measurables.words import COMPLETE, DEGENERATE, OPEN, REASONS, UNINFORMATIVE
from morsecensus.tasks.points.census import Classes
from morsecensus.tasks.points.critical_sets import describe, gather, no_sets
from morsecensus.tasks.points.levenberg_marquardt import approach
from morsecensus.tasks.runtime import inputs

OPTIONS = MultistartOptions()


def form(n, terms):
    """The symmetric tensor of a form, from the coefficients of its monomials by exponents."""
    degree = sum(next(iter(terms)))
    tensor = np.zeros((n,) * degree)
    for exponents, coefficient in terms.items():
        places = [i for i, times in enumerate(exponents) for _ in range(times)]
        orders = set(permutations(places))
        for order in orders:
            tensor[order] += coefficient / len(orders)
    return tensor


def landscape_of(n, *tensors):
    packed = pack({f"degree_{tensors[0].ndim}": np.stack(tensors)}, n)
    inputs.keep(digest(packed), packed)
    return build("given", describe_file(packed), n)


def census_of(landscape, number=0, options=OPTIONS):
    return multistart(landscape, landscape.sample(1, number), 1, number, options)


def degenerate_rows(census):
    """Dimension, nullity and energy of each degenerate row, by energy."""
    points, _ = census.points()
    rows = points.degenerate != 0
    triples = zip(points.set_dimension[rows], points.nullity[rows], points.energy[rows], strict=True)
    return [
        (int(dimension), int(nullity), round(float(energy), 9) + 0.0)
        for dimension, nullity, energy in triples
    ]


CUBE = form(3, {(3, 0, 0): 1.0})
WEIGHTS = np.array([1.0, 2.0, 3.0])
LINEAR = WEIGHTS[:, None, None] + WEIGHTS[None, :, None] + WEIGHTS[None, None, :]
MOTZKIN = form(3, {(4, 2, 0): 1.0, (2, 4, 0): 1.0, (0, 0, 6): 1.0, (2, 2, 2): -3.0})
ROBINSON = form(
    3,
    {(6, 0, 0): 1.0, (0, 6, 0): 1.0, (0, 0, 6): 1.0, (2, 2, 2): 3.0}
    | dict.fromkeys([(4, 2, 0), (4, 0, 2), (2, 4, 0), (2, 0, 4), (0, 4, 2), (0, 2, 4)], -1.0),
)
CONSTANT = form(
    3,
    {(6, 0, 0): 1.0, (0, 6, 0): 1.0, (0, 0, 6): 1.0, (2, 2, 2): 6.0}
    | dict.fromkeys([(4, 2, 0), (4, 0, 2), (2, 4, 0), (2, 0, 4), (0, 4, 2), (0, 2, 4)], 3.0),
)


@pytest.fixture(scope="module")
def cubics():
    return landscape_of(3, CUBE, LINEAR)


@pytest.fixture(scope="module")
def sextics():
    return landscape_of(3, MOTZKIN, ROBINSON, CONSTANT)


@pytest.fixture(scope="module")
def quadratics():
    return landscape_of(
        4,
        np.diag([1.0, 1.0, 2.0, 2.0]),
        np.diag([1.0, 1.0 + 1e-9, 2.0, 3.0]),
        np.diag([1.0, 2.0, 2.0, 2.0]),
        np.diag([1.0, 1.0 + 1e-12, 2.0, 3.0]),
    )


# x_1^3: two points and the great circle x_1 = 0, where the Hessian vanishes.
# sum (a_i + a_j + a_k) x_i x_j x_k = 3 (a.x)(1.x)^2: the great circle 1.x = 0, nondegenerate in the sense of
# Bott but where a.x = 0, and on the plane of a and 1 two points and their antipodes.
@pytest.mark.parametrize(
    ("number", "by_index", "sets"),
    [(0, [1, 0, 1], [(1, 2, 0.0)]), (1, [2, 0, 2], [(1, 1, 0.0)])],
)
def test_a_circle_is_one_row(cubics, number, by_index, sets):
    census = census_of(cubics, number)
    assert census.ledger.points_by_index.tolist() == by_index
    assert degenerate_rows(census) == sets
    assert (census.ledger.status, census.ledger.reason) == (OPEN, DEGENERATE)
    assert census.ledger.morse_check == census.ledger.parity_check == UNINFORMATIVE
    assert census.rounds == 1


# Motzkin's form vanishes at (1, 0, 0) and (0, 1, 0) to sixth order along z, at (1, 1, 1) and its reflections
# to second. Robinson's has ten zeros, all nondegenerate: it comes out whole (both in Reznick, Contemp. Math.
# 253 (2000) 251).
@pytest.mark.parametrize(
    ("number", "by_index", "sets", "status"),
    [
        (0, [8, 16, 6], [(0, 1, 0.0)] * 4, OPEN),
        (1, [20, 24, 6], [], COMPLETE),
        (2, [0, 0, 0], [(2, 2, 9.0)], OPEN),
    ],
)
def test_isolated_degenerate_points_are_there_once_each(sextics, number, by_index, sets, status):
    census = census_of(sextics, number)
    assert census.ledger.points_by_index.tolist() == by_index
    assert degenerate_rows(census) == sets
    assert census.ledger.status == status, REASONS[census.ledger.reason]


# The eigenspaces of a matrix: points where they are lines, spheres where they are not.
@pytest.mark.parametrize(
    ("number", "by_index", "sets"),
    [
        (0, [0, 0, 0, 0], [(1, 1, 1.0), (1, 1, 2.0)]),
        (1, [2, 2, 2, 2], []),
        (2, [2, 0, 0, 0], [(2, 2, 2.0)]),
        (3, [2, 2, 2, 2], []),
    ],
)
def test_eigenspaces(quadratics, number, by_index, sets):
    census = census_of(quadratics, number)
    assert census.ledger.points_by_index.tolist() == by_index
    assert degenerate_rows(census) == sets
    assert (census.ledger.status == COMPLETE) == (not sets)


def test_a_landscape_doesn_t_depend_on_how_many_starts_hit_its_sets(cubics):
    few, many = (census_of(cubics, 0, MultistartOptions(starts_per_round=starts)) for starts in (256, 4096))
    assert degenerate_rows(few) == degenerate_rows(many)
    assert few.classes.hits.sum() == 256
    assert many.classes.hits.sum() == 4096


def test_circles_that_cross_are_one_set_of_dimension_one():
    """x_1^2 x_2^2 + x_3^2 x_4^2: most landmarks are no crossings, and they vote."""
    landscape = landscape_of(4, form(4, {(2, 2, 0, 0): 1.0, (0, 0, 2, 2): 1.0}))
    census = census_of(landscape)
    dimensions = [dimension for dimension, _, energy in degenerate_rows(census) if energy == 0.0]
    # Its zeros are the circles x_1 = x_3 = 0, x_1 = x_4 = 0, x_2 = x_3 = 0 and x_2 = x_4 = 0; neighbours meet
    # on the axes, so they are one set.
    assert dimensions == [1]


def test_what_is_no_critical_set_isn_t_walked(quadratics):
    """Negative control: two points of a sphere join, a point of another energy stays apart."""
    couplings, _ = normalised(quadratics, quadratics.sample(1, 2))
    at = np.array([[2.0, 0, 0, 0], [0, 2.0, 0, 0], [0, 0, 2.0, 0]])
    found = approach(quadratics, couplings, at)
    sets = gather(quadratics, couplings, no_sets(quadratics), found, np.array([3, 4, 5]))
    assert sets.classes == 2
    assert sorted(sets.hits_of_classes()) == [3, 9]
    rows = describe(quadratics, couplings, sets)
    assert sorted(rows.set_dimension) == [0, 2]


def test_circles_at_one_energy_that_don_t_meet_are_apart():
    """(x_1^2 + x_2^2)(x_3^2 + x_4^2) is 0 on two disjoint circles, and largest on a torus between them."""
    pairs = [(2, 0, 2, 0), (2, 0, 0, 2), (0, 2, 2, 0), (0, 2, 0, 2)]
    census = census_of(landscape_of(4, form(4, dict.fromkeys(pairs, 1.0))))
    assert degenerate_rows(census) == [(1, 1, 0.0), (1, 1, 0.0), (2, 2, 1.0)]
    assert census.ledger.points_by_index.sum() == 0


def test_circles_of_a_product_of_spheres():
    """The matrix diag(2, 1, 1) as a bilinear form: singular pairs are (e_1, e_1) with all signs, and the
    circles (v, v) and (v, -v) of the plane of equal singular values, each its own image under (x, y) ->
    (-x, -y)."""
    packed = pack({"tensor": np.diag([2.0, 1.0, 1.0])}, 3)
    inputs.keep(digest(packed), packed)
    landscape = build("given", describe_file(packed), 3)
    census = census_of(landscape)
    found = degenerate_rows(census)
    assert [(dimension, nullity) for dimension, nullity, _ in found] == [(1, 1)] * 2
    assert found[0][2] == -found[1][2] < 0
    assert census.ledger.points_by_index.sum() == 4


def test_joined_classes_keep_which_images_are_sets_of_their_own(cubics):
    """A circle that is its own antipode stays one set, also beside classes of points alone."""
    found = census_of(cubics).classes
    points = found.take(np.flatnonzero(found.points.degenerate == 0))
    bare = Classes(points.points, points.hits)
    joined = Classes.join([bare, found.take(np.flatnonzero(found.points.degenerate))])
    assert joined.members is not None
    assert joined.members.sum(axis=1).tolist() == [2, 1]
    assert Classes.join([bare, bare]).members is None

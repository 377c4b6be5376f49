"""Closing the books, and what sabotage does to them."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy import extended
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.books import troubled as troubled_ends
from morsecensus.tasks.finders.homotopy.cost import effort
from morsecensus.tasks.finders.homotopy.distinctness import (
    PRINTS,
    directions,
    distinct,
    group,
    mirrored,
    missing_conjugates,
)
from morsecensus.tasks.finders.homotopy.ends import Ends, ends_of
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, follow
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.finders.homotopy.survey import pieces_of
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED, STALLED, TOO_LONG
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.systems.polynomial import start_weights

OPTIONS = HomotopyOptions()


def whole(system, follow_paths):
    """All at once by any way to follow them."""

    def survey(weights, paths, settings, everything):
        return ends_of(follow_paths(weights, paths, settings), system, generic=True, everything=everything)

    return survey


def troubled(tracked, system):
    return troubled_ends(ends_of(tracked, system, generic=True, everything=False), system)


@pytest.fixture(scope="module", params=["q^3", "q^4"])
def tracked(request, instance_of):
    n = 6 if request.param == "q^3" else 4
    system = instance_of(n, xi=request.param)[2]
    paths = np.arange(system.paths)
    return system, follow(system, start_weights(n, "book"), paths, TrackerSettings())


def test_honest_books_have_no_trouble(tracked):
    system, paths = tracked
    assert (paths.status == ARRIVED).all()
    assert not troubled(paths, system).any()
    assert missing_conjugates(paths.endpoints, system) == 0


def test_a_path_that_jumped_is_caught_with_its_twin(tracked):
    system, paths = tracked
    endpoints = paths.endpoints.copy()
    # Onto another representative of the same class: multiplied by a root of unity, for p = 4.
    endpoints[5] = endpoints[30] * (1 + 1e-11) * (-1) ** (system.degree - 3)
    assert list(np.flatnonzero(troubled(replace(paths, endpoints=endpoints), system))) == [5, 30]
    assert len(distinct(endpoints, system)) == system.paths - 1


def test_a_failed_or_blunt_path_is_caught(tracked):
    system, paths = tracked
    status, accuracy = paths.status.copy(), paths.accuracy.copy()
    status[7] = TOO_LONG
    accuracy[9, 0] = 1e-6
    assert list(np.flatnonzero(troubled(replace(paths, status=status, accuracy=accuracy), system))) == [7, 9]


def test_a_lost_or_moved_complex_solution_misses_its_conjugate(tracked):
    system, paths = tracked
    endpoints = paths.endpoints
    imaginary = np.linalg.norm(directions(endpoints, system)[:, system.n :], axis=1)
    lost = int(imaginary.argmax())
    assert missing_conjugates(np.delete(endpoints, lost, axis=0), system) == 1
    moved = endpoints.copy()
    moved[lost, 0] *= 1 + 1e-4j
    assert missing_conjugates(moved, system) == 2


def test_the_phase_of_a_class_means_nothing(tracked):
    system, paths = tracked
    turned = paths.endpoints * np.exp(1j * np.arange(system.paths))[:, None]
    np.testing.assert_allclose(directions(turned, system), directions(paths.endpoints, system), atol=1e-10)


def test_groups_are_by_distance_alone():
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((200, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = group(np.concatenate([vectors, vectors[50:60] + 1e-10, vectors[:5] + 1e-5]))
    assert labels.max() + 1 == 205
    assert list(labels[200:210]) == list(labels[50:60])


def test_threads_change_nothing(instance_of):
    system = instance_of(7)[2]
    one = enumerate_solutions(system, ("threads",), OPTIONS)
    two = enumerate_solutions(system, ("threads",), replace(OPTIONS, threads=2))
    assert np.array_equal(one.solutions, two.solutions)


def test_start_forms_agree_on_the_solutions(instance_of):
    for n, xi in ((7, "q^3"), (4, "q^5"), (3, "q^2+q^4")):
        system = instance_of(n, xi=xi)[2]
        one, two = (enumerate_solutions(system, ("form", k), OPTIONS).solutions for k in range(2))
        assert len(distinct(np.concatenate([one, two]), system)) == len(one) == system.paths


def test_reckless_steps_are_repaired(instance_of):
    """Paths do jump when a step may miss by a tenth and the series is short; the books still close."""
    system = instance_of(11)[2]
    reckless = HomotopyOptions(order=3, aim=0.05, largest=0.1)
    first = follow(system, start_weights(11, "x", 0), np.arange(2047), TrackerSettings(3, 0.05, 0.1))
    assert troubled(first, system).any()
    enumeration = enumerate_solutions(system, ("x",), reckless)
    assert enumeration.retries > 0
    assert enumeration.complete


@pytest.mark.parametrize("xi", ["q^3", "q^4", "q^1+q^2+q^4"])
def test_extended_precision_follows_the_same_paths(xi, instance_of):
    system = instance_of(3, xi=xi)[2]
    weights, rows = start_weights(3, "extended", xi), np.arange(5)
    doubles = follow(system, weights, rows, TrackerSettings()).endpoints
    np.testing.assert_allclose(extended.follow(system, weights, rows).endpoints, doubles, atol=1e-11)


# At 1e-13 doubles close 6 to 8 of 30 start forms, at these none.
@pytest.mark.parametrize("excess", [1e-14, 1e-15])
def test_extended_precision_closes_what_doubles_leave_open(excess, nearly_folded):
    system = nearly_folded(excess)[2]
    open_books = enumerate_solutions(system, ("fold",), replace(OPTIONS, max_extended=0))
    assert not open_books.complete
    assert len(open_books.open_paths) == 2
    closed = enumerate_solutions(system, ("fold",), OPTIONS)
    assert closed.complete
    assert closed.extended == 2
    assert len(closed.open_paths) == 0


@pytest.mark.parametrize("jumps", [False, True])
def test_a_bad_path_costs_one_path_and_not_a_round(instance_of, jumps):
    """Doubles never follow path 3, and if it jumps path 5 ends where 3 should: two paths are bad then."""
    system, followed = instance_of(7)[2], []

    def spoiled(weights, paths, settings):
        followed.append(len(paths))
        found = follow(system, weights, paths, settings)
        if jumps:
            found.endpoints[paths == 5] = follow(system, weights, np.array([3]), settings).endpoints
        found.status[paths == 3] = STALLED
        return found

    closed = enumerate_solutions(system, ("bad",), OPTIONS, whole(system, spoiled))
    assert closed.complete
    assert (closed.rounds, closed.extended) == (1, 1 + jumps)
    assert sum(followed) < system.paths + 10
    # Without extended precision it takes another start form, whose path 3 leads elsewhere.
    assert (
        enumerate_solutions(system, ("bad",), replace(OPTIONS, max_extended=0), whole(system, spoiled)).rounds
        > 1
    )
    honest = enumerate_solutions(system, ("bad",), OPTIONS).solutions
    assert len(distinct(np.concatenate([closed.solutions, honest]), system)) == system.paths


def conjugate_pairs(count, seed):
    """Ends of paths of which no endpoint is held: in pairs, but for one where their number is odd."""
    prints = np.random.default_rng(seed).standard_normal((-(-count // 2), PRINTS)) / 5
    if count % 2:
        prints[-1, PRINTS // 2 :] = 0
    ones = np.ones(count)
    none, nowhere = np.zeros((0, 19), dtype=complex), np.zeros(0, dtype=np.int64)
    status, steps = np.full(count, ARRIVED, dtype=np.int8), np.ones((count, 2), dtype=np.int32)
    both = np.concatenate([prints, mirrored(prints)])[:count]
    return Ends(status, steps, ones == 1, ones, ones, both, nowhere, none)


def test_the_memory_of_fingerprints_is_what_a_plan_says():
    """Ends of conjugate pairs, nothing followed: this number decides whether a landscape is refused."""
    landscape = build("pspin", {"xi": "q^3"}, 18)
    system, paths = polynomial_system(landscape, landscape.sample(0, 0)), 2**18 - 1

    def survey(weights, rows, settings, everything):
        pieces = [conjugate_pairs(len(piece), piece[0]) for piece in pieces_of(rows)]
        return Ends.joined([Ends.unpacked(piece.packed()) for piece in pieces])

    options = HomotopyOptions(certify="real")
    tracemalloc.start()
    found = enumerate_solutions(system, ("memory",), options, survey, everything=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.complete, found.found) == (True, paths)
    planned = 8 * 18 * effort(landscape, options).held
    assert 0.6 * planned < peak < planned

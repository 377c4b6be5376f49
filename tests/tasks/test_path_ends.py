"""Ends of paths in little room: what fingerprints may confuse, and what commits by pieces leave unchanged."""

from dataclasses import replace

import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy import survey
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.distinctness import (
    SAME,
    directions,
    fingerprints,
    group,
    lonely,
    missing_conjugates,
)
from morsecensus.tasks.finders.homotopy.ends import Ends, ends_of, is_real
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, follow
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.systems.polynomial import start_weights

OPTIONS = HomotopyOptions()


@pytest.fixture(scope="module", params=["q^3", "q^1+q^4"])
def tracked(request, instance_of):
    n = 7 if request.param == "q^3" else 3
    system = instance_of(n, xi=request.param)[2]
    return system, follow(system, start_weights(n, "ends"), np.arange(system.paths), TrackerSettings())


def partition(labels):
    return {tuple(np.flatnonzero(labels == label)) for label in np.unique(labels)}


def test_fingerprints_group_as_whole_directions_do(tracked):
    system, paths = tracked
    rng = np.random.default_rng(1)
    noise = 1 + 1e-11 * rng.standard_normal((10, system.unknowns))
    both = np.concatenate([paths.endpoints, paths.endpoints[5:15] * noise])
    in_full = group(directions(both, system))
    assert partition(group(fingerprints(both, system))) == partition(in_full)
    assert in_full.max() + 1 == system.paths


def test_a_fingerprint_is_no_farther_than_the_solution(tracked):
    system, paths = tracked
    prints, vectors = fingerprints(paths.endpoints, system), directions(paths.endpoints, system)
    far = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    assert (np.linalg.norm(prints[:, None] - prints[None], axis=2) <= far + 1e-14).all()
    apart = far[np.triu_indices(len(far), 1)]
    assert apart.min() > 1e3 * SAME


def test_a_conjugate_that_is_lost_is_missed_in_fingerprints_too(tracked):
    system, paths = tracked
    real = is_real(paths.endpoints, system)
    fewer = np.delete(paths.endpoints, np.flatnonzero(~real)[0], axis=0)
    for endpoints, alone in ((paths.endpoints, 0), (fewer, 1)):
        assert lonely(fingerprints(endpoints, system)) == missing_conjugates(endpoints, system) == alone


def test_whose_fingerprint_is_shared_by_chance_is_told_apart_by_its_endpoint(tracked):
    system, paths = tracked
    ends = ends_of(paths, system, generic=True, everything=True)
    prints = ends.prints.copy()
    prints[4] = prints[9]
    confused = replace(ends, prints=prints)
    assert confused.groups(system).max() + 1 == system.paths
    blind = replace(confused, kept=ends.kept[:0], endpoints=ends.endpoints[:0])
    assert blind.groups(system).max() + 1 == system.paths - 1


def test_what_is_kept_follows_its_path(tracked):
    system, paths = tracked
    ends = ends_of(paths, system, generic=True, everything=False)
    assert np.array_equal(ends.kept, np.flatnonzero(is_real(paths.endpoints, system)))
    order = np.random.default_rng(2).permutation(len(ends))
    again = Ends.joined([ends.take(order[:50]), ends.take(order[50:])]).take(np.argsort(order))
    assert again.packed() == ends.packed() == Ends.unpacked(ends.packed()).packed()
    rows = np.arange(3, 9)
    whole = ends_of(paths, system, generic=True, everything=True)
    put = ends.put(rows, whole.take(rows))
    assert np.array_equal(put.kept, np.union1d(ends.kept, rows))
    assert np.array_equal(put.endpoints, paths.endpoints[put.kept])


def test_real_solutions_need_no_complex_ones_held(instance_of):
    system = instance_of(8)[2]
    whole = enumerate_solutions(system, ("few",), OPTIONS)
    few = enumerate_solutions(system, ("few",), OPTIONS, everything=False)
    assert few.complete
    assert few.found == whole.found == 255
    assert np.array_equal(few.solutions, whole.solutions[is_real(whole.solutions, system)])
    assert len(few.solutions) < len(whole.solutions) / 2


class Kept:
    """A store in memory that may die before a write."""

    keeps = True

    def __init__(self, most=10**9):
        self.pieces, self.most, self.told = {}, most, []

    def read(self, name):
        return self.pieces.get(name)

    def write(self, name, data):
        if len(self.pieces) >= self.most:
            raise InterruptedError
        self.pieces[name] = data

    def tell(self, what, done, of):
        self.told.append((what, done, of))


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(survey, "LEAST", 16)
    monkeypatch.setattr(survey, "MOST", 16)


def books(system, store):
    return enumerate_solutions(
        system, ("kill",), OPTIONS, survey.here(system, 1, store=store), everything=False, store=store
    )


def test_what_was_killed_goes_on_with_its_pieces(instance_of, small_pieces, monkeypatch):
    system, followed = instance_of(7)[2], []
    store, whole = Kept(most=5), books(system, Kept())
    with pytest.raises(InterruptedError):
        books(system, store)
    assert len(store.pieces) == 5
    monkeypatch.setattr(
        survey, "follow", lambda *arguments: followed.append(arguments[2]) or follow(*arguments)
    )
    store.most = 10**9
    again = books(system, store)
    assert np.array_equal(again.solutions, whole.solutions)
    assert (again.found, again.retries) == (whole.found, whole.retries)
    assert sum(map(len, followed)) == system.paths - 5 * 16
    assert store.told[-1] == ("paths followed", 127, 127)
    # Of another start form nothing is found.
    other = Kept()
    other.pieces = dict(store.pieces)
    enumerate_solutions(
        system, ("other",), OPTIONS, survey.here(system, 1, store=other), everything=False, store=other
    )
    assert len(other.pieces) == 2 * len(store.pieces)


def test_extended_paths_are_committed_one_by_one(nearly_folded, small_pieces, monkeypatch):
    system = nearly_folded(1e-13)[2]
    store = Kept()
    first = books(system, store)
    assert first.complete
    assert first.extended == 2
    assert sum(name.startswith("extended") for name in store.pieces) == 2
    monkeypatch.setattr(survey.extended, "follow", None)
    assert np.array_equal(books(system, store).solutions, first.solutions)

"""Which boundaries a census allows, landscapes that creep, and refusals that say why."""

from dataclasses import replace

import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import CERTIFIED, COMPLETE, OPEN, PASS, REFUSED
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess
from morsecensus.tasks.topology.census import topology_of
from morsecensus.tasks.topology.connections import branches
from morsecensus.tasks.topology.levels import cross, levels_of
from morsecensus.tasks.topology.views import view
from morsecensus.tasks.trajectories.lines import LOST

N = 7
OPTIONS = MultistartOptions()


@pytest.fixture(scope="module")
def closed():
    landscape = build("pspin", {"xi": "q^3"}, N)
    couplings = landscape.sample(2, 0)
    census = multistart(landscape, couplings, 2, 0, OPTIONS)
    assert census.ledger.status == COMPLETE
    return census, couplings


def with_a_rare_class(census, index):
    """The census as if one class of this index (or as far from the top) had been hit once."""
    of_index = np.minimum(census.classes.points.index, N - 1 - census.classes.points.index)
    hits = census.classes.hits.copy()
    hits[np.flatnonzero(of_index == index)[0]] = 1
    classes = replace(census.classes, hits=hits)
    ledger = assess(evidence_of(census.landscape, classes), OPTIONS.min_hits)
    assert ledger.status == OPEN
    return replace(census, classes=classes, ledger=ledger)


def named(found, degree):
    chosen = found.pairs.dim == degree
    return set(zip(found.pairs.birth[chosen].tolist(), found.pairs.death[chosen].tolist(), strict=True))


@pytest.mark.parametrize(("rare", "exact"), [(3, [0, 1, 4, 5, 6]), (2, [0, 5, 6])])
def test_low_degrees_need_points_of_low_index_only(closed, rare, exact):
    whole = topology_of(*closed)
    assert np.flatnonzero(whole.exact).tolist() == [0, 1, 4, 5, 6]
    found = topology_of(with_a_rare_class(closed[0], rare), closed[1])
    assert found.outcome == CERTIFIED
    assert np.flatnonzero(found.exact).tolist() == exact
    assert found.homology[0] == PASS
    for degree in exact:
        assert named(found, degree) == named(whole, degree)


def test_components_alone_are_those_of_the_whole(closed):
    found, whole = topology_of(*closed, highest=1), topology_of(*closed)
    assert set(found.complex.boundary) == {1, N - 1}
    assert named(found, 0) == named(whole, 0)


@pytest.mark.parametrize("rare", [0, 1])
def test_a_census_that_may_lack_minima_or_saddles_is_refused(closed, rare):
    found = topology_of(with_a_rare_class(closed[0], rare), closed[1])
    assert found.outcome == REFUSED
    assert "may lack points of index 0 or 1" in found.why
    assert "few_hits" in found.why
    assert not found.exact.any()
    assert not len(found.pairs.dim)


def test_nothing_is_closed_where_no_class_can_be_blamed(closed):
    """An odd number of classes is missing, and all that are known were hit often: any index may lack one."""
    census, couplings = closed
    kept = np.arange(len(census.classes.hits)) != np.flatnonzero(census.classes.points.index == 3)[0]
    classes = replace(
        census.classes, points=census.classes.points.take(kept), hits=census.classes.hits[kept] + 100
    )
    ledger = assess(evidence_of(census.landscape, classes), OPTIONS.min_hits)
    assert ledger.status == OPEN
    assert not ledger.closed_by_index.any()
    assert topology_of(replace(census, classes=classes, ledger=ledger), couplings).outcome == REFUSED


def test_degenerate_points_are_refused_by_row(closed):
    census, couplings = closed
    flags = np.zeros_like(census.classes.points.degenerate)
    flags[3] = 1
    points = replace(census.classes.points, degenerate=flags)
    found = topology_of(replace(census, classes=replace(census.classes, points=points)), couplings)
    assert found.outcome == REFUSED
    assert "degenerate ones (rows" in found.why


@pytest.mark.parametrize("n", [3, 4, 5])
def test_a_trivial_landscape_is_a_sphere(n):
    """A strong field leaves one minimum and one maximum, and no saddle to compare lines at."""
    found = topology_of(*enumerated(n, 1, 0, field=50.0))
    assert found.outcome == CERTIFIED
    assert found.complex.index.tolist() == [0, n - 1]
    assert found.exact.all()
    assert found.pairs.dim.tolist() == [0, n - 1]


def enumerated(n, seed, instance, field=0.0):
    landscape = build("pspin", {"xi": "q^3", "field": field}, n)
    couplings = landscape.sample(seed, instance)
    options = HomotopyOptions(certify="none")
    return enumerate_landscape(landscape, couplings, seed, instance, options).census, couplings


@pytest.mark.parametrize("which", [pytest.param((7, 17, 20), marks=pytest.mark.soak), (5, 3, 12)])
def test_lines_that_creep_are_followed_to_their_end(which):
    """Two pairs of points that nearly exist: one holds a branch up for more than 1,000 steps (the next test
    follows it), the other one a separatrix until its circle was bisected more than 1,000 times."""
    found = topology_of(*enumerated(*which))
    assert found.outcome == CERTIFIED
    assert found.unresolved == 0


def test_a_track_keeps_the_steps_where_its_velocity_turns():
    census, couplings = enumerated(7, 17, 20)
    seen = view(census.landscape, couplings, census.points()[0], 1)
    paths = branches(seen, tracks=True).paths
    assert not (paths.arrival == LOST).any()
    slow = paths.steps.argmax()
    assert paths.steps[slow] > 1000
    assert (paths.kept <= paths.steps).all()
    assert paths.kept[slow] < paths.steps[slow] / 2
    used = paths.track.take(np.array([slow]))
    velocity = used.velocity[0, : paths.kept[slow] + 1]
    change = np.linalg.norm(np.diff(velocity, axis=0), axis=1) / np.linalg.norm(velocity[:-1], axis=1)
    assert (change[:-1] > 0.05).all(), "all but the arrival"
    # What was left out doesn't matter: levels are crossed where the height says.
    levels = levels_of(seen)
    where = cross(used, levels.height[None, :])[0]
    crossed = np.isfinite(where[:, 0])
    heights = [float(census.landscape.value(couplings, x)) for x in where[crossed]]
    np.testing.assert_allclose(heights, levels.height[crossed], atol=1e-4)
    assert crossed.sum() > 3

"""Merge trees on products of spheres: barriers of units apart are those of one unit; and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import CERTIFIED, PASS, REFUSED
from morsecensus.tasks.topology.census import topology_of
from morsecensus.tasks.topology.persistence import exact_degrees
from morsecensus.tasks.topology.spheres import betti_of_product, require_spheres

SEED = 5


def sublevels(units, coupling, landscape, highest=1, n=2):
    """The topology of hidden units on circles, and the energy from which that per spin is."""
    built = build("units", {"kernel": "q^3", "units": units, "coupling": coupling}, n)
    couplings = built.sample(SEED, landscape)
    census = multistart(built, couplings, SEED, landscape, MultistartOptions())
    return topology_of(census, couplings, highest), built.manifold.ambient


def barriers(found, ambient):
    """From each minimum to a lower one; infinite for the lowest."""
    chosen = found.pairs.dim == 0
    birth, death = found.pairs.birth[chosen], found.pairs.death[chosen]
    energy = found.complex.energy * ambient
    return np.where(death < 0, np.inf, energy[death] - energy[birth])


def test_units_apart_leave_over_the_lower_of_their_own_barriers():
    """H is a sum, and no unit gets lower without passing its own barrier: from a tuple of minima the way down
    is that of the unit whose barrier is lowest. At the same seed one unit has the same couplings."""
    several = 0
    for landscape in range(6):
        one, two = (sublevels(units, 0.0, landscape) for units in (1, 2))
        assert one[0].outcome == two[0].outcome == CERTIFIED
        own = barriers(*one)
        several += len(own) > 1
        wanted = np.minimum(own[:, None], own[None]).ravel()
        np.testing.assert_allclose(np.sort(barriers(*two)), np.sort(wanted), rtol=1e-8)
    assert several > 1, "landscapes of one minimum say nothing"


def test_coupled_units_are_connected_and_differ():
    found, ambient = sublevels(2, 1.0, 0)
    assert found.outcome == CERTIFIED
    assert found.homology[0] == PASS
    lengths = barriers(found, ambient)
    assert np.isinf(lengths).sum() == 1
    assert (lengths > 0).all()
    apart = barriers(*sublevels(2, 0.0, 0))
    assert len(lengths) != len(apart) or not np.allclose(np.sort(lengths), np.sort(apart))


def test_betti_numbers_of_products():
    assert betti_of_product((3,)).tolist() == [1, 0, 1]
    assert betti_of_product((2, 2)).tolist() == [1, 2, 1]
    assert betti_of_product((3, 3)).tolist() == [1, 0, 2, 0, 1]
    assert betti_of_product((1,)).tolist() == [2], "two points"


def test_merge_trees_settle_no_degree_in_which_classes_live_on():
    """Betti numbers (1, 3, 3, 1): d_1 and d_3 don't say which classes of degree 2 never die."""
    torus = build("partite", {"sizes": "1,1,1"}, 2)
    couplings = torus.sample(SEED, 0)
    census = multistart(torus, couplings, SEED, 0, MultistartOptions())
    found = topology_of(census, couplings, 1)
    assert found.outcome == CERTIFIED
    assert sorted(found.complex.boundary) == [1, 3]
    assert found.exact.tolist() == [True, False, False, True]
    assert set(found.pairs.dim.tolist()) == {0, 3}
    assert exact_degrees(replace(found.complex, betti=None)) == (0, 2, 3), "a sphere's"


def test_products_have_merge_trees_alone():
    found, _ = sublevels(2, 1.0, 0, highest=2)
    assert found.outcome == REFUSED
    assert "got a product of 2 spheres, allowed for topology: one sphere, or" in found.why
    free = build("relu-units", {"units": 2}, 2)
    with pytest.raises(ValueError, match="manifold: got Euclidean, allowed for topology"):
        require_spheres(free, 1)

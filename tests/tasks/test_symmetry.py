"""Sign changes of factors: the group, its action on points, and censuses by classes of it."""

import itertools

import numpy as np
import pytest

from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.geometry.symmetry import Flips, no_flips
from morsecensus.tasks.landscapes.spin import MixedSpin

THREE = ProductOfSpheres((2, 3, 4))
PARITIES = list(itertools.product((-1, 0, 1), repeat=3))


@pytest.mark.parametrize("parities", PARITIES)
def test_it_is_a_group_that_the_energy_follows(parities):
    flips = Flips(THREE, parities)
    signs, energy = flips.elements()
    assert len(signs) == len(np.unique(signs, axis=0)) == flips.size
    np.testing.assert_array_equal(signs[0], np.ones(9))
    of = {tuple(row): sign for row, sign in zip(signs, energy, strict=True)}
    for (one, first), (other, second) in itertools.product(of.items(), repeat=2):
        assert of[tuple(np.multiply(one, other))] == first * second
    assert flips.odd == (-1 in energy)
    if flips.odd:
        assert energy.sum() == 0, "half of each class is at -E"


@pytest.mark.parametrize("parities", PARITIES)
def test_all_images_of_a_point_have_one_representative(parities):
    flips = Flips(THREE, parities)
    points = THREE.random_points(np.random.default_rng(0), 5)
    images = flips.orbit(points)
    assert len(images) == 5 * flips.size
    signs, energy = flips.to_canonical(images)
    np.testing.assert_array_equal(images * signs, np.tile((images * signs)[:5], (flips.size, 1)))
    again, unchanged = flips.to_canonical(images * signs)
    assert (again == 1).all()
    assert (unchanged == 1).all()
    _, of_element = flips.elements()
    np.testing.assert_array_equal(energy, np.repeat(of_element, 5) * np.tile(energy[:5], flips.size))


def test_one_sphere_has_what_it_had():
    cubic, quartic, mixed = (MixedSpin(Covariance.parse(xi), 5) for xi in ("q^3", "q^4", "q^3+q^4"))
    assert [(one.parity, one.flips.size, one.flips.odd) for one in (cubic, quartic, mixed)] == [
        (-1, 2, True),
        (1, 2, False),
        (0, 1, False),
    ]


@pytest.mark.parametrize("parities", [(1,), (2, 1, 1), (1, 1)])
def test_parities_must_fit_the_manifold(parities):
    with pytest.raises(ValueError, match="allowed: -1, 0 or 1 for each of 3"):
        Flips(THREE, parities)


def test_the_critical_points_of_a_matrix_are_its_singular_vectors(bilinear):
    """Two spheres: each singular pair with its four signs, energies +-s, and nothing else (sizes 3 and 4)."""
    couplings = bilinear.sample(1, 0)
    census = multistart(bilinear, couplings, 1, 0, MultistartOptions(starts_per_round=512))
    found, owner = census.points()
    singular = np.linalg.svd(couplings, compute_uv=False) * np.sqrt(3 * 4) / 7
    np.testing.assert_allclose(
        np.sort(found.energy), np.sort(np.tile([singular, -singular], 2).ravel()), atol=1e-12
    )
    assert len(census.classes.hits) == 3
    np.testing.assert_array_equal(np.bincount(owner), [4, 4, 4])
    assert census.ledger.points_by_index.sum() == 12
    np.testing.assert_array_equal(census.ledger.points_by_index, np.bincount(found.index, minlength=6))


def test_the_same_points_without_the_symmetry(bilinear, monkeypatch):
    """The negative control of classes: searched one by one, the points are the same."""
    couplings = bilinear.sample(2, 0)
    options = MultistartOptions(starts_per_round=512)
    whole, _ = multistart(bilinear, couplings, 1, 0, options).points()
    monkeypatch.setattr(type(bilinear), "parities", (0, 0))
    assert bilinear.flips == no_flips(bilinear.manifold)
    alone, _ = multistart(bilinear, couplings, 1, 0, options).points()
    np.testing.assert_allclose(np.sort(alone.energy), np.sort(whole.energy), atol=1e-12)
    np.testing.assert_array_equal(np.bincount(alone.index), np.bincount(whole.index))

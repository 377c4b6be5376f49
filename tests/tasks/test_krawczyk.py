"""Krawczyk's operator and Gershgorin's discs on problems small enough to be done by hand."""

import math
from types import SimpleNamespace

import flint
import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy.krawczyk import BorderedModel, _prove_index, prove, proven_image
from morsecensus.tasks.systems.polynomial import PolynomialSystem


def root_of_two():
    """x^2 - 2 in one unknown."""
    return SimpleNamespace(
        kind=flint.arb_mat,
        unknowns=1,
        ball=lambda radius: flint.arb(0, radius),
        jacobian=lambda box: flint.arb_mat([[2 * box[0, 0]]]),
    )


@pytest.mark.parametrize(
    ("center", "radius", "proven"),
    [
        (1.414, 0.1, True),
        (1.5, 0.1, True),
        # the root isn't in the box
        (1.3, 0.05, False),
        (1.5, 0.05, False),
        # both roots are, or the slope vanishes in it
        (0.5, 3.0, False),
        (1.414, 1.5, False),
    ],
)
def test_a_box_is_proven_only_around_the_one_root(center, radius, proven):
    middle = flint.arb_mat([[center]])
    moved = flint.arb_mat([[center - (center**2 - 2) / (2 * center)]])
    inverse = flint.arb_mat([[1 / (2 * center)]])
    image = proven_image(root_of_two(), middle, moved, inverse, radius)
    assert (image is not None) == proven
    if image is not None:
        assert image[0, 0].contains(flint.arb(2).sqrt())


@pytest.mark.parametrize(
    ("diagonal", "coupling", "index"),
    [
        ((1, -10), 0.5, 0),
        ((1, -10), 1.5, -1),
        ((10, -1), 0.5, 0),
        ((10, -1), 1.5, -1),
        ((-10, -20), 1.5, 1),
        ((-1, -20), 1.5, -1),
    ],
)
def test_signs_are_proven_where_no_disc_reaches_zero(diagonal, coupling, index):
    """One factor: one eigenvalue of each sign is its normal's."""
    off = flint.arb(0, coupling)
    matrix = flint.arb_mat([[diagonal[0], off], [off, diagonal[1]]])
    model = SimpleNamespace(jacobian=lambda _: matrix, sizes=(2,))
    assert _prove_index(model, None) == index


@pytest.mark.parametrize("refine", [False, True])
def test_eigenvectors_are_proven_with_the_number_of_smaller_eigenvalues(refine):
    tensor = np.zeros(6)
    tensor[[0, 3, 5]] = 2.0, 1.0, 4.0
    model = BorderedModel(PolynomialSystem(3, {2: tensor}))
    radii = (1e-3, 1e-4, 1e-6)
    for row, index in zip(math.sqrt(3) * np.eye(3), (1, 0, 2), strict=True):
        proof = prove(model, row + (1e-5 * np.eye(3)[0] if refine else 0), radii, refine)
        assert (proof.radius, proof.error) == (1e-3 - 2.0**-52, 1e-6 + 2.0**-52)
        assert proof.index == index
        np.testing.assert_allclose(proof.point, row, atol=1e-14)
        # doubles can't tell the point from others there
        assert prove(model, row, (2.0**-52,), refine).index == -1
    assert prove(model, np.array([1.0, 1.0, 1.0]), radii, False).index == -1
    nowhere = prove(model, np.array([1.0, 1.0, 1.0]), radii, False)
    assert (nowhere.radius, nowhere.error) == (0, 0)


def test_half_widths_are_in_units_of_the_spheres_radius():
    tensor = np.zeros(6)
    tensor[[0, 3, 5]] = 2.0, 1.0, 4.0
    model = BorderedModel(PolynomialSystem(3, {2: tensor}))
    off = math.sqrt(3) * np.eye(3)[1] + 2e-5 * np.eye(3)[0]
    assert prove(model, off, (1.5e-5,), False).index == 0
    assert prove(model, off, (0.9e-5,), False).index == -1


def test_every_unknown_must_stay_in_the_box():
    """x = 0 and y = 0; the box holds the one, not the other."""
    identity = flint.arb_mat([[1, 0], [0, 1]])
    model = SimpleNamespace(
        kind=flint.arb_mat, unknowns=2, ball=lambda radius: flint.arb(0, radius), jacobian=lambda _: identity
    )
    moved = flint.arb_mat([[0], [0]])
    for second, proven in ((0.05, True), (0.2, False)):
        center = flint.arb_mat([[0.01], [second]])
        assert (proven_image(model, center, moved, identity, 0.1) is not None) == proven

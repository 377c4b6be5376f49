"""One unit and many random teachers: the spin glass that they become, against integrals and censuses."""

import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.units.many_teachers import many_teachers
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.tasks.covariance import Covariance, Polynomial
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build

TEACHERS, LANDSCAPES = 400, 80


@pytest.mark.parametrize(
    ("kernel", "shape"), [("q^3", [0, 0.6, 0, 0.4]), ("q^4", [0, 0, 0.75, 0, 0.25]), ("2*q^2", [0, 0, 1])]
)
@pytest.mark.parametrize("n", [2, 3, 40])
def test_powers_have_a_shape_of_their_own_at_every_n(kernel, shape, n):
    """The means of x^p y^p over Gaussians, without the constant."""
    found = np.array(many_teachers(Polynomial.parse(kernel).coefficients, n).coefficients)
    np.testing.assert_allclose(found / found.sum(), shape, atol=1e-14)


@pytest.mark.parametrize("kernel", ["q^3", "0.3*q+q^3", "0.5*q^2+0.2*q^4", "q+0.5*q^2+0.7*q^3"])
def test_covariance_is_the_mean_over_teachers(kernel):
    """On the sphere in three dimensions by quadrature, exact for polynomials; less what is the same at every
    overlap."""
    terms = Polynomial.parse(kernel).coefficients
    kappa = np.polynomial.Polynomial(terms)
    heights, weights = np.polynomial.legendre.leggauss(12)
    angles = 2 * np.pi * np.arange(24) / 24
    z, phi = np.meshgrid(heights, angles, indexing="ij")
    xi = np.polynomial.Polynomial(many_teachers(terms, 3).coefficients)
    overlaps = np.array([-1.0, -0.4, 0.0, 0.7, 1.0])
    others = [q * z + np.sqrt(1 - q**2) * np.sqrt(1 - z**2) * np.cos(phi) for q in overlaps]
    means = np.array([3 * (weights[:, None] / 48 * kappa(z) * kappa(other)).sum() for other in others])
    np.testing.assert_allclose(means - means[2], xi(overlaps), atol=1e-13)


def test_censuses_have_as_many_points_as_the_limit():
    """Within four standard errors; the teacher "field" of the same kernel is 6.7 errors off, so its rejection
    has a power of 0.996."""
    parameters = {"kernel": "q^3", "units": 1, "teacher": "random", "teachers": TEACHERS}
    landscape, options = build("units", parameters, 3), MultistartOptions(starts_per_round=256)
    found = [
        multistart(landscape, landscape.sample(3, i), 3, i, options).points()[0] for i in range(LANDSCAPES)
    ]
    numbers = np.array([len(points.index) for points in found], dtype=float)
    minima = np.array([(points.index == 0).sum() for points in found], dtype=float)
    many = theory_of("units", parameters).rows([3], None)[0]["many_teachers"]
    assert _away(numbers, many["total"]) < 4
    assert _away(minima, many["by_index"][0]) < 4
    assert _away(numbers, FiniteN(Covariance.parse("q^3"), 3).total()) > 4
    energies = np.concatenate([points.energy[points.index == 0] for points in found])
    error = many["minima_energy_sd"] / np.sqrt(LANDSCAPES)  # as if each had one minimum, which is wider
    assert energies.mean() == pytest.approx(many["minima_energy_mean"], abs=4 * error)


def _away(seen, expected):
    return abs(seen.mean() - expected) / (seen.std(ddof=1) / np.sqrt(len(seen)))


def test_nothing_is_known_of_other_numbers_of_units():
    row = {"kernel": "q^3", "teacher": "random", "teachers": 5}
    assert theory_of("units", row | {"units": 2}).rows([3], None) is None
    assert theory_of("units", row | {"units": 1, "kernel": "erf"}).rows([3], None) is None

"""Means of isotropic landscapes: polynomials of the overlap with given directions."""

from typing import Any, NamedTuple

import numpy as np

from morsecensus.tasks.covariance import Polynomial
from morsecensus.tasks.dynamics.fields.base import Vector


class Mean(NamedTuple):
    """A mean -N strength polynomial(x.direction) of H; the direction has length 1."""

    direction: Vector
    polynomial: Polynomial
    strength: float


def value_and_gradient(means: list[Mean], x: Vector) -> tuple[Any, Vector]:
    """Of the sum of the means: per spin, and over sqrt(N); x may be rows of points."""
    energy, gradient = 0.0, np.zeros_like(x)
    for direction, polynomial, strength in means:
        q: Any = x @ direction
        energy = energy - strength * polynomial.value(q)
        gradient -= np.multiply.outer(strength * polynomial.derivative(q), direction)
    return energy, gradient


def hessian_product(means: list[Mean], x: Vector, u: Vector) -> Vector:
    """Of the sum of the means, times u."""
    product = np.zeros_like(x)
    for direction, polynomial, strength in means:
        curvature = strength * polynomial.second_derivative(float(direction @ x))
        product -= curvature * float(direction @ u) * direction
    return product

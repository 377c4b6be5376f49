"""The Hessian where gradient flow without signal gets to, and what a signal's rank-one term does to it.

At a point of overlap 0 a signal adds -strength u u^T to the Riemannian Hessian, u the unit vector of the
signal, and changes neither the gradient nor the radial derivative D. As the noise is isotropic, a direction
drawn at random among those orthogonal to the point stands for the signal, and many can be drawn at one point.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from morsecensus.tasks.landscapes.base import Couplings
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.records.facts import noise_of
from morsecensus.tasks.runtime.compiled import forget_other_cells
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.trajectories.gradient_flow import flow


@partial(jax.jit, static_argnames=("landscape",))
def spiked_lowest(
    landscape: MixedSpin,
    couplings: Couplings,
    points: Float[Array, "points n"],
    directions: Float[Array, "points n"],
    strengths: Float[Array, " strengths"],
) -> tuple[Float[Array, "points strengths"], Float[Array, "points strengths"], Float[Array, " points"]]:
    """The lowest eigenvalue of Hessian - strength u u^T on the tangent space, the squared overlap of its
    eigenvector with u, and the radial derivatives.

    Args:
        directions: u, unit tangent vectors.
        strengths: xi_s''(0).
    """
    manifold = landscape.manifold

    def at(x: Float[Array, " n"], u: Float[Array, " n"]):
        jet = landscape.jet(couplings, x)
        # A normal eigenvalue above the Frobenius norm sorts last.
        normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
        matrix = manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)

        def lowest(strength: Float[Array, ""]):
            values, vectors = jnp.linalg.eigh(matrix - strength * jnp.outer(u, u))
            return values[0], (vectors[:, 0] @ u) ** 2

        # One strength at a time: the eigenvectors of all of them at once would take their memory at once.
        values, overlaps = jax.lax.map(lowest, strengths)
        return values, overlaps, manifold.multipliers(x, jet.gradient)[0]

    return jax.lax.map(lambda pair: at(*pair), (points, directions))


def threshold_states(spec: Mapping[str, Any], instance: int) -> dict[str, np.ndarray]:
    """Flow on one landscape without signal, and spike the Hessian where it gets to.

    Args:
        spec: ``model`` with a covariance, ``parameters``, ``n``, ``seed``, ``starts``; ``until``, the time;
            ``strengths`` theta, in units of sqrt(xi''(1)).
        instance: the landscape id, as in a study.

    Returns:
        ``outlier`` and ``vector_overlap``, shape (starts, strengths); ``radial_derivative`` and ``energy``,
        shape (starts,). ``outlier`` is the lowest eigenvalue of G - theta u u^T, G = Hessian + D, in units of
        sqrt(xi''(1)): the Hessian's own is that less D, and in the limit G is a semicircle on [-2, 2].

    Raises:
        ValueError: of the model, or if it has no covariance.
    """
    landscape = noise_of(spec)
    forget_other_cells(landscape)
    drawn, exponent = normalised(landscape, landscape.sample(spec["seed"], instance))
    couplings = jax.tree.map(jnp.asarray, drawn)
    draw = generator(spec["seed"], landscape.name, landscape.n, instance, "threshold")
    starts = landscape.manifold.random_points(draw, spec["starts"])
    none = np.zeros((0, landscape.n))
    # In another unit of H the flow is the same at another pace, and everything below is in that unit.
    until = np.ldexp(np.array([spec["until"]], dtype=np.float64), exponent)
    passed = flow(landscape, couplings, starts, until, none)
    points = np.asarray(passed.points)
    unit = math.ldexp(landscape.covariance.x2**0.5, -exponent)
    strengths = unit * np.asarray(spec["strengths"], dtype=np.float64)
    directions = _orthogonal(points, draw)
    values, overlaps, radial = spiked_lowest(landscape, couplings, points, directions, strengths)
    derivative = np.asarray(radial)
    return {
        "outlier": (np.asarray(values) + derivative[:, None]) / unit,
        "vector_overlap": np.asarray(overlaps),
        "radial_derivative": np.ldexp(derivative, exponent),
        "energy": np.ldexp(passed.energy[:, 0], exponent),
    }


def _orthogonal(
    points: Float[np.ndarray, "points n"], draw: np.random.Generator
) -> Float[np.ndarray, "points n"]:
    """Random unit vectors, each orthogonal to its point."""
    vectors = draw.standard_normal(points.shape)
    along = np.sum(vectors * points, axis=1, keepdims=True) / np.sum(points**2, axis=1, keepdims=True)
    vectors -= along * points
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

"""What a manifold of critical points is: an orbit of the landscape's symmetry, from one point of it.

A hit is taken to its representative on the most symmetric stratum near it
(`tasks.geometry.symmetry.Stratum`). Where only that stratum's coordinates move, the orbit is all that is flat
at a critical manifold that is nondegenerate there; its tangent vectors T are known, so Newton's equation with
H + T T^T in place of H has the Newton step in the normal space as its solution: no eigenvalue has to be
called zero. That the gradient vanishes across the stratum is a matter of symmetry, and is measured.

Index and nullity are those of the whole Hessian. If the nullity is the dimension of the orbit, then the
critical manifold is nondegenerate in the sense of Bott; otherwise it is degenerate, and its index says
nothing on the directions that stay flat to second order.

Radii. Kantorovich's theorem (see `tasks.points.classify`) is applied to the gradient on the slice through the
point, normal to its orbit, within the stratum: they hold one critical orbit *of this or a more symmetric
stratum*.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from morsecensus.tasks.geometry.manifolds import LARGEST_RADIUS
from morsecensus.tasks.geometry.symmetry import ContinuousSymmetry
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import BATCH, POLISHING_STEPS, CriticalPoints
from morsecensus.tasks.points.ledger import Orbits
from morsecensus.tasks.points.newton import GRADIENT_TOLERANCE

FLAT = 1e-10
"""Eigenvalues below this share of the largest are zero: at a polished point those that symmetry makes zero
are below 1e-13 (measured), and others are differences of singular values of a random matrix."""


def orbit_evidence(symmetry: ContinuousSymmetry | None, found: CriticalPoints) -> Orbits | None:
    """What the ledger needs of classes that are manifolds; None where they are points."""
    if symmetry is None:
        return None
    stratum = symmetry.stratify(found.points)
    return Orbits(stratum.euler_characteristic, symmetry.morse_quotient(found.points, found.index))


def _normal_matrix(
    landscape: Landscape,
    x: Float[Array, " ambient"],
    hessian: Float[Array, "ambient ambient"],
    fixed: Bool[Array, " ambient"],
) -> Float[Array, "ambient ambient"]:
    """The Hessian on the stratum, without the flat directions of the orbit."""
    symmetry = landscape.symmetry.orbits
    assert symmetry is not None
    tangents = jnp.where(fixed[:, None], symmetry.tangents(x), 0.0)
    inside = jnp.where(fixed[:, None] & fixed[None, :], hessian, 0.0)
    return inside + tangents @ tangents.T + jnp.diag(jnp.where(fixed, 0.0, landscape.curvature_scale))


@partial(jax.jit, static_argnames=("landscape",))
def _classify_batch(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[Array, "batch ambient"],
    fixed: Bool[Array, "batch ambient"],
    orbit: Int[Array, " batch"],
    variation: Float[Array, ""] | float,
) -> tuple[Array, ...]:
    """The columns of `CriticalPoints`, in its order."""
    symmetry = landscape.symmetry.orbits
    assert symmetry is not None
    ambient = landscape.manifold.ambient
    rho = ambient**0.5

    def classify_one(x: Float[Array, " ambient"], fixed: Bool[Array, " ambient"], orbit: Int[Array, ""]):
        for _ in range(POLISHING_STEPS):
            jet = landscape.jet(couplings, x)
            right = jnp.where(fixed, -jet.gradient, 0.0)
            step = jnp.linalg.solve(_normal_matrix(landscape, x, jet.hessian, fixed), right)
            length = jnp.linalg.norm(step)
            small = jnp.isfinite(length) & (length <= LARGEST_RADIUS * rho)
            x = jnp.where(small & fixed, x + step, x)
        jet = landscape.jet(couplings, x)
        spectrum = jnp.linalg.eigvalsh(jet.hessian)
        flat = FLAT * jnp.max(jnp.abs(spectrum))
        nullity = jnp.sum(jnp.abs(spectrum) <= flat)
        gradient_norm = jnp.linalg.norm(jet.gradient)
        across = jnp.linalg.eigvalsh(_normal_matrix(landscape, x, jet.hessian, fixed))
        beta = 1 / jnp.min(jnp.abs(across))
        eta = beta * gradient_norm
        h = beta * variation * eta
        root = jnp.sqrt(jnp.maximum(1 - 2 * h, 0.0))
        existence = jnp.where(h <= 0.5, 2 * eta / (1 + root), jnp.inf) / rho
        # A point of a larger rank is no further away than the cut.
        most = jnp.where(jnp.all(fixed), LARGEST_RADIUS, jnp.minimum(LARGEST_RADIUS, symmetry.cut / rho))
        uniqueness = jnp.minimum((1 + root) / (beta * variation * rho), most)
        converged = gradient_norm <= GRADIENT_TOLERANCE * landscape.gradient_scale * rho
        sound = (existence < uniqueness) & converged & (nullity == orbit)
        return (
            x,
            jet.value / ambient,
            jnp.sum(spectrum < -flat),
            spectrum,
            x @ jet.gradient / ambient,
            gradient_norm,
            existence,
            uniqueness,
            (~sound).astype(jnp.int64),
            orbit,
            nullity,
        )

    return jax.vmap(classify_one)(points, fixed, orbit)


def classify_orbits(
    landscape: Landscape, couplings: Couplings, points: Float[np.ndarray, "points ambient"], variation: float
) -> CriticalPoints:
    """Polish and classify converged points of a landscape whose critical points come in manifolds.

    Args:
        variation: the landscape's `hessian_variation` for these couplings.

    Returns:
        One row per given point. `degenerate` is 1 where the nullity isn't the dimension of the orbit, where
        the radii can't separate the orbit from a neighbour, or where the gradient stays too large.
    """
    symmetry = landscape.symmetry.orbits
    assert symmetry is not None
    result = CriticalPoints.none(landscape.manifold)
    stratum = symmetry.stratify(points)
    for first in range(0, len(points), BATCH):
        rows = np.arange(first, min(first + BATCH, len(points)))
        padded = np.concatenate([rows, np.repeat(rows[:1], BATCH - len(rows))])
        columns = _classify_batch(
            landscape,
            couplings,
            stratum.points[padded],
            stratum.fixed[padded],
            stratum.dimension[padded],
            variation,
        )
        result = result.extend(CriticalPoints(*(np.asarray(column)[: len(rows)] for column in columns)))
    return result

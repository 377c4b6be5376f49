"""What a critical point is: polish it to round-off, then energy, index, spectrum and Newton-Kantorovich
radii.

Radii. A critical point with its multipliers solves F(y, mu) = (grad H(rho y)/rho - mu y, (n/rho^2 -
|y|^2)/2) = 0 with rho = sqrt(ambient). If the Jacobian J there has |J^{-1}| <= beta, J is L-Lipschitz and
the Newton step has length eta, then with h = beta L eta <= 1/2 there is exactly one solution within (1 +
sqrt(1 - 2h))/(beta L), and it lies within (1 - sqrt(1 - 2h))/(beta L) (Kantorovich; Ortega and Rheinboldt
1970, theorem 12.6.2). L is a bound, beta and eta are double-precision numbers, so the radii are evidence and
not yet a proof.
"""

from dataclasses import dataclass, fields
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from morsecensus.tasks.geometry.manifolds import LARGEST_RADIUS, Manifold
from morsecensus.tasks.landscapes.base import Couplings, Jet, Landscape
from morsecensus.tasks.points.newton import GRADIENT_TOLERANCE, newton_step

BATCH = 64
POLISHING_STEPS = 2


@dataclass(frozen=True)
class CriticalPoints:
    """Classified points, one row each. Energies are per spin; eigenvalues are those of the Riemannian
    Hessian of the extensive H, ascending; radii are distances in units of sqrt(ambient). ``set_dimension`` is
    that of the critical set, 0 for a point; see `tasks.points.orbits` for sets that symmetry makes, and
    `tasks.points.critical_sets` for others."""

    points: Float[np.ndarray, "points ambient"]
    energy: Float[np.ndarray, " points"]
    index: Int[np.ndarray, " points"]
    spectrum: Float[np.ndarray, "points dimension"]
    radial_derivative: Float[np.ndarray, " points"]
    gradient_norm: Float[np.ndarray, " points"]
    existence_radius: Float[np.ndarray, " points"]
    uniqueness_radius: Float[np.ndarray, " points"]
    degenerate: Int[np.ndarray, " points"]
    set_dimension: Int[np.ndarray, " points"]
    nullity: Int[np.ndarray, " points"]

    def columns(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order of the fields."""
        return tuple(getattr(self, column.name) for column in fields(self))

    def take(self, rows: Int[np.ndarray, " rows"]) -> "CriticalPoints":
        return CriticalPoints(*(column[rows] for column in self.columns()))

    def extend(self, other: "CriticalPoints") -> "CriticalPoints":
        return self.join([self, other])

    @classmethod
    def join(cls, parts: "list[CriticalPoints]") -> "CriticalPoints":
        """The rows of all parts, of which there is one at least."""
        columns = zip(*(part.columns() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    @classmethod
    def none(cls, manifold: Manifold) -> "CriticalPoints":
        def empty(*shape: int) -> np.ndarray:
            return np.zeros((0, *shape))

        whole = np.zeros(0, dtype=np.int64)
        points, spectrum = empty(manifold.ambient), empty(manifold.dimension)
        radii = (empty(), empty())
        return cls(points, empty(), whole, spectrum, empty(), empty(), *radii, whole, whole, whole)


def _inverse_bound(
    manifold: Manifold, x: Float[Array, " ambient"], jet: Jet, softest: Float[Array, ""]
) -> Float[Array, ""]:
    """An upper bound on the norm of the inverse of J, from the smallest |eigenvalue| of the Riemannian
    Hessian.

    In tangent and normal directions J = [[A, C, 0], [C^T, R, -W], [0, -W, 0]] with W the weights
    sqrt(n_i/ambient); solving from the bottom up bounds each block of the inverse by a product of norms.
    """
    if not manifold.sizes:  # no multipliers: J is the Hessian
        return 1 / softest
    normals = manifold.normals(x)
    shifts = jnp.repeat(
        manifold.multipliers(x, jet.gradient),
        np.asarray(manifold.sizes),
        total_repeat_length=manifold.ambient,
    )
    image = jet.hessian @ normals - shifts[:, None] * normals
    inner = normals.T @ image
    mixed = jnp.linalg.norm(image - normals @ inner)
    tangent = 1 / softest
    weight = (manifold.ambient / min(manifold.sizes)) ** 0.5
    zero = jnp.zeros(())
    corner = weight**2 * (jnp.linalg.norm(inner) + tangent * mixed**2)
    rows = [
        [tangent, zero, weight * tangent * mixed],
        [zero, zero, weight + zero],
        [weight * tangent * mixed, weight + zero, corner],
    ]
    return jnp.linalg.norm(jnp.stack([jnp.stack(row) for row in rows]))


def _kantorovich(
    manifold: Manifold,
    x: Float[Array, " ambient"],
    jet: Jet,
    softest: Float[Array, ""],
    variation: Float[Array, ""] | float,
    rounding: float,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Existence and uniqueness radius; the existence radius is infinite if the theorem doesn't apply.

    Args:
        rounding: what the gradient, per sqrt(ambient), may hide. Without it a gradient that happens to round
            to zero makes a point of anything on a continuous set, where ``softest`` is round-off.
    """
    rho = manifold.ambient**0.5
    squares = [x[part] @ x[part] / size for part, size in manifold.parts()]
    lengths = jnp.stack(squares) if squares else jnp.zeros(0)
    constraint = jnp.asarray(manifold.sizes) / manifold.ambient * (1 - lengths) / 2
    residual = jnp.sqrt(
        jnp.sum(manifold.project(x, jet.gradient) ** 2) / manifold.ambient + jnp.sum(constraint**2)
    )
    residual = residual + rounding
    beta = _inverse_bound(manifold, x, jet, softest)
    eta = beta * residual
    lipschitz = rho * variation + 2**0.5
    h = beta * lipschitz * eta
    root = jnp.sqrt(jnp.maximum(1 - 2 * h, 0.0))
    # 2 eta/(1 + root) is the existence radius without the cancellation of 1 - root.
    existence = jnp.where(h <= 0.5, 2 * eta / (1 + root), jnp.inf)
    return existence, jnp.minimum((1 + root) / (beta * lipschitz), LARGEST_RADIUS)


@partial(jax.jit, static_argnames=("landscape",))
def _classify_batch(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[Array, "batch ambient"],
    variation: Float[Array, ""] | float,
) -> tuple[Array, ...]:
    """The columns of `CriticalPoints`, in its order, but for the last two: isolated points have no orbits."""
    manifold = landscape.manifold
    scale = landscape.gradient_scale * manifold.ambient**0.5
    rounding = float(np.finfo(np.float64).eps) * landscape.gradient_scale

    def classify_one(x: Float[Array, " ambient"]):
        for _ in range(POLISHING_STEPS):
            step = newton_step(landscape, couplings, x, max_step=LARGEST_RADIUS)
            x = jnp.where(jnp.isfinite(step.length), step.point, x)
        jet = landscape.jet(couplings, x)
        # A normal eigenvalue above the Frobenius norm sorts last and leaves the tangent spectrum in front.
        normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
        matrix = manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)
        spectrum = jnp.linalg.eigvalsh(matrix)[: manifold.dimension]
        gradient_norm = jnp.linalg.norm(manifold.project(x, jet.gradient))
        softest = jnp.min(jnp.abs(spectrum))
        existence, uniqueness = _kantorovich(manifold, x, jet, softest, variation, rounding)
        sound = (existence < uniqueness) & (gradient_norm <= GRADIENT_TOLERANCE * scale)
        return (
            x,
            jet.value / manifold.ambient,
            jnp.sum(spectrum < 0),
            spectrum,
            x @ jet.gradient / manifold.ambient,
            gradient_norm,
            existence,
            uniqueness,
            (~sound).astype(jnp.int64),
        )

    return jax.vmap(classify_one)(points)


def classify(
    landscape: Landscape, couplings: Couplings, points: Float[np.ndarray, "points ambient"], variation: float
) -> CriticalPoints:
    """Polish and classify converged points.

    Args:
        variation: the landscape's `hessian_variation` for these couplings.

    Returns:
        One row per given point. `degenerate` is 1 where the radii can't separate the point from a neighbour
        in double precision, or where its gradient stays above 1e-10 sqrt(n) x the landscape's scale.
    """
    result = CriticalPoints.none(landscape.manifold)
    for first in range(0, len(points), BATCH):
        batch = points[first : first + BATCH]
        padded = np.concatenate([batch, np.repeat(batch[:1], BATCH - len(batch), axis=0)])
        found = _classify_batch(landscape, couplings, padded, variation)
        columns = [np.asarray(column)[: len(batch)] for column in found]
        none = np.zeros(len(batch), dtype=np.int64)
        result = result.extend(CriticalPoints(*[*columns, none, none]))
    return result

"""How fast the Hessian of any landscape changes, sampled: for models that know no bound."""

from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.runtime.keys import generator

POINTS, MARGIN = 32, 2.0
"""Random points at which third derivatives are taken, and by how much their largest is exceeded elsewhere.
Arbitrary."""


class _Smooth(Protocol):
    """What is asked of a landscape here."""

    @property
    def manifold(self) -> Manifold: ...
    def jet(self, couplings: Any, x: Float[Array, " ambient"], /) -> Any: ...


def sampled_variation(landscape: _Smooth, couplings: Any) -> float:
    """MARGIN x the largest rate at which the Hessian changes at random points: no bound, for it may change
    faster between them."""
    points = landscape.manifold.random_points(generator("hessian variation"), POINTS)
    return MARGIN * float(_largest_rate(landscape, couplings, points))


@partial(jax.jit, static_argnames=("landscape",))
def _largest_rate(
    landscape: _Smooth, couplings: Any, points: Float[np.ndarray, "points ambient"]
) -> Float[Array, ""]:
    """At each point a bound over all directions: |sum_i v_i A_i| <= sqrt(sum_i |A_i|^2) for a unit v."""

    def rate(x: Float[Array, " ambient"]) -> Float[Array, ""]:
        third = jax.jacfwd(lambda y: landscape.jet(couplings, y).hessian)(x)
        return jnp.sqrt(jnp.sum(jnp.linalg.norm(third, ord=2, axis=(0, 1)) ** 2))

    return jnp.max(jax.lax.map(rate, points))

"""What must hold for any landscape, tried at a few points: for models whose authors we don't know.

H may come with derivatives by hand, its couplings from anywhere, its manifold from a file: two routes to one
number, where they differ, say so before a census does.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.keys import generator

POINTS = 3
TOLERANCE = 1e-8
"""Of derivatives relative to the largest of their kind: a thousand times what round-off leaves of them."""


def check_landscape(landscape: Landscape, seed: int) -> None:
    """Try one instance.

    Raises:
        ValueError: couplings aren't a function of seed and number, the gradient or the Hessian isn't the
            derivative of the value, or moving by nothing leaves a point; the text says which.
    """
    couplings = landscape.sample(seed, 0)
    if not _same(couplings, landscape.sample(seed, 0)):
        raise ValueError(f"{landscape.name}: sample: drawn twice for one seed and number, couplings differ")
    if _same(couplings, landscape.sample(seed, 1)):
        raise ValueError(f"{landscape.name}: sample: landscapes 0 and 1 have the same couplings")
    manifold = landscape.manifold
    derivatives = jax.jit(partial(_derivatives, landscape))  # one program, not a hundred of an operation each
    for x in manifold.random_points(generator("check", landscape.name), POINTS):
        _check_derivatives(landscape, derivatives, couplings, x)
        still = np.asarray(manifold.retract(jnp.asarray(x), jnp.zeros(len(x))))
        if not np.allclose(still, x, rtol=0, atol=TOLERANCE):
            raise ValueError(f"{landscape.name}: manifold: retract(x, 0) isn't x")


def _derivatives(landscape: Landscape, couplings: Couplings, x: jax.Array) -> dict[str, tuple[Any, Any, Any]]:
    """Two routes to each derivative, and that of automatic differentiation."""
    jet = landscape.jet(couplings, x)
    value, gradient = landscape.value_and_gradient(couplings, x)
    return {
        "value": (jet.value, value, landscape.value(couplings, x)),
        "gradient": (jet.gradient, gradient, jax.grad(landscape.value, argnums=1)(couplings, x)),
        "Hessian": (jet.hessian, jet.hessian.T, jax.hessian(landscape.value, argnums=1)(couplings, x)),
    }


def _check_derivatives(
    landscape: Landscape, derivatives: Callable[..., dict[str, Any]], couplings: Couplings, point: np.ndarray
) -> None:
    found = derivatives(couplings, jnp.asarray(point))
    for what in ("value", "gradient", "Hessian"):
        one, other, exact = map(np.asarray, found[what])
        size = float(np.max(np.abs(exact)))
        off = max(float(np.max(np.abs(each - exact))) for each in (one, other))
        if not off <= TOLERANCE * max(size, 1e-300):
            raise ValueError(
                f"{landscape.name}: {what}: off by {off:.3g} from the derivative of value, where it is up "
                f"to {size:.3g}"
            )


def _same(one: Any, other: Any) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)

"""Step control of embedded Runge-Kutta pairs (Hairer, Norsett and Wanner, Solving Ordinary Differential
Equations I, II.4)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

SAFETY, SHRINK, GROW = 0.9, 0.2, 5.0
"""How far below the estimated best step to stay, and bounds of the factor between two steps: customary."""


def next_step(
    step: Float[Array, " lanes"], error: Float[Array, " lanes"], best: Float[Array, " lanes"]
) -> Float[Array, " lanes"]:
    """The step to try after one of this length, whether it was taken or not.

    Args:
        error: that was estimated. An undefined one must shrink the step and not become it.
        best: the factor between the steps at which the error would just be tolerated.
    """
    factor = jnp.where(jnp.isfinite(error), SAFETY * best, SHRINK)
    return step * jnp.clip(factor, SHRINK, GROW)

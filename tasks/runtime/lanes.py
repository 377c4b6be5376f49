"""Many starts at once, each in a lane of its own: a lane that ends takes the next start."""

from jaxtyping import Bool, Int

from morsecensus.tasks.runtime.lazy_jax import Array, jnp

LANES = 64
"""Measured on a CPU: the working set of 64 lanes stays in the second-level cache up to n = 20."""


def choose(mask: Bool[Array, " lanes"], yes: Array, no: Array) -> Array:
    """`where` for arrays whose first axis is the lane."""
    return jnp.where(mask.reshape(mask.shape + (1,) * (yes.ndim - 1)), yes, no)


def refill(
    ended: Bool[Array, " lanes"], start: Int[Array, " lanes"], upcoming: Int[Array, ""]
) -> tuple[Int[Array, " lanes"], Int[Array, ""]]:
    """The numbers of the starts in all lanes, and of the first that is left, once those that have ended took
    the next ones."""
    return jnp.where(ended, upcoming + jnp.cumsum(ended) - 1, start), upcoming + jnp.sum(ended)

"""A curve of low cost between two runs: a quadratic Bezier curve whose bend is trained.

w(t) = (1 - t)^2 w_0 + 2 t (1 - t) b + t^2 w_1; the bend b begins half way and is moved down the mean cost
over the curve by SGD, a uniform t and a batch at each step (T. Garipov et al., arXiv:1802.10026). No unit is
permuted, and the ends stay where they are.
"""

import functools
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.forward import cost, held
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

PART = 10**6
"""Numbers of examples that are drawn at once."""
PIECES = 1000
"""Of a curve, whose chords add up to its length."""

Weights = Float[np.ndarray, " weights"]
_gradient = jax.grad(cost, argnums=1)


def on_curve(one: Any, bend: Any, two: Any, t: Any) -> Any:
    """The weights at a place t, 0 to 1."""
    return (1 - t) ** 2 * one + 2 * t * (1 - t) * bend + t**2 * two


def curve_length(one: Weights, bend: Weights, two: Weights) -> float:
    """Over the distance of its ends: 1 is straight; NaN if they are one."""
    chord = two - one
    # w' = 2 ((1 - t) (b - w_0) + t (w_1 - b)), at the middle of each piece
    middle = (np.arange(PIECES) + 0.5) / PIECES
    first, second = bend - one, two - bend
    square = (
        (1 - middle) ** 2 * (first @ first)
        + 2 * middle * (1 - middle) * (first @ second)
        + middle**2 * (second @ second)
    )
    whole = np.linalg.norm(chord)
    return float(2 * np.sqrt(square).mean() / whole) if whole else float("nan")


@functools.partial(jax.jit, static_argnums=0)
def _bends(net: Net, bend: Any, ends: Any, x: Any, targets: Any, order: Any, times: Any, rate: Any) -> Any:
    def step(number: Any, now: Any) -> Any:
        t, chosen = times[number], order[number]
        slope = _gradient(net, on_curve(ends[0], now, ends[1], t), x[chosen], targets[chosen])
        return now - rate * 2 * t * (1 - t) * slope

    return jax.lax.fori_loop(0, len(times), step, bend)


def train_bend(
    options: NetworkOptions,
    one: Weights,
    two: Weights,
    examples: np.ndarray,
    targets: np.ndarray,
    source: np.random.Generator,
) -> Weights:
    """The bend of a curve from one run to another, after `NetworkOptions.curve` steps of the run's rate and
    batch, in its precision."""
    dtype = np.dtype(options.precision)
    x = held(examples, dtype)
    goals, rate = jnp.asarray(targets, dtype), jnp.asarray(options.rate, dtype)
    ends, bend = (jnp.asarray(one, dtype), jnp.asarray(two, dtype)), jnp.asarray((one + two) / 2, dtype)
    part = max(PART // options.batch_size, 1)
    for first in range(0, options.curve, part):
        steps = min(part, options.curve - first)
        order = source.integers(len(x), size=(steps, options.batch_size)).astype(np.int32)
        times = jnp.asarray(source.random(steps), dtype)
        bend = _bends(options.net, bend, ends, x, goals, order, times, rate)
    return np.asarray(bend).astype(np.float64)

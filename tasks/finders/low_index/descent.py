"""Batched descents that stop at a gradient norm of their own, in a pool of lanes that never idles.

A descent stopped early hands Newton a place in the valleys, where it goes to a minimum or to a saddle of low
index near by; stopped late, to the minimum below. Steps have the length of Barzilai and Borwein (IMA J.
Numer. Anal. 8 (1988) 141) if H then falls as Armijo asks, and shrink otherwise; so an iteration costs one
gradient, and H falls all the way.

Lanes stand in the last axis: the contractions of all lanes are one matrix product, and what is done lane by
lane runs along memory. Where only a valley is looked for they run in single precision, which takes three
fifths of the time and as many gradients.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import refill

LANES = 128
"""Measured at N = 60 and 100: more lanes no longer speed up the matrix product."""
ARMIJO = 1e-4
SHRINK = 0.4
ROUND_OFF = 50
"""Of H's last digit: near the bottom a step decreases it by less than that."""
SHORTEST, LONGEST = 0.1, 20.0
"""Steps in units of the inverse curvature scale: along the soft modes the inverse curvature is about ten."""
FAR = 0.3
"""No step is longer than this times sqrt(ambient): beyond, a landscape of degree 3 has turned."""


class Reached(NamedTuple):
    """Where descents stopped. ``gradient_norm`` is that of the Riemannian gradient of the extensive H;
    ``trials`` counts gradients."""

    points: Float[Array, "starts ambient"]
    gradient_norm: Float[Array, " starts"]
    trials: Int[Array, " starts"]


class _Place(NamedTuple):
    x: Float[Array, "ambient lanes"]
    value: Float[Array, " lanes"]
    gradient: Float[Array, "ambient lanes"]


class _Pool(NamedTuple):
    at: _Place
    step: Float[Array, " lanes"]
    peak: Float[Array, " lanes"]
    trials: Int[Array, " lanes"]
    start: Int[Array, " lanes"]
    next: Int[Array, ""]
    reached: Reached


def _along(lanes: Float[Array, "ambient lanes"], other: Float[Array, "ambient lanes"]) -> Array:
    return jnp.sum(lanes * other, axis=0)


def _spectral_step(old: _Place, new: _Place, step: Array, shortest: float, longest: float) -> Array:
    """|s|^2/(s.y), s the way and y the change of the gradient; twice the last step where H bends down."""
    way, change = new.x - old.x, new.gradient - old.gradient
    bend = _along(way, change)
    length = jnp.where(bend > 0, _along(way, way) / jnp.where(bend > 0, bend, 1.0), 2 * step)
    return jnp.clip(length, shortest, longest)


@partial(jax.jit, static_argnames=("landscape", "max_trials", "lanes", "fallen", "longest"))
def descend_to(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[Array, "starts ambient"],
    targets: Float[Array, " starts"],
    max_trials: int,
    lanes: int = LANES,
    fallen: float = 1.0,
    longest: float = LONGEST,
) -> Reached:
    """Descend from each start until the norm of the Riemannian gradient of the extensive H is below its
    target, and below the share ``fallen`` of the largest on the way; or until ``max_trials`` gradients were
    taken. A start beside a saddle is below any target at once; one whose target is
    infinite stops there.

    All is computed in the precision of ``starts``."""
    manifold = landscape.manifold
    count, ambient = starts.shape
    lanes, kind = min(lanes, count), starts.dtype
    slack_share = ROUND_OFF * float(jnp.finfo(kind).eps)
    targets = targets.astype(kind)
    couplings = jax.tree.map(lambda leaf: leaf.astype(kind), couplings)
    unit = 1 / landscape.curvature_scale
    shortest, most, far = SHORTEST * unit, longest * unit, FAR * ambient**0.5

    def look_one(x: Float[Array, " ambient"]) -> tuple[Array, Array]:
        value, gradient = landscape.value_and_gradient(couplings, x)
        return value.astype(kind), manifold.project(x, gradient).astype(kind)

    def look(x: Float[Array, "ambient lanes"]) -> _Place:
        value, gradient = jax.vmap(look_one, in_axes=1, out_axes=(0, 1))(x)
        return _Place(x, value, gradient)

    retract = jax.vmap(manifold.retract, in_axes=1, out_axes=1)

    def iterate(pool: _Pool) -> _Pool:
        at = pool.at
        slope = _along(at.gradient, at.gradient)
        norm = jnp.sqrt(slope)
        step = jnp.minimum(pool.step, far / norm)
        peak = jnp.maximum(pool.peak, norm)
        target = targets[pool.start]
        low = (norm <= target) & ((norm <= fallen * peak) | jnp.isinf(target))
        ended = low | (pool.trials >= max_trials) | ~jnp.isfinite(at.value)
        ended = ended & (pool.start < count)
        slot = jnp.where(ended, pool.start, count)
        reached = Reached(
            pool.reached.points.at[slot].set(at.x.T, mode="drop"),
            pool.reached.gradient_norm.at[slot].set(norm, mode="drop"),
            pool.reached.trials.at[slot].set(pool.trials, mode="drop"),
        )
        start, upcoming = refill(ended, pool.start, pool.next)
        fresh = starts[jnp.minimum(start, count - 1)].T
        new = look(jnp.where(ended[None], fresh, retract(at.x, -step[None] * at.gradient)))
        slack = slack_share * jnp.abs(at.value)
        enough = new.value <= at.value - ARMIJO * step * slope + slack
        taken = ended | enough
        best = _spectral_step(at, new, step, shortest, most)
        following = jnp.where(ended, unit, jnp.where(enough, best, SHRINK * step))
        place = _Place(
            jnp.where(taken[None], new.x, at.x),
            jnp.where(taken, new.value, at.value),
            jnp.where(taken[None], new.gradient, at.gradient),
        )
        peak = jnp.where(ended, 0.0, peak)
        trials = jnp.where(ended, 1, pool.trials + 1)
        return _Pool(place, following, peak, trials, start, upcoming, reached)

    whole = jnp.zeros(count, jnp.int64)
    pool = _Pool(
        look(starts[:lanes].T),
        jnp.full(lanes, unit, kind),
        jnp.zeros(lanes, kind),
        jnp.ones(lanes, jnp.int64),
        jnp.arange(lanes),
        jnp.asarray(lanes),
        Reached(jnp.zeros_like(starts), jnp.zeros(count, kind), whole),
    )
    return jax.lax.while_loop(lambda pool: jnp.any(pool.start < count), iterate, pool).reached


def valleys(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    targets: Float[np.ndarray, " starts"],
    max_trials: int,
) -> Float[np.ndarray, "starts ambient"]:
    """Where descents in single precision come to their targets (`descend_to`), on the manifold to double
    precision: starts for Newton."""
    with jax.default_matmul_precision("highest"):  # accelerators drop digits of single precision unless told
        reached = descend_to(landscape, couplings, starts.astype(np.float32), targets, max_trials)
    return landscape.manifold.on_spheres(np.asarray(reached.points, dtype=np.float64))

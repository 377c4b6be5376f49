"""Gradient flow on one landscape: from its starts past the given times to a minimum each."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from morsecensus.tasks.finders.multistart.descent import descend
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes.base import Couplings, Landscape, build
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.classify import classify
from morsecensus.tasks.points.converge import converge
from morsecensus.tasks.records.facts import BATCH, MINIMUM, OPEN, SADDLE, is_planted
from morsecensus.tasks.runtime.compiled import forget_other_cells
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.trajectories.gradient_flow import flow, starts_at_overlap

NEAR = 1e-6
"""Gradient norm, in units of sqrt(n) times the landscape's scale, from which Newton takes over."""
MOST_TRIALS = 20_000
NEWTON_STEPS = 20


def planted_direction(landscape: Landscape) -> Float[np.ndarray, "directions ambient"]:
    """The signal x*, of length sqrt(n), as a row; no row for a landscape without one."""
    directions = np.zeros((int(is_planted(landscape)), landscape.manifold.ambient))
    directions[:, 0] = landscape.manifold.ambient**0.5
    return directions


def flow_landscape(spec: Mapping[str, Any], instance: int) -> dict[str, np.ndarray]:
    """Flow from the starts of one landscape.

    Args:
        spec: ``model``, ``parameters``, ``n``, ``seed``; ``starts``, how many; ``overlap`` of the starts with
            the signal, None for uniform ones; ``times`` to look at, increasing.
        instance: the landscape id, as in a study.

    Returns:
        ``energy``, ``correlation`` with the start and, with a signal, ``overlap``, shape (starts, times), NaN
        where a flow did not get to; and of the ends, shape (starts,), ``end`` (place in ENDS),
        ``end_energy``, ``end_overlap``, ``end_softest`` (lowest Hessian eigenvalue) and ``moved``, how far
        they are from the flow's last point per sqrt(n).

    Raises:
        ValueError: of the model, or if starts are to overlap with a signal that isn't there.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    forget_other_cells(landscape)
    drawn, exponent = normalised(landscape, landscape.sample(spec["seed"], instance))
    couplings = jax.tree.map(jnp.asarray, drawn)
    directions = planted_direction(landscape)
    starts = _starts(landscape, spec, instance, directions)
    # In another unit of H the flow is the same at another pace.
    times = np.ldexp(np.asarray(spec["times"], dtype=np.float64), exponent)
    batches = [
        _flow_batch(landscape, couplings, starts[first : first + BATCH], times, directions, exponent)
        for first in range(0, len(starts), BATCH)
    ]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _starts(
    landscape: Landscape,
    spec: Mapping[str, Any],
    instance: int,
    directions: Float[np.ndarray, "directions ambient"],
) -> Float[np.ndarray, "starts ambient"]:
    manifold = landscape.manifold
    draw = generator(spec["seed"], landscape.name, manifold.ambient, instance, "flow")
    if spec["overlap"] is None:
        return manifold.random_points(draw, spec["starts"])
    assert isinstance(manifold, ProductOfSpheres), "signals live on spheres"
    return starts_at_overlap(manifold, draw, spec["starts"], directions[0], spec["overlap"])


def _flow_batch(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    times: Float[np.ndarray, " times"],
    directions: Float[np.ndarray, "directions ambient"],
    exponent: int,
) -> dict[str, np.ndarray]:
    """What `flow_landscape` returns of some starts; couplings and times are those of H / 2^exponent."""
    passed = flow(landscape, couplings, starts, times, directions)
    points = np.asarray(passed.points)
    found = {
        "energy": np.ldexp(passed.energy, exponent),
        "correlation": np.asarray(passed.correlation),
    } | _minima(landscape, couplings, points, directions, exponent)
    if len(directions):
        found["overlap"] = np.asarray(passed.overlap)[:, :, 0]
    return found


def _minima(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[np.ndarray, "starts ambient"],
    directions: Float[np.ndarray, "directions ambient"],
    exponent: int,
) -> dict[str, np.ndarray]:
    """Where descent and Newton take the last points of a flow."""
    count, ambient = points.shape
    target = NEAR * landscape.gradient_scale * ambient**0.5
    steps = np.full(count, MOST_TRIALS)
    down = descend(landscape, couplings, points, np.ones(count), steps, target, MOST_TRIALS)
    low = np.asarray(down.points)
    hits = converge(landscape, couplings, low, NEWTON_STEPS, 0.05)
    ends = classify(landscape, couplings, hits.points, landscape.hessian_variation(couplings))
    # Newton goes to any critical point nearby, and is trusted only where it hardly moves.
    stayed = np.linalg.norm(ends.points - low, axis=1) < 0.01 * ambient**0.5
    sound = (hits.outcomes == CONVERGED) & stayed & (ends.degenerate == 0)
    found = {
        "end": np.where(sound, np.where(ends.index == 0, MINIMUM, SADDLE), OPEN),
        "end_energy": np.where(sound, np.ldexp(ends.energy, exponent), np.nan),
        "end_softest": np.where(sound, np.ldexp(ends.spectrum[:, 0], exponent), np.nan),
        "moved": np.linalg.norm(low - points, axis=1) / ambient**0.5,
    }
    if len(directions):
        overlap = ends.points @ directions[0] / ambient
        found["end_overlap"] = np.where(sound, overlap, low @ directions[0] / ambient)
    return found

"""Escapes on one landscape: its saddles of low index, and how long gradient flow takes to leave each."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.choose import FINDERS
from morsecensus.tasks.landscapes.base import Couplings, Landscape, build
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.runtime.compiled import forget_other_cells
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.trajectories.escapes import STEP, escape_times

SOFTEST = 0.01
"""Of the largest absolute curvature: saddles with no more than that to fall along aren't kicked, for their
escapes take thousands of steps. Arbitrary; it looks at the curvatures alone, so it biases no time."""
LATEST = 40.0
"""Escape times, in units of 1/rate, that are waited for beyond log(distance/kick): one kick in e^40 takes
longer."""


def escapes_of(spec: Mapping[str, Any], instance: int) -> dict[str, np.ndarray]:
    """Kick the saddles of one landscape.

    Args:
        spec: ``model``, ``parameters``, ``n``, ``seed``; ``search``, a finder and its options; ``saddles``,
            most of each index; ``max_index``; ``kicks`` of each ``radii``, tangent Gaussian vectors of that
            rms length; ``distance`` at which a run has left; both in units of sqrt(ambient).
        instance: the landscape id.

    Returns:
        ``index``, -1 where there is no saddle, and ``energy``, shape (saddles,); ``spectrum``, shape
        (saddles, dimension); ``time``, shape (saddles, radii, kicks), NaN of escapes not seen to their end.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    forget_other_cells(landscape)
    drawn = landscape.sample(spec["seed"], instance)
    finder = FINDERS[spec["search"]["finder"]]
    asked = {**spec, "finder_options": spec["search"]["options"]}
    points, classes = finder.census(asked, landscape, drawn, instance).points()
    draw = generator(spec["seed"], landscape.name, landscape.manifold.ambient, instance, "escapes")
    rows = _chosen(points, classes, spec["max_index"], spec["saddles"], draw)
    couplings = jax.tree.map(jnp.asarray, drawn)
    found = _unknown(spec, landscape.manifold.dimension)
    for place, row in enumerate(rows):
        found["index"][place], found["energy"][place] = points.index[row], points.energy[row]
        found["spectrum"][place] = points.spectrum[row]
        found["time"][place] = _times(spec, landscape, couplings, points.take(np.array([row])), draw)
    return found


def _unknown(spec: Mapping[str, Any], dimension: int) -> dict[str, np.ndarray]:
    room = spec["saddles"] * spec["max_index"]
    return {
        "index": np.full(room, -1, dtype=np.int32),
        "energy": np.full(room, np.nan),
        "spectrum": np.full((room, dimension), np.nan),
        "time": np.full((room, len(spec["radii"]), spec["kicks"]), np.nan),
    }


def _times(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    saddle: CriticalPoints,
    draw: np.random.Generator,
) -> Float[np.ndarray, "radii kicks"]:
    """Of one saddle."""
    manifold, radii = landscape.manifold, np.asarray(spec["radii"])
    rates, point = saddle.spectrum[0], jnp.asarray(saddle.points[0])
    step = STEP / np.abs(rates).max()
    noise = draw.standard_normal((len(radii), spec["kicks"], manifold.ambient))
    # A projected normal vector has as many components as the manifold has dimensions.
    kicks = noise * (radii * math.sqrt(manifold.ambient / manifold.dimension))[:, None, None]
    tangent = jax.vmap(lambda kick: manifold.project(point, kick))(kicks.reshape(-1, manifold.ambient))
    longest = (math.log(spec["distance"] / radii.min()) + LATEST) / -rates[0]
    most = math.ceil(longest / step)
    times = escape_times(landscape, couplings, point, tangent, spec["distance"], step, most)
    return np.asarray(times).reshape(len(radii), spec["kicks"])


def _chosen(
    points: CriticalPoints,
    classes: Int[np.ndarray, " points"],
    highest: int,
    most: int,
    draw: np.random.Generator,
) -> list[int]:
    """Rows of saddles of each index, one of a class, in a random order, at most so many."""
    sharp = points.spectrum[:, 0] < -SOFTEST * np.abs(points.spectrum).max(axis=1)
    rows: list[int] = []
    for index in range(1, highest + 1):
        own = np.flatnonzero((points.index == index) & (points.degenerate == 0) & sharp)
        own = own[np.unique(classes[own], return_index=True)[1]]
        rows += draw.permutation(own)[:most].tolist()
    return rows

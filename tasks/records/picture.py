"""One landscape as a picture of it needs it, JSON-ready: what a worker does for the command ``explore``.

On a sphere of two dimensions that is also H on a mesh and the gradient lines between the points; elsewhere
points, boundaries and pairs are all.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from morsecensus.tasks.geometry.mesh import mesh
from morsecensus.tasks.landscapes.base import Couplings, Landscape, build
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import REASONS, STATUSES, TOPOLOGIES
from morsecensus.tasks.points.census import Census, census_of
from morsecensus.tasks.records.found import found_of
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.topology.connections import branches
from morsecensus.tasks.topology.views import view
from morsecensus.tasks.trajectories.lines import LOST

VERTICES = 10_000
"""Of the mesh: edges of 2 degrees, with less than 100 kB in a page."""
DRAWN = 48
"""Points of a gradient line that are kept."""


def pictures(
    spec: Mapping[str, Any], first: int, count: int, scatter: Scatter | None = None
) -> dict[str, Any]:
    """`picture_of_one` of consecutive landscapes, under ``pictures``; and under ``mesh`` the ``vertices`` and
    ``faces`` that those of two dimensions have, None elsewhere."""
    found = [picture_of_one(spec, first + k, scatter) for k in range(count)]
    if not found or "mesh" not in found[0]:
        return {"mesh": None, "pictures": found}
    vertices, faces = mesh(VERTICES)
    return {"mesh": {"vertices": vertices.tolist(), "faces": faces.tolist()}, "pictures": found}


def picture_of_one(spec: Mapping[str, Any], instance: int, scatter: Scatter | None = None) -> dict[str, Any]:
    """Find and connect the points of one landscape of a cell, and evaluate it on a mesh of its sphere.

    Args:
        spec: of the cell, on one sphere; its topology is computed whatever it says of that.
        instance: the landscape id.

    Returns:
        ``energy`` and ``index`` of all points in the order of the filtration; ``boundary`` (degree -> pairs
        of rows), ``degrees`` whose classes are known, ``pairs`` (dim, row of birth, row of death or -1),
        ``outcome`` and ``why``; for two dimensions also ``position`` of the points, ``mesh`` (energies
        at the vertices) and ``lines`` (``saddle``, ``end`` and ``path`` of each), on the unit sphere.
        Energies are per spin.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    couplings = landscape.sample(spec["seed"], instance)
    found = found_of({**spec, "topology": True}, landscape, couplings, instance, scatter)
    topology, ledger = found.topology, found.census.ledger
    record = {
        "n": spec["n"],
        "dimension": landscape.manifold.dimension,
        "landscape": instance,
        "status": STATUSES[ledger.status],
        "reason": REASONS[ledger.reason],
        "outcome": TOPOLOGIES[topology.outcome],
        "why": topology.why,
        "energy": found.points.energy.tolist(),
        "index": found.points.index.tolist(),
        "boundary": {str(k): arcs.tolist() for k, arcs in topology.complex.boundary.items()},
        "degrees": np.flatnonzero(topology.exact).tolist(),
        "pairs": np.stack([topology.pairs.dim, topology.pairs.birth, topology.pairs.death], axis=1).tolist(),
    }
    if landscape.manifold.dimension == 2:
        record["position"] = (found.points.points / landscape.manifold.ambient**0.5).tolist()
        record["mesh"] = _on_mesh(landscape, couplings)
        record["lines"] = [] if topology.why else _lines(found.census, couplings)
    return record


def _on_mesh(landscape: Landscape, couplings: Couplings) -> list[float]:
    vertices, _ = mesh(VERTICES)
    radius = landscape.manifold.ambient**0.5
    energy = jax.jit(jax.vmap(landscape.value, (None, 0)))(couplings, radius * vertices)
    return (np.asarray(energy) / landscape.manifold.ambient).tolist()


def _lines(census: Census, couplings: Couplings) -> list[dict[str, Any]]:
    """Both branches of each saddle down to minima, and of each up to maxima, as far as they were followed."""
    landscape = census.landscape
    couplings, exponent = normalised(landscape, couplings)
    points, _ = census_of(census, -exponent).points()
    lines = []
    for sign in (1, -1):
        seen = view(landscape, couplings, points, sign)
        found = branches(seen, tracks=True)
        saddles, ends = np.tile(found.saddles, 2), found.paths.arrival
        for row in np.flatnonzero(ends != LOST).tolist():
            saddle, end, track = int(saddles[row]), int(ends[row]), found.paths.track
            middle = track.point[row][np.isfinite(track.height[row])]
            path = _drawn(np.concatenate([points.points[[saddle]], middle, points.points[[end]]]))
            lines.append({"saddle": saddle, "end": end, "path": path.tolist()})
    return lines


def _drawn(path: Float[np.ndarray, "steps ambient"]) -> Float[np.ndarray, "kept ambient"]:
    """A path on the unit sphere, at points that are about equally far apart."""
    length = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    places = np.linspace(0, length[-1], DRAWN)
    kept = np.stack([np.interp(places, length, column) for column in path.T], axis=1)
    return kept / np.linalg.norm(kept, axis=1, keepdims=True)

"""The body `threshold`: the states that flow without signal gets to, and outliers of their Hessians."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.bodies.rows import Arrays, landscape_table, number, stacked, status
from morsecensus.tasks.records.facts import EIGENVECTORS_SECONDS, FLOW_SECONDS, HESSIAN_SECONDS, noise_of
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """The threshold states of all landscapes of one block, as `TABLE` declares them."""
    from morsecensus.tasks.records.threshold import threshold_states  # JAX

    del scatter
    return {"landscape": stacked(_row(threshold_states(spec, k)) for k in instances(spec, block))}


def _row(found: Arrays) -> Arrays:
    starts = found["energy"].size
    counts = {"n_points": 0, "n_starts": starts, "status": int(not np.isfinite(found["energy"]).all())}
    return {name: np.asarray(value) for name, value in counts.items()} | found


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    landscape = noise_of(spec)
    # One point after another: a few matrices, beside the starts.
    working = 8 * (8 * landscape.n**2 + 16 * spec["starts"] * landscape.n)
    flowing = landscape.coupling_bytes() * (FLOW_SECONDS * spec["until"] + HESSIAN_SECONDS)
    spectrum = EIGENVECTORS_SECONDS * landscape.n**3
    return {
        "rows_bound": 0,
        "memory_bytes": 300 * 2**20 + 3 * landscape.coupling_bytes() + working,
        "expected_points": 0.0,
        "seconds_per_landscape": spec["starts"] * (flowing + len(spec["strengths"]) * spectrum),
        "sizes": {"start": spec["starts"], "strength": len(spec["strengths"])},
        "tables": [TABLE],
    }


AT_STRENGTHS, AT_START = ("start", "strength"), ("start",)
TABLE = landscape_table(
    status("whether all flows reached the time"),
    number("n_points", "critical points: none is looked for", dtype="i8", failed=0, total=True),
    number("n_starts", "starts", dtype="i8", failed=0, total=True),
    number(
        "outlier",
        "lowest eigenvalue of the Hessian + D with the signal's term, over sqrt(xi''(1))",
        AT_STRENGTHS,
        portable=True,
    ),
    number(
        "vector_overlap", "squared overlap of its eigenvector with the signal", AT_STRENGTHS, portable=True
    ),
    number("radial_derivative", "radial derivative D of the energy", AT_START, portable=True),
    number("energy", "energy per spin", AT_START, portable=True),
)

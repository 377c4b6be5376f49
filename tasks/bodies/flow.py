"""The body `flow`: gradient flow on the landscapes of a block, and what comes out of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.bodies.rows import (
    Arrays,
    RowTable,
    landscape_table,
    number,
    stacked,
    status,
)
from morsecensus.tasks.measurables.base import words
from morsecensus.tasks.records.facts import BATCH, DESCENT_SECONDS, ENDS, FLOW_SECONDS, OPEN, is_planted
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """Flow on all landscapes of one block: columns with a row a landscape, as `table` declares them."""
    from morsecensus.tasks.records.flow import flow_landscape  # JAX

    del scatter
    return {"landscape": stacked(_row(flow_landscape(spec, instance)) for instance in instances(spec, block))}


def _row(found: Arrays) -> Arrays:
    critical = found["end"] != OPEN
    counts = {"n_points": critical.sum(), "n_starts": critical.size, "status": int(not critical.all())}
    return {name: np.asarray(value) for name, value in counts.items()} | found


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    from morsecensus.tasks.landscapes.base import build

    landscape = build(spec["model"], spec["parameters"], spec["n"])
    planted = is_planted(landscape)
    if spec.get("overlap") is not None and not planted:
        raise ValueError(f"overlap: got {spec['overlap']} with model {spec['model']}, which has no signal")
    batch = min(BATCH, spec["starts"])
    # Newton and the classification hold a few matrices for each start of a batch.
    working = 8 * 8 * batch * landscape.manifold.ambient**2
    return {
        "rows_bound": 0,
        "memory_bytes": 300 * 2**20 + 3 * landscape.coupling_bytes() + working,
        "expected_points": float(spec["starts"]),
        "seconds_per_landscape": spec["starts"]
        * landscape.coupling_bytes()
        * (FLOW_SECONDS * spec["times"][-1] + DESCENT_SECONDS * landscape.manifold.ambient),
        "sizes": {"start": spec["starts"], "time": len(spec["times"])},
        "tables": [table(planted)],
        "attrs": {"even": landscape.parity == 1},
    }


AT_TIMES, AT_END = ("start", "time"), ("start",)
COLUMNS = (
    status("whether all starts ended in a critical point"),
    number("n_points", "starts that ended in a critical point", dtype="i8", failed=0, total=True),
    number("n_starts", "starts", dtype="i8", failed=0, total=True),
    number("energy", "energy per spin along the flow", AT_TIMES, portable=True),
    number("correlation", "overlap with the start along the flow", AT_TIMES, portable=True),
    number("end", "what a start ended in", AT_END, dtype="i1", attrs=words(ENDS)),
    number("end_energy", "energy per spin of the critical point at the end", AT_END),
    number("end_softest", "lowest eigenvalue of the Riemannian Hessian at the end", AT_END),
    number("moved", "distance of the end from the flow's last point, per sqrt(n)", AT_END),
)
"""Every one may be unknown: of a flow that stopped before its time, of a start that ended nowhere."""
OF_SIGNAL = (
    number("overlap", "overlap with the signal along the flow", AT_TIMES, portable=True),
    number("end_overlap", "overlap with the signal at the end", AT_END),
)


def table(planted: bool) -> RowTable:
    """The table of a cell, as a store declares it; ``planted``: of landscapes with a signal."""
    return landscape_table(*COLUMNS, *(OF_SIGNAL if planted else ()))

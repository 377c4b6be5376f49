"""The body `shares`: descents of a network's landscape, and where they end. A row is a run: the landscape is
the same for all, and each has a start of its own."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.bodies.rows import Arrays, RowTable, landscape_table, number, status
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter

BASE_MEMORY = 400 * 2**20
"""Of a process with JAX and its compiled code."""
HESSIANS = 12
"""Matrices of a Hessian's size that are there at once: the parts that it is made of, and its factors."""
SECONDS = 1e-6
"""Of a run, times k^2 m^2: 1,000 runs took 2.6 s of CPU time at k = m = 7, 9 at 10 and 47 at 15."""
LOSS_ZERO = 1e-10
"""Losses below are 0."""


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """All runs of one block: columns with a row a run, as `COLUMNS` declares them."""
    from morsecensus.tasks.records.shares import train  # JAX

    del scatter
    k, runs = spec["n"], instances(spec, block)
    ends, settled, families = train(spec, runs)
    units = ends.shape[1] // k
    rows = _unknown(len(runs), units, k)
    rows["status"] = (~settled).astype(np.int8)
    rows["weights"] = ends.reshape(-1, units, k)
    for family in families:
        at = family.members
        rows["loss"][at], rows["least_eigenvalue"][at] = family.loss, family.spectrum[0]
        rows["index"][at], rows["nullity"][at] = family.index, family.nullity
        rows["blocks"][at] = np.pad(family.blocks, (0, k - len(family.blocks)))
        rows["doubled_index"][at], rows["doubled_nullity"][at] = np.array(family.doubled).T
    return {"landscape": rows}


def _unknown(runs: int, units: int, k: int) -> Arrays:
    """Columns of runs that ended nowhere."""
    sizes = {"unit": units, "input": k}
    return {
        column["name"]: np.full(
            (runs, *(sizes[name] for name in column["dims"])),
            np.nan if column["dtype"].startswith("f") else -1,
            column["dtype"],
        )
        for column in COLUMNS
    }


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    from morsecensus.tasks.landscapes.base import build

    k, ambient = spec["n"], build(spec["model"], spec["parameters"], spec["n"]).manifold.ambient
    return {
        "rows_bound": 0,
        "memory_bytes": BASE_MEMORY + 8 * HESSIANS * ambient**2,
        "expected_points": None,
        "seconds_per_landscape": SECONDS * ambient**2,
        "sizes": {"unit": ambient // k, "input": k},
        "tables": [TABLE],
        "label": f"descents, m = {ambient // k}",
        "attrs": {"loss_zero": LOSS_ZERO},
    }


COLUMNS = (
    status("whether the run settled"),
    number("loss", "loss at the end", portable=True),
    number("least_eigenvalue", "lowest eigenvalue of the Hessian there", portable=True),
    number("index", "negative eigenvalues of the Hessian there", dtype="i4"),
    number("nullity", "eigenvalues of the Hessian there that are zero", dtype="i4"),
    number(
        "blocks",
        "sizes of the groups of teachers that may be exchanged at the end, descending, then 0",
        ("input",),
        dtype="i4",
    ),
    number("doubled_index", "index of the point that has this student twice", ("unit",), dtype="i4"),
    number("doubled_nullity", "nullity of the point that has this student twice", ("unit",), dtype="i4"),
    number("weights", "weights at the end", ("unit", "input")),
)
"""Every one may be unknown, of a run that ended nowhere. What depends on no label is that of one run of the
block that ended in the same minimum up to relabelling, found more precisely."""
TABLE: RowTable = landscape_table(*COLUMNS)
"""As a store declares it."""

"""The body `escapes`: how long gradient flow takes to leave saddles of low index after small kicks."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.bodies.rows import Arrays, RowTable, landscape_table, number, stacked, status
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.scatter import Scatter

BASE_MEMORY = 576 * 2**20
"""Of a worker that has loaded and compiled a finder."""
STEPS = 300
"""Typical number of steps of an escape."""
GRADIENT_SECONDS = 2e-12
"""Of a gradient, times the bytes of the couplings, with the kicks of a saddle side by side."""


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """Kick the saddles of all landscapes of one block: columns with a row a landscape, as `TABLE` declares
    them."""
    from morsecensus.tasks.records.escapes import escapes_of  # JAX

    del scatter
    return {"landscape": stacked(_row(escapes_of(spec, instance)) for instance in instances(spec, block))}


def _row(found: Arrays) -> Arrays:
    kicked = found["index"] > 0
    counts = {
        "status": int(np.isnan(found["time"][kicked]).any()),
        "n_saddles": kicked.sum(),
        "n_escapes": np.isfinite(found["time"]).sum(),
    }
    return {name: np.asarray(value) for name, value in counts.items()} | found


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell; ValueError if it cannot be."""
    from morsecensus.tasks.finders.choose import FINDERS
    from morsecensus.tasks.landscapes.base import build

    landscape = build(spec["model"], spec["parameters"], spec["n"])
    finder = FINDERS[spec["search"]["finder"]]
    needs = finder.effort(landscape, finder.options(**spec["search"]["options"]))
    manifold, runs = landscape.manifold, len(spec["radii"]) * spec["kicks"]
    room = spec["saddles"] * spec["max_index"]
    held = 8 * manifold.ambient * (needs.held + 16 * runs + 64 * manifold.ambient)
    looks = 4 * STEPS * runs * room
    return {
        "rows_bound": 0,
        "memory_bytes": int(BASE_MEMORY + 3 * landscape.coupling_bytes() + held),
        "expected_points": None,
        "seconds_per_landscape": needs.seconds + looks * GRADIENT_SECONDS * landscape.coupling_bytes(),
        "sizes": {
            "saddle": room,
            "radius": len(spec["radii"]),
            "kick": spec["kicks"],
            "eigenvalue": manifold.dimension,
        },
        "tables": [TABLE],
        "label": f"kicks of {', '.join(f'{radius:g}' for radius in spec['radii'])}",
    }


KICKS = ("saddle", "radius", "kick")
COLUMNS = (
    status("whether every kick was followed until it had left"),
    number("n_saddles", "saddles that were kicked", dtype="i8", failed=0, total=True),
    number("n_escapes", "escapes that were seen", dtype="i8", failed=0, total=True),
    number("index", "Morse index of the saddle", ("saddle",), dtype="i4", portable=True),
    number("energy", "energy per spin of the saddle", ("saddle",), portable=True),
    number(
        "spectrum",
        "eigenvalues of the Riemannian Hessian there, ascending",
        ("saddle", "eigenvalue"),
        portable=True,
    ),
    number("time", "time of gradient flow from the kick until the distance was reached", KICKS),
)
"""Every one may be unknown: of places without a saddle, of escapes that weren't seen to their end."""
TABLE: RowTable = landscape_table(*COLUMNS)
"""As a store declares it."""

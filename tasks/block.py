"""One unit of work: a JSON-ready spec and a block number in, plain arrays out. No I/O, no clock, no host.

What is measured, and what it means, is declared in `tasks.measurables`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.finders.choose import FINDERS, require_both_ends, topology_seconds
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.base import read_off
from morsecensus.tasks.measurables.words import OUTCOMES
from morsecensus.tasks.records.found import found_of, tables_of
from morsecensus.tasks.runtime.instances import instances
from morsecensus.tasks.runtime.lanes import LANES
from morsecensus.tasks.runtime.scatter import Scatter

Arrays = dict[str, np.ndarray]


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell.

    Returns:
        ``rows_bound``: no table of a block has more rows (an arc is a pair of points); ``memory_bytes``: peak
        memory of a worker; ``expected_points`` a landscape; ``seconds_per_landscape``: a rough guess;
        ``budget``: that of starts, in units of what closing a landscape is likely to take; ``tables`` that a
        block returns, JSON-ready, with the ``sizes`` of their named dimensions; ``chunk_rows``: rows of one
        stored chunk.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    finder = FINDERS[spec["finder"]]
    options = finder.options(**spec["finder_options"])
    needs = finder.effort(landscape, options)
    if spec.get("topology"):
        require_both_ends(finder, landscape, options)
    rows = needs.rows
    typical = min(landscape.typical_points, needs.points, rows)
    ambient = landscape.manifold.ambient
    # Couplings, starts and hits of a round or endpoints, the lanes, the points with their spectra.
    working = landscape.coupling_bytes() + 8 * ambient * (
        needs.held + 8 * LANES * ambient + 8 * typical * spec["block_size"]
    )
    chunk = int(min(65536, max(256, 1 << int(np.ceil(np.log2(typical * spec["block_size"] + 1))))))
    return {
        "rows_bound": int(rows if not spec.get("topology") else rows**2) * spec["block_size"],
        "memory_bytes": int(WORKER_BYTES + working),
        "expected_points": float(typical),
        "budget": needs.budget,
        "seconds_per_landscape": needs.seconds + topology_seconds(spec.get("topology", False), typical),
        "tables": [table.record() for table in tables_of(spec)],
        "sizes": _sizes(landscape),
        "chunk_rows": chunk,
        "version": 2,
        "attrs": {} if landscape.radii_proven else {"radii": "estimates"},
    }


def _sizes(landscape: Any) -> dict[str, int]:
    """Sizes of the named dimensions of the tables."""
    manifold = landscape.manifold
    return {
        "morse_index": manifold.dimension + 1,
        "outcome": len(OUTCOMES),
        "component": manifold.ambient,
        "eigenvalue": manifold.dimension,
        **landscape.known_sizes,
    }


WORKER_BYTES = 576 * 2**20
"""Resident size of a worker that has loaded and compiled everything, before any landscape (measured)."""


def run_block(spec: Mapping[str, Any], block: int, scatter: Scatter | None = None) -> dict[str, Arrays]:
    """Census all landscapes of one block.

    Args:
        spec: model, parameters, n, seed, finder, finder_options, block_size, positions, spectra, topology.
        block: landscapes ``block * block_size`` to ``(block + 1) * block_size - 1`` belong to it, as far as
            there are any: ``most`` of them in all, if the spec has that.
        scatter: runs a named function on each of a list of arguments, on other workers; what comes out
            doesn't depend on it.

    Returns:
        ``{"landscape": columns with a row a landscape, "point": columns with a row a point, "slot" first}``,
        and with topology an "arc" for each entry of a boundary matrix and a "pair" for each persistence pair.
    """
    from morsecensus.tasks.runtime.compiled import forget_other_cells

    landscape = build(spec["model"], spec["parameters"], spec["n"])
    forget_other_cells(landscape)
    tables = tables_of(spec)
    parts: dict[str, list[Arrays]] = {table.name: [] for table in tables}
    for slot, instance in enumerate(instances(spec, block)):
        found = found_of(spec, landscape, landscape.sample(spec["seed"], instance), instance, scatter)
        for table in tables:
            rows = read_off(table, found)
            parts[table.name].append(_slotted(rows, slot) if table.ragged else rows)
    return {
        table.name: _joined(parts[table.name], np.concatenate if table.ragged else np.stack)
        for table in tables
    }


def _slotted(rows: Arrays, slot: int) -> Arrays:
    """The rows of a ragged table with the number of their landscape within the block."""
    size = len(next(iter(rows.values())))
    return {"slot": np.full(size, slot, dtype=np.uint16)} | rows


def _joined(parts: list[Arrays], join: Callable[[list[np.ndarray]], np.ndarray]) -> Arrays:
    return {name: join([part[name] for part in parts]) for name in parts[0]}

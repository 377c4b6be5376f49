"""One unit of work: a JSON-ready spec and a block number in, plain arrays out. No I/O, no clock, no host.

The columns and their meaning are those of `storage.schema`; a test holds the two together.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tasks.options import OPTIONS, HomotopyOptions

Arrays = dict[str, np.ndarray]


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell.

    Returns:
        ``rows_bound``: no block has more points; ``memory_bytes``: peak memory of a worker;
        ``expected_points`` a landscape; ``seconds_per_landscape``: a rough guess; ``sizes`` of the named
        dimensions; ``chunk_rows``: rows of one stored chunk.
    """
    from tasks.landscapes.base import build
    from tasks.newton import LANES, OUTCOMES

    landscape = build(spec["model"], spec["parameters"], spec["n"])
    manifold = landscape.manifold
    options = OPTIONS[spec["finder"]](**spec["finder_options"])
    effort = _effort(landscape, options)
    rows = effort.rows
    typical = min(landscape.typical_points, rows)
    ambient = manifold.ambient
    # Couplings, starts and hits of a round or endpoints, the lanes, the points with their spectra.
    working = landscape.coupling_bytes() + 8 * ambient * (
        effort.held + 8 * LANES * ambient + 8 * typical * spec["block_size"]
    )
    chunk = int(min(65536, max(256, 1 << int(np.ceil(np.log2(typical * spec["block_size"] + 1))))))
    return {
        "rows_bound": int(rows) * spec["block_size"],
        "memory_bytes": int(WORKER_BYTES + working),
        "expected_points": float(typical),
        "seconds_per_landscape": effort.seconds,
        "sizes": {
            "index": manifold.dimension + 1,
            "outcome": len(OUTCOMES),
            "component": ambient,
            "eigenvalue": manifold.dimension,
        },
        "chunk_rows": chunk,
    }


WORKER_BYTES = 576 * 2**20
"""Resident size of a worker that has loaded and compiled everything, before any landscape (measured)."""

STARTS_PER_CLASS = 90
"""Starts for each class until the rarest was hit five times (measured for p = 3, N = 6..12)."""


class _Effort(NamedTuple):
    """What a finder may need for one landscape: most rows, ambient vectors held at once, rough seconds."""

    rows: int
    held: int
    seconds: float


def _effort(landscape: Any, options: Any) -> _Effort:
    bound, ambient = landscape.complex_points, landscape.manifold.ambient
    if isinstance(options, HomotopyOptions):
        from tasks.homotopy.finder import affordable_paths

        paths = affordable_paths(landscape, options)
        # Measured on one thread: 25 us a path at n = 8, 40 us at n = 10, 90 us at n = 14. An endpoint is a
        # complex vector, held a few times over.
        return _Effort(bound, 16 * paths, paths * (1e-5 + 2.5e-8 * ambient**3) + 0.005)
    starts = options.starts_per_round * options.max_rounds
    most = starts * (2 if landscape.parity else 1)
    rows = min(most, bound) if bound is not None else most
    typical = min(landscape.typical_points, rows)
    likely = max(STARTS_PER_CLASS * typical / (2 if landscape.parity else 1), options.starts_per_round)
    # 10 Newton steps a start; a step was measured at 1.5 us for n = 8 and 5 us for n = 20.
    return _Effort(rows, 4 * options.starts_per_round, likely * 1e-5 * (1 + (ambient / 11) ** 2))


def run_block(spec: Mapping[str, Any], block: int) -> dict[str, Arrays]:
    """Census all landscapes of one block.

    Args:
        spec: model, parameters, n, seed, finder, finder_options, block_size, positions, spectra.
        block: landscapes ``block * block_size`` to ``(block + 1) * block_size - 1`` belong to it.

    Returns:
        ``{"landscape": columns with block_size rows, "point": columns with a row a point, "slot" first}``.
    """
    from tasks.landscapes.base import build

    landscape = build(spec["model"], spec["parameters"], spec["n"])
    _forget_other_cells(landscape)
    find = _finder(spec)
    size = spec["block_size"]
    censuses = [find(landscape, spec["seed"], block * size + slot) for slot in range(size)]
    landscapes = [_landscape_row(census) for census in censuses]
    points = [_point_rows(census, slot, spec) for slot, census in enumerate(censuses)]
    return {
        "landscape": {name: np.stack([row[name] for row in landscapes]) for name in landscapes[0]},
        "point": {name: np.concatenate([rows[name] for rows in points]) for name in points[0]},
    }


_compiled_for: list[Any] = []


def _forget_other_cells(landscape: Any) -> None:
    """Drop what was compiled for another landscape: blocks come cell by cell, and each cell's code takes 12
    MB (measured), which over a long study would grow without bound."""
    import jax

    if _compiled_for and _compiled_for[0] != landscape:
        jax.clear_caches()
    _compiled_for[:] = [landscape]


def _finder(spec: Mapping[str, Any]) -> Callable[..., Any]:
    from tasks.homotopy.finder import homotopy
    from tasks.multistart import multistart

    finders = {"multistart": multistart, "homotopy": homotopy}
    options = OPTIONS[spec["finder"]](**spec["finder_options"])
    find = finders[spec["finder"]]
    return lambda landscape, seed, instance: find(
        landscape, landscape.sample(seed, instance), seed, instance, options
    )


def _landscape_row(census: Any) -> Arrays:
    ledger = census.ledger
    overall, scale = ledger.overall, ledger.scale
    row = {
        "status": ledger.status,
        "reason": ledger.reason,
        "n_points": ledger.points_by_index.sum(),
        "n_classes": len(census.classes.hits),
        "n_starts": census.outcomes.sum(),
        "n_rounds": census.rounds,
        "n_degenerate": census.classes.points.degenerate.sum() * scale,
        "outcomes": census.outcomes,
        "bound": ledger.bound,
        "morse_sum": ledger.morse_sum,
        "morse_check": ledger.morse_check,
        "parity_check": ledger.parity_check,
        "bound_check": ledger.bound_check,
        "coverage": overall.coverage,
        "coverage_lower": overall.coverage_lower,
        "chao1": overall.chao1 * scale,
        "chao1_lower": overall.chao1_lower * scale,
        "chao1_upper": overall.chao1_upper * scale,
        "n_singletons": overall.singletons,
        "n_doubletons": overall.doubletons,
        "points_by_index": ledger.points_by_index,
        "coverage_by_index": ledger.coverage_by_index,
        "coverage_lower_by_index": ledger.coverage_lower_by_index,
        "chao1_by_index": ledger.chao1_by_index,
        "chao1_lower_by_index": ledger.chao1_lower_by_index,
        "chao1_upper_by_index": ledger.chao1_upper_by_index,
    }
    return {name: np.asarray(value) for name, value in row.items()}


def _point_rows(census: Any, slot: int, spec: Mapping[str, Any]) -> Arrays:
    points, hits = census.points()
    rows = {
        "slot": np.full(len(hits), slot, dtype=np.uint16),
        "energy": points.energy,
        "index": points.index,
        "lambda_min": points.spectrum[:, 0],
        "lambda_max": points.spectrum[:, -1],
        "radial_derivative": points.radial_derivative,
        "gradient_norm": points.gradient_norm,
        "existence_radius": points.existence_radius,
        "uniqueness_radius": points.uniqueness_radius,
        "hits": hits,
        "degenerate": points.degenerate,
    }
    if spec["positions"]:
        rows["position"] = points.points
    if spec["spectra"]:
        rows["spectrum"] = points.spectrum
    return rows

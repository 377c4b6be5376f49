"""One unit of work: a JSON-ready spec and a block number in, plain arrays out. No I/O, no clock, no host.

The columns and their meaning are those of `storage.tables`; a test holds the two together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.finders.choose import FINDERS, topology_seconds
from morsecensus.tasks.finders.options import BOUNDARIES
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.points.outcomes import OUTCOMES
from morsecensus.tasks.runtime.lanes import LANES
from morsecensus.tasks.runtime.scatter import Scatter

Arrays = dict[str, np.ndarray]


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a planner needs to know of a cell.

    Returns:
        ``rows_bound``: no table of a block has more rows (an arc is a pair of points); ``memory_bytes``: peak
        memory of a worker; ``expected_points`` a landscape; ``seconds_per_landscape``: a rough guess;
        ``sizes`` of the named dimensions; ``chunk_rows``: rows of one stored chunk; ``options``: optional
        columns that every cell has.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    manifold = landscape.manifold
    finder = FINDERS[spec["finder"]]
    needs = finder.effort(landscape, finder.options(**spec["finder_options"]))
    rows = needs.rows
    typical = min(landscape.typical_points, rows)
    ambient = manifold.ambient
    # Couplings, starts and hits of a round or endpoints, the lanes, the points with their spectra.
    working = landscape.coupling_bytes() + 8 * ambient * (
        needs.held + 8 * LANES * ambient + 8 * typical * spec["block_size"]
    )
    chunk = int(min(65536, max(256, 1 << int(np.ceil(np.log2(typical * spec["block_size"] + 1))))))
    return {
        "rows_bound": int(rows if not spec.get("topology") else rows**2) * spec["block_size"],
        "memory_bytes": int(WORKER_BYTES + working),
        "expected_points": float(typical),
        "seconds_per_landscape": needs.seconds + topology_seconds(spec.get("topology", False), typical),
        "sizes": {
            "index": manifold.dimension + 1,
            "outcome": len(OUTCOMES),
            "component": ambient,
            "eigenvalue": manifold.dimension,
            **landscape.known_sizes,
        },
        "chunk_rows": chunk,
        "options": ("sets",),
        "version": 2,
        "attrs": {} if landscape.radii_proven else {"radii": "estimates"},
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
    first = block * spec["block_size"]
    size = min(spec["block_size"], spec.get("most", first + spec["block_size"]) - first)
    landscapes: list[Arrays] = []
    ragged: dict[str, list[Arrays]] = {}
    for slot in range(size):
        instance = first + slot
        couplings = landscape.sample(spec["seed"], instance)
        census = FINDERS[spec["finder"]].census(spec, landscape, couplings, instance, scatter)
        row, tables = _landscape_row(census), {"point": _point_rows(census, slot, spec)}
        row |= landscape.known(couplings)
        if spec.get("topology"):
            from morsecensus.tasks.topology.census import topology_of

            found = topology_of(census, couplings, BOUNDARIES[spec["topology"]])
            row |= _topology_columns(found)
            tables |= _topology_rows(found, slot)
        landscapes.append(row)
        for name, rows in tables.items():
            ragged.setdefault(name, []).append(rows)
    tables = {
        name: {column: np.concatenate([rows[column] for rows in parts]) for column in parts[0]}
        for name, parts in ragged.items()
    }
    return {
        "landscape": {name: np.stack([row[name] for row in landscapes]) for name in landscapes[0]}
    } | tables


def _landscape_row(census: Any) -> Arrays:
    ledger, classes = census.ledger, census.classes
    overall, scale = ledger.overall, ledger.scale
    images = classes.separate(census.landscape.symmetry.size).sum(axis=1)
    degenerate = images * (classes.points.degenerate != 0)
    continuous = degenerate * (classes.points.set_dimension > 0)
    row = {
        "status": ledger.status,
        "reason": ledger.reason,
        "n_points": ledger.points_by_index.sum(),
        "n_classes": len(classes.hits),
        "n_starts": census.outcomes.sum(),
        "n_rounds": census.rounds,
        "n_degenerate": degenerate.sum(),
        "n_continuous": continuous.sum(),
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
        **_path_columns(census),
    }
    return {name: np.asarray(value) for name, value in row.items()}


def _path_columns(census: Any) -> Arrays:
    """What a homotopy adds; unknown for other finders."""
    books, sample, certified = census.books, census.sample, census.certified_radius
    unknown = np.full(census.landscape.manifold.dimension + 1, np.nan)

    def limits(name: str, estimates: Any, by_index: str = "_by_index") -> Arrays:
        kinds = (("", "estimate"), ("_lower", "lower"), ("_upper", "upper"))
        if estimates is None:
            return {f"{name}{kind}{by_index}": unknown for kind, _ in kinds}
        values = {kind: np.array([getattr(e, field) for e in estimates]) for kind, field in kinds}
        return {f"{name}{kind}{by_index}": value for kind, value in values.items()}

    whole = limits("sampled_points", None if sample is None else [sample.number], "")
    whole |= limits("recall", None if sample is None else [sample.recall], "")
    return {
        "n_paths": np.asarray(-1 if books is None else books.paths),
        "n_distinct": np.asarray(-1 if books is None else books.distinct),
        "n_retries": np.asarray(-1 if books is None else books.retries),
        "n_jumps": np.asarray(-1 if books is None else books.jumps),
        "n_unresolved": np.asarray(-1 if books is None else books.unresolved),
        **_enumeration_columns(census),
        "n_certified": np.asarray(-1 if certified is None else (certified > 0).sum() * census.ledger.scale),
        **{name: values[0] for name, values in whole.items()},
        **limits("sampled_points", None if sample is None else sample.number_by_index),
        **limits("recall", None if sample is None else sample.recall_by_index),
    }


def _enumeration_columns(census: Any) -> Arrays:
    """What enumeration alone says; the schema has these columns for it alone."""
    books = census.books
    if books is None or books.jumps >= 0:
        return {}
    return {
        "n_paths_singular": np.asarray(books.singular),
        "n_paths_infinite": np.asarray(books.infinite),
        "n_certified_complex": np.asarray(books.proven),
    }


def _topology_columns(found: Any) -> Arrays:
    return {
        "topology": np.asarray(found.outcome),
        "n_connections": np.asarray(found.connections),
        "n_loops": np.asarray(found.loops),
        "n_unresolved_lines": np.asarray(found.unresolved),
        "n_unresolved_saddles": np.asarray(found.unresolved_saddles),
        "exact_degree": found.exact.astype(np.int8),
        "homology_check": found.homology,
        "square_check": np.asarray(found.square),
        "dual_check": np.asarray(found.dual),
    }


def _topology_rows(found: Any, slot: int) -> dict[str, Arrays]:
    boundary = found.complex.boundary
    arcs = np.concatenate([np.zeros((0, 2), dtype=np.int64), *boundary.values()])
    degrees = [np.full(len(part), degree) for degree, part in boundary.items()]
    energy, pairs = found.complex.energy, found.pairs
    return {
        "arc": {
            "slot": np.full(len(arcs), slot, dtype=np.uint16),
            "degree": np.concatenate([np.zeros(0, dtype=np.int64), *degrees]),
            "upper": arcs[:, 0],
            "lower": arcs[:, 1],
        },
        "pair": {
            "slot": np.full(len(pairs.dim), slot, dtype=np.uint16),
            "dim": pairs.dim,
            "birth": energy[pairs.birth],
            "death": np.where(pairs.death < 0, np.nan, energy[pairs.death]),
            "birth_row": pairs.birth,
            "death_row": pairs.death,
        },
    }


def _point_rows(census: Any, slot: int, spec: Mapping[str, Any]) -> Arrays:
    points, classes = census.points()
    count = len(classes)
    rows = {
        "slot": np.full(count, slot, dtype=np.uint16),
        "energy": points.energy,
        "index": points.index,
        "lambda_min": points.spectrum[:, 0],
        "lambda_max": points.spectrum[:, -1],
        "radial_derivative": points.radial_derivative,
        "gradient_norm": points.gradient_norm,
        "existence_radius": points.existence_radius,
        "uniqueness_radius": points.uniqueness_radius,
        "hits": census.classes.hits[classes],
        "degenerate": points.degenerate,
        "set_dimension": points.set_dimension,
        "nullity": points.nullity,
        "certified_radius": np.full(count, np.nan)
        if census.certified_radius is None
        else census.certified_radius[classes],
        "sample_hits": np.full(count, -1) if census.sample is None else census.sample.hits[classes],
    }
    if spec["positions"]:
        rows["position"] = points.points
    if spec["spectra"]:
        rows["spectrum"] = points.spectrum
    return rows

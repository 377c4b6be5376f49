"""One landscape by any finder, JSON-ready: what a worker does for the command ``census``.

Columns have the names, the order and the numbers of a study's dataset, for they are read off the same way.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.base import Found, Measurable, read_off
from morsecensus.tasks.measurables.words import COMPLETE
from morsecensus.tasks.records.found import found_of, tables_of
from morsecensus.tasks.runtime.scatter import Scatter


def census_one(spec: Mapping[str, Any], instance: int, scatter: Scatter | None = None) -> dict[str, Any]:
    """Take the census of one landscape of a cell.

    Args:
        spec: of the cell, without topology.
        instance: the landscape id; couplings and starts are those of this landscape of a study.
        scatter: runs parts of it on other workers.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    found = found_of(spec, landscape, landscape.sample(spec["seed"], instance), instance, scatter)
    return census_record(spec, found, instance)


def census_record(spec: Mapping[str, Any], found: Found, instance: int) -> dict[str, Any]:
    """What a census says, JSON-ready; unknown is None.

    Returns:
        What was asked; the numbers as ``enumerate`` has them, ``total`` and ``by_index``; columns of the
        landscape table by name, those by index with index 0 first; the hits of all classes of an index by how
        they were come by; and under ``points`` the columns of the point table, each a list over all points of
        the manifold, lowest energy first.
    """
    landscape, point = (table for table in tables_of(spec) if table.name in ("landscape", "point"))
    rows, columns = read_off(landscape, found), read_off(point, found)
    return {
        "model": spec["model"],
        **spec["parameters"],
        "n": spec["n"],
        "seed": spec["seed"],
        "landscape": instance,
        "finder": spec["finder"],
        "finder_options": dict(spec["finder_options"]),
        "dimension": found.census.landscape.manifold.dimension,
        "odd": found.census.landscape.symmetry.odd,
        "complete": found.census.ledger.status == COMPLETE,
        "total": int(found.census.ledger.points_by_index.sum()),
        "by_index": found.census.ledger.points_by_index.tolist(),
        **{entry.name: _plain(entry, rows[entry.name]) for entry in landscape.measurables},
        "hits_by_index": _hits(found),
        **_strata(found),
        "points": {entry.name: _plain(entry, columns[entry.name]) for entry in point.measurables},
    }


def _strata(found: Found) -> dict[str, Any]:
    """The Morse sum of each stratum of a permutation symmetry; nothing where there is none."""
    sums = found.census.ledger.strata
    rows = [{"partition": list(s.partition), "sum": s.total, "expected": s.expected} for s in sums]
    return {"strata": rows} if rows else {}


def _plain(entry: Measurable, values: np.ndarray) -> Any:
    """The values of a column as JSON has them: words for flags, None for unknown."""
    if "flag_meanings" in entry.attrs:
        meanings = entry.attrs["flag_meanings"].split()
        known = dict(zip(entry.attrs["flag_values"], meanings, strict=True))
        return _mapped(known.get, values.tolist())
    if values.dtype.kind == "f":
        return _mapped(lambda value: value if np.isfinite(value) else None, values.tolist())
    plain = values.tolist() if entry.signed else _mapped(lambda v: v if v >= 0 else None, values.tolist())
    return (
        dict(zip(entry.attrs["outcomes"].split(), plain, strict=True)) if "outcomes" in entry.attrs else plain
    )


def _mapped(function: Any, values: Any) -> Any:
    return [_mapped(function, each) for each in values] if isinstance(values, list) else function(values)


def _hits(found: Found) -> dict[str, list[int]]:
    """Starts that ended at the classes of each index: all, and how many of them began where. A class whose
    images have several indices counts at each."""
    points, classes, census = found.points, found.classes, found.census
    of = {"all": census.classes.hits}
    if census.bottom is not None:
        below = census.bottom.hits_below
        of |= {"above": census.classes.hits - below, "below": below}
    sound = points.degenerate == 0
    rows = [
        np.unique(classes[sound & (points.index == k)])
        for k in range(census.landscape.manifold.dimension + 1)
    ]
    return {name: [int(hits[row].sum()) for row in rows] for name, hits in of.items()}

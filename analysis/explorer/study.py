"""A study as the page has it: bins and means of every cell beside what is exact, and some landscapes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.batches import row_offsets
from morsecensus.analysis.dataset.cells import Cell, Family, Study
from morsecensus.analysis.dataset.complexes import has_topology
from morsecensus.analysis.dataset.complexes import landscapes as complexes
from morsecensus.analysis.dataset.in_common import numbers_of
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts, estimate_histogram
from morsecensus.analysis.explorer.landscape import View, landscape_view, view_of
from morsecensus.analysis.results import expected_means, family_edges, family_title, finder_of_family
from morsecensus.tasks.measurables.census import POINT
from morsecensus.tasks.measurables.words import REASONS, STATUSES
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import pairs

MOST_POINTS = 20_000
"""A landscape with more isn't put into a page: half a MB, and more than a screen can tell apart."""

Records = Mapping[str, Sequence[Mapping[str, Any]]]
"""By the name of a cell: what `tasks.records.picture` says of its first landscapes, where N is 3."""


def study_view(study: Study) -> View:
    """Return ``name``, ``text`` and ``families``: ``title`` and ``cells`` with ``name``, ``n``, ``counts``,
    ``histogram`` and how many ``landscapes`` and ``points`` they are of. Unknown numbers are None."""
    cells = [cell for cell in study.cells if cell.landscapes]
    points = sum(cell.points for cell in cells)
    landscapes = sum(cell.landscapes for cell in cells)
    families = [
        {"title": title, "cells": [_cell(cell, edges) for cell in members]}
        for title, members, edges in _families(cells)
    ]
    text = f"{points:,} critical points in {landscapes:,} landscapes, {len(cells)} cells, in bins of energy."
    return {"name": study.name, "text": text, "families": families}


def _families(cells: Sequence[Cell]) -> Iterator[tuple[str, list[Cell], Floats]]:
    """Cells that differ in N alone, by N, with their common bins."""
    apart = finder_of_family(cells)
    groups: dict[tuple[Family, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.family, apart.get(cell.name, "")), []).append(cell)
    for (family, finder), members in groups.items():
        title = family_title(family) + (f" ({finder})" if finder else "")
        yield title, sorted(members, key=lambda cell: (cell.n, cell.name)), family_edges(members)


def _cell(cell: Cell, edges: Floats) -> View:
    expected = expected_means(cell, edges)
    counts = estimate_counts(cell)
    binned = scan(cell.dataset, estimate_histogram(edges, bool(cell.known.all())))
    width = np.diff(edges)
    measured = {name: known(binned[name].values / width) for name in ("all", "all_se", "minima", "minima_se")}
    exact = {}
    if expected is not None:
        exact = {
            "grid": known(expected.grid),
            "all": known(expected.curve_all),
            "minima": known(None if expected.curve is None else expected.curve[0]),
        }
    return {
        "name": cell.name,
        "n": cell.n,
        "landscapes": cell.landscapes,
        "points": cell.points,
        "counts": {
            **{name: known(counts[name].values) for name in ("total", "total_se", "mean", "se")},
            "exact_total": None if expected is None else known(expected.total),
            "exact": None if expected is None else known(expected.by_index),
        },
        "histogram": {"low": known(edges[:-1]), "high": known(edges[1:]), **measured, "exact": exact},
    }


def known(values: Any) -> Any:
    """Numbers ready for JSON, at seven digits; None for those that are unknown."""
    if values is None:
        return None
    array = np.asarray(values, dtype=np.float64)
    if array.ndim:
        return [known(each) for each in array]
    return float(f"{array:.7g}") if np.isfinite(array) else None


def landscape_views(study: Study, most: int, records: Records) -> Iterator[View]:
    """Yield the first landscapes of each cell, each with the name of its ``cell`` and its ``number``; from
    records where there are any."""
    for title, members, _ in _families([cell for cell in study.cells if cell.held]):
        for cell in members:
            for number, view in _views(cell, most, records.get(cell.name, ()), f"{title}, N = {cell.n}"):
                yield {"cell": cell.name, "number": number, **view}


def _views(
    cell: Cell, most: int, records: Sequence[Mapping[str, Any]], title: str
) -> Iterator[tuple[int, View]]:
    for record in records:
        number = record["landscape"]
        yield number, landscape_view(f"{title}, landscape {number}", record)
    if records:
        return
    numbers = numbers_of(cell.stored)
    for place, complex_, degrees in _complexes(cell, most):
        number = int(numbers[place])
        yield number, {"title": f"{title}, landscape {number}", **_stored(cell, place, complex_, degrees)}


def _complexes(cell: Cell, most: int) -> Iterator[tuple[int, MorseComplex, list[int]]]:
    """The points of the first landscapes, by place, with the boundaries that are stored, and the degrees that
    these settle."""
    offsets = row_offsets(cell.stored, POINT)
    sizes = np.diff(offsets)[:most]
    places = np.flatnonzero((sizes > 0) & (sizes <= MOST_POINTS)).tolist()
    if has_topology(cell):
        for found in complexes(cell, places):
            yield found.place, found.complex, np.flatnonzero(found.exact).tolist()
        return
    for place in places:
        rows = cell.stored.isel({POINT.dimension: slice(int(offsets[place]), int(offsets[place + 1]))})
        energy, index = rows["energy"].values, rows["index"].values.astype(np.int64)
        yield place, MorseComplex(energy, index, cell.levels - 1, {}), []


def _stored(cell: Cell, place: int, complex_: MorseComplex, degrees: list[int]) -> View:
    found = pairs(complex_)
    table = np.stack([found.dim, found.birth, found.death], axis=1)[np.isin(found.dim, degrees)]
    status = STATUSES[int(cell.stored["status"].values[place])]
    reason = REASONS[int(cell.stored["reason"].values[place])]
    topology = "" if has_topology(cell) else "; the study has no topology"
    said = status if status == "complete" else f"{status} ({reason})"
    verdict = f"{len(complex_.energy):,} critical points, {said}{topology}."
    return {"verdict": verdict, **view_of(complex_, table, degrees)}

"""Points and homology of {H/N <= u}, landscape by landscape, with limits where the homology isn't known.

A degree of a landscape is known if its pairs are, and no check of that landscape failed. Where it is unknown,
numbers of points alone say

    [k = 0] <= beta_k(u) <= min( N_k(u), N_{k+1} above u + [k is 0 or top] ),

the lower end once the set holds a point; the upper one because a class that is there at u, but for the
sphere's own two, dies at a point of the next index. beta_top is 1 above the highest point, and 0 below it.
Points that an incomplete landscape may lack are added.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Batch, Floats, reduce_points, row_offsets
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import exact_degrees
from morsecensus.analysis.dataset.extent import ENERGY_RANGE
from morsecensus.analysis.dataset.scan import scan
from morsecensus.analysis.estimates.counts import estimate_counts, missing_points
from morsecensus.tasks.measurables.base import Table
from morsecensus.tasks.measurables.census import POINT
from morsecensus.tasks.measurables.topology import PAIR

LEVELS = 129
"""A power of two and one: u = 0 is one of them, and every fourth one makes a coarse grid. Arbitrary."""
_AT_ONCE = 2**20
"""Numbers in one array of a chunk. Arbitrary: 8 MB."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive landscapes at some levels.

    Attributes:
        first: number of the first landscape in its cell.
        data: their part of the dataset.
        known: whether the homology is known, shape (landscapes, N).
        counts: N_k(u) of the points found, shape (landscapes, N, levels).
        betti: beta_k(u), without meaning where unknown, same shape.
        lower, upper: rigorous limits on beta_k(u), same shape; both equal it where it is known.
        lacking: points that a landscape may lack at most, by index, shape (landscapes, N); none where the
            homology is known, which takes all points of this index and the next.
    """

    first: int
    data: xr.Dataset
    known: NDArray[np.bool_]
    counts: Floats
    betti: Floats
    lower: Floats
    upper: Floats
    lacking: Floats


def energy_levels(cells: Sequence[Cell]) -> Floats:
    """Levels for all cells of a family, symmetric about 0, ending beyond every point found; ascending."""
    ranges = np.array([scan(cell.stored, ENERGY_RANGE) for cell in cells])
    reach = float(np.nanmax(np.abs(ranges))) if np.isfinite(ranges).any() else 1.0
    reach = np.ceil(reach * 20 + 0.5) / 20
    return np.linspace(-reach, reach, LEVELS)


def lacking_share(cell: Cell) -> Floats:
    """Part of the missing points that can have one index: half where x -> -x pairs indices, shape (N,)."""
    counts = estimate_counts(cell)
    total, by_index = float(counts["missing_total"]), counts["missing"].values
    return by_index / total if 0 < total < np.inf else np.ones_like(by_index)


def _room(cell: Cell) -> Floats:
    """At most how many points each landscape may lack, shape (all landscapes,): of those that have no number
    what the bound leaves."""
    found = cell.stored["points_by_index"].values.sum(axis=1)
    room = np.maximum(cell.most_points - found, 0.0)
    room[cell.has_number] = missing_points(cell)
    return room


def chunks(cell: Cell, levels: Floats, width: int = 0) -> Iterator[Chunk]:
    """Yield all landscapes of a cell in order, as many at a time as memory likes.

    Args:
        cell: with topology.
        levels: energies per spin, ascending.
        width: numbers for each landscape that the caller makes of a chunk, if more than N per level.
    """
    known = exact_degrees(cell)
    lacking = np.where(known, 0.0, _room(cell)[:, None] * lacking_share(cell))
    size = max(1, _AT_ONCE // max(width, known.shape[1] * len(levels)))
    offsets = {table.dimension: row_offsets(cell.stored, table) for table in (POINT, PAIR)}
    for first in range(0, cell.held, size):
        last = min(first + size, cell.held)
        rows = {name: slice(int(at[first]), int(at[last])) for name, at in offsets.items()}
        data = cell.stored.isel({"landscape": slice(first, last), **rows})
        yield _chunk(first, data, known[first:last], lacking[first:last], levels)


def _chunk(first: int, data: xr.Dataset, known: NDArray[np.bool_], lacking: Floats, levels: Floats) -> Chunk:
    degrees = known.shape[1]
    counts = _steps(data, POINT, ("index", "energy"), degrees, levels)
    born = _steps(data, PAIR, ("pair_dim", "pair_birth"), degrees, levels)
    betti = born - _steps(data, PAIR, ("pair_dim", "pair_death"), degrees, levels)
    totals = data["points_by_index"].values.astype(np.float64)
    lower, upper = betti_limits(counts, totals, lacking)
    sure = known[:, :, None]
    lower, upper = np.where(sure, betti, lower), np.where(sure, betti, upper)
    return Chunk(first, data, known, counts, betti, lower, upper, lacking)


def _steps(data: xr.Dataset, table: Table, names: tuple[str, str], groups: int, levels: Floats) -> Floats:
    """Rows at or below each level by landscape and group, shape (landscapes, groups, levels); nan: never."""
    width = len(levels) + 1

    def function(batch: Batch) -> Floats:
        group, energy = (batch.columns[name] for name in names)
        # nan is sorted behind all levels, where a class that never dies belongs.
        code = group.astype(np.int64) * width + np.searchsorted(levels, energy, side="left")
        found = batch.per_landscape(code, groups * width).reshape(batch.landscapes, groups, width)
        return np.cumsum(found, axis=2)[:, :, :-1].astype(np.float64)

    return np.concatenate(list(reduce_points(data, names, function, table=table)))


def betti_limits(counts: Floats, totals: Floats, lacking: Floats) -> tuple[Floats, Floats]:
    """Limits on beta_k(u) from numbers of points alone.

    Args:
        counts: N_k(u), shape (landscapes, N, levels).
        totals: N_k, shape (landscapes, N).
        lacking: points that may be missing, shape (landscapes, N).
    """
    above = totals[:, :, None] - counts
    essential = np.zeros(counts.shape[1])
    essential[[0, -1]] = 1.0
    nothing = np.zeros_like(above[:, :1])
    deaths = np.concatenate([above[:, 1:], nothing], axis=1) + essential[:, None]
    spare = np.concatenate([lacking[:, 1:], np.zeros_like(lacking[:, :1])], axis=1)
    upper = np.minimum(counts + lacking[:, :, None], deaths + spare[:, :, None])
    lower = np.zeros_like(counts)
    lower[:, 0] = counts.sum(axis=1) > 0
    # The top degree has a class where the set is the sphere: where no point lies above.
    whole = above.sum(axis=1) == 0
    certain = (totals.sum(axis=1) > 0) & (lacking.sum(axis=1) == 0)
    upper[:, -1] = np.minimum(upper[:, -1], whole)
    lower[:, -1] = whole & certain[:, None]
    return lower, upper

"""Landscapes without a number of critical points: which they are, and what is known of them all the same.

A point with a singular Hessian has no index, and stands for as many points as its multiplicity says; a
continuous set has no number at all. So every mean of the report is over the landscapes that have neither
(`analysis.dataset.cells.Cell.dataset`). Two numbers speak of all landscapes: the mean number of
*nondegenerate* points, and, where the number of complex critical points is known, a bound on the mean number
of isolated ones, for they are no more than that, each counted with its multiplicity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Batch, Floats, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import mean_and_error, missing_points
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.rows import head


@dataclass(frozen=True, eq=False)
class Degeneracy:
    """What a cell with landscapes that have no number knows of these.

    Attributes:
        cell: with some of these.
        ids: numbers of the landscapes that are left out of means.
        isolated: degenerate isolated points in them, both signs counted.
        continuous: continuous sets of critical points in them.
        dimension: the largest of these sets, 0 if there are none.
        nondegenerate: mean number of nondegenerate points over all landscapes.
        nondegenerate_se: its standard error.
        bound: on the mean number of isolated points over all landscapes; inf where none is known.
    """

    cell: Cell
    ids: NDArray[np.int64]
    isolated: int
    continuous: int
    dimension: int
    nondegenerate: float
    nondegenerate_se: float
    bound: float

    @property
    def share(self) -> float:
        """Of the landscapes, those left out."""
        return len(self.ids) / self.cell.held


def find(cells: Sequence[Cell]) -> list[Degeneracy]:
    """The cells that have landscapes without a number."""
    return [_measure(cell) for cell in cells if cell.left_out]


def _measure(cell: Cell) -> Degeneracy:
    stored, left = cell.stored, ~cell.has_number
    counts = stored["points_by_index"].values.astype(np.float64).sum(axis=1)
    mean, error = mean_and_error(counts)
    degenerate = int(stored["n_degenerate"].values[left].sum())
    # Stores of before didn't tell continuous sets from points.
    continuous = int(stored["n_continuous"].values[left].sum()) if "n_continuous" in stored else 0
    return Degeneracy(
        cell,
        stored["landscape"].values[left].astype(np.int64),
        degenerate - continuous,
        continuous,
        _largest_dimension(cell) if continuous else 0,
        float(mean),
        float(error),
        _bound(cell, counts),
    )


def _bound(cell: Cell, counts: Floats) -> float:
    most = np.full(len(counts), cell.most_points)
    most[cell.has_number] = counts[cell.has_number] + missing_points(cell)
    return float(most.mean())


def _largest_dimension(cell: Cell) -> int:
    def largest(batch: Batch) -> int:
        return int(batch.columns["set_dimension"].max(initial=0))

    return max(reduce_points(cell.stored, ["set_dimension"], largest), default=0)


def degenerate_rows(found: Sequence[Degeneracy]) -> list[Row]:
    """One row per cell with landscapes that have no number; ``left_out`` lists them."""
    return [
        head(one.cell)
        | {
            "landscapes": one.cell.held,
            "without_number": len(one.ids),
            "share": one.share,
            "isolated_degenerate": one.isolated,
            "continuous_sets": one.continuous,
            "largest_dimension": one.dimension,
            "nondegenerate_mean": one.nondegenerate,
            "nondegenerate_se": one.nondegenerate_se,
            "isolated_bound": one.bound if np.isfinite(one.bound) else None,
            "left_out": " ".join(map(str, one.ids)),
        }
        for one in found
    ]

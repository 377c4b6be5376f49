"""Shares of lines and planes through the points of a cell that look convex, by index."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.batches import row_offsets
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult
from morsecensus.analysis.theory.slices import convex_lines, convex_lines_equal, convex_planes
from morsecensus.analysis.topics.rows import head

MOST_POINTS = 10_000
"""Of a cell, those of its first whole landscapes; one landscape is taken whole."""
ROUNDING = 1e-9
LINES = 16
"""Random lines that are drawn through each point, to be held against the exact share."""


@dataclass(frozen=True, eq=False)
class Slices:
    """Points of a cell with their spectra.

    Attributes:
        index, owner: Morse index and landscape of each point, shape (points,).
        curvatures: shape (points, d).
    """

    result: CellResult
    index: NDArray[np.int64]
    owner: NDArray[np.int64]
    curvatures: Floats

    @property
    def dimension(self) -> int:
        """Number d of curvatures."""
        return self.curvatures.shape[1]


def find_slices(results: Sequence[CellResult]) -> list[Slices]:
    """Cells that stored spectra, with as many of their points as are looked at."""
    known = [one for one in results if "spectrum" in one.cell.dataset and one.cell.points]
    found = [_slices(one, one.cell) for one in known]
    return [one for one in found if one.dimension > 1 and len(one.index)]


def _slices(result: CellResult, cell: Cell) -> Slices:
    offsets = row_offsets(cell.dataset)
    landscapes = max(1, int(np.searchsorted(offsets, MOST_POINTS, side="right")) - 1)
    rows = {"row": slice(0, int(offsets[landscapes]))}
    columns = cell.dataset[["index", "spectrum"]].isel(rows)
    owner = np.repeat(np.arange(landscapes), np.diff(offsets[: landscapes + 1]))
    spectrum, index = columns["spectrum"].values, columns["index"].values.astype(np.int64)
    size = np.abs(spectrum).max(axis=1, keepdims=True)
    # along a critical manifold curvatures are 0 but for rounding
    spectrum = np.where(np.abs(spectrum) > ROUNDING * size, spectrum, 0.0)
    whole = np.isfinite(size[:, 0]) & (size[:, 0] > 0)
    return Slices(result, index[whole], owner[whole], spectrum[whole])


def slice_rows(found: Slices) -> list[Row]:
    """A row for each index: exact share of lines, the same from drawn lines, planes."""
    exact = convex_lines(found.curvatures)
    source = np.random.default_rng([found.result.cell.n, len(exact)])
    drawn = np.mean([_one_line(found.curvatures, source) for _ in range(LINES)], axis=0)
    planes = convex_planes(found.curvatures, source)
    rows = []
    for index in np.unique(found.index):
        own = found.index == index
        row: Row = head(found.result.cell) | {"index": int(index), "points": int(own.sum())}
        row["dimension"] = found.dimension
        for name, values in (("lines", exact), ("drawn", drawn), ("planes", planes)):
            row[name], row[f"{name}_se"] = _ratio(values[own], found.owner[own])
        row["off"] = float((drawn - exact)[own].mean())
        # lines are drawn for each point anew: what they miss by is binomial, whatever the landscapes
        row["off_se"] = float(np.sqrt((exact * (1 - exact))[own].sum() / LINES) / own.sum())
        row["z"] = row["off"] / row["off_se"] if row["off_se"] > ROUNDING else None
        row["equal"] = convex_lines_equal(found.dimension, int(index))
        rows.append(row)
    return rows


def _one_line(curvatures: Floats, source: np.random.Generator) -> Floats:
    direction = source.standard_normal(curvatures.shape)
    return ((curvatures * direction**2).sum(axis=1) > 0).astype(np.float64)


def _ratio(values: Floats, owner: NDArray[np.int64]) -> tuple[float, float]:
    """Mean over points with its error, of a ratio of sums over landscapes."""
    mean = float(values.mean())
    residuals = np.bincount(owner, values - mean)
    there = len(np.unique(owner))
    if there < 2:
        return mean, float("nan")
    return mean, float(np.sqrt(there / (there - 1) * (residuals**2).sum()) / len(values))

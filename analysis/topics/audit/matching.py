"""Which points of enumerated landscapes another finder found: a join by landscape, index and energy.

Positions may not be stored, so a point is known by its index and its energy. Points that tie (x and -x of an
even landscape tie exactly) are matched by number: two true ones and one found leave one missed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Batch, Floats, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.in_common import Ints, in_common, numbers_of, places_of

TOLERANCE = 1e-8
"""Of energies per spin. Two finders agree on the energy of a point to about 1e-15; where two points of one
index come closer than this they are matched by number."""


@dataclass(frozen=True, eq=False)
class Points:
    """The points of some landscapes of one cell, in memory.

    Attributes:
        levels: number of indices, one more than the dimension of the manifold: N on a sphere.
        ids: numbers of the landscapes, increasing, shape (landscapes,).
        owner: position in ``ids`` of each row's landscape, shape (rows,).
        energy: per spin, shape (rows,).
        index: Morse index, shape (rows,).
        hits: of the row's class by independent starts, shape (rows,).
        log_det: log |det Hessian|, shape (rows,); None where no spectra are stored.
    """

    levels: int
    ids: Ints
    owner: Ints
    energy: Floats
    index: Ints
    hits: Ints
    log_det: Floats | None = None

    @property
    def landscapes(self) -> int:
        """How many there are, those without points included."""
        return len(self.ids)

    def only(self, ids: Ints) -> "Points":
        """The points of these landscapes (increasing numbers, all of them present)."""
        kept = np.isin(self.ids[self.owner], ids)
        log_det = None if self.log_det is None else self.log_det[kept]
        owner = np.searchsorted(ids, self.ids[self.owner[kept]])
        return Points(self.levels, ids, owner, self.energy[kept], self.index[kept], self.hits[kept], log_det)

    def sums(self, weight: Floats | None = None) -> Floats:
        """Numbers of rows by landscape, or sums of a weight, shape (landscapes,)."""
        return np.bincount(self.owner, weight, self.landscapes).astype(np.float64)


def read_points(cell: Cell, kept: NDArray[np.bool_]) -> Points:
    """Load the points of a cell's landscapes where ``kept``, shape (landscapes of the cell,), is true."""
    names = [name for name in ("energy", "index", "hits", "spectrum") if name in cell.stored]
    places = np.flatnonzero(kept)
    # those behind the last one are neither read nor told of to the workers
    last = int(places[-1]) + 1 if len(places) else 1
    kept = kept[:last]
    sizes = cell.stored["row_size"].values[:last].astype(np.int64)
    data = cell.stored.isel(landscape=slice(last), row=slice(int(sizes.sum())))

    def read(batch: Batch) -> tuple[np.ndarray, ...]:
        rows = kept[batch.first + batch.owner]
        found = {name: values[rows] for name, values in batch.columns.items()}
        if "spectrum" in found:
            with np.errstate(divide="ignore"):
                found["spectrum"] = np.log(np.abs(found["spectrum"])).sum(axis=1)
        return tuple(found[name] for name in names)

    parts = zip(*reduce_points(data, names, read), strict=True)
    columns = {name: np.concatenate(part) for name, part in zip(names, parts, strict=False)}
    return Points(
        cell.levels,
        numbers_of(cell.stored)[places],
        np.repeat(np.arange(len(places)), sizes[places]),
        columns["energy"],
        columns["index"].astype(np.int64),
        columns["hits"].astype(np.int64),
        columns.get("spectrum"),
    )


def first_landscapes(cell: Cell, kept: NDArray[np.bool_], most: int) -> NDArray[np.bool_]:
    """Of the landscapes kept, the first ones that together have at most so many points; one at least."""
    total = np.cumsum(np.where(kept, cell.stored["row_size"].values, 0))
    fits = kept & (total <= most)
    if not fits.any():
        fits[np.flatnonzero(kept)[:1]] = True
    return fits


@dataclass(frozen=True, eq=False)
class Joined:
    """True points with what a finder saw of them, over the landscapes that both computed.

    Attributes:
        cell: of the finder.
        truth: the enumerated points.
        found: whether the finder has the point, shape (rows of truth,).
        hits: of the point's class, 0 where missed, shape (rows of truth,).
        extra: points of the finder that the enumeration lacks, by landscape: somebody's error.
    """

    cell: Cell
    truth: Points
    found: NDArray[np.bool_]
    hits: Ints
    extra: Ints

    def column(self, name: str) -> np.ndarray:
        """A per-landscape column of the finder's cell, in the order of ``truth.ids``."""
        return self.cell.stored[name].values[places_of(self.cell.stored, self.truth.ids)]

    def only(self, ids: Ints) -> "Joined":
        """The same for some of the landscapes."""
        rows = np.isin(self.truth.ids[self.truth.owner], ids)
        extra = self.extra[np.isin(self.truth.ids, ids)]
        return Joined(self.cell, self.truth.only(ids), self.found[rows], self.hits[rows], extra)


def join(truth: Points, cell: Cell, found: Points) -> Joined:
    """Match the points of a finder with the true ones, in the landscapes that both have."""
    ids = in_common([truth.ids, found.ids])
    truth, found = truth.only(ids), found.only(ids)
    groups = _groups(truth, found)
    mine, theirs = groups[: len(truth.owner)], groups[len(truth.owner) :]
    first, second = np.argsort(mine, kind="stable"), np.argsort(theirs, kind="stable")
    a, b = mine[first], theirs[second]
    # the r-th true point of a group goes with the r-th one found
    rank = np.arange(len(a)) - np.searchsorted(a, a)
    start, stop = np.searchsorted(b, a), np.searchsorted(b, a, side="right")
    matched = rank < stop - start
    hits = np.zeros(len(a), np.int64)
    hits[first[matched]] = found.hits[second[(start + rank)[matched]]]
    seen = np.zeros(len(a), bool)
    seen[first] = matched
    place = np.arange(len(b)) - np.searchsorted(b, b)
    surplus = place >= np.searchsorted(a, b, side="right") - np.searchsorted(a, b)
    extra = np.bincount(found.owner[second[surplus]], minlength=len(ids))
    return Joined(cell, truth, seen, hits, extra)


def _groups(truth: Points, found: Points) -> Ints:
    """Number rows of both such that equal numbers mean: one landscape, one index, energies that tie."""
    owner = np.concatenate([truth.owner, found.owner])
    index = np.concatenate([truth.index, found.index])
    energy = np.concatenate([truth.energy, found.energy])
    order = np.lexsort((energy, index, owner))
    apart = np.diff(energy[order]) > TOLERANCE
    new = (np.diff(owner[order]) != 0) | (np.diff(index[order]) != 0) | apart
    groups = np.zeros(len(order), np.int64)
    groups[order[1:]] = np.cumsum(new)
    return groups

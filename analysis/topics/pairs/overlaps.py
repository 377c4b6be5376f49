"""Overlaps between the critical points of one landscape, reduced landscape by landscape.

The overlap of two points is ``q = x.y / N``. Pairs are ordered, as in `analysis.theory.two_point.pairs`: (x,
y) and (y, x) both count. Of a model with a parity, -x is critical with x: those pairs, at q = -1 exactly, are
counted apart. Positions are read a batch of whole landscapes at a time, and no more than `PAIRS_AT_ONCE`
overlaps are in memory at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.residuals import TestResult, hotelling, not_testable
from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.theory.two_point.kinds import Kind
from morsecensus.analysis.theory.two_point.pairs import PairCounts, uniform_share

PAIRS_AT_ONCE = 2**20
"""Overlaps in memory at once: 8 MB, a few times over. Arbitrary."""
ANTIPODE = 1e-9
"""A pair this close to q = -1 is a point with its antipode: their positions are negatives to rounding, and
other pairs this close are rarer than one in 10^9."""
RARE_PAIRS = 200
"""Pairs expected in a bin that is tested: 100 unordered ones. Fewer are merged with the next bin.
Arbitrary."""
MOST_BINS = 12
"""Of a test. Arbitrary: more cost power against smooth departures."""


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Numbers of ordered pairs of points of one cell.

    Attributes:
        edges: of the overlap bins, shape (bins + 1,).
        kinds: pairs of kinds, P of them.
        counts: numbers of each landscape in each bin, one array for each pair of kinds, shape (landscapes,
            bins).
        antipodes: of the numbers of pairs x, -x of a landscape by pair of kinds, dimension P.
    """

    edges: Floats
    kinds: tuple[tuple[Kind, Kind], ...]
    counts: tuple[Floats, ...]
    antipodes: Moments

    @cached_property
    def moments(self) -> tuple[Moments, ...]:
        """Of ``counts``, over landscapes."""
        return tuple(Moments.of(counts) for counts in self.counts)

    @property
    def landscapes(self) -> int:
        """Landscapes in the sample, those without a pair included."""
        return self.antipodes.count

    def density(self, pair: int) -> tuple[Floats, Floats]:
        """Mean number of pairs of a landscape per unit of overlap and its standard error, each (bins,)."""
        width = np.diff(self.edges)
        return self.moments[pair].mean / width, self.moments[pair].standard_error / width


def measure_overlaps(cell: Cell, kinds: Sequence[tuple[Kind, Kind]], edges: ArrayLike) -> Overlaps:
    """Count the pairs of a cell by overlap.

    Args:
        cell: with stored positions.
        kinds: of the first and the second point.
        edges: of the overlap bins, from -1 to 1.

    Raises:
        ValueError: the cell has no positions, or the edges don't span [-1, 1].
    """
    if "position" not in cell.dataset:
        raise ValueError(f"{cell.name}: got a cell without positions; allowed: one with positions = true")
    bounds = np.asarray(edges, dtype=np.float64)
    if bounds[0] != -1 or bounds[-1] != 1 or not np.all(np.diff(bounds) > 0):
        raise ValueError(f"overlap bins: got {bounds[0]:g} .. {bounds[-1]:g}, allowed: increasing, -1 .. 1")
    chosen, n = tuple(kinds), cell.n  # a worker elsewhere needs no cell
    covariance = cell.theory.isotropic
    parity = covariance is not None and (covariance.is_odd or covariance.is_even)

    def reduce(batch: Batch) -> NDArray[np.int64]:
        return batch_pairs(batch, n, chosen, bounds, parity)

    parts = list(reduce_points(cell.dataset, ["index", "energy", "position"], reduce))
    if not parts:
        raise ValueError(f"{cell.name}: got a dataset without landscapes; allowed: at least one")
    counts = np.concatenate(parts).astype(np.float64)
    pairs = tuple(counts[:, pair, :-1] for pair in range(len(chosen)))
    return Overlaps(bounds, chosen, pairs, Moments.of(counts[:, :, -1]))


def batch_pairs(
    batch: Batch, n: int, kinds: Sequence[tuple[Kind, Kind]], edges: Floats, parity: bool
) -> NDArray[np.int64]:
    """Ordered pairs of each landscape, by pair of kinds and overlap bin; the last bin holds the antipodes.

    Args:
        batch: with index, energy and position.
        n: number of spins N.
        kinds: of both points.
        edges: of the bins.
        parity: whether pairs at q = -1 are antipodes by symmetry.

    Returns:
        shape (landscapes, len(kinds), bins + 1).
    """
    bins = len(edges) - 1
    found = np.zeros((batch.landscapes, len(kinds), bins + 1), np.int64)
    index, energy = batch.columns["index"].astype(np.int64), batch.columns["energy"]
    first, second = (np.stack([pair[i].holds(index, energy) for pair in kinds], -1) for i in (0, 1))
    for landscapes, rows, part in _groups(batch):
        x = batch.columns["position"][rows]  # (landscapes, points, N)
        overlap = x[:, part] @ np.swapaxes(x, 1, 2) / n
        slot = np.clip(np.searchsorted(edges, overlap, side="right") - 1, 0, bins - 1)
        if parity:
            slot[overlap < ANTIPODE - 1] = bins
        apart = np.arange(x.shape[1])[part, None] != np.arange(x.shape[1])  # a point is no pair with itself
        slot += np.arange(len(landscapes))[:, None, None] * (bins + 1)
        for pair in range(len(kinds)):
            chosen = first[rows][:, part, pair, None] & second[rows][:, None, :, pair] & apart
            counted = np.bincount(slot[chosen], minlength=len(landscapes) * (bins + 1))
            found[landscapes, pair] += counted.reshape(len(landscapes), bins + 1)
    return found


def _groups(batch: Batch) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], slice]]:
    """Landscapes with equally many points, the rows of each (landscapes, points), and a slice of these points
    whose overlaps with all of them are few enough."""
    sizes = np.bincount(batch.owner, minlength=batch.landscapes)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    for size in np.unique(sizes[sizes > 1]):
        members = np.flatnonzero(sizes == size)
        together = max(1, PAIRS_AT_ONCE // int(size) ** 2)
        step = max(1, PAIRS_AT_ONCE // int(size))
        for start in range(0, len(members), together):
            landscapes = members[start : start + together]
            rows = offsets[landscapes][:, None] + np.arange(size)
            for low in range(0, size, step):
                yield landscapes, rows, slice(low, min(low + step, int(size)))


def overlap_test(
    name: str, found: Overlaps, pair: int, expected: Floats, error: Floats | None = None
) -> TestResult:
    """Test the mean numbers of pairs by overlap jointly against expected ones.

    Hotelling's T^2 over landscapes, in neighbouring bins merged until `RARE_PAIRS` are expected in each.

    Args:
        name: of the result.
        found: measured.
        pair: which pair of kinds.
        expected: mean numbers by bin, shape (bins,).
        error: their standard errors, independent; None if exact.
    """
    merge = _merging(expected * found.landscapes)
    if len(merge) < 2:
        return not_testable(name, found.landscapes, "too few pairs expected")
    rows = (found.counts[pair] - expected) @ merge.T
    reference = None if error is None else Reference(merge @ np.diag(error**2) @ merge.T)
    return hotelling(name, rows, reference, note=f"{len(merge)} bins")


def _merging(expected: Floats) -> Floats:
    """Zeros and ones that add neighbouring bins up, shape (merged, bins); what is left over goes to the
    last."""
    least = max(RARE_PAIRS, float(expected.sum()) / MOST_BINS)
    rows: list[Floats] = []
    row, held = np.zeros(len(expected)), 0.0
    for place, value in enumerate(expected):
        row[place] = 1.0
        held += value
        if held >= least:
            rows.append(row)
            row, held = np.zeros(len(expected)), 0.0
    if rows:
        rows[-1] = rows[-1] + row
    return np.array(rows)


def uniform_pairs(found: Overlaps, pair: int, n: int) -> Floats:
    """Mean numbers by bin if the pairs measured fell like independent uniform points, shape (bins,)."""
    return uniform_share(n, found.edges) * float(found.moments[pair].mean.sum())


def exact_pairs(theory: PairCounts, pair: tuple[Kind, Kind]) -> tuple[Floats, Floats]:
    """Exact mean numbers by bin of two kinds of a `PairCounts`, and their standard errors, each (bins,)."""
    i, j = (theory.kinds.index(kind) for kind in pair)
    return theory.pairs[:, i, j], theory.se[:, i, j]

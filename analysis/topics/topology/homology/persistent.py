"""Mean persistent Betti numbers beta_k^{a,b}: the rank of H_k{H/N <= a} -> H_k{H/N <= b}.

Classes born at or below a that live beyond b. Unknown landscapes count in the limits with

    [k = 0 and {H/N <= a} not empty] <= beta_k^{a,b} <= min(beta_k(a), beta_k(b)),

the Betti numbers at their own upper limits.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.batches import Batch, Floats, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.topics.topology.homology.sublevels import Chunk, betti_limits, chunks, lacking_share
from morsecensus.tasks.measurables.topology import PAIR

NAMES = ("pair_dim", "pair_birth", "pair_death")


def estimate_persistent(cell: Cell, levels: Floats, degrees: Sequence[int] = (0, 1)) -> xr.Dataset | None:
    """Mean persistent Betti numbers on a grid of levels a <= b; None if none of the degrees is known.

    Args:
        cell: with topology.
        levels: energies per spin, ascending.
        degrees: those wanted; those that no landscape knows are left out.

    Returns:
        ``mean``, ``se`` over known landscapes and ``lower``, ``upper``, limits on the mean over all planned
        ones, each by ``degree``, ``first`` (a) and ``last`` (b), nan where a > b; ``known`` (degree).
    """
    size = len(levels)
    known = np.zeros(len(degrees), dtype=np.int64)
    sums = np.zeros((4, len(degrees), size, size))
    landscapes = 0
    for chunk in chunks(cell, levels, (size + 1) ** 2):
        landscapes += len(chunk.known)
        for place, degree in enumerate(degrees):
            sure = chunk.known[:, degree, None, None]
            found = np.where(sure, persistent_numbers(chunk, degree, levels), 0.0)
            low, high = _limits(chunk.lower, chunk.upper, degree)
            parts = (found, found**2, np.where(sure, found, low), np.where(sure, found, high))
            sums[:, place] += np.stack([part.sum(axis=0) for part in parts])
            known[place] += sure.sum()
    absent = max(cell.planned - landscapes, 0)
    if absent:
        sums[3] += absent * _most_of_absent(cell, degrees, size)
    kept = known > 0
    return _dataset(sums[:, kept], known[kept], landscapes + absent, np.array(degrees)[kept], levels)


def persistent_numbers(chunk: Chunk, degree: int, levels: Floats) -> Floats:
    """beta_k^{a,b} of each landscape, shape (landscapes, levels a, levels b)."""
    width = len(levels) + 1

    def function(batch: Batch) -> Floats:
        dim, birth, death = (batch.columns[name] for name in NAMES)
        born, died = (np.searchsorted(levels, energy, side="left") for energy in (birth, death))
        # Other degrees go to a slot that is cut off.
        code = np.where(dim == degree, born, width - 1) * width + died
        table = batch.per_landscape(code, width**2).reshape(batch.landscapes, width, width)
        alive = np.cumsum(table[:, :-1], axis=1)
        return np.cumsum(alive[:, :, ::-1], axis=2)[:, :, -2::-1].astype(np.float64)

    return np.concatenate(list(reduce_points(chunk.data, NAMES, function, table=PAIR)))


def _limits(lower: Floats, upper: Floats, degree: int) -> tuple[Floats, Floats]:
    most = np.minimum(upper[:, degree, :, None], upper[:, degree, None, :])
    least = np.zeros_like(most)
    if degree == 0:
        least += np.minimum(lower[:, 0], 1.0)[:, :, None]
    return least, most


def _most_of_absent(cell: Cell, degrees: Sequence[int], size: int) -> Floats:
    nothing = np.zeros((1, cell.n, 1))
    lacking = (cell.most_points * lacking_share(cell))[None]
    upper = betti_limits(nothing, nothing[:, :, 0], lacking)[1]
    return np.broadcast_to(upper[0, list(degrees), :, None], (len(degrees), size, size))


def _dataset(
    sums: Floats, known: np.ndarray, planned: int, degrees: np.ndarray, levels: Floats
) -> xr.Dataset | None:
    if not len(degrees):
        return None
    count = known[:, None, None].astype(float)
    mean, square = sums[:2] / count
    free = np.where(count > 1, count - 1, np.nan)
    values = {
        "mean": mean,
        "se": np.sqrt(np.maximum(square - mean**2, 0) / free),
        "lower": sums[2] / planned,
        "upper": sums[3] / planned,
    }
    allowed = levels[:, None] <= levels
    dims = ("degree", "first", "last")
    return xr.Dataset(
        {name: (dims, np.where(allowed, value, np.nan)) for name, value in values.items()}
        | {"known": ("degree", known)},
        {"degree": degrees, "first": levels, "last": levels},
    )

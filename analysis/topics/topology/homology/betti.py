"""Mean Betti numbers of {H/N <= u} over a cell's landscapes, beside the numbers of critical points.

A point of index k either begins a class of degree k or ends one of degree k - 1, so the points of index k at
or below u whose partner isn't at or below u number beta_k(u). Hence beta_k/N_k is the share left over, and
1 - beta_k/N_k the share that cancelled in pairs; partners may have index k + 1. Likewise for some degrees
taken together.

Landscapes are the sampling unit. Means are over those that know the degree; limits beside them hold for the
mean over every planned landscape (see `analysis.topics.topology.homology.sublevels`). A degree that no
landscape knows is left out.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import exact_degrees
from morsecensus.analysis.topics.topology.homology.sublevels import Chunk, betti_limits, chunks, lacking_share

DRAWS = 400
"""Of the bootstrap: the error of a standard error from them is 4%."""
LOW = "0+1"
"""The group of the two lowest degrees, known at any N."""
Groups = dict[str, tuple[int, ...]]


def grouping(known: NDArray[np.bool_]) -> Groups:
    """Name -> degrees: each that is known anywhere, the two lowest together, and all if all are known."""
    found = np.flatnonzero(known.any(axis=0)).tolist()
    groups: Groups = {str(k): (k,) for k in found}
    if {0, 1} <= set(found):
        groups[LOW] = (0, 1)
    if len(found) == known.shape[1]:
        groups["all"] = tuple(found)
    return groups


def estimate_betti(cell: Cell, levels: Floats, seed: int = 0, draws: int = DRAWS) -> xr.Dataset | None:
    """Mean Betti numbers and numbers of points at each level; None if no degree is known anywhere.

    Args:
        cell: with topology.
        levels: energies per spin, ascending, the last one beyond all points.
        seed: of the bootstrap over landscapes.
        draws: of the bootstrap.

    Returns:
        By ``group`` (a degree, "0+1" or "all"; see `grouping`) and ``level``: ``betti``, ``betti_se`` over
        known landscapes; ``betti_lower``, ``betti_upper``: limits on the mean over all planned ones;
        ``points``, ``points_se``: points at or below u, over all landscapes of the dataset; ``points_exact``:
        their exact mean, nan where unknown; ``points_known``: over known landscapes; ``log_se``: standard
        error of log(points_known/betti) by the delta method; ``ratio_lower``, ``ratio_upper``: limits on the
        ratio over all planned landscapes; ``with_class``: known landscapes that have a class.

        By ``group``: ``known``: landscapes; ``missing``: points that a mean planned landscape may lack;
        ``peak``: place of the level where ``betti`` is largest, the first of them; ``peak_log_se``: bootstrap
        error of the log ratio there, the level chosen anew in each draw; ``peak_bias``: mean of the draws'
        log ratios less the log ratio.

        A logarithm has no error where a draw or a mean has no class.
    """
    groups = grouping(exact_degrees(cell))
    if not groups:
        return None
    sums = _Sums(groups, len(levels), draws)
    for chunk in chunks(cell, levels):
        sums.add(chunk, seed)
    sums.add_uncomputed(cell)
    values = {name: (("group", "level"), value) for name, value in (sums.means() | sums.limits()).items()}
    values |= {name: ("group", value) for name, value in (sums.numbers() | sums.peaks()).items()}
    exact = _take(_exact_counts(cell, levels)[None], groups)[0]
    values["points_exact"] = (("group", "level"), exact)
    attrs = {"n": cell.n, "cell": cell.name, "planned": sums.planned, "landscapes": sums.landscapes}
    return xr.Dataset(values, {"group": list(groups), "level": levels}, attrs)


def _exact_counts(cell: Cell, levels: Floats) -> Floats:
    theory = cell.theory.resolved(cell.n)
    if theory is None:
        return np.full((cell.n, len(levels)), np.nan)
    return np.cumsum(theory.count_by_index(np.concatenate([[-np.inf], levels])), axis=1)


def _take(values: Floats, groups: Groups) -> Floats:
    """Sums over the degrees of each group, which stand on the second axis; infinite ones stay apart."""
    return np.stack([values[:, list(degrees)].sum(axis=1) for degrees in groups.values()], axis=1)


def _divide(value: Floats, by: Floats | float, otherwise: float = np.nan) -> Floats:
    value, by = np.broadcast_arrays(value, by)
    return np.divide(value, by, out=np.full(value.shape, otherwise), where=by > 0)


class _Sums:
    """Sums over landscapes by group and level; n are points, b classes."""

    def __init__(self, groups: Groups, levels: int, draws: int):
        self._groups = groups
        shape = (len(groups), levels)
        self.landscapes = self.planned = 0
        self._known = np.zeros(len(groups), dtype=np.int64)
        self._lacking = np.zeros(len(groups))
        self._all = np.zeros((2, *shape))
        self._sure = np.zeros((5, *shape))
        self._with = np.zeros(shape, dtype=np.int64)
        # Of b the least and the most; of n the least that b at its most allows, and the most.
        self._limits = np.zeros((4, *shape))
        self._drawn = np.zeros((2, draws, *shape))

    def add(self, chunk: Chunk, seed: int) -> None:
        """Take landscapes in."""
        n, b, low, high = (
            _take(part, self._groups) for part in (chunk.counts, chunk.betti, chunk.lower, chunk.upper)
        )
        lacking = _take(chunk.lacking, self._groups)
        known = _take(np.where(chunk.known, 0.0, 1.0), self._groups) == 0
        self.landscapes += len(known)
        self._known += known.sum(axis=0)
        self._lacking += lacking.sum(axis=0)
        self._all += np.stack([n.sum(axis=0), (n**2).sum(axis=0)])
        self._limits += np.stack([low, high, np.maximum(n, high), n + lacking[:, :, None]]).sum(axis=1)
        n, b = np.where(known[:, :, None], n, 0.0), np.where(known[:, :, None], b, 0.0)
        self._sure += np.stack([part.sum(axis=0) for part in (n, b, n**2, b**2, n * b)])
        self._with += (b > 0).sum(axis=0)
        # Poisson weights: a bootstrap that needs no second look at the landscapes.
        draws = self._drawn.shape[1]
        weight = np.random.default_rng([seed, chunk.first]).poisson(1.0, (draws, len(known))).astype(float)
        self._drawn += np.stack([np.tensordot(weight, part, axes=1) for part in (n, b)])

    def add_uncomputed(self, cell: Cell) -> None:
        """Take in what may be in planned landscapes that the dataset doesn't hold."""
        absent = max(cell.planned - cell.held, 0)
        self.planned = self.landscapes + absent
        if not absent:
            return
        lacking = (cell.most_points * lacking_share(cell))[None]
        nothing = np.zeros((1, cell.n, 1))
        low, high = (_take(p, self._groups) for p in betti_limits(nothing, nothing[:, :, 0], lacking))
        most = np.broadcast_to(_take(lacking, self._groups)[:, :, None], high.shape)
        self._limits += absent * np.concatenate([low, high, high, most])
        self._lacking += absent * _take(lacking, self._groups)[0]

    def numbers(self) -> dict[str, NDArray]:
        """By group."""
        return {"known": self._known, "missing": self._lacking / max(self.planned, 1)}

    def means(self) -> dict[str, NDArray]:
        """By group and level, with standard errors."""
        known = self._known[:, None].astype(float)
        n, b, nn, bb, nb = (_divide(part, known) for part in self._sure)
        free = np.where(known > 1, known - 1, np.nan)
        relative = _divide(nn - n**2, n**2) + _divide(bb - b**2, b**2) - 2 * _divide(nb - n * b, n * b)
        mean, square = self._all / max(self.landscapes, 1)
        spare = self.landscapes - 1 if self.landscapes > 1 else np.nan
        return {
            "betti": b,
            "betti_se": np.sqrt(np.maximum(bb - b**2, 0) / free),
            "points": mean,
            "points_se": np.sqrt(np.maximum(square - mean**2, 0) / spare),
            "points_known": n,
            "log_se": np.sqrt(np.maximum(relative, 0) / free),
            "with_class": self._with,
        }

    def limits(self) -> dict[str, NDArray]:
        """On means over all planned landscapes, and on their ratio."""
        low, high, fewest, most = self._limits
        return {
            "betti_lower": low / max(self.planned, 1),
            "betti_upper": high / max(self.planned, 1),
            # A ratio is at least 1, so equal additions to both sides lower it.
            "ratio_lower": np.where(fewest > 0, _divide(fewest, high, np.inf), np.nan),
            "ratio_upper": np.where(most > 0, _divide(most, low, np.inf), np.nan),
        }

    def peaks(self) -> dict[str, NDArray]:
        """Where there are most classes, and how far the bootstrap moves the ratio there."""
        at = np.argmax(self._sure[1], axis=1)
        here = np.arange(len(at))
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(self._sure[0, here, at] / self._sure[1, here, at])
            places = np.argmax(self._drawn[1], axis=2)[:, :, None]
            n, b = (np.take_along_axis(part, places, axis=2)[:, :, 0] for part in self._drawn)
            drawn = np.where(b > 0, np.log(n / b), np.nan)
        usable = np.isfinite(drawn).all(axis=0)
        error, bias = np.full((2, len(at)), np.nan)
        error[usable] = drawn[:, usable].std(axis=0, ddof=1)
        bias[usable] = drawn[:, usable].mean(axis=0) - found[usable]
        return {"peak": at, "peak_log_se": error, "peak_bias": bias}

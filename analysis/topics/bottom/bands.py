"""Sums over the low points of each landscape, and what they say with errors: landscapes are the units.

Counted: each point once. Weighted: each as often as a search from above ended there, which is where descents
from random points go once Newton's method finishes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from morsecensus.analysis.dataset.batches import Batch, Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, scan, together, vectors

LEVELS = 6
"""The lowest minima of a landscape that are looked at. Arbitrary."""
_POWERS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Band:
    """How a quantity is spread over points, with standard errors; nan where unknown.

    Attributes:
        points: that were found in all landscapes.
        mean, sd, skewness: of the points of all landscapes together.
        lowest, highest: of all.
    """

    points: int
    mean: float
    mean_se: float
    sd: float
    sd_se: float
    skewness: float
    skewness_se: float
    lowest: float
    highest: float


@dataclass(frozen=True, eq=False)
class Bottom:
    """What the points of one cell say.

    Attributes:
        bands: energies of each index that was sought, counted.
        weighted: energies of minima by hits from above; None without hits.
        softest: the smallest eigenvalue of the Hessian at minima.
        levels: energies of the lowest minima, of equal ones once, nan where there are fewer, shape
            (landscapes, LEVELS).
        distinct: how many minima there are, of equal ones one, shape (landscapes,).
        shares: hits from above of each minimum over those of all, descending, a row a landscape, nan beyond.
        ground: share of the lowest minimum, nan where there is none, shape (landscapes,).
    """

    bands: tuple[Band, ...]
    weighted: Band | None
    softest: Band
    levels: Floats
    distinct: Floats
    shares: Floats
    ground: Floats


def measure(cell: Cell) -> Bottom:
    """Read the points of a cell of low indices once."""
    assert cell.sought is not None
    asked = [_band(k, "energy") for k in range(cell.sought + 1)]
    asked += [_band(0, "energy", hits=True), _band(0, "lambda_min"), _minima()]
    *bands, weighted, softest, minima = scan(cell.dataset, together(asked))
    held = weighted if np.isfinite(weighted.mean) else None
    return Bottom(tuple(bands), held, softest, *minima)


def jackknife(sums: Floats, of: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """A function of sums over landscapes, and its standard error by leaving each landscape out.

    Args:
        sums: shape (landscapes, d).
        of: takes (..., d), gives (..., values).
    """
    total, size = sums.sum(axis=0), len(sums)
    value = of(total)
    if size < 2:
        return value, np.full_like(value, np.nan)
    without = of(total - sums)
    spread = np.sum((without - without.mean(axis=0)) ** 2, axis=0)
    return value, np.sqrt(spread * (size - 1) / size)


def shape(sums: Floats) -> Floats:
    """Mean, standard deviation and skewness from sums of the powers 0 to 3, shape (..., 4) -> (..., 3)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second, third = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
        variance = np.maximum(second - first**2, 0.0)
        skewness = (third - 3 * first * second + 2 * first**3) / variance**1.5
    return np.stack([first, np.sqrt(variance), skewness], axis=-1)


def _band(index: int, column: str, hits: bool = False) -> Reduction[Band]:
    """Of the points of an index; by their hits from above if asked."""
    names = ["index", column, *(["hits", "hits_below"] if hits else [])]

    def sums(batch: Batch) -> Floats:
        chosen = batch.columns["index"] == index
        values = batch.columns[column].astype(np.float64)
        weight = _above(batch) if hits else np.ones(len(values))
        weight = np.where(chosen, weight, 0.0)
        same = np.zeros(len(values), np.int64)
        columns = [batch.per_landscape(same, 1, weight * values**power) for power in _POWERS]
        low, high = np.full(batch.landscapes, np.inf), np.full(batch.landscapes, -np.inf)
        np.minimum.at(low, batch.owner[weight > 0], values[weight > 0])
        np.maximum.at(high, batch.owner[weight > 0], values[weight > 0])
        found = batch.per_landscape(same, 1, (weight > 0).astype(np.float64))
        return np.concatenate([*columns, low[:, None], high[:, None], found], axis=1)

    return vectors(names, sums, _finished)


def _finished(rows: Floats) -> Band:
    value, error = jackknife(rows[:, : len(_POWERS)], shape)
    points = int(rows[:, -1].sum())
    low, high = (rows[:, -3].min(), rows[:, -2].max()) if points else (np.nan, np.nan)
    mean, sd, skewness = value.tolist()
    mean_se, sd_se, skewness_se = error.tolist()
    return Band(points, mean, mean_se, sd, sd_se, skewness, skewness_se, float(low), float(high))


def _above(batch: Batch) -> Floats:
    return (batch.columns["hits"] - batch.columns["hits_below"]).astype(np.float64)


def _minima() -> Reduction[tuple[Floats, Floats, Floats, Floats]]:
    """Levels, numbers, shares of hits and the share of the ground state. Minima of one energy to the last bit
    are images of each other, stored with the energy and the hits of their class."""

    def rows(batch: Batch) -> list[tuple[Floats, Floats]]:
        energy, above = batch.columns["energy"].astype(np.float64), _above(batch)
        minima = batch.columns["index"] == 0
        bounds = np.searchsorted(batch.owner, np.arange(batch.landscapes + 1))
        found = []
        for first, last in pairwise(bounds):
            own = first + np.flatnonzero(minima[first:last])
            level, place = np.unique(energy[own], return_index=True)
            found.append((level, above[own][place]))
        return found

    def finish(parts: list[list[tuple[Floats, Floats]]]) -> tuple[Floats, Floats, Floats, Floats]:
        found = [one for part in parts for one in part]
        most = max((len(energy) for energy, _ in found), default=0)
        levels, shares = np.full((len(found), LEVELS), np.nan), np.full((len(found), most), np.nan)
        ground = np.full(len(found), np.nan)
        for place, (energy, above) in enumerate(found):
            lowest = energy[:LEVELS]
            levels[place, : len(lowest)] = lowest
            if above.sum() > 0:
                shares[place, : len(above)] = np.sort(above / above.sum())[::-1]
                ground[place] = above[0] / above.sum()
        distinct = np.array([len(energy) for energy, _ in found], dtype=np.float64)
        return levels, distinct, shares, ground

    return Reduction(("index", "energy", "hits", "hits_below"), rows, finish)

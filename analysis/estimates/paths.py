"""What homotopy paths say of a cell: closed books and proofs, or unbiased numbers and the census's recall.

Recall is pooled over the sampled real endpoints of all landscapes. Its lower limit is Clopper and Pearson's:
endpoints of landscapes with different recall make a sum of Bernoulli variables whose tails are no heavier
than the binomial's (Hoeffding, Ann. Math. Stat. 27 (1956) 713), so the limit holds for the mean over these
endpoints. Unresolved paths count as misses. The error over landscapes says what other landscapes may give.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Batch, Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, settled
from morsecensus.analysis.estimates.counts import is_odd, mean_and_error
from morsecensus.tasks.proportions import interval, lower_limit

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Recall:
    """Of one index, or of all points.

    Attributes:
        index: None for all.
        endpoints: sampled real endpoints (an antipodal pair counts once).
        found: those that the census had.
        share: found/endpoints, nan without endpoints.
        error: of the share, over landscapes; nan for fewer than two with endpoints.
        lower: limit at 95%, 0 where it says nothing.
    """

    index: int | None
    endpoints: int
    found: int
    share: float
    error: float
    lower: float


@dataclass(frozen=True, eq=False)
class PathSummary:
    """Sums over the landscapes of a cell whose books were kept.

    Attributes:
        sampled: whether the paths are a sample, or all of them.
        number, number_se: mean number of points from sampled paths, all and by index, shape (1 + N,).
        number_limits: mean of the landscapes' own 95% limits, shape (2, 1 + N): the interval where there is
            but one landscape.
        recall: all, then each index; empty where every path was followed.
    """

    landscapes: int
    sampled: bool
    paths: int
    distinct: int
    retries: int
    unresolved: int
    jumps: int
    certified: int | None
    points: int
    number: Floats
    number_se: Floats
    number_limits: Floats
    recall: tuple[Recall, ...]


def summarise_paths(cell: Cell) -> Reduction[PathSummary | None]:
    """The homotopy's part of a cell's ledger; None if no path was followed."""
    data = cell.dataset
    kept = data["n_paths"].values > 0
    if not kept.any():
        return settled(None)
    sampled = bool((data["n_jumps"].values[kept] >= 0).any())
    recalls = _recalls(cell) if sampled else settled(())
    return recalls.then(lambda recall: _summary(cell, kept, sampled, recall))


def _summary(cell: Cell, kept: NDArray[np.bool_], sampled: bool, recall: tuple[Recall, ...]) -> PathSummary:
    data = cell.dataset
    certified = data["n_certified"].values[kept]
    number, error = mean_and_error(_all_and_by_index(cell, "sampled_points", kept))
    limits = [
        _all_and_by_index(cell, f"sampled_points_{end}", kept).mean(axis=0) for end in ("lower", "upper")
    ]
    total = {name: int(data[f"n_{name}"].values[kept].sum()) for name in ("paths", "distinct", "retries")}
    return PathSummary(
        int(kept.sum()),
        sampled,
        **total,
        unresolved=int(data["n_unresolved"].values[kept].sum()),
        jumps=int(np.maximum(data["n_jumps"].values[kept], 0).sum()),
        certified=int(certified.sum()) if (certified >= 0).all() else None,
        points=int(data["n_points"].values[kept].sum()),
        number=number,
        number_se=error,
        number_limits=np.stack(limits),
        recall=recall,
    )


def _all_and_by_index(cell: Cell, name: str, kept: NDArray[np.bool_]) -> Floats:
    whole = cell.dataset[name].values[kept, None]
    return np.concatenate([whole, cell.dataset[f"{name}_by_index"].values[kept]], axis=1)


def _recalls(cell: Cell) -> Reduction[tuple[Recall, ...]]:
    levels = int(cell.dataset.sizes["morse_index"])

    def counts(batch: Batch) -> NDArray[np.int64]:
        index, sample = batch.columns["index"].astype(np.int64), batch.columns["sample_hits"]
        sample = np.maximum(sample, 0).astype(float)
        had = sample * (batch.columns["hits"] > 0)
        return np.stack([batch.per_landscape(index, levels, weight) for weight in (had, sample)])

    return Reduction(("index", "sample_hits", "hits"), counts, lambda parts: _recall_by_index(cell, parts))


def _recall_by_index(cell: Cell, batches: list[NDArray[np.int64]]) -> tuple[Recall, ...]:
    """Of all points and of each index, from sampled endpoints by landscape and index: had, and all."""
    found, endpoints = np.concatenate(batches, axis=1)
    levels = found.shape[1]
    unresolved = int(np.maximum(cell.dataset["n_unresolved"].values, 0).sum())
    # All points of a class have its hits, and together they stand for one endpoint.
    orbit = cell.symmetry.orbit
    middle = 2 * np.arange(levels) == levels - 1
    shares = np.where(middle, orbit, _rows_per_endpoint(cell))
    parts = [_recall(None, found.sum(axis=1) / orbit, endpoints.sum(axis=1) / orbit, unresolved)]
    for k in range(levels):
        parts.append(_recall(k, found[:, k] / shares[k], endpoints[:, k] / shares[k], unresolved))
    return tuple(parts)


@dataclass(frozen=True, eq=False)
class SampledHistogram:
    """Mean numbers of points of a landscape in bins of energy, from sampled paths: unbiased.

    Attributes:
        endpoints: sampled endpoints with a point in each bin.
        number: their number times solutions per path.
        lower, upper: Clopper and Pearson's limits at 95%, over all sampled paths of the cell.
        census: mean number of points in the census.
    """

    edges: Floats
    endpoints: NDArray[np.int64]
    number: Floats
    lower: Floats
    upper: Floats
    census: Floats


def sampled_histogram(cell: Cell, edges: Floats) -> Reduction[SampledHistogram | None]:
    """Numbers by energy where paths were sampled; None elsewhere. Unresolved paths are left out."""
    data = cell.dataset
    kept = (data["n_paths"].values > 0) & (data["n_jumps"].values >= 0)
    if not kept.any():
        return settled(None)

    def counts(batch: Batch) -> NDArray[np.int64]:
        energy = batch.columns["energy"]
        sample = np.maximum(batch.columns["sample_hits"], 0)
        return np.stack([np.histogram(energy, edges, weights=w)[0] for w in (sample, np.ones(len(energy)))])

    return Reduction(("energy", "sample_hits"), counts, lambda parts: _sampled(cell, kept, edges, parts))


def _sampled(
    cell: Cell, kept: NDArray[np.bool_], edges: Floats, parts: list[NDArray[np.int64]]
) -> SampledHistogram:
    """From sampled endpoints and points in each bin, a batch a part."""
    data = cell.dataset
    endpoints, census = sum(parts, np.zeros((2, len(edges) - 1)))
    paths = int((data["n_paths"].values - data["n_unresolved"].values)[kept].sum())
    # A class has a solution for each of its points, or one that is all, and its hits stand at all its rows.
    # Even H: all rows are in the bin, for one endpoint. Odd H: half of them are, and it may be either half.
    rows = _rows_per_endpoint(cell)
    weight = float(data["bound"].values[kept].mean()) * (rows / cell.symmetry.orbit)
    endpoints = endpoints / rows
    lower, upper = interval(endpoints, paths, LEVEL)
    return SampledHistogram(
        edges,
        endpoints.astype(np.int64),
        weight * endpoints / paths,
        weight * lower,
        weight * upper,
        census / int(kept.sum()),
    )


def _rows_per_endpoint(cell: Cell) -> int:
    """Rows of a class at one energy, and of one index: half of the class where H is odd."""
    return cell.symmetry.orbit // (1 + is_odd(cell))


def _recall(index: int | None, found: Floats, endpoints: Floats, unresolved: int) -> Recall:
    hits, trials = round(found.sum()), round(endpoints.sum())
    share = hits / trials if trials else float("nan")
    error = float("nan")
    if (endpoints > 0).sum() > 1:
        residual = found - share * endpoints
        count = len(residual)
        error = float(np.sqrt(np.sum(residual**2) * count / (count - 1)) / trials)
    lower = float(lower_limit(hits, trials + unresolved, LEVEL))
    return Recall(index, trials, hits, share, error, lower)

"""Estimators of one cell: Dataset in, Dataset with standard errors out.

The landscape is the sampling unit: critical points of one landscape are correlated, landscapes are
independent. Means run over every landscape of the dataset that has a number, whatever its status; what an
open or failed one may miss stands beside them as a bias. Landscapes with degenerate points or continuous sets
have no number: `analysis.topics.degenerate.measure` says what is known of them.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, of_several
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, moments
from morsecensus.tasks.measurables.words import CHECKS, ERROR, REASONS, STATUSES

COMPLETE, OPEN, FAILED = range(3)
CHECK_COLUMNS = ("bound_check", "parity_check", "morse_check")


def is_odd(cell: Cell) -> bool:
    """Whether a sign change turns H into -H: then index k at E goes with index d-k at -E in every
    landscape, d the dimension."""
    return cell.symmetry.odd


def mean_and_error(values: Floats) -> tuple[Floats, Floats]:
    """Mean over the first axis and its standard error (nan for fewer than two entries)."""
    values, size = np.asarray(values, dtype=np.float64), len(values)
    if size < 2:
        mean = values.mean(axis=0) if size else np.full(values.shape[1:], np.nan)
        return mean, np.full(values.shape[1:], np.nan)
    # Squares of very large or small numbers are no doubles; a power of two rounds nothing.
    unit = unit_of(values)
    error = np.ldexp(np.ldexp(values, -unit).std(axis=0, ddof=1), unit) / np.sqrt(size)
    return values.mean(axis=0), error


def unit_of(values: Floats) -> int:
    """Exponent of the power of two in whose unit fourth powers of these numbers are doubles: 0 mostly."""
    largest = float(np.max(np.abs(values), initial=0.0))
    usual = not np.isfinite(largest) or largest == 0 or 1e-60 < largest < 1e60
    return 0 if usual else int(np.frexp(largest)[1])


def computed_counts(cell: Cell) -> NDArray[np.integer]:
    """Numbers of points by index of the landscapes whose block was computed: storage has zeros of the others,
    shape (computed, levels)."""
    return cell.dataset["points_by_index"].values[cell.dataset["reason"].values != ERROR]


def estimate_counts(cell: Cell) -> xr.Dataset:
    """Mean numbers of critical points by index and in all; nan where the finder didn't look.

    Returns:
        ``mean``, ``se`` (morse_index), ``total``, ``total_se``; ``complete``, ``open``, ``failed``:
        fractions of landscapes, and ``closed`` (morse_index): of those that have all points of an index;
        ``missing`` (morse_index) and ``missing_total``: a rigorous upper bound on how much the means are too
        low, because landscapes that lack any have at most ``cell.most_points`` points;
        ``plausible_missing``: by Chao1 where open, and as many as the others have where failed (nan if all
        failed); ``plausible`` (morse_index): the same by index, of a search of low indices alone.
    """
    data = cell.dataset
    counts = np.where(cell.known, data["points_by_index"].values, np.nan)
    mean, se = mean_and_error(counts)
    total, total_se = mean_and_error(counts.sum(axis=1))
    status = data["status"].values
    whole = bool(cell.known.all())
    fractions = {name: float(np.mean(status == code)) for code, name in enumerate(STATUSES)}
    missing = np.where(cell.closed, 0.0, _room(cell)[:, None] * _share(cell))
    values = {
        "mean": ("morse_index", mean),
        "se": ("morse_index", se),
        "total": float(total),
        "total_se": float(total_se),
        **fractions,
        "closed": ("morse_index", np.where(cell.known, cell.closed.mean(axis=0), np.nan)),
        "missing": ("morse_index", np.where(cell.known, missing.mean(axis=0), np.nan)),
        "missing_total": float(missing_points(cell).mean()) if whole else float("nan"),
        "plausible_missing": _plausible_missing(cell, counts.sum(axis=1)) if whole else float("nan"),
        "plausible": ("morse_index", _plausible_by_index(cell)),
    }
    return xr.Dataset(values, {"morse_index": np.arange(counts.shape[1])})


def _share(cell: Cell) -> Floats:
    """Part of the points that a landscape lacks that can have one index, shape (levels,): x -> -x pairs each
    point of index k with one of index N-1-k, so half of them."""
    share = np.ones(cell.levels)
    if is_odd(cell):
        share[:] = 0.5
        share[np.arange(len(share)) * 2 == len(share) - 1] = 1.0
    return share


def missing_points(cell: Cell) -> Floats:
    """At most how many points each landscape may miss: 0 if complete, shape (landscapes,)."""
    return np.where(cell.dataset["status"].values == COMPLETE, 0.0, _room(cell))


def _room(cell: Cell) -> Floats:
    """How many points each landscape may have beyond those that were found, shape (landscapes,)."""
    found = cell.dataset["points_by_index"].values.sum(axis=1)
    return np.maximum(cell.most_points - found, 0.0)


def _plausible_missing(cell: Cell, found: Floats) -> float:
    data = cell.dataset
    status = data["status"].values
    failed = status == FAILED
    if failed.all():
        return float("nan")
    unseen = np.nan_to_num(data["chao1"].values - found, nan=0.0, posinf=0.0)
    unseen = np.where(status == OPEN, np.maximum(unseen, 0.0), 0.0)
    typical = float(np.mean((found + unseen)[~failed]))
    return float(np.mean(np.where(failed, np.maximum(typical - found, 0.0), unseen)))


def _plausible_by_index(cell: Cell) -> Floats:
    """Mean number of points that landscapes lack of each index: where it is open by the larger of recapture's
    upper limit and Chao1, and as many as the others have where nothing was found. Nan where unknown."""
    data, failed = cell.dataset, cell.dataset["status"].values == FAILED
    if cell.sought is None or failed.all():
        return np.full(cell.levels, np.nan)
    found = data["points_by_index"].values.astype(np.float64)
    estimates = [data[name].values for name in ("recapture_upper_by_index", "chao1_by_index")]
    finite = [np.where(np.isfinite(each), each, 0.0) for each in estimates]
    unseen = np.maximum(np.maximum(*finite) - found, 0.0) * ~cell.closed
    typical = (found + unseen)[~failed].mean(axis=0)
    lacking = np.where(failed[:, None], np.maximum(typical - found, 0.0), unseen)
    return np.where(cell.known, lacking.mean(axis=0), np.nan)


def estimate_energies(cell: Cell) -> Reduction[xr.Dataset]:
    """Mean and standard deviation of the energy per spin at each index, each point counted once.

    The mean is a ratio of two sums over landscapes; its error is that of the ratio (delta method), and so is
    the one of the standard deviation. Entries are nan where no point was found, errors also where one
    landscape has all of them.

    Returns:
        ``points``, ``mean``, ``mean_se``, ``sd``, ``sd_se`` (morse_index).
    """
    levels = int(cell.dataset.sizes["morse_index"])
    # Fourth powers of energies enter. The lowest of each landscape tell their size.
    lowest = cell.extent.lowest
    unit = unit_of(lowest[np.isfinite(lowest)])

    def sums(batch: Batch) -> Floats:
        index, energy = batch.columns["index"].astype(np.int64), np.ldexp(batch.columns["energy"], -unit)
        weights = (None, energy, energy**2)
        parts = [batch.per_landscape(index, levels, weight) for weight in weights]
        return np.concatenate(parts, axis=1)

    return moments(["index", "energy"], sums, lambda found: _energy_table(found, levels, unit))


def _energy_table(found: Moments, levels: int, unit: int) -> xr.Dataset:
    """From the moments of 1, E and E^2 summed at each index, E in units of 2^unit."""
    covariance = found.covariance / max(found.count, 1)
    rows = [_ratio(found, covariance, [k, k + levels, k + 2 * levels]) for k in range(levels)]
    names = ("points", "mean", "mean_se", "sd", "sd_se")
    table = np.array(rows)
    table[:, 1:] = np.ldexp(table[:, 1:], unit)
    columns = zip(names, table.T, strict=True)
    return xr.Dataset(
        {name: ("morse_index", column) for name, column in columns}, {"morse_index": np.arange(levels)}
    )


def _ratio(moments: Moments, covariance: Floats, where: list[int]) -> tuple[float, ...]:
    """Points, mean, its error, standard deviation, its error, from the means of 1, E and E^2."""
    count, first, second = moments.mean[where]
    points = moments.total[where[0]]
    if count == 0:
        return points, *(float("nan"),) * 4
    mean = first / count
    variance = max(second / count - mean**2, 0.0)
    spread = np.sqrt(variance)
    if not of_several(points, moments.outer[where[0], where[0]]):
        return points, mean, float("nan"), spread, float("nan")
    own = covariance[np.ix_(where, where)]
    slope = np.array([-mean, 1.0, 0.0]) / count
    slope_of_variance = np.array([mean**2 - variance, -2 * mean, 1.0]) / count
    mean_se = np.sqrt(max(slope @ own @ slope, 0.0))
    spread_se = np.sqrt(max(slope_of_variance @ own @ slope_of_variance, 0.0))
    sd_se = spread_se / (2 * spread) if spread > 0 else float("nan")
    return points, mean, mean_se, spread, sd_se


def estimate_histogram(edges: Floats, whole: bool = True) -> Reduction[xr.Dataset]:
    """Mean number of points of a landscape in each energy bin: all, and minima; ``index_mean`` in the bin.

    Args:
        edges: increasing energies per spin; points outside count nowhere.
        whole: whether the finder looked for points of all indices; otherwise what is of all of them is nan.

    Returns:
        ``all``, ``all_se``, ``minima``, ``minima_se``, ``index``, ``index_se`` (bin): the last two are the
        mean Morse index of the bin's points and its error (delta method), nan in empty bins, the error also
        where one landscape has all points; ``low`` and ``high`` as coordinates.
    """
    bins = len(edges) - 1

    def counts(batch: Batch) -> tuple[NDArray[np.int64], Floats]:
        energy, index = batch.columns["energy"], batch.columns["index"]
        inside = (energy >= edges[0]) & (energy < edges[-1])
        slot = np.where(inside, np.searchsorted(edges, energy, side="right") - 1, bins)
        every = batch.per_landscape(slot, bins + 1)[:, :bins]
        sums = batch.per_landscape(slot, bins + 1, index.astype(np.float64))[:, :bins]
        minima = batch.per_landscape(np.where(index == 0, slot, bins), bins + 1)[:, :bins]
        squares = (every, minima, every**2, minima**2, sums, sums**2, every * sums)
        return np.array(batch.landscapes), np.stack([part.sum(axis=0) for part in squares])

    return Reduction(("energy", "index"), counts, lambda parts: _histogram(parts, edges, whole))


def _histogram(parts: list[tuple[NDArray[np.int64], Floats]], edges: Floats, whole: bool) -> xr.Dataset:
    """From landscapes and sums over them, a batch a part."""
    bins = len(edges) - 1
    size = int(sum(part[0] for part in parts))
    total = np.sum([part[1] for part in parts], axis=0)
    every, minima, every2, minima2, sums, sums2, cross = total / size

    def error(first: Floats, square: Floats) -> Floats:
        spread = np.maximum(square - first**2, 0.0)
        return np.sqrt(spread / (size - 1)) if size > 1 else np.full(bins, np.nan)

    held = np.where(every > 0, every, np.nan)
    index = sums / held
    # residual of a landscape: sum of index - mean index * count, mean zero over landscapes
    residual = np.maximum(sums2 - 2 * index * cross + index**2 * every2, 0.0)
    index_se = np.full(bins, np.nan)
    if size > 1:
        index_se = np.where(of_several(total[0], total[2]), np.sqrt(residual / (size - 1)) / held, np.nan)
    values = {
        "all": every,
        "all_se": error(every, every2),
        "minima": minima,
        "minima_se": error(minima, minima2),
        "index": index,
        "index_se": index_se,
    }
    if not whole:
        values |= {name: np.full(bins, np.nan) for name in ("all", "all_se", "index", "index_se")}
    return xr.Dataset(
        {name: ("bin", value) for name, value in values.items()},
        {"low": ("bin", edges[:-1]), "high": ("bin", edges[1:])},
    )


def estimate_lowest(cell: Cell) -> xr.Dataset:
    """Lowest energy of each landscape where anything was found.

    Returns:
        ``energy`` (sorted; rank), ``mean``, ``se``, ``sd``, ``landscapes``.
    """
    lowest = cell.extent.lowest
    lowest = np.sort(lowest[np.isfinite(lowest)])
    mean, se = mean_and_error(lowest)
    values = {
        "energy": ("rank", lowest),
        "mean": float(mean),
        "se": float(se),
        "sd": float(se) * np.sqrt(len(lowest)),
        "landscapes": len(lowest),
    }
    return xr.Dataset(values)


def summarise_ledger(cell: Cell) -> xr.Dataset:
    """What the ledger says of a cell.

    Returns:
        ``status`` (status) and ``reason`` (reason): numbers of landscapes; ``checks`` (check, verdict):
        pass, fail, uninformative, and unknown for landscapes of blocks that were not computed;
        ``coverage_lower``: mean lower confidence limit of the sample coverage, nan of a search that didn't
        look for all points; ``starts``, ``points``, ``degenerate``: sums; ``rounds``: mean. Of all
        landscapes, also those without a number.
    """
    data = cell.stored
    computed = data["reason"].values != ERROR
    codes = [*range(len(REASONS)), ERROR]
    checks = np.array(
        [
            [int(np.sum(data[name].values == code)) for code in (*range(len(CHECKS)), -1)]
            for name in CHECK_COLUMNS
        ]
    )
    coverage = data["coverage_lower"].values
    coverage = coverage[np.isfinite(coverage) & cell.known.all()]
    rounds = data["n_rounds"].values[computed]
    values = {
        "status": ("state", [int(np.sum(data["status"].values == code)) for code in range(len(STATUSES))]),
        "reason": ("why", [int(np.sum(data["reason"].values == code)) for code in codes]),
        "checks": (("check", "verdict"), checks),
        "coverage_lower": float(coverage.mean()) if coverage.size else float("nan"),
        "starts": int(data["n_starts"].values[computed].sum()),
        "rounds": float(rounds.mean()) if rounds.size else float("nan"),
        "points": int(data["n_points"].values[computed].sum()),
        "degenerate": int(data["n_degenerate"].values[computed].sum()),
    }
    return xr.Dataset(
        values,
        {
            "state": list(STATUSES),
            "why": [*REASONS, "error"],
            "check": [name.removesuffix("_check") for name in CHECK_COLUMNS],
            "verdict": [*CHECKS, "unknown"],
        },
    )

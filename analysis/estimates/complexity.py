"""Complexity at finite N: logarithms of mean counts against means of logarithms, with errors.

Annealed: (1/N) log of the mean count over landscapes, N the number of spins over all spheres. Quenched:
(1/N) mean over landscapes of the logarithm of the count. Their difference is never negative (Jensen) and
tends to 0 for pure p >= 3 (E. Subag, arXiv:1504.02251), not for mixtures in general.
"""

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import computed_counts

_RESAMPLES = 400
"""Bootstrap draws: the error of a standard error from them is 4%."""
_BATCH = 20


def estimate_complexity(cell: Cell, index: int | None = None, seed: int = 0) -> xr.Dataset:
    """Annealed and quenched complexity of all points, or of those of one index; nan if the finder didn't look
    for them.

    Landscapes without such a point have no logarithm: they count in the annealed mean, not in the quenched
    one, and ``without`` says how many they are. Those of failed blocks have no number and count in neither.
    Bootstrap over landscapes, with a fixed seed.

    Returns:
        ``annealed``, ``annealed_se``, ``quenched``, ``quenched_se``, ``gap`` (annealed - quenched over the
        same landscapes, nan for a single one), ``gap_se``, ``without``; nan where undefined.
    """
    counts = computed_counts(cell)
    values = (counts.sum(axis=1) if index is None else counts[:, index]).astype(np.float64)
    if not (cell.known.all() if index is None else cell.known[index]):
        values = values[:0]
    held = values[values > 0]
    result = {name: float("nan") for name in _NAMES} | {"without": int(values.size - held.size)}
    if held.size:
        n = cell.spins
        annealed = np.log(values.mean()) / n
        quenched = np.log(held).mean() / n
        result |= {"annealed": annealed, "quenched": quenched}
        if values.size > 1:
            result["annealed_se"] = values.std(ddof=1) / np.sqrt(values.size) / values.mean() / n
        if held.size > 1:
            drawn = _bootstrap(held, seed) / n
            result["gap"] = np.log(held.mean()) / n - quenched
            result |= {"quenched_se": drawn[:, 0].std(ddof=1), "gap_se": drawn[:, 1].std(ddof=1)}
    return xr.Dataset({name: float(value) for name, value in result.items()})


_NAMES = ("annealed", "annealed_se", "quenched", "quenched_se", "gap", "gap_se")


def _bootstrap(values: Floats, seed: int) -> Floats:
    """Mean logarithm, and log-mean minus mean-log, of resampled landscapes, shape (resamples, 2)."""
    rng = np.random.default_rng(seed)
    distinct, multiplicity = np.unique(values, return_counts=True)
    share = multiplicity / values.size
    # resampling n values is a multinomial over the distinct ones, and counts have few of those
    parts = []
    for _ in range(_RESAMPLES // _BATCH):
        weight = rng.multinomial(values.size, share, size=_BATCH) / values.size
        quenched = weight @ np.log(distinct)
        parts.append(np.stack([quenched, np.log(weight @ distinct) - quenched], axis=1))
    return np.concatenate(parts)

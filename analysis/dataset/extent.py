"""Where the points of a cell lie: one reading, before bins can be laid; a second one can fill them."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.batches import Batch, Floats
from morsecensus.analysis.dataset.scan import Reduction, scan, settled, together


@dataclass(frozen=True, eq=False)
class Extent:
    """Ranges of what is measured at the points of a cell.

    Attributes:
        energy: lowest and highest per spin; nan and nan if there are no points.
        lowest: energy of each landscape, nan where nothing was found, shape (landscapes,).
        spectrum: smallest and largest eigenvalue of the Hessians at each index, (inf, -inf) where there are
            no points, shape (levels, 2); None where spectra weren't stored.
    """

    energy: tuple[float, float]
    lowest: Floats
    spectrum: Floats | None


def extent_of(dataset: xr.Dataset) -> Extent:
    """Read the points of a cell once."""
    spectra = spectral_range(int(dataset.sizes["morse_index"])) if "spectrum" in dataset else settled(None)
    return Extent(*scan(dataset, together([ENERGY_RANGE, LOWEST, spectra])))


def _extremes(batch: Batch) -> tuple[float, float]:
    energy = batch.columns["energy"]
    return float(energy.min(initial=np.inf)), float(energy.max(initial=-np.inf))


def _range(parts: list[tuple[float, float]]) -> tuple[float, float]:
    low = min((part[0] for part in parts), default=np.inf)
    high = max((part[1] for part in parts), default=-np.inf)
    return (low, high) if low <= high else (float("nan"), float("nan"))


ENERGY_RANGE = Reduction(("energy",), _extremes, _range)
"""The lowest and the highest energy of all points; nan and nan if there are none."""


def _first(batch: Batch) -> Floats:
    lowest = np.full(batch.landscapes, np.nan)
    starts = np.flatnonzero(np.diff(batch.owner, prepend=-1))
    lowest[batch.owner[starts]] = batch.columns["energy"][starts]
    return lowest


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


LOWEST = Reduction(("energy",), _first, _joined)
"""The lowest energy of each landscape, nan where nothing was found, shape (landscapes,). The rows of a
landscape are sorted by energy, so it is the first row of each."""


def spectral_range(levels: int) -> Reduction[Floats]:
    """Smallest and largest eigenvalue at each index, shape (levels, 2)."""

    nothing = np.tile([np.inf, -np.inf], (levels, 1))

    def reach(batch: Batch) -> Floats:
        found = nothing.copy()
        np.minimum.at(found[:, 0], batch.columns["index"], batch.columns["lambda_min"])
        np.maximum.at(found[:, 1], batch.columns["index"], batch.columns["lambda_max"])
        return found

    def widest(parts: list[Floats]) -> Floats:
        lows, highs = np.moveaxis(np.stack([nothing, *parts]), 2, 0)
        return np.stack([lows.min(axis=0), highs.max(axis=0)], axis=1)

    return Reduction(("index", "lambda_min", "lambda_max"), reach, widest)

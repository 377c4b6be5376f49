"""Negative controls: datasets that are wrong on purpose, in ways that have happened.

Each takes a cell of an honest census and returns one with a known error, to be put through the same tests
and the same ledger checks. A test that accepts them proves nothing by accepting the original.
"""

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.cells import Cell

Rows = NDArray[np.int64]


def scaled_couplings(cell: Cell, factor: float) -> Cell:
    """Couplings whose variance is ``factor`` times what it should be: H, and its Hessian, times sqrt(factor).

    Counts can't see it; energies and spectra can.
    """
    scale = np.sqrt(factor)
    names = [
        n for n in ("energy", "lambda_min", "lambda_max", "radial_derivative", "spectrum") if n in cell.stored
    ]
    return replace(cell, stored=cell.stored.assign({name: scale * cell.stored[name] for name in names}))


def wrong_shift(cell: Cell) -> Cell:
    """Hessians shifted by -(p-1)u in place of -pu at a point of energy u, as an exposition in circulation
    has it.

    Every eigenvalue moves by +u; indices and counts follow.

    Raises:
        ValueError: the cell isn't a pure model, or has no spectra.
    """
    covariance = cell.theory.isotropic
    if covariance is None or not covariance.is_pure or "spectrum" not in cell.stored:
        raise ValueError(f"{cell.name}: needs a pure model and stored spectra")
    dataset = cell.stored
    spectrum = dataset["spectrum"] + dataset["energy"]
    changed = dataset.assign(
        {
            "spectrum": spectrum.transpose(*dataset["spectrum"].dims),
            "lambda_min": dataset["lambda_min"] + dataset["energy"],
            "lambda_max": dataset["lambda_max"] + dataset["energy"],
            "index": (spectrum < 0).sum("eigenvalue").astype(dataset["index"].dtype),
        }
    )
    return replace(cell, stored=_recounted(changed))


def dropped_saddles(cell: Cell, fraction: float, seed: int = 0) -> Cell:
    """A finder that misses each saddle class (a pair of antipodes, or a point) with this probability."""
    dataset = cell.stored.load()
    index = dataset["index"].values
    saddle = (index > 0) & (index < cell.n - 1)
    # Antipodes carry the same spectrum up to sign and order, hence the same squared sum: they go together.
    key = np.round((dataset["lambda_min"].values * dataset["lambda_max"].values), 9)
    owner = np.repeat(np.arange(cell.landscapes), dataset["row_size"].values)
    _, group = np.unique(np.stack([owner, key]), axis=1, return_inverse=True)
    lost = np.random.default_rng(seed).random(group.max() + 1) < fraction
    kept = np.flatnonzero(~(saddle & lost[group]))
    sizes = np.bincount(owner[kept], minlength=cell.landscapes)
    thinned = dataset.isel(row=kept).assign(
        row_size=(dataset["row_size"].dims, sizes, dataset["row_size"].attrs)
    )
    return replace(cell, stored=_recounted(thinned))


def _recounted(dataset: xr.Dataset) -> xr.Dataset:
    """Counts by index that follow from the points."""
    levels, landscapes = dataset.sizes["morse_index"], dataset.sizes["landscape"]
    owner = np.repeat(np.arange(landscapes), dataset["row_size"].values)
    index = np.asarray(dataset["index"].values, dtype=np.int64)
    counts = np.bincount(owner * levels + index, minlength=landscapes * levels).reshape(landscapes, levels)
    return dataset.assign(
        points_by_index=(dataset["points_by_index"].dims, counts),
        n_points=(dataset["n_points"].dims, counts.sum(axis=1)),
    )


@dataclass(frozen=True)
class LedgerVerdict:
    """Share of the landscapes whose set of points contradicts what topology or algebra demand."""

    morse_sum: float | None
    """None where the Morse sum is zero whatever is missed."""
    parity: float | None
    """Of the number of classes against that of the complex ones; None where that number is unknown."""


def ledger_of(cell: Cell) -> LedgerVerdict:
    """Recompute the two exact checks of the ledger from the counts by index, independently of
    `tasks.points.ledger`."""
    counts = np.asarray(cell.stored["points_by_index"].values, dtype=np.int64)
    covariance = cell.theory.isotropic
    sums = counts @ (-1) ** np.arange(counts.shape[1])
    odd = covariance is not None and covariance.is_odd
    characteristic = 2 if cell.n % 2 else 0
    morse = None if odd and cell.n % 2 == 0 else float(np.mean(sums != characteristic))
    if covariance is None:
        return LedgerVerdict(morse, None)
    base = covariance.degree - 1
    complex_classes = sum(base**k for k in range(cell.n))
    paired = covariance.is_odd or covariance.is_even
    classes = counts.sum(axis=1) // 2 if paired else counts.sum(axis=1)
    wanted = complex_classes % 2 if paired else 0
    return LedgerVerdict(morse, float(np.mean(classes % 2 != wanted)))

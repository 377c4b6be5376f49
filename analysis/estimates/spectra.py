"""Hessian spectra at points of one index: measured, exact at finite N, and the shifted semicircle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, bin_of, of_several
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, moments, settled, together
from morsecensus.analysis.theory.goe.semicircle import hessian_density
from morsecensus.analysis.theory.kac_rice.sampler import CriticalPointSample

SPECTRUM_BINS = 44


@dataclass(frozen=True, eq=False)
class SpectrumComparison:
    """Densities of Hessian eigenvalues at the points of one index, per eigenvalue.

    Attributes:
        index: the Morse index.
        points: how many were found.
        edges: of the bins, shape (bins + 1,).
        density: measured, shape (bins,), with its standard error ``se`` (ratio over landscapes; nan where
            one landscape has all points).
        exact: from exact samples, shape (bins,); None without theory.
        semicircle: the limiting law at the mean radial derivative ``radial``, shape (bins,); None without.
    """

    index: int
    points: int
    edges: Floats
    density: Floats
    se: Floats
    exact: Floats | None
    semicircle: Floats | None
    radial: float


def compared_indices(cell: Cell) -> tuple[int, ...]:
    """Minima, index 1, and the middle: those that differ."""
    return tuple(sorted({0, min(1, cell.n - 1), (cell.n - 1) // 2}))


def compare_spectra(
    cell: Cell, sample: Callable[[int], CriticalPointSample] | None
) -> Reduction[tuple[SpectrumComparison, ...]]:
    """Compare the spectra of a cell; empty if it stored none, or if no point has the index."""
    extent = cell.extent.spectrum
    if extent is None:
        return settled(())
    counts = cell.dataset["points_by_index"].values.sum(axis=0)
    compared = [k for k in compared_indices(cell) if counts[k] > 0]
    return together([_compare(cell, k, int(counts[k]), extent[k], sample) for k in compared]).then(tuple)


def _compare(
    cell: Cell,
    index: int,
    points: int,
    extent: Floats,
    sample: Callable[[int], CriticalPointSample] | None,
) -> Reduction[SpectrumComparison]:
    law = None if sample is None else sample(index)
    low, high = float(extent[0]), float(extent[1])
    if law is not None:
        low, high = min(low, float(law.hessian.min())), max(high, float(law.hessian.max()))
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # one eigenvalue, and those of its images
        low, high = low - 0.05 * (abs(low) or 1.0), high + 0.05 * (abs(high) or 1.0)
    # zero is an edge: at a minimum nothing lies below it
    width = (high - low) / (SPECTRUM_BINS - 2)
    first, last = np.floor(low / width), np.ceil(high / width) + 1
    edges = np.arange(first, last) * width
    exact = semicircle = None
    radial = float("nan")
    covariance = cell.theory.isotropic
    if law is not None and covariance is not None:
        weight = np.broadcast_to(law.weight[:, None], law.hessian.shape)
        exact = np.histogram(law.hessian, edges, weights=weight, density=True)[0]
        radial = float(law.weight @ law.radial)
        semicircle = np.asarray(hessian_density(covariance, (edges[1:] + edges[:-1]) / 2, radial), np.float64)
    return _measured(index, edges).then(
        lambda found: SpectrumComparison(index, points, edges, *found, exact, semicircle, radial)
    )


def _measured(index: int, edges: Floats) -> Reduction[tuple[Floats, Floats]]:
    """Density per eigenvalue and its error: a ratio of sums over landscapes (delta method)."""
    bins, width = len(edges) - 1, edges[1] - edges[0]

    def counts(batch: Batch) -> Floats:
        spectrum = batch.columns["spectrum"]
        slot = bin_of(spectrum, edges)
        slot = np.where(batch.columns["index"][:, None] == index, slot, bins)
        columns = (batch.per_landscape(column, bins + 1)[:, :bins] for column in slot.T)
        return np.sum(list(columns), axis=0).astype(np.float64)

    return moments(["index", "spectrum"], counts, lambda found: _density(found, width))


def _density(found: Moments, width: float) -> tuple[Floats, Floats]:
    """From the moments of the numbers of eigenvalues in bins of this width."""
    bins, mean = len(found.total), found.mean
    total = mean.sum()
    share = mean / total
    if not of_several(found.total.sum(), found.outer.sum()):
        return share / width, np.full(bins, np.nan)
    # residual of a landscape in bin b: n_b - share_b * n
    project = np.eye(bins) - np.outer(share, np.ones(bins))
    variance = np.einsum("ij,jk,ik->i", project, found.covariance, project) / found.count
    return share / width, np.sqrt(np.maximum(variance, 0.0)) / total / width

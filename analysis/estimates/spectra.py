"""Hessian spectra at points of one index: measured, exact at finite N, and the shifted semicircle."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Batch, Floats, bin_of, landscape_moments, reduce_points
from morsecensus.analysis.dataset.cells import Cell
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
        density: measured, shape (bins,), with its standard error ``se`` (ratio over landscapes).
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
) -> tuple[SpectrumComparison, ...]:
    """Compare the spectra of a cell; empty if it stored none, or if no point has the index."""
    if "spectrum" not in cell.dataset:
        return ()
    counts = cell.dataset["points_by_index"].values.sum(axis=0)
    return tuple(_compare(cell, k, int(counts[k]), sample) for k in compared_indices(cell) if counts[k] > 0)


def _compare(
    cell: Cell, index: int, points: int, sample: Callable[[int], CriticalPointSample] | None
) -> SpectrumComparison:
    law = None if sample is None else sample(index)
    low, high = _range(cell, index)
    if law is not None:
        low, high = min(low, float(law.hessian.min())), max(high, float(law.hessian.max()))
    # zero is an edge: at a minimum nothing lies below it
    width = (high - low) / (SPECTRUM_BINS - 2)
    first, last = np.floor(low / width), np.ceil(high / width) + 1
    edges = np.arange(first, last) * width
    density, se = _measured(cell, index, edges)
    exact = semicircle = None
    radial = float("nan")
    covariance = cell.theory.isotropic
    if law is not None and covariance is not None:
        weight = np.broadcast_to(law.weight[:, None], law.hessian.shape)
        exact = np.histogram(law.hessian, edges, weights=weight, density=True)[0]
        radial = float(law.weight @ law.radial)
        semicircle = np.asarray(hessian_density(covariance, (edges[1:] + edges[:-1]) / 2, radial), np.float64)
    return SpectrumComparison(index, points, edges, density, se, exact, semicircle, radial)


def _range(cell: Cell, index: int) -> tuple[float, float]:
    def reach(batch: Batch) -> Floats:
        chosen = batch.columns["index"] == index
        low = batch.columns["lambda_min"][chosen].min(initial=np.inf)
        return np.array([low, -batch.columns["lambda_max"][chosen].max(initial=-np.inf)])

    low, high = np.min(
        list(reduce_points(cell.dataset, ["index", "lambda_min", "lambda_max"], reach)), axis=0
    )
    return float(low), -float(high)


def _measured(cell: Cell, index: int, edges: Floats) -> tuple[Floats, Floats]:
    """Density per eigenvalue and its error: a ratio of sums over landscapes (delta method)."""
    bins, width = len(edges) - 1, edges[1] - edges[0]

    def counts(batch: Batch) -> Floats:
        spectrum = batch.columns["spectrum"]
        slot = bin_of(spectrum, edges)
        slot = np.where(batch.columns["index"][:, None] == index, slot, bins)
        columns = (batch.per_landscape(column, bins + 1)[:, :bins] for column in slot.T)
        return np.sum(list(columns), axis=0).astype(np.float64)

    moments = landscape_moments(cell.dataset, ["index", "spectrum"], counts)
    mean = moments.mean
    total = mean.sum()
    share = mean / total
    # residual of a landscape in bin b: n_b - share_b * n
    project = np.eye(bins) - np.outer(share, np.ones(bins))
    variance = np.einsum("ij,jk,ik->i", project, moments.covariance, project) / moments.count
    return share / width, np.sqrt(np.maximum(variance, 0.0)) / total / width

"""`Means` from draws at a critical point: an index, an energy and a weight each.

The formula of Kac and Rice makes a mean number an average over the Hessian at one critical point, with weight
volume x density of the gradient at 0 x |det Hessian|. Where the manifold is homogeneous one point stands for
all, and whoever can draw Hessian and energy together has the numbers by index and by energy.
"""

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.means import Means


def means_of_draws(
    edges: Floats, levels: int, index: NDArray[np.int64], energy: Floats, weight: Floats
) -> Means:
    """Mean numbers and the covariances of their sampling errors.

    Args:
        edges: of the energy bins, increasing and finite.
        levels: number of indices: dimension of the manifold + 1.
        index, energy, weight: of the draws, shape (draws,); the mean of ``weight`` is the number of all
            critical points. Energies are per spin.
    """
    bins, width = len(edges) - 1, np.diff(edges)
    slot = np.searchsorted(edges, energy, side="right") - 1
    inside = (slot >= 0) & (slot < bins)
    binned = np.zeros((levels, bins))
    np.add.at(binned, (index[inside], slot[inside]), weight[inside] / len(weight))
    each = weight[:, None] * (index[:, None] == np.arange(levels))
    in_bins = weight[:, None] * (slot[:, None] == np.arange(bins))
    share = each / np.maximum(each.sum(axis=0), np.finfo(np.float64).tiny)
    mean = energy @ share
    return Means(
        float(weight.mean()),
        in_bins.mean(axis=0),
        (edges[1:] + edges[:-1]) / 2,
        in_bins.mean(axis=0) / width,
        total_se=float(weight.std(ddof=1) / np.sqrt(len(weight))),
        by_index=each.mean(axis=0),
        by_index_covariance=_of_mean(each),
        energy_mean=mean,
        energy_sd=np.sqrt(np.maximum(energy**2 @ share - mean**2, 0.0)),
        binned=binned,
        minima_covariance=_of_mean(in_bins * (index == 0)[:, None]),
        all_covariance=_of_mean(in_bins),
        curve=binned / width,
    )


def _of_mean(rows: Floats) -> Floats:
    return np.atleast_2d(np.cov(rows.T)) / len(rows)

"""All units equal: what doubling does to the critical points of one unit, at any coupling.

Where every unit is one and the same point of the sphere, H of `tasks.landscapes.units` is K h but for a
constant, so that points critical for h are critical for H (Palais), and there are no others. With l the
eigenvalues of the Riemannian Hessian of h, those of H are l on the units' common motion and l - c, K - 1
times, on their motions against each other, c = K coupling kappa'(1): the index is

    #{l < 0} + (K - 1) #{l < c}

[derived: at q = 1 the pair n kappa(u.v/n) has Hessian kappa'(1) (2 a.b - |a|^2 - |b|^2)/2 along tangents a,
b]. A minimum stays one exactly if its smallest eigenvalue is c or more. Eigenvalues at critical points of a
given index are sampled from their exact law at n (`analysis.theory.kac_rice.sampler`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_critical_points

SAMPLES, SEED = 40_000, 0


@dataclass(frozen=True, eq=False)
class EqualUnits:
    """Mean numbers of points with all units equal, after doubling.

    Attributes:
        total: all of them: the mean number of critical points of h, exact.
        minima: of h, exact.
        surviving: minima of h that are minima of H, and its standard error.
        minima_index: mean index that a minimum of h has in H, and its standard error.
        by_index: mean numbers by index in H, shape (K (n - 1) + 1,).
    """

    total: float
    minima: float
    surviving: tuple[float, float]
    minima_index: tuple[float, float]
    by_index: NDArray[np.float64]


def equal_units(model: FiniteN, units: int, pull: float, samples: int = SAMPLES) -> EqualUnits:
    """Points with all units equal.

    Args:
        model: h at its n.
        units: K.
        pull: c = K coupling kappa'(1).
    """
    counts = model.by_index()
    by_index = np.zeros(units * (model.n - 1) + 1)
    minima = []
    for index, count in enumerate(counts.tolist()):
        drawn = sample_critical_points(model, index, samples, SEED)
        below = (drawn.hessian < pull).sum(axis=1) if units > 1 else np.zeros(len(drawn.weight), np.int64)
        np.add.at(by_index, index + (units - 1) * below, count * drawn.weight)
        if index == 0:
            kept = _mean((below == 0).astype(np.float64), drawn.weight)
            minima = [(float(counts[0]) * kept[0], float(counts[0]) * kept[1])]
            minima.append(_mean(((units - 1) * below).astype(np.float64), drawn.weight))
    return EqualUnits(model.total(), float(counts[0]), minima[0], minima[1], by_index)


def _mean(values: NDArray[np.floating[Any]], weight: NDArray[np.float64]) -> tuple[float, float]:
    """The mean of weighted draws whose weights sum to 1, and its standard error."""
    mean = float(values @ weight)
    return mean, float(np.sqrt(np.sum(weight**2 * (values - mean) ** 2)))

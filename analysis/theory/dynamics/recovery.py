"""When gradient flow finds a planted direction: thresholds and overlaps at N -> infinity.

Without signal, gradient flow ends at marginal states: their Hessian is a semicircle with its lower edge at
zero (Cugliandolo and Kurchan, Phys. Rev. Lett. 71 (1993) 173; for mixtures that is the aging solution, which
flows from uniform starts needn't follow, see G. Folena, S. Franz and F. Ricci-Tersenghi, arXiv:1903.01421).
There, at overlap 0, a signal -N xi_s(m) adds the rank-one matrix -xi_s''(0) u u^T to the Hessian. In units of
sqrt(xi''(1)), the radius of the semicircle being 2, its strength is

    theta = xi_s''(0) / sqrt(xi''(1)),

and an eigenvalue leaves the semicircle, to -(theta + 1/theta) from its centre, if and only if theta > 1; its
eigenvector has squared overlap 1 - 1/theta^2 with u (J. Baik, G. Ben Arous and S. Peche, arXiv:math/0403022;
for symmetric matrices S. Peche, arXiv:math/0411487). So theta = 1 is the threshold of gradient flow: marginal
states become saddles that lead away from overlap 0 (S. Sarao Mannelli et al., arXiv:1902.00139, 1907.08226).
Spurious minima vanish elsewhere: beyond theta = 1 there still are exponentially many. Where the signal
has a term of odd degree, flows that leave overlap 0 downwards end at states of negative overlap. theta itself
and its line are `descent_margin` and `descent_line` of `analysis.theory.models.spiked.limits`.
"""

import numpy as np
from numpy.polynomial import Polynomial as Series
from numpy.typing import ArrayLike, NDArray

from morsecensus.tasks.covariance import Polynomial

Floats = NDArray[np.float64]


def outlier(theta: ArrayLike) -> Floats:
    """The lowest eigenvalue of a semicircle on [-2, 2] with -theta u u^T: -2 for theta <= 1."""
    strength = np.maximum(np.asarray(theta, dtype=np.float64), 1.0)
    return -(strength + 1 / strength)


def outlier_overlap(theta: ArrayLike) -> Floats:
    """The squared overlap of its eigenvector with u: 0 for theta <= 1."""
    strength = np.maximum(np.asarray(theta, dtype=np.float64), 1.0)
    return 1 - 1 / strength**2


def informative_overlaps(noise: Polynomial, signal: Polynomial) -> list[float]:
    """Overlaps m > 0 of the minima that know the signal, lowest first; none if there are none.

    At a minimum whose Hessian is a semicircle with a gap, the replica-symmetric solution at temperature 0
    holds: m = chi xi_s'(m) and 1 - m^2 = chi^2 xi'(1), chi the linear response. The gap needs
    chi^2 xi''(1) < 1, and stability along the signal that chi xi_s'(m) crosses m from above.
    """
    first = Series(noise.coefficients).deriv()(1.0)
    second = Series(noise.coefficients).deriv(2)(1.0)
    force = Series(signal.coefficients).deriv()
    grid = np.linspace(1e-6, 1 - 1e-9, 200_001)
    excess = force(grid) * np.sqrt((1 - grid**2) / first) - grid
    falls = np.flatnonzero((excess[:-1] > 0) & (excess[1:] <= 0))
    # Linear between grid points 5e-6 apart: the error is of the order of their square.
    found = grid[falls] + (grid[falls + 1] - grid[falls]) * excess[falls] / (
        excess[falls] - excess[falls + 1]
    )
    return [float(m) for m in found if (1 - m**2) / first * second < 1]

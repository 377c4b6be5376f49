"""The radial derivatives at two points, drawn where pairs of critical points have them, with exact weights.

Let w be the M - 2 standard normal variables in both Hessians but for the radial derivatives, z = |w| t the
two variables of these, and F(w, z) homogeneous of degree k: here a product of two determinants. With |w|
integrated,

    E F = int dt C / (2 pi) (1 + |t|^2)^{-(M+k)/2} E[F(w, |w| t) / |w|^k],
    C = 2^{k/2+1} Gamma((M+k)/2) / Gamma(M/2 - 1),    M = N(N-1) + 2,  k = 2(N-1)   (derived here),

and t may have any law. Half of the points are drawn from Student's law of width ``stretch``, whose tails are
as heavy as the integrand's, so that weights are bounded; the other half lie around the radial derivative of
minima at both points (the symmetry H -> -H takes care of maxima). The weight is that of the mixture (balance
heuristic).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN

Floats = NDArray[np.float64]
SPARE = 1.2
"""How much wider than the law of one point the proposals are. Arbitrary; any value gives exact weights."""


@dataclass(frozen=True, eq=False)
class RadialDraw:
    """Radial derivatives and weights.

    Attributes:
        values: standard normal variables in both sectors, stretched and shifted, shape (2, Q, points).
        log_weight: of F at these values, shape (Q, points).
        square: squared length of all M variables, shape (Q, points).
        freedom: M + k.
    """

    values: Floats
    log_weight: Floats
    square: Floats
    freedom: int

    def scale(self, rng: np.random.Generator) -> Floats:
        """Factor from these variables to draws of their law weighted with F, whose length is chi with M + k
        degrees of freedom, shape (Q, points)."""
        return np.sqrt(rng.chisquare(self.freedom, self.square.shape) / self.square)


@dataclass(frozen=True)
class RadialLaw:
    """The proposals for a model at its N.

    Attributes:
        n: number of spins N.
        stretch: spread of D at critical points over that at any point.
        centre: mean of sqrt(N) D over minima.
        spread: its standard deviation.
    """

    n: int
    stretch: float
    centre: float
    spread: float

    @classmethod
    def of(cls, theory: FiniteN) -> "RadialLaw":
        """From the exact law at one point."""
        count, first, second = theory._index_moments()
        mean = first / count
        unit = np.sqrt(2 * theory.covariance.x2)
        variance = float(second.sum() / count.sum())
        return cls(
            theory.n,
            SPARE * max(1.0, float(np.sqrt(variance / theory.radial_variance))),
            float(unit * mean[0]),
            float(SPARE * unit * np.sqrt(second[0] / count[0] - mean[0] ** 2)),
        )

    @property
    def variables(self) -> tuple[int, int]:
        """M and k: the Gaussian variables in both Hessians, and the degree of the determinants."""
        return self.n * (self.n - 1) + 2, 2 * (self.n - 1)

    def draw(self, sd: Floats, square: Floats, rng: np.random.Generator) -> RadialDraw:
        """Draw points.

        Args:
            sd: standard deviation of the radial derivative in both sectors, shape (2, Q).
            square: squared length of the other variables, shape (Q, points).
            rng: NumPy generator.
        """
        m, k = self.variables
        points = square.shape[-1]
        wide = points // 2
        centre, spread = self._minima(sd)
        normal = rng.standard_normal((2, *square.shape))
        t = centre[..., None] + spread[..., None] * normal
        length = np.sqrt(rng.chisquare(m - 2, square.shape))
        t[..., :wide] = (self.stretch * normal / length)[..., :wide]
        radius = np.sum(t**2, axis=0)
        log_wide = np.log((m / 2 - 1) / (np.pi * self.stretch**2)) - m / 2 * np.log1p(
            radius / self.stretch**2
        )
        score = (t - centre[..., None]) / spread[..., None]
        log_minima = -np.log(2 * np.pi * np.prod(spread, axis=0))[:, None] - 0.5 * np.sum(score**2, axis=0)
        share = wide / points
        log_law = np.logaddexp(np.log(share) + log_wide, np.log1p(-share) + log_minima)
        constant = 0.5 * k * np.log(2) + gammaln((m + k) / 2) - gammaln(m / 2 - 1) - np.log(np.pi)
        log_weight = constant - 0.5 * (m + k) * np.log1p(radius) - 0.5 * k * np.log(square) - log_law
        return RadialDraw(np.sqrt(square) * t, log_weight, square * (1 + radius), m + k)

    def _minima(self, sd: Floats) -> tuple[Floats, Floats]:
        """Centre and spread of t at pairs of minima, in both sectors, each of shape (2, Q)."""
        m, k = self.variables
        # sum and difference of two values around one mean, each divided by sqrt(2)
        centre = np.sqrt(2) * self.centre / np.maximum(sd[0], 1e-9)
        # the law of all variables weighted with F has the mean squared length M + k; a centre beyond it, as
        # at antipodes of an odd model, holds no minima
        far = centre**2 > m + k
        centre = np.stack([np.where(far, 0.0, centre), np.zeros(sd.shape[1])])
        spread = np.where(far, self.stretch, np.minimum(self.spread / np.maximum(sd, 1e-9), self.stretch))
        length = np.sqrt(np.maximum(m + k - centre[0] ** 2, (m + k) / 2))
        return centre / length, spread / length

"""Numbers by index and exact samples of critical points at any N, with standard errors.

Two routes to the same law, by ``B = (x2 - x1)/(x2 + x1)``.

B >= -0.35 (a complex landscape, or a field that just trivialises it). Merging the Kac-Rice determinant with
the Gaussian weight of D turns the point into one eigenvalue of an N x N GOE (A. Auffinger, G. Ben Arous, J.
Cerny, arXiv:1003.1129, Theorem 2.1; arXiv:1110.5872):

    E Crit_k = 2 sqrt(1 + B) (x2/x1)^{(N-1)/2} E_GOE_N[ exp(-B x_k^2 / 2) ].

B < -0.35 (a strong field). The weight grows without bound, so x is drawn on its own, half from the
exact density of all critical points and half over the bulk, and weighted with ``|det(x - M)|`` of an (N-1)
GOE matrix; far from the bulk, where the points are, that weight hardly varies.

Either way ``D = sqrt(2 x2/N) x``, the Hessian eigenvalues are ``sqrt(2 x2/N) (l_j - x)`` over the other
eigenvalues, and E given D is Gaussian.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.goe.density import log_mean_abs_det
from morsecensus.analysis.theory.goe.sampler import plain_spectra, sample_spectra
from morsecensus.analysis.theory.goe.semicircle import semicircle_cdf
from morsecensus.analysis.theory.kac_rice.finite_n import MAX_LOG, FiniteN

# Measured with 2,000 draws at n = 20 and 50: at B = -0.30 the tilted route has a third of the other's error
# on the number of minima and a tenth on the rest; at B = -0.45 they are equal; at B = -0.63 the tilted one is
# wrong.
_LEAST_TILT = -0.35


@dataclass(frozen=True, eq=False)
class CriticalPointSample:
    """Weighted exact samples of critical points of one index.

    Attributes:
        energy: per spin, shape (size,).
        radial: radial derivative D, shape (size,).
        hessian: eigenvalues of the Riemannian Hessian, increasing, shape (size, N - 1).
        weight: nonnegative, sums to 1, shape (size,).
    """

    energy: NDArray[np.float64]
    radial: NDArray[np.float64]
    hessian: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def effective_size(self) -> float:
        """Kish's 1 / sum of squared weights: how many equal draws the sample is worth."""
        return float(1 / np.sum(self.weight**2))

    def resample(self, size: int, seed: int) -> Self:
        """Equal-weight draws with replacement; ask for at most a fraction of `effective_size`."""
        chosen = np.random.default_rng(seed).choice(self.weight.size, size=size, p=self.weight)
        equal = np.full(size, 1.0 / size)
        return type(self)(self.energy[chosen], self.radial[chosen], self.hessian[chosen], equal)


@dataclass(frozen=True, eq=False)
class SampledCounts:
    """Estimated numbers by index, and the energy of minima.

    Attributes:
        by_index: mean numbers, shape (N,); NaN if their sum is beyond the range of a double.
        se: their standard errors, shape (N,).
        minima_energy_mean, minima_energy_mean_se, minima_energy_sd: count-weighted energy of minima.
    """

    by_index: NDArray[np.float64]
    se: NDArray[np.float64]
    minima_energy_mean: float
    minima_energy_mean_se: float
    minima_energy_sd: float


@dataclass(frozen=True, eq=False)
class _Draws:
    """Contributions to each index: log_count (size, N), -inf for none; the point's x for each; spectra."""

    log_count: NDArray[np.float64]
    pivot: NDArray[np.float64]
    spectra: NDArray[np.float64]


def sample_counts(model: FiniteN, samples: int, seed: int) -> SampledCounts:
    """Mean numbers by index from ``samples`` spectra (about 0.6 ms each at N = 200).

    The symmetry x -> -x of the ensemble makes indices k and N-1-k share one estimate.
    """
    draws = _draw(model, samples, np.random.default_rng(seed))
    # In units of the total, so that nothing overflows on the way.
    values = np.exp(draws.log_count - model.log_total)
    values = (values + values[:, ::-1]) / 2
    # Both ends of one spectrum belong to one draw, the upper one mirrored.
    x = np.stack([draws.pivot[:, 0], -draws.pivot[:, -1]])
    log_weight = np.stack([draws.log_count[:, 0], draws.log_count[:, -1]])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = float(np.sum(weight * x))
    mean_se = float(np.sqrt(np.sum(np.sum(weight * (x - mean), axis=0) ** 2)))
    spread = float(np.sqrt(np.sum(weight * (x - mean) ** 2)))
    total = np.exp(model.log_total) if model.log_total < MAX_LOG else np.nan
    return SampledCounts(
        by_index=total * values.mean(axis=0),
        se=total * values.std(axis=0, ddof=1) / np.sqrt(samples),
        minima_energy_mean=model.energy_slope * mean,
        minima_energy_mean_se=model.energy_slope * mean_se,
        minima_energy_sd=float(np.hypot(model.energy_slope * spread, model.energy_noise)),
    )


def sample_critical_points(model: FiniteN, index: int, samples: int, seed: int) -> CriticalPointSample:
    """Weighted exact samples of energy and Hessian spectrum at critical points of one index, at finite N.

    Returns at most ``samples`` points: those draws that have the index.

    Raises:
        ValueError: the index isn't in 0 .. N-1, there are fewer than two samples, or no draw has the index.
    """
    if not 0 <= index < model.n:
        raise ValueError(f"index: got {index}; allowed is 0 .. {model.n - 1} for n = {model.n}")
    rng = np.random.default_rng(seed)
    draws = _draw(model, samples, rng)
    kept = np.isfinite(draws.log_count[:, index])
    if not kept.any():
        raise ValueError(
            f"index {index}: none of {samples} draws has it; give more samples or a likelier index"
        )
    log_weight = draws.log_count[kept, index]
    weight = np.exp(log_weight - log_weight.max())
    x, spectra = draws.pivot[kept, index], draws.spectra[kept]
    others = np.delete(spectra, index, axis=1) if spectra.shape[1] == model.n else spectra
    return CriticalPointSample(
        energy=model.energy_slope * x + model.energy_noise * rng.standard_normal(x.size),
        radial=model.radial_scale * x,
        hessian=model.radial_scale * (others - x[:, None]),
        weight=weight / weight.sum(),
    )


def _draw(model: FiniteN, samples: int, rng: np.random.Generator) -> _Draws:
    if samples < 2:
        raise ValueError(f"samples: got {samples}; allowed is at least 2; an error needs two draws")
    draw = _draw_orders if model.strength >= _LEAST_TILT else _draw_determinants
    return draw(model, samples, rng)


def _draw_orders(model: FiniteN, samples: int, rng: np.random.Generator) -> _Draws:
    """B >= -0.35: every eigenvalue of an N x N matrix is a critical point of its own index."""
    x1, x2, strength = model.covariance.x1, model.covariance.x2, model.strength
    drawn = sample_spectra(model.n, strength, samples, rng)
    log_factor = np.log(2) + 0.5 * np.log1p(strength) + 0.5 * (model.n - 1) * np.log(x2 / x1)
    log_count = log_factor + drawn.log_weight[:, None] - 0.5 * strength * drawn.eigenvalues**2
    return _Draws(log_count, drawn.eigenvalues, drawn.eigenvalues)


def _draw_determinants(model: FiniteN, samples: int, rng: np.random.Generator) -> _Draws:
    """B < -0.35: one critical point per draw, at x, with the index that an (N-1) matrix gives it."""
    edges, mass = _proposal(model)
    cell = rng.choice(mass.size, size=samples, p=mass)
    width = np.diff(edges)
    x = edges[cell] + width[cell] * rng.random(samples)
    spectra = plain_spectra(model.n - 1, samples, rng)
    log_det = np.sum(np.log(np.abs(x[:, None] - spectra)), axis=1) - log_mean_abs_det(model.n - 1, x)
    log_count = np.full((samples, model.n), -np.inf)
    index = np.sum(spectra < x[:, None], axis=1)
    log_proposal = np.log(mass[cell] / width[cell])
    log_count[np.arange(samples), index] = model.log_radial_density(x) + log_det - log_proposal
    return _Draws(log_count, np.broadcast_to(x[:, None], log_count.shape), spectra)


def _proposal(model: FiniteN) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cells of x and their probabilities: half the exact density of critical points, half the semicircle."""
    low, high = model.radial_range
    edges = np.linspace(low, high, 1001)
    log_radial = model.log_radial_density((edges[1:] + edges[:-1]) / 2)
    exact = np.exp(log_radial - log_radial.max())
    bulk = np.diff(semicircle_cdf(edges * np.sqrt(2 / model.n))) + 1e-6
    return edges, 0.5 * exact / exact.sum() + 0.5 * bulk / bulk.sum()

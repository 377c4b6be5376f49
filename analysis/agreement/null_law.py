"""The law of T^2 under the null for a sample that isn't Gaussian: the larger tail of F's and resampling's.

With S/L the covariance of a mean over L landscapes and Theta that of a sampled theory's mean,

    T^2 = m^T (S/L + Theta)^{-1} m,    (nu - d + 1) / (d nu) T^2 ~ F(d, nu - d + 1).

For Gaussian rows and an exact theory nu = L - 1, and this is Hotelling's law. Two estimated covariances
together have the degrees of freedom of D. G. Nel and C. A. van der Merwe (Comm. Statist. Theory Methods 15
(1986) 3719): the sum's scatter is that of a Wishart matrix with nu.

Counts are skewed, and a low mean comes with a small error: where 25 events are expected F rejects twice too
often at 1%. So landscapes are drawn again with replacement, and T^2 is taken about the mean found (the
bootstrap-t of P. Hall, The Bootstrap and Edgeworth Expansion, 1992, section 3.4). Both laws must reject.
Beyond the last draws the bootstrap's tail is F's, stretched to fit there.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as fisher

from morsecensus.analysis.dataset.batches import Floats

DRAWS = 2000
TAIL = 20
"""Draws above a T^2 that give its p-value by themselves; beyond, F's tail is stretched to fit them."""
BUNDLES = 2000
"""More landscapes than this are drawn again in sums of neighbours: these keep the skewness of a mean."""
_SINGULAR = 1e-9
_AT_ONCE = 2**22


@dataclass(frozen=True, eq=False)
class Reference:
    """Errors of a theory that was sampled.

    Attributes:
        covariance: of its means, shape (d, d).
        dof: degrees of freedom with which the covariance is known; inf for many draws.
    """

    covariance: Floats
    dof: float = np.inf

    def seen_through(self, transform: Floats) -> "Reference":
        """Of linear combinations of the means, the rows of ``transform``, shape (m, d)."""
        return Reference(transform @ self.covariance @ transform.T, self.dof)


@dataclass(frozen=True, eq=False)
class NullLaw:
    """Law of T^2 under the null.

    Attributes:
        dof: d, dimensions.
        scatter: nu, degrees of freedom of the covariance.
        draws: resampled T^2, increasing; inf where a draw doesn't vary in some direction.
    """

    dof: int
    scatter: float
    draws: Floats

    def tail(self, statistic: float) -> float:
        """P-value of T^2: the larger one of F's and the bootstrap's."""
        return max(self.f_tail(statistic), self._resampled_tail(statistic))

    def f_tail(self, statistic: float) -> float:
        """P(T^2 >= statistic) for Gaussian rows."""
        rest = self.scatter - self.dof + 1
        return float(fisher.sf(statistic * rest / (self.dof * self.scatter), self.dof, rest))

    def _resampled_tail(self, statistic: float) -> float:
        size = len(self.draws)
        above = size - int(np.searchsorted(self.draws, statistic * (1 - 1e-9)))
        if above >= TAIL:
            return (above + 1) / (size + 1)
        last, rest = float(self.draws[-TAIL]), self.scatter - self.dof + 1
        usual = float(fisher.isf(TAIL / size, self.dof, rest)) * self.dof * self.scatter / rest
        singular = float(np.mean(np.isinf(self.draws)))
        return max(singular, self.f_tail(statistic * usual / last))


def null_law(rows: Floats, reference: Reference | None = None, draws: int = DRAWS, seed: int = 0) -> NullLaw:
    """The law for a sample.

    Args:
        rows: of landscapes, whitened: covariance of the mean + ``reference.covariance`` = 1, shape (L, d).
        reference: in the same coordinates; None where theory is exact.
        draws: of the bootstrap.
        seed: of the draws.
    """
    count, dof = rows.shape
    return NullLaw(dof, _scatter(count, dof, reference), np.sort(_resampled(rows, reference, draws, seed)))


def _scatter(count: int, dof: int, reference: Reference | None) -> float:
    """nu of Nel and van der Merwe; both parts add up to the identity."""
    if reference is None:
        return count - 1.0
    parts = ((np.eye(dof) - reference.covariance, count - 1.0), (reference.covariance, reference.dof))
    spread = sum((np.sum(part**2) + np.trace(part) ** 2) / nu for part, nu in parts)
    return float((dof + dof**2) / spread)


def _resampled(rows: Floats, reference: Reference | None, draws: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    centred = _bundled(rows - rows.mean(axis=0))
    count, dof = centred.shape
    first, second = np.triu_indices(dof)
    table = np.concatenate([centred, centred[:, first] * centred[:, second]], axis=1)
    found = []
    for start in range(0, draws, max(1, _AT_ONCE // count)):
        size = min(max(1, _AT_ONCE // count), draws - start)
        chosen = rng.integers(0, count, (size, count)) + count * np.arange(size)[:, None]
        weight = np.bincount(chosen.ravel(), minlength=size * count).reshape(size, count)
        sums = weight.astype(np.float64) @ table / count
        mean, square = sums[:, :dof], np.empty((size, dof, dof))
        square[:, first, second] = square[:, second, first] = sums[:, dof:]
        covariance = (square - mean[:, :, None] * mean[:, None, :]) / (count - 1)
        if reference is not None:
            shift, scatter = _theory(reference, dof, size, rng)
            mean, covariance = mean + shift, covariance + scatter
        found.append(_squared_length(mean, covariance))
    return np.concatenate(found)


def _bundled(rows: Floats) -> Floats:
    """Means of neighbours, at most BUNDLES of them; what is left over is dropped."""
    width = -(-len(rows) // BUNDLES)
    whole = rows[: len(rows) // width * width]
    bundles = whole.reshape(-1, width, rows.shape[1]).mean(axis=1)
    return bundles - bundles.mean(axis=0)


def _theory(reference: Reference, dof: int, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Errors of the theory's means, shape (size, d), and what their covariance would be taken for."""
    values, vectors = np.linalg.eigh(reference.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    shift = rng.standard_normal((size, dof)) @ root.T
    if not np.isfinite(reference.dof):
        return shift, np.broadcast_to(reference.covariance, (size, dof, dof))
    factor = root @ _triangles(reference.dof, dof, size, rng)
    return shift, factor @ np.swapaxes(factor, 1, 2) / reference.dof


def _triangles(freedom: float, dof: int, size: int, rng: np.random.Generator) -> Floats:
    """Matrices whose A A^T is the scatter of so many Gaussian rows: lower triangles (M. S. Bartlett,
    Proc. R. Soc. Edinb. 53 (1933) 260), or where they are fewer than d, the rows themselves.
    """
    if freedom <= dof - 1:
        return rng.standard_normal((size, dof, int(freedom)))
    found = np.tril(rng.standard_normal((size, dof, dof)), -1)
    diagonal = np.arange(dof)
    found[:, diagonal, diagonal] = np.sqrt(rng.chisquare(freedom - diagonal, (size, dof)))
    return found


def _squared_length(mean: Floats, covariance: Floats) -> Floats:
    """m^T C^{-1} m of each draw, inf where C is singular along m."""
    values, vectors = np.linalg.eigh(covariance)
    along = np.einsum("sij,si->sj", vectors, mean) ** 2
    flat = values <= _SINGULAR
    lost = np.any(flat & (along > _SINGULAR), axis=1)
    length = np.sum(np.where(flat, 0.0, along / np.where(flat, 1.0, values)), axis=1)
    return np.where(lost, np.inf, length)

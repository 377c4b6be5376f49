"""Mean numbers of pairs of critical points at each overlap, and so the variance of the counts, at finite N.

The Kac-Rice formula at two points. In the notation of `analysis.theory.two_point.law`, with Riemannian
Hessians H, H' of size N - 1 and ``q = cos(theta)``, the mean number of ordered pairs of different points is

    E[C (C - 1)] = |S^{N-1}| |S^{N-2}| int dtheta sin^{N-2}(theta) p(g = g' = 0)
                   E[ |det H| |det H'| | g = g' = 0 ],

and with an indicator of indices and energies inside the mean, the number of such pairs. If xi has a parity,
-x is critical with x: these pairs sit at q = -1 exactly, no density holds them, and they are counted apart.

The mean over Hessians is sampled. Four things keep its error small.

- theta is uniform in a bin of overlaps, one draw in each part of it: no quadrature, no bias.
- The tangent t is split off: ``det H = det(B - d) (h - sum_i v_i^2 / (l_i - d))`` with l_i the eigenvalues of
  the block B across the plane. One diagonalisation serves ``_POINTS`` draws of (d, h, v), and the index is
  the number of l_i below d, plus one if the last factor is negative (Haynsworth).
- Both determinants together have degree k in the Gaussian variables. Their length is integrated in closed
  form, and d is drawn from a mixture that covers both all pairs and pairs of minima:
  `analysis.theory.two_point.radial`.
- Some of the blocks are drawn where pairs of minima need them: `analysis.theory.two_point.matrices`. The law
  of H is that of -H: high points are counted in -H.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaln

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.two_point.kinds import Kind, check_kinds
from morsecensus.analysis.theory.two_point.law import pair_law
from morsecensus.analysis.theory.two_point.matrices import matrix_pairs
from morsecensus.analysis.theory.two_point.radial import RadialLaw

Floats = NDArray[np.float64]
BINS = 40
"""Overlap bins where none are given. Arbitrary: their width, 0.05, resolves every curve up to N = 12."""
_POINTS = 16
"""Draws of (d, h, v) for each pair of matrices: arbitrary; matrices cost most."""
_FEWEST = 16
"""Draws of every bin."""
_CHUNK = 2**20
"""Numbers in the largest arrays: 8 MB each."""
_CLOSEST = 1e-6
"""Angles below add 1e-12 of a pair, and rounding eats the law there."""
_HALF = np.sqrt(0.5)


@dataclass(frozen=True, eq=False)
class PairCounts:
    """Mean numbers of ordered pairs of critical points by overlap, on the whole sphere.

    Attributes:
        theory: the model at its N.
        kinds: K kinds of points.
        edges: of the overlap bins, increasing, shape (bins + 1,).
        pairs: mean number of pairs of different points, the first of kind i, the second of kind j, that
            aren't antipodes of each other by symmetry, shape (bins, K, K); symmetric in i and j.
        se: their standard errors; bins are independent.
    """

    theory: FiniteN
    kinds: tuple[Kind, ...]
    edges: Floats
    pairs: Floats
    se: Floats

    @property
    def means(self) -> Floats:
        """Exact mean number of points of each kind, shape (K,)."""
        return np.array([kind.mean(self.theory) for kind in self.kinds])

    @property
    def antipodes(self) -> Floats:
        """Exact mean number of points of kind i whose antipode is critical by symmetry, and of kind j; (K,
        K)."""
        if self.parity == 0:
            return np.zeros((len(self.kinds),) * 2)
        n = self.theory.n
        return self._common([kind.negated(n) if self.parity < 0 else kind for kind in self.kinds])

    @property
    def parity(self) -> int:
        """What x -> -x does to H: -1, +1, or 0 for neither."""
        covariance = self.theory.covariance
        return -1 if covariance.is_odd else int(covariance.is_even)

    def covariance(self) -> tuple[Floats, Floats]:
        """Covariance of the numbers of points of each two kinds and its standard error, each of shape (K, K).

        Raises:
            ValueError: the bins don't span [-1, 1].
        """
        if self.edges[0] != -1 or self.edges[-1] != 1:
            raise ValueError(
                f"overlap bins: got [{self.edges[0]:g}, {self.edges[-1]:g}], allowed: all of [-1, 1]"
            )
        means = self.means
        second = self.pairs.sum(axis=0) + self.antipodes + self._common(self.kinds)
        return second - np.outer(means, means), np.sqrt(np.sum(self.se**2, axis=0))

    def variance(self) -> tuple[Floats, Floats]:
        """Variance of the number of points of each kind and its standard error, each of shape (K,)."""
        value, error = self.covariance()
        return np.diag(value), np.diag(error)

    def density(self, first: int = 0, second: int = 0) -> tuple[Floats, Floats]:
        """Pairs of two kinds per unit of overlap, and the standard error, each of shape (bins,)."""
        width = np.diff(self.edges)
        return self.pairs[:, first, second] / width, self.se[:, first, second] / width

    def _common(self, others: Sequence[Kind]) -> Floats:
        """Mean number of points of kind i and of the kind ``others[j]``."""
        common = [[kind.both(other) for other in others] for kind in self.kinds]
        return np.array([[0.0 if k is None else k.mean(self.theory) for k in row] for row in common])


def count_pairs(
    theory: FiniteN,
    kinds: Sequence[Kind] = (Kind("all"),),
    edges: ArrayLike | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> PairCounts:
    """Mean numbers of pairs of points of each two kinds at each overlap.

    Args:
        theory: any isotropic covariance, with or without a field, but a pure 2-spin.
        kinds: of points.
        edges: overlaps between -1 and 1, increasing; ``BINS`` equal bins by default.
        draws: pairs of matrices, shared out over the bins.
        seed: of the draws.

    Raises:
        ValueError: a kind or the edges are impossible, there are fewer than two draws, or xi = q^2, whose
            critical points are eigenvectors: pairs are orthogonal or antipodes, and no density holds them.
    """
    check_kinds(kinds, theory.n)
    bounds = np.linspace(-1, 1, BINS + 1) if edges is None else np.asarray(edges, dtype=np.float64)
    if bounds.ndim != 1 or len(bounds) < 2 or not np.all(np.diff(bounds) > 0) or np.any(np.abs(bounds) > 1):
        raise ValueError("overlap bins: got edges that don't increase or leave [-1, 1], allowed: -1 .. 1")
    if draws < 2:
        raise ValueError(f"draws: got {draws}, allowed: at least 2; an error needs two")
    if theory.covariance.is_pure and theory.covariance.degree == 2:
        raise ValueError(
            f"covariance xi: got {theory.covariance}, allowed: any but a pure 2-spin, whose points are "
            "eigenvectors: orthogonal, or antipodes"
        )
    rng = np.random.default_rng(seed)
    radial = RadialLaw.of(theory)
    shape = (len(bounds) - 1, len(kinds), len(kinds))
    pairs, se = np.zeros(shape), np.zeros(shape)
    for place, size in enumerate(_shares(theory.n, bounds, draws)):
        pairs[place], se[place] = _bin(theory, kinds, bounds[place : place + 2], size, radial, rng)
    return PairCounts(theory, tuple(kinds), bounds, pairs, se)


def uniform_share(n: int, edges: ArrayLike) -> Floats:
    """Probability of each overlap bin for two independent uniform points on the sphere of R^n, (bins,).

    Their overlap has the density (1 - q^2)^{(n-3)/2}.
    """
    half = (np.asarray(edges, dtype=np.float64) + 1) / 2
    return np.diff(betainc((n - 1) / 2, (n - 1) / 2, half))


def _shares(n: int, edges: Floats, draws: int) -> NDArray[np.int64]:
    """Draws of each bin: half of them as uniform points would fall, half alike."""
    alike = np.full(len(edges) - 1, 1 / (len(edges) - 1))
    uniform = uniform_share(n, edges)
    return np.maximum(_FEWEST, np.rint(draws * (alike + uniform / uniform.sum()) / 2)).astype(np.int64)


def _bin(
    theory: FiniteN,
    kinds: Sequence[Kind],
    edges: Floats,
    size: int,
    radial: RadialLaw,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Mean number of pairs in one overlap bin and its standard error, each of shape (K, K).

    The error takes the draws as independent; that they are spread over the bin only makes it too large.
    """
    low, high = np.arccos(edges[::-1])
    angle = low + (high - low) * rng.permutation(np.arange(size) + rng.random(size)) / size
    angle = np.clip(angle, _CLOSEST, np.pi - _CLOSEST)
    total, square = np.zeros((len(kinds),) * 2), np.zeros((len(kinds),) * 2)
    for part in _chunks(angle, max(theory.n - 2, len(kinds), 2)):
        values = (high - low) * _draw(theory, kinds, part, radial, rng)
        total += values.sum(axis=0)
        square += np.sum(values**2, axis=0)
    mean = total / size
    return mean, np.sqrt(np.maximum(square / size - mean**2, 0.0) / (size - 1))


def _chunks(angle: Floats, width: int) -> Iterator[Floats]:
    step = max(1, _CHUNK // (_POINTS * width))
    for start in range(0, len(angle), step):
        yield angle[start : start + step]


def _draw(
    theory: FiniteN, kinds: Sequence[Kind], angle: Floats, radial: RadialLaw, rng: np.random.Generator
) -> Floats:
    """One estimate of the pairs per unit of angle for each angle, shape (Q, K, K)."""
    n = theory.n
    law = pair_law(theory.covariance, n, angle)
    blocks, log_blocks = matrix_pairs(n - 2, 1 / theory.radial_variance, len(angle), rng)
    across = rng.standard_normal((2, len(angle), _POINTS, n - 2))
    plane = rng.standard_normal((3, 2, len(angle), _POINTS))
    square = 0.5 * np.sum(blocks**2, axis=(0, 2, 3))[:, None]
    square = square + np.sum(across**2, axis=(0, 3)) + np.sum(plane[1] ** 2, axis=0)
    drawn = radial.draw(law.plane[:, 0, 0], square, rng)
    plane[0] = drawn.values
    # (d, h, f) in both sectors
    d, h, f = np.einsum("sijq,jsqp->isqp", law.plane, plane)
    points = (
        _turned(law.block[..., None, None] * _turned(blocks)),
        _turned(law.across[..., None, None] * across),
        _turned(d),
        _turned(h),
    )
    determinant, index = np.ones(square.shape), []
    for block, v, radial_derivative, entry in zip(*points, strict=True):
        values, vectors = np.linalg.eigh(block)
        gap = values[:, None, :] - radial_derivative[..., None]
        last = entry - np.sum((v @ vectors) ** 2 / gap, axis=-1)
        determinant *= np.abs(np.prod(gap, axis=-1) * last)
        index.append(np.sum(gap < 0, axis=-1) + (last < 0))
    log_weight = _log_volume(n) + (n - 2) * np.log(np.sin(angle)) + law.log_gradient_density + log_blocks
    weight = determinant * np.exp(log_weight[:, None] + drawn.log_weight)
    own = law.plane[:, 2, 2, :, None] * plane[2]  # the part of f that no determinant knows
    f = drawn.scale(rng) * (f - own) + own
    energy = list(_turned(f) / np.sqrt(n))
    share = _direct_share(kinds, n)
    mirrored = _pairs([kind.negated(n) for kind in kinds], index, energy, weight)
    return share * _pairs(kinds, index, energy, weight) + (1 - share) * mirrored


def _turned(pair: Floats) -> Floats:
    """From both points to both sectors, and back."""
    return _HALF * np.stack([pair[0] + pair[1], pair[0] - pair[1]])


def _direct_share(kinds: Sequence[Kind], n: int) -> Floats:
    """Weight of a draw as it is, against its mirror image -H, for each two kinds, shape (K, K).

    Both have the same mean. But draws favour low points, so pairs of these are counted as they are, pairs of
    high ones in -H, and all others in both.
    """
    height = np.array([kind.height(n) for kind in kinds])
    return 0.5 - 0.5 * np.sign(height[:, None] + height)


def _pairs(
    kinds: Sequence[Kind], index: list[NDArray[np.int64]], energy: list[Floats], weight: Floats
) -> Floats:
    """Mean weight of the pairs of each two kinds, in either order, shape (Q, K, K)."""
    one, two = (
        np.stack([kind.holds(k, e) for kind in kinds], axis=-1).astype(np.float64)
        for k, e in zip(index, energy, strict=True)
    )
    found = np.swapaxes(one * weight[..., None], 1, 2) @ two / _POINTS
    return (found + np.swapaxes(found, 1, 2)) / 2


def _log_volume(n: int) -> float:
    """log |S^{N-1}| |S^{N-2}|."""
    return float(2 * np.log(2) + (n - 0.5) * np.log(np.pi) - gammaln(n / 2) - gammaln((n - 1) / 2))

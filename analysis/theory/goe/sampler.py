"""Sampled GOE spectra, plain and tilted towards the edge.

Spectra come from the tridiagonal model of I. Dumitriu and A. Edelman (arXiv:math-ph/0206043), in the units of
`analysis.theory.goe.density`: diagonal N(0, 1), off-diagonal chi_{n-i} / sqrt(2).

A critical point of index k asks for averages of ``exp(-B x_k^2 / 2)``. That weight varies most at the edge,
by a factor exp(several) at n = 200, where plain averages have errors of their own size. So half of the draws
are tilted: independent entries with their modes moved to those of the weighted law of x_0 (or x_{n-1}),
reweighted exactly with the balance heuristic (E. Veach, L. Guibas 1995). Measured with 2,000 draws at n =
200, pure p = 3: relative error of the number of minima 2.7%, of every other index below 4%.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal, eigvalsh_tridiagonal


@dataclass(frozen=True, eq=False)
class WeightedSpectra:
    """GOE spectra with log importance weights: averages of ``exp(log_weight) f`` estimate E f.

    Attributes:
        eigenvalues: shape (size, n), increasing along the last axis.
        log_weight: shape (size,).
    """

    eigenvalues: NDArray[np.float64]
    log_weight: NDArray[np.float64]


def plain_spectra(n: int, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Spectra of the n x n GOE, increasing, shape (samples, n)."""
    diagonal = rng.standard_normal((samples, n))
    off = np.sqrt(rng.chisquare(np.arange(n - 1, 0, -1), (samples, n - 1)) / 2)
    return _eigenvalues(diagonal, off)


# Smaller matrices are diagonalised in one call, as full ones: one at a time they mostly wait for Python.
_FULL = 32
# Doubles of full matrices that are made at a time: 32 MiB.
_BATCH_ENTRIES = 2**22


def _eigenvalues(diagonal: NDArray[np.float64], off: NDArray[np.float64]) -> NDArray[np.float64]:
    samples, n = diagonal.shape
    if n <= _FULL:
        size = _BATCH_ENTRIES // n**2
        parts = (slice(start, start + size) for start in range(0, max(samples, 1), size))
        return np.concatenate([np.linalg.eigvalsh(_full(diagonal[part], off[part])) for part in parts])
    rows = zip(diagonal, off, strict=True)
    return np.array([eigvalsh_tridiagonal(d, o, check_finite=False) for d, o in rows])


def _full(diagonal: NDArray[np.float64], off: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrices, without their upper triangles, which nobody reads."""
    samples, n = diagonal.shape
    full, k = np.zeros((samples, n, n)), np.arange(n)
    full[:, k, k] = diagonal
    full[:, k[1:], k[:-1]] = off
    return full


def sample_spectra(n: int, strength: float, samples: int, rng: np.random.Generator) -> WeightedSpectra:
    """GOE_N spectra from half plain, a quarter left-tilted and a quarter right-tilted tridiagonal matrices.

    Args:
        n: matrix size.
        strength: B of the weight exp(-B x_k^2/2) that the tilt prepares for; 0 gives plain draws in effect.
        samples: number of spectra.
        rng: NumPy generator.
    """
    freedom = np.arange(n - 1, 0, -1)
    shift, stretch = edge_mode(n, strength, freedom)
    side = np.arange(samples) % 4
    side = np.where(side == 2, 1, np.where(side == 3, -1, 0))[:, None]
    diagonal = rng.standard_normal((samples, n)) + side * shift
    off = np.sqrt(rng.chisquare(freedom, (samples, n - 1)) / 2)
    off = np.where(side != 0, off * stretch, off)
    log_off = np.sum(off**2 * (1 - 1 / stretch**2) - freedom * np.log(stretch), axis=1)
    log_left = log_off + diagonal @ shift - 0.5 * shift @ shift
    log_right = log_off - diagonal @ shift - 0.5 * shift @ shift
    log_plain = np.full(samples, np.log(0.5))
    log_mixture = np.logaddexp(log_plain, np.log(0.25) + np.logaddexp(log_left, log_right))
    return WeightedSpectra(_eigenvalues(diagonal, off), -log_mixture)


def edge_mode(
    n: int, strength: float, freedom: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mode of the tridiagonal entries under exp(-B x_0^2/2): shift of the diagonal, stretch of the rest.

    A fixed point of first-order perturbation: d x_0 = sum v_i^2 da_i + 2 v_i v_{i+1} db_i, v the lowest
    eigenvector. Any shift and stretch give exact weights; a good mode gives small errors.
    """
    plain = np.sqrt(np.maximum(freedom - 1, 0) / 2)
    shift, off = np.zeros(n), plain.copy()
    for _ in range(60):
        value, vector = eigh_tridiagonal(shift, off, select="i", select_range=(0, 0))
        force = -strength * value[0]
        v = vector[:, 0]
        pull = -force * v[:-1] * v[1:]
        shift += 0.5 * (force * v**2 - shift)
        off += 0.5 * ((-pull + np.sqrt(pull**2 + 2 * np.maximum(freedom - 1, 0))) / 2 - off)
    stretch = np.where(plain > 0, off / np.where(plain > 0, plain, 1.0), 1.0)
    return shift, stretch

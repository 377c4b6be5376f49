"""Two independent GOE matrices, drawn plain or with their lowest eigenvalues raised, with exact weights.

Pairs of minima ask for blocks whose lowest eigenvalue is far from typical: plain draws of them have weights
that vary by factors of ten. So a third of the pairs are made of tilted tridiagonal matrices, both with the
same tilt as in `analysis.theory.goe.sampler`, turned into full ones by a Haar rotation; the weight is that of
the mixture. One of the two may stay tridiagonal, for everything else is isotropic. Seen at N = 8, xi = q^3,
with one seed: the variance of the mean number of pairs of minima falls to about a third.
"""

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.goe.sampler import edge_mode

Floats = NDArray[np.float64]


def matrix_pairs(size: int, strength: float, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw pairs of matrices with variance 1 off the diagonal and 2 on it.

    Args:
        size: m of the m x m matrices; 0 and 1 are allowed.
        strength: B of the weight exp(-B x^2 / 2) of the lowest eigenvalue that the tilt prepares for, in
            units of `analysis.theory.goe.density`; 0 or less for none.
        draws: number of pairs.
        rng: NumPy generator.

    Returns:
        matrices, shape (2, draws, m, m); log weight of each pair, shape (draws,).
    """
    if size < 2 or strength <= 0:
        normal = rng.standard_normal((2, draws, size, size))
        return np.sqrt(0.5) * (normal + np.swapaxes(normal, -1, -2)), np.zeros(draws)
    freedom = np.arange(size - 1, 0, -1)
    shift, stretch = edge_mode(size, strength, freedom)
    tilted = (np.arange(draws) % 3 == 2)[:, None]
    diagonal = rng.standard_normal((2, draws, size)) + tilted * shift
    off = np.sqrt(rng.chisquare(freedom, (2, draws, size - 1)) / 2)
    off = np.where(tilted, off * stretch, off)
    # log of the tilted density over the plain one
    log_tilt = np.sum(off**2 * (1 - 1 / stretch**2) - freedom * np.log(stretch), axis=-1)
    log_tilt += diagonal @ shift - 0.5 * shift @ shift
    log_weight = -np.logaddexp(np.log(2 / 3), np.log(1 / 3) + log_tilt.sum(axis=0))
    matrices = np.zeros((2, draws, size, size))
    place = np.arange(size)
    matrices[..., place, place] = diagonal
    matrices[..., place[1:], place[:-1]] = matrices[..., place[:-1], place[1:]] = off
    turn = _rotations(size, draws, rng)
    matrices[1] = turn @ matrices[1] @ np.swapaxes(turn, -1, -2)
    return np.sqrt(2) * matrices, log_weight


def _rotations(size: int, draws: int, rng: np.random.Generator) -> Floats:
    """Haar orthogonal matrices (F. Mezzadri, arXiv:math-ph/0609050), shape (draws, size, size)."""
    turn, upper = np.linalg.qr(rng.standard_normal((draws, size, size)))
    return turn * np.sign(np.diagonal(upper, axis1=-2, axis2=-1))[:, None, :]

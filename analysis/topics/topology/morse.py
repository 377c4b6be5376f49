"""Morse bookkeeping: counts of critical points below a level against the Betti numbers of {H/N <= level}.

With N_k(u) points of index k at or below u, ``M_t(u) = sum_k N_k(u) t^k`` and ``P_t(u) = sum_k beta_k(u)
t^k``, Morse theory says (J. Milnor, Morse Theory, 1963, section 5)

    M_t - P_t = (1 + t) Q_t,   Q_t with nonnegative integer coefficients.

The weak inequalities are N_k >= beta_k. The strong ones are q_k = sum_{j <= k} (-1)^{k-j} (N_j - beta_j) >=
0, and that (1 + t) divides, the Euler characteristic, is one more equality. Where everything is complete,
q_k(u) is the number of classes of degree k that were born and have died by u: topology that the landscape
made for nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int


def counts_below(
    energy: Float[np.ndarray, " points"],
    index: Int[np.ndarray, " points"],
    dimension: int,
    levels: Float[np.ndarray, " levels"],
) -> Int[np.ndarray, "levels degrees"]:
    """N_k(u), points of each index at or below each level: the coefficients of M_t(u), shape (levels,
    dimension + 1).

    Raises:
        ValueError: an index outside 0..dimension.
    """
    if len(index) and not 0 <= index.min() <= index.max() <= dimension:
        raise ValueError(f"index: got {index.min()}..{index.max()}; allowed is 0..{dimension}")
    columns = [
        np.searchsorted(np.sort(energy[index == k]), levels, side="right") for k in range(dimension + 1)
    ]
    return np.stack(columns, axis=-1).astype(np.int64)


def sphere_betti(dimension: int) -> Int[np.ndarray, " degrees"]:
    """Betti numbers of the sphere of this dimension (1 or more), shape (dimension + 1,)."""
    betti = np.zeros(dimension + 1, dtype=np.int64)
    betti[[0, dimension]] = 1
    return betti


def quotient(
    counts: Int[np.ndarray, "*levels known"], betti: Int[np.ndarray, "*levels known"]
) -> Int[np.ndarray, "*levels known"]:
    """Coefficients q_0, q_1, ... of Q_t in M_t - P_t = (1 + t) Q_t, as far up as both are known.

    Where all degrees are given, the last entry is the remainder of the division by 1 + t: 0 if the Euler
    characteristics agree.
    """
    excess = counts - betti
    result = np.zeros_like(excess)
    below = np.zeros_like(excess[..., 0])
    for k in range(excess.shape[-1]):
        below = excess[..., k] - below
        result[..., k] = below
    return result


@dataclass(frozen=True)
class Inequalities:
    """Which Morse inequalities hold, for each level and each known degree.

    Attributes:
        weak: N_k >= beta_k.
        strong: q_k >= 0; at the top degree q is the remainder.
        euler: whether it is 0, so that (1 + t) divides, one for each level; None where the top degree isn't
            known.
    """

    weak: Bool[np.ndarray, "*levels known"]
    strong: Bool[np.ndarray, "*levels known"]
    euler: Bool[np.ndarray, "*levels"] | None

    @property
    def hold(self) -> bool:
        """All of them, at all levels."""
        return bool(self.weak.all() and self.strong.all() and (self.euler is None or self.euler.all()))


def inequalities(
    counts: Int[np.ndarray, "*levels degrees"], betti: Int[np.ndarray, "*levels known"]
) -> Inequalities:
    """Compare counts of all degrees with the Betti numbers of the lowest degrees, those that are known."""
    known = betti.shape[-1]
    low = counts[..., :known]
    q = quotient(low, betti)
    whole = known == counts.shape[-1]
    return Inequalities(low >= betti, q >= 0, q[..., -1] == 0 if whole else None)


def characteristic_below(counts: Int[np.ndarray, "*levels degrees"]) -> Int[np.ndarray, "*levels"]:
    """Euler characteristic of {H/N <= u}, from N_k(u): sum over k of (-1)^k N_k."""
    return counts @ _signs(counts.shape[-1])


def characteristic_above(
    energy: Float[np.ndarray, " points"],
    index: Int[np.ndarray, " points"],
    dimension: int,
    levels: Float[np.ndarray, " levels"],
) -> Int[np.ndarray, " levels"]:
    """Euler characteristic of {H/N >= u}: that of {-H/N <= -u}, where index k becomes dimension - k."""
    return characteristic_below(counts_below(-energy, dimension - index, dimension, -levels))


def characteristic_steps(
    energy: Float[np.ndarray, " points"], index: Int[np.ndarray, " points"]
) -> tuple[Float[np.ndarray, " points"], Int[np.ndarray, " points"]]:
    """The step function chi{H/N <= u}: critical energies, ascending, and its value from each one on."""
    order = np.argsort(energy, kind="stable")
    return energy[order], np.cumsum(1 - 2 * (index[order] % 2))


def _signs(degrees: int) -> Int[np.ndarray, " degrees"]:
    return 1 - 2 * (np.arange(degrees) % 2)

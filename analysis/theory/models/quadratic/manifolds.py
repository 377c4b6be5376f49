"""Every critical manifold of a network with quadratic units in closed form, from the eigenvalues of B.

Notation, that of `tasks.landscapes.quadratic`: f(W) = |D|^2 + (tr D)^2/2 with D = W^T W - B, W of K x n, and
l_1 > ... > l_n the eigenvalues of B. grad f = 2 W (2 D + tau), tau = tr D: rows of W span eigenvectors of B,
a set S of s <= K of them, with eigenvalues of W^T W

    a_i = l_i - tau/2 = l_i + t/(2 + s),    tau = -2 t/(2 + s),    t = sum_{j not in S} l_j,

and S counts if all a_i > 0. There f = s tau^2/4 + sum_{j not in S} l_j^2 + tau^2/2, the manifold is the
Stiefel manifold V_s(R^K), and the eigenvalues of the Hessian are, for i, i' in S and j outside,

* 4 (l_i - l_j); 2 (tau - 2 l_j), K - s times each; 0, s (K - s) times;
* 4 (a_i + a_i') and 0 for each pair i < i'; those of 8 diag(a) + 4 sqrt(a) sqrt(a)^T.

So the index is #{i in S, j not: l_j > l_i} + (K - s) #{j not in S: 2 l_j > tau}, the zeros are the
manifold's own directions, and it is nondegenerate unless 2 l_j = tau for a j, which is where S with j more
begins to count [derived here; cf. Arjevani et al., arXiv:2501.06074]. For B >= 0 every S counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CriticalManifold:
    """One critical manifold.

    Attributes:
        chosen: S, as ascending numbers of eigenvalues, the largest being number 0.
        strengths: the a_i, in that order.
        loss: f on it.
        index: negative eigenvalues of the Hessian.
        dimension: of the manifold, and the number of zero eigenvalues unless it is degenerate.
        degenerate: whether 2 l_j = tau for a j outside S, which adds zeros.
    """

    chosen: tuple[int, ...]
    strengths: tuple[float, ...]
    loss: float
    index: int
    dimension: int
    degenerate: bool


def subsets(n: int, width: int) -> list[tuple[int, ...]]:
    """All S of at most ``width`` eigenvalues."""
    return [chosen for s in range(min(width, n) + 1) for chosen in combinations(range(n), s)]


def count_subsets(n: int, width: int) -> int:
    """Their number: that of the critical manifolds for B >= 0."""
    return sum(comb(n, s) for s in range(min(width, n) + 1))


def dimension_of(s: int, width: int) -> int:
    """Dimension of V_s(R^width)."""
    return s * (s - 1) // 2 + s * (width - s)


def trace_of(eigenvalues: Floats, chosen: Sequence[int]) -> Floats:
    """tau = tr(W^T W - B) for S; eigenvalues of shape (..., n) give shape (...)."""
    outside = eigenvalues.sum(axis=-1) - eigenvalues[..., list(chosen)].sum(axis=-1)
    return -2 * outside / (2 + len(chosen))


def strengths_of(eigenvalues: Floats, chosen: Sequence[int]) -> Floats:
    """The a_i of S, shape (..., s)."""
    return eigenvalues[..., list(chosen)] - trace_of(eigenvalues, chosen)[..., None] / 2


def index_of(eigenvalues: Floats, chosen: Sequence[int], width: int) -> NDArray[np.int64]:
    """Morse index of S for descending eigenvalues of shape (..., n), shape (...)."""
    outside = [j for j in range(eigenvalues.shape[-1]) if j not in chosen]
    pairs = sum(j < i for i in chosen for j in outside)
    steep = 2 * eigenvalues[..., outside] > trace_of(eigenvalues, chosen)[..., None]
    return pairs + (width - len(chosen)) * steep.sum(axis=-1)


def loss_of(eigenvalues: Floats, chosen: Sequence[int]) -> Floats:
    """f on the manifold of S, shape (...)."""
    outside = [j for j in range(eigenvalues.shape[-1]) if j not in chosen]
    tau = trace_of(eigenvalues, chosen)
    return np.asarray((len(chosen) / 4 + 0.5) * tau**2 + (eigenvalues[..., outside] ** 2).sum(axis=-1))


def critical_manifolds(eigenvalues: Floats, width: int) -> list[CriticalManifold]:
    """All critical manifolds, in the order of their loss.

    Args:
        eigenvalues: of B, descending and different, shape (n,).

    Raises:
        ValueError: they aren't.
    """
    eigenvalues = np.asarray(eigenvalues, dtype=np.float64)
    if eigenvalues.ndim != 1 or not (np.diff(eigenvalues) < 0).all():
        raise ValueError(
            f"eigenvalues: got {eigenvalues.tolist()}, allowed: descending and all different, for the "
            "critical manifolds of equal ones are larger than the orbits"
        )
    found = []
    for chosen in subsets(len(eigenvalues), width):
        strengths = strengths_of(eigenvalues, chosen)
        if (strengths > 0).all():
            found.append(
                CriticalManifold(
                    chosen,
                    tuple(strengths.tolist()),
                    float(loss_of(eigenvalues, chosen)),
                    int(index_of(eigenvalues, chosen, width)),
                    dimension_of(len(chosen), width),
                    _is_degenerate(eigenvalues, chosen, width),
                )
            )
    return sorted(found, key=lambda manifold: manifold.loss)


def _is_degenerate(eigenvalues: Floats, chosen: Sequence[int], width: int) -> bool:
    """Of random eigenvalues never; of given ones exactly."""
    outside = np.delete(eigenvalues, list(chosen))
    return len(chosen) < width and bool((2 * outside == trace_of(eigenvalues, chosen)).any())


def hessian_spectrum(eigenvalues: Floats, chosen: Sequence[int], width: int) -> Floats:
    """Eigenvalues of the Hessian of f on the manifold of S, ascending, shape (width n,)."""
    given, s = np.asarray(eigenvalues, dtype=np.float64), len(chosen)
    outside = [j for j in range(len(given)) if j not in chosen]
    tau, a = float(trace_of(given, chosen)), strengths_of(given, chosen)
    values = [4 * (given[i] - given[j]) for i in chosen for j in outside]
    values += [2 * (tau - 2 * given[j]) for j in outside] * (width - s)
    values += [0.0] * (s * (width - s))
    for first, second in combinations(a.tolist(), 2):
        values += [4 * (first + second), 0.0]
    own = 8 * np.diag(a) + 4 * np.sqrt(np.outer(a, a))
    values += np.linalg.eigvalsh(own).tolist() if s else []
    return np.sort(np.array(values, dtype=np.float64))


def count_by_index(n: int, width: int) -> NDArray[np.int64]:
    """Number of critical manifolds of each index for B >= 0, the same for every such B; shape (width n + 1,).

    The sets of s with m pairs i in S, j not, l_j > l_i are counted by the coefficient of q^m in the Gaussian
    binomial [n, s]; each of n - s eigenvalues outside adds width - s.
    """
    counts: np.ndarray = np.array([0] * (width * n + 1), dtype=object)
    for s in range(min(width, n) + 1):
        first = (width - s) * (n - s)
        series = gaussian_binomial(n, s)
        counts[first : first + len(series)] += series
    return counts.astype(np.int64) if max(counts) < 2**62 else counts


def gaussian_binomial(n: int, s: int) -> np.ndarray:
    """Coefficients of [n, s]_q, shape (s (n - s) + 1,), by [n, s] = [n - 1, s - 1] + q^s [n - 1, s]."""
    rows = {0: np.array([1], dtype=object)}
    for size in range(1, n + 1):
        fresh = {}
        for k in range(min(size, s) + 1):
            total: np.ndarray = np.array([0] * (k * (size - k) + 1), dtype=object)
            if k > 0:
                total[: len(rows[k - 1])] += rows[k - 1]
            if k < size:
                total[k : k + len(rows[k])] += rows[k]
            fresh[k] = total
        rows = fresh
    return rows[s]

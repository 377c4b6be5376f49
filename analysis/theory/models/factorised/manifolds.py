"""Every critical manifold of a factorised landscape in closed form, from the singular values of M.

Notation, that of `tasks.landscapes.factorised`: L layers, hidden width r, M of rows x columns (rows <=
columns) with singular values sigma_1 > ... > sigma_n > 0, H the loss 1/2 |W_L ... W_1 - M|^2 plus c/4 times
the squared imbalances, c = 1/2. All below is derived in docs/factorised.md; for the loss of two layers see
Baldi and Hornik (Neural Networks 2 (1989) 53), of more Kawaguchi (arXiv:1605.07110), Trager, Kohn and Bruna
(arXiv:1910.01671) and Achour, Malgouyres and Gerchinovitz (arXiv:2107.13289).

There is one critical manifold C_S for each set S of at most r singular values: its products are M between
the singular vectors of S. With s = |S| and t_i = sigma_i^{1/L} it is V_s(R^r)^{L-1}, and the eigenvalues of
the Hessian of H on it are, with j outside S (sigma_j = 0 for the columns - rows further vectors):

* for i in S and j: t_i^{L-2} (sigma_i + sigma_j) and t_i^{L-2} (sigma_i - sigma_j); of the further vectors,
  t_i^{2L-2} once;
* L = 2: sigma_j and -sigma_j, each r - s times; 0 for each further vector and each of r - s hidden units;
* L > 2: 0 in all (r - s) (rows + columns - 2s + (L - 2)(r - s)) directions outside the network of width s;
* for i, i' in S, ordered: sum_k t_i^{2(L-k)} t_i'^{2(k-1)}; unordered, m = 1, ..., L - 1: c (2 t_i^2 + 2
  t_i'^2 - 4 t_i t_i' cos(pi m/L)), and where i and i' differ as many zeros, the rotations in S;
* for i in S, each of L - 1 hidden layers and each of r - s hidden units outside: 2 c t_i^2 and 0.

Negative eigenvalues are those of the loss alone. The zeros are the dimension of C_S and no more, so that C_S
is nondegenerate in the sense of Bott, if s = r, or if L = 2 and rows = columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement, product
from math import comb, cos, pi

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BALANCE = 0.5
"""c, as in `tasks.landscapes.factorised`; a test holds the two together."""


@dataclass(frozen=True)
class Architecture:
    """Shapes of a factorised landscape.

    Attributes:
        rows: of M, and the number of its singular values.
        extra: columns beyond the rows.
        width: of the hidden layers.
        layers: number of factors, at least 2.
    """

    rows: int
    width: int = 2
    layers: int = 2
    extra: int = 0

    @property
    def ambient(self) -> int:
        """Number of weights, by which H is divided for an energy."""
        return self.width * (2 * self.rows + self.extra + (self.layers - 2) * self.width)

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.layers} layers, width {self.width}, {self.rows} x {self.rows + self.extra}"

    def subsets(self) -> list[tuple[int, ...]]:
        """All S, as ascending numbers of singular values, the largest being number 0."""
        most = min(self.width, self.rows)
        return [chosen for s in range(most + 1) for chosen in combinations(range(self.rows), s)]


@dataclass(frozen=True)
class CriticalManifold:
    """One C_S.

    Attributes:
        chosen: S, as ascending numbers of singular values, the largest being number 0.
        loss: H on it, 1/2 of the sum of sigma_j^2 over j outside S.
        index: negative eigenvalues of the Hessian of H, and of the loss.
        nullity: zero eigenvalues of the Hessian of H.
        dimension: of the manifold.
        strict: whether it has a negative eigenvalue, or is a minimum.
    """

    chosen: tuple[int, ...]
    loss: float
    index: int
    nullity: int
    dimension: int
    strict: bool

    @property
    def degenerate(self) -> bool:
        """Whether the Hessian is singular beyond the manifold's own directions."""
        return self.nullity != self.dimension


def index_of(shape: Architecture, chosen: Sequence[int]) -> int:
    """Morse index of C_S: pairs i in S, j outside with sigma_j > sigma_i, and for two layers each sigma_j
    outside once for each hidden unit that S leaves free."""
    outside = [j for j in range(shape.rows) if j not in chosen]
    pairs = sum(j < i for i in chosen for j in outside)
    return pairs + ((shape.width - len(chosen)) * len(outside) if shape.layers == 2 else 0)


def dimension_of(shape: Architecture, s: int) -> int:
    """Dimension of V_s(R^width)^{layers - 1}."""
    return (shape.layers - 1) * (s * (s - 1) // 2 + s * (shape.width - s))


def nullity_of(shape: Architecture, s: int) -> int:
    """Zero eigenvalues on a C_S with s = |S|."""
    free = shape.width - s
    further = shape.extra
    if shape.layers > 2:
        further = 2 * (shape.rows - s) + shape.extra + (shape.layers - 2) * free
    return dimension_of(shape, s) + free * further


def critical_manifolds(shape: Architecture, singular_values: Floats) -> list[CriticalManifold]:
    """All critical manifolds, in the order of their loss.

    Args:
        singular_values: of M, descending and different, shape (rows,).
    """
    _check(shape, singular_values)
    halves = np.asarray(singular_values) ** 2 / 2
    found = []
    for chosen in shape.subsets():
        outside = [j for j in range(shape.rows) if j not in chosen]
        index, minimum = index_of(shape, chosen), len(chosen) == min(shape.width, shape.rows)
        best = minimum and chosen == tuple(range(len(chosen)))
        found.append(
            CriticalManifold(
                chosen,
                float(halves[outside].sum()),
                index,
                nullity_of(shape, len(chosen)),
                dimension_of(shape, len(chosen)),
                index > 0 or best,
            )
        )
    return sorted(found, key=lambda manifold: manifold.loss)


def hessian_spectrum(
    shape: Architecture, singular_values: Floats, chosen: Sequence[int], balance: float = BALANCE
) -> Floats:
    """Eigenvalues of the Hessian of H on C_S, ascending; those of the loss alone with ``balance`` 0.

    Shape (ambient,).
    """
    _check(shape, singular_values)
    sigma, depth, s = np.asarray(singular_values, dtype=float), shape.layers, len(chosen)
    t = sigma ** (1 / depth)
    outside, free = [j for j in range(shape.rows) if j not in chosen], shape.width - s
    values: list[float] = []
    for i in chosen:
        values += [t[i] ** (depth - 2) * (sigma[i] + sign * sigma[j]) for j in outside for sign in (1, -1)]
        values += [t[i] ** (2 * depth - 2)] * shape.extra
        values += [2 * balance * t[i] ** 2, 0.0] * ((depth - 1) * free)
    if depth == 2:
        values += [sign * sigma[j] for j in outside for sign in (1, -1)] * free + [0.0] * (free * shape.extra)
    else:
        values += [0.0] * (free * (2 * (shape.rows - s) + shape.extra + (depth - 2) * free))
    for i, j in product(chosen, repeat=2):
        values.append(sum(t[i] ** (2 * (depth - k)) * t[j] ** (2 * (k - 1)) for k in range(1, depth + 1)))
    for i, j in combinations_with_replacement(chosen, 2):
        for m in range(1, depth):
            values.append(balance * (2 * t[i] ** 2 + 2 * t[j] ** 2 - 4 * t[i] * t[j] * cos(pi * m / depth)))
            values += [0.0] * (i != j)
    return np.sort(np.array(values))


def count_by_index(shape: Architecture) -> NDArray[np.int64]:
    """Number of critical manifolds of each index, the same for every M; shape (ambient + 1,)."""
    indices = [index_of(shape, chosen) for chosen in shape.subsets()]
    return np.bincount(indices, minlength=shape.ambient + 1)


def total(shape: Architecture) -> int:
    """Number of critical manifolds: choices of at most width singular values."""
    return sum(comb(shape.rows, s) for s in range(min(shape.width, shape.rows) + 1))


def _check(shape: Architecture, singular_values: Floats) -> None:
    values = np.asarray(singular_values)
    if values.shape != (shape.rows,) or not (np.diff(values) < 0).all() or not values.min() > 0:
        raise ValueError(
            f"singular_values: got {values.tolist()}, allowed: {shape.rows} positive numbers, descending"
        )

"""The weights of a deep linear network: W_L ... W_1 with hidden layers of equal width, and their rotations.

A point x of R^ambient holds W_1 (width x columns), W_2, ..., W_{L-1} (width x width) and W_L (rows x width),
each row by row. The product doesn't change when W_k becomes R_k W_k R_{k-1}^T with R_k in GL(width) for 0 < k
< L, and R_0 and R_L the identity; the group here is the compact part, (O(width))^{L-1}.

At a balanced point, W_{k+1}^T W_{k+1} = W_k W_k^T for all k, every layer has the same s nonzero singular
values with aligned singular vectors. Its stabiliser is O(width - s)^{L-1}, so its orbit is that many Stiefel
manifolds V_s(R^width), and the coordinates that the stabiliser leaves alone are the network of width s.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.geometry.symmetry import Stratum, direction
from morsecensus.tasks.runtime.lazy_jax import Array, jnp

FloatLayers = list[Float[np.ndarray, "points out in"]]


@dataclass(frozen=True)
class Layers:
    """Shapes of the layers. Without rows the last one has no weights, and ``depth`` 2 leaves W_1 alone, on
    which O(width) acts from the left: units of a network whose outputs are only added."""

    rows: int
    columns: int
    width: int
    depth: int

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(out, in) of W_1, ..., W_L."""
        ends = [self.columns, *[self.width] * (self.depth - 1), self.rows]
        return [(ends[k + 1], ends[k]) for k in range(self.depth)]

    @property
    def ambient(self) -> int:
        """Number of weights."""
        return sum(out * into for out, into in self.shapes)

    def split(self, x: Float[Array, " ambient"]) -> list[Float[Array, "out in"]]:
        """W_1, ..., W_L."""
        parts, first = [], 0
        for out, into in self.shapes:
            parts.append(x[first : first + out * into].reshape(out, into))
            first += out * into
        return parts

    def split_all(self, points: Float[np.ndarray, "points ambient"]) -> FloatLayers:
        """`split` of many points at once."""
        ends = np.cumsum([out * into for out, into in self.shapes])[:-1]
        parts = np.split(points, ends, axis=1)
        return [part.reshape(len(points), *shape) for part, shape in zip(parts, self.shapes, strict=True)]


def stiefel_dimension(s: int, width: int) -> int:
    """Dimension of V_s(R^width), the orthonormal s-frames."""
    return s * (s - 1) // 2 + s * (width - s)


def stiefel_euler(s: int, width: int) -> int:
    """Euler characteristic of V_s(R^width): a tower of spheres of dimension width - 1, ..., width - s.

    So 1 for s = 0, 2 for s = 1 and odd width, and 0 otherwise: of two spheres one has odd dimension. V_1(R^1)
    is two points; V_2(R^2), two circles, has 0 too.
    """
    return math.prod(2 if (width - i) % 2 else 0 for i in range(s))


@dataclass(frozen=True)
class Rotations:
    """The rotations of the hidden layers: a `Symmetry` and its own `ContinuousSymmetry`.

    Attributes:
        layers: what it acts on.
        cut: singular values of layers below this are zero: see `stratify`.
    """

    layers: Layers
    cut: float

    @property
    def size(self) -> int:
        """1: a class is an orbit, held by one representative."""
        return 1

    @property
    def odd(self) -> bool:
        """False: no element changes H."""
        return False

    @property
    def orbits(self) -> "Rotations":
        return self

    def energies(self) -> Int[np.ndarray, " group"]:
        """The identity alone: all other images are on the same orbit."""
        return np.ones(1, dtype=np.int64)

    def products(self) -> Int[np.ndarray, "group group"]:
        return np.zeros((1, 1), dtype=np.int64)

    def members(
        self, points: Float[np.ndarray, "points ambient"], radius: Float[np.ndarray, " points"]
    ) -> None:
        """None: a class is one orbit."""
        return None

    def orbit(self, points: Float[np.ndarray, "points ambient"]) -> Float[np.ndarray, "images ambient"]:
        """The points themselves, which are representatives."""
        return points

    def representatives(
        self, points: Float[np.ndarray, "points ambient"]
    ) -> Float[np.ndarray, "points ambient"]:
        return self.stratify(points).points

    def stratify(self, points: Float[np.ndarray, "points ambient"]) -> Stratum:
        """Rotate the singular vectors of each layer to the axes, the largest singular value first.

        Then set what belongs to singular values below the cut to zero: near a critical point of rank s the
        rest is an error of the search, which degenerate points leave large (a gradient of 1e-10 that vanishes
        as t^3 leaves t at 5e-4). W_1 becomes diagonal times orthonormal rows, whose signs a fixed vector
        decides.
        """
        weights = self.layers.split_all(points)
        rotated, rank = self._aligned(weights)
        fixed = self._fixed(rank)
        flat = np.concatenate(
            [part.reshape(len(points), math.prod(part.shape[1:])) for part in rotated], axis=1
        )
        width, copies = self.layers.width, self.layers.depth - 1
        dimension = np.array([copies * stiefel_dimension(s, width) for s in range(width + 1)])
        euler = np.array([stiefel_euler(s, width) ** copies for s in range(width + 1)])
        return Stratum(np.where(fixed, flat, 0.0), fixed, dimension[rank], euler[rank])

    def _aligned(self, weights: FloatLayers) -> tuple[FloatLayers, Int[np.ndarray, " points"]]:
        """The rotated layers, and how many singular values of a hidden layer are above the cut."""
        rotated, before = [], None
        rank = np.zeros(len(weights[0]), dtype=np.int64)
        for matrix in weights[:-1]:
            frame, values, _ = np.linalg.svd(matrix)
            rank = np.maximum(rank, (values > self.cut).sum(axis=1))
            turned = matrix if before is None else matrix @ before
            turned = np.swapaxes(frame, 1, 2) @ turned
            if before is None:
                signs = np.where(turned @ direction(turned.shape[2]) < 0, -1.0, 1.0)
            else:
                signs = np.where(np.diagonal(turned, axis1=1, axis2=2) < 0, -1.0, 1.0)
            rotated.append(signs[:, :, None] * turned)
            before = frame * signs[:, None, :]
        assert before is not None
        return [*rotated, weights[-1] @ before], rank

    def _fixed(self, rank: Int[np.ndarray, " points"]) -> Bool[np.ndarray, "points ambient"]:
        parts = []
        for k, (out, into) in enumerate(self.layers.shapes):
            rows = np.full((len(rank), out), True)
            columns = np.full((len(rank), into), True)
            if k < self.layers.depth - 1:
                rows = np.arange(out) < rank[:, None]
            if k > 0:
                columns = np.arange(into) < rank[:, None]
            parts.append((rows[:, :, None] & columns[:, None, :]).reshape(len(rank), out * into))
        return np.concatenate(parts, axis=1)

    def tangents(self, x: Float[Array, " ambient"]) -> Float[Array, "ambient generators"]:
        """One column for each hidden layer and pair of its units, the zero vector where x is fixed."""
        weights, width = self.layers.split(x), self.layers.width
        columns: list[Array] = [jnp.zeros_like(x)]
        for k in range(self.layers.depth - 1):
            for i in range(width):
                for j in range(i):
                    turn = jnp.zeros((width, width)).at[i, j].set(1.0).at[j, i].set(-1.0)
                    moved: list[Array] = [jnp.zeros_like(w) for w in weights]
                    moved[k], moved[k + 1] = turn @ weights[k], -weights[k + 1] @ turn
                    columns.append(jnp.concatenate([m.reshape(-1) for m in moved]))
        return jnp.stack(columns, axis=1)

    def morse_quotient(
        self, points: Float[np.ndarray, "classes ambient"], index: Int[np.ndarray, " classes"]
    ) -> Int[np.ndarray, " degrees"]:
        """Q of sum_C t^index(C) P(BO(width - s))^{L-1} - P(BO(width))^{L-1} = (1 + t) Q, modulo 2 homology.

        A class of rank s has the equivariant homology of a point with its stabiliser (Atiyah and Bott, Phil.
        Trans. R. Soc. A 308 (1983) 523, section 1), and P(BO(m)) = prod_{i <= m} 1/(1 - t^i). Degrees 0 to
        ambient.
        """
        width, copies = self.layers.width, self.layers.depth - 1
        rank = self._rank_of(points)
        degrees = self.layers.ambient + 1
        series = [classifying_series(width - s, copies, degrees) for s in range(width + 1)]
        total: np.ndarray = -series[0]
        for s, k in zip(rank, index.tolist(), strict=True):
            total[k:] += series[s][: degrees - k]
        quotient = [0]
        for coefficient in total.tolist():
            quotient.append(coefficient - quotient[-1])
        return np.array(quotient[1:], dtype=object)

    def _rank_of(self, points: Float[np.ndarray, "classes ambient"]) -> list[int]:
        """Of representatives: the rows of W_1 that aren't zero."""
        first = self.layers.split_all(points)[0]
        return [int(s) for s in (np.abs(first).max(axis=2) > 0).sum(axis=1)]


def classifying_series(m: int, copies: int, degrees: int) -> Int[np.ndarray, " degrees"]:
    """Coefficients of (prod_{i=1}^m 1/(1 - t^i))^copies, the Poincare series modulo 2 of BO(m)^copies."""
    series = [1] + [0] * (degrees - 1)
    for i in [*range(1, m + 1)] * copies:
        for d in range(i, degrees):
            series[d] += series[d - i]
    return np.array(series, dtype=object)

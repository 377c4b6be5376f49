"""A two-layer network with quadratic units on Gaussian inputs, all of whose critical points are known.

f(W) = 1/2 E (x^T (W^T W - B) x)^2 = |W^T W - B|^2 + (tr(W^T W - B))^2 / 2 for x ~ N(0, 1) in R^n, W of shape
width x n (a unit a row, output weights 1), and B symmetric: a teacher of the same kind (B >= 0), or any
quadratic form. The second equality is Isserlis' theorem. For the landscape's critical points see Arjevani,
Bruna, Kileel, Polak and Trager, arXiv:2501.06074.

B is a Wishart matrix G^T G / n of a square Gaussian G, whose spectrum tends to [0, 4]; or a GOE matrix
(G + G^T)/sqrt(2n), to [-2, 2]; or has given eigenvalues and uniform eigenvectors.

Symmetry. f(R W) = f(W) for R in O(width), which is compact: f is coercive as it is, and critical points come
in Stiefel manifolds. Energies are ``f / ambient`` here as in all models, ambient the number of weights.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.geometry.manifolds import LARGEST_RADIUS, Euclidean
from morsecensus.tasks.geometry.rotations import Layers, Rotations
from morsecensus.tasks.landscapes.base import Landscape
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array, jnp

Couplings = Float[np.ndarray, "n n"]

CUT = 5e-3
"""Singular values of W below this share of the largest typical one count as zero, as in `factorised`. Those
of a critical point are sqrt(a_i), so an a_i below CUT^2 of the scale is taken for none: a share of about
width x n CUT^2 of all landscapes."""
EDGES = {"wishart": 4.0, "goe": 2.0}
"""Largest eigenvalue of B for n to infinity, by teacher."""
POSITIVE = {"wishart": 1.0, "goe": 4 / (3 * math.pi)}
"""Sum of the positive eigenvalues of B over n, in the same limit."""


@dataclass(frozen=True)
class Quadratic(Landscape):
    """Networks of ``width`` quadratic units for a teacher matrix of n x n.

    ``spectrum`` holds the eigenvalues of B, descending; empty for a random B.
    """

    n: int
    width: int
    teacher: str = "wishart"
    spectrum: tuple[float, ...] = ()

    name: ClassVar[str] = "quadratic"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        if n < 2:
            raise ValueError(f"n: got {n}, allowed: integers >= 2")
        text = parameters["spectrum"]
        spectrum = tuple(float(v) for v in text.split(",")) if text else ()
        if spectrum and len(spectrum) != n:
            raise ValueError(f"spectrum: got {len(spectrum)} eigenvalues, allowed: n = {n} of them")
        return cls(n, parameters["width"], parameters["teacher"], spectrum)

    @property
    def layers(self) -> Layers:
        """W as the only layer that has weights: that of a network without outputs of its own."""
        return Layers(0, self.n, self.width, 2)

    @property
    def typical_value(self) -> float:
        """About the largest eigenvalue of W^T W at a critical point: l_i + t/(2 + s) at s = 1."""
        if self.spectrum:
            positive = sum(max(v, 0.0) for v in self.spectrum)
            return max(map(abs, self.spectrum)) + positive / 3
        return EDGES[self.teacher] + POSITIVE[self.teacher] * self.n / 3

    @property
    def layer_scale(self) -> float:
        """The largest singular value of W there."""
        return math.sqrt(self.typical_value)

    @property
    def manifold(self) -> Euclidean:
        # A Gaussian W then has singular values up to about the scale.
        widest = math.sqrt(self.width) + math.sqrt(self.n)
        return Euclidean(self.layers.ambient, 1.5 * self.layer_scale / widest)

    @property
    def symmetry(self) -> Rotations:
        return Rotations(self.layers, CUT * self.layer_scale)

    @property
    def climbs(self) -> bool:
        """False: f has no maximum."""
        return False

    @property
    def typical_points(self) -> float:
        """The number of critical manifolds for B >= 0; an indefinite B has fewer."""
        return float(sum(math.comb(self.n, s) for s in range(min(self.width, self.n) + 1)))

    @property
    def gradient_scale(self) -> float:
        return 4 * self.typical_value**1.5

    @property
    def curvature_scale(self) -> float:
        """The largest eigenvalue at a critical point, 4 (a_i + a_j) and 12 a_i among units, or so."""
        return 8 * self.typical_value

    def sample(self, seed: int, landscape: int) -> Couplings:
        """B."""
        draw = generator(seed, self.name, self.n, landscape, "couplings")
        gaussian = draw.standard_normal((self.n, self.n))
        if self.spectrum:
            frame = np.linalg.qr(gaussian)[0]
            return (frame * np.array(self.spectrum)) @ frame.T
        if self.teacher == "wishart":
            return gaussian.T @ gaussian / self.n
        return (gaussian + gaussian.T) / math.sqrt(2 * self.n)

    def random_starts(self, draw: np.random.Generator, count: int) -> Float[np.ndarray, "count ambient"]:
        """Gaussian points, and in turn with them points of uniform singular vectors and of every rank alike.

        Few random points of full rank lead to one of small rank, for its basin is small in all directions of
        the missing units (`factorised`). Those that begin at that rank stay there: descent and Newton keep
        what symmetry leaves alone.
        """
        rank = min(self.width, self.n)
        values = draw.random((count, rank))
        values[np.arange(rank) >= draw.integers(0, rank + 1, count)[:, None]] = 0.0
        above, below = (
            np.linalg.qr(draw.standard_normal((count, size, rank)))[0] for size in (self.width, self.n)
        )
        strengths = np.sqrt(self.typical_value * values)
        points = ((above * strengths[:, None, :]) @ np.swapaxes(below, 1, 2)).reshape(count, -1)
        points[1::2] = self.manifold.random_points(draw, count // 2)
        return points

    def known(self, couplings: Couplings) -> dict[str, np.ndarray]:
        """The eigenvalues of B, descending."""
        return {"target_eigenvalues": np.linalg.eigvalsh(couplings)[::-1]}

    @property
    def known_sizes(self) -> dict[str, int]:
        return {"target_eigenvalue": self.n}

    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        weights = x.reshape(self.width, self.n)
        difference = weights.T @ weights - jnp.asarray(couplings)
        return jnp.sum(difference**2) + jnp.trace(difference) ** 2 / 2

    def hessian_variation(self, couplings: Couplings) -> float:
        """Bounds the third derivative along a unit V, which is 6 (<D', D''> + tr D' tr D''/2) with D' = V^T W
        + W^T V and D'' = 2 V^T V: at most 6 (4 |W| + 2 |W|_F).

        At a critical point tr W^T W is at most P, the sum of the positive eigenvalues of B: it is tr B - 2
        t/(2 + s) with t the sum of those outside S, so at most tr B for t >= 0, and at most the sum over S
        otherwise. |W| <= |W|_F; the largest radius more is where a radius may reach.
        """
        positive = np.maximum(np.linalg.eigvalsh(couplings), 0.0).sum()
        reach = math.sqrt(positive) + LARGEST_RADIUS * math.sqrt(self.layers.ambient)
        return 36 * float(reach)

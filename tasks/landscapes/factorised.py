"""Factorised landscapes: matrix factorisation and deep linear networks, whose critical points are all known.

H(W_1, ..., W_L) = 1/2 |W_L ... W_1 - M|^2 + 1/8 sum_{0<k<L} |W_{k+1}^T W_{k+1} - W_k W_k^T|^2 in Frobenius
norms, W_1 of shape width x columns, W_L rows x width, all others width x width; L = 2 is matrix
factorisation, W_2 = U and W_1 = V^T. M is given by its singular values, or Gaussian with variance 1/rows, so
that its largest singular value tends to 1 + sqrt(columns/rows).

Balance. The loss alone is constant along noncompact orbits of GL(width)^{L-1}, so its critical set is never
compact. The second term (Tu et al., arXiv:1507.03566; Ge, Jin, Zheng, arXiv:1704.00708) makes H coercive, and
its critical points are *exactly* the balanced ones of the loss, those with W_{k+1}^T W_{k+1} = W_k W_k^T
[derived in docs/factorised.md]. At these points the two Hessians have orthogonal ranges: what negative
curvature the loss has, H has; only dimensions along which the loss was flat get positive curvature.

Energies are ``H / ambient`` here as in all models, with ambient the number of weights; at a critical point H
is the loss.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.geometry.manifolds import LARGEST_RADIUS, Euclidean
from morsecensus.tasks.geometry.rotations import Layers, Rotations
from morsecensus.tasks.landscapes.base import Landscape
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array, jnp

Couplings = Float[np.ndarray, "rows columns"]

CUT = 5e-3
"""Singular values of a layer below this share of the largest typical one count as zero. Hits at the most
degenerate points that are allowed, the origin of four layers, are within 1e-3 (see `Rotations.stratify`);
singular values of a Gaussian M fall below it in a share of about 2 n CUT^L of all landscapes."""
SMALLEST = 1e-4
"""Of a singular value of a start, relative. Newton from a unit as weak as this is as good as without it."""
BALANCE = 0.5
"""The weight c of the second term, c/4 |.|^2. With 1/2, H of two layers is 1/8 |WW^T - 2 [0 M; M^T 0]|^2 but
for a constant, with W = (U; V)."""


@dataclass(frozen=True)
class Factorised(Landscape):
    """Balanced factorisations of rows x columns matrices into L = ``depth`` factors of inner size ``width``.

    ``spectrum`` holds the singular values of M, descending; empty for a Gaussian M.
    """

    rows: int
    columns: int
    width: int
    depth: int
    spectrum: tuple[float, ...] = ()

    name: ClassVar[str] = "factorised"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        if n < 2:
            raise ValueError(f"n: got {n}, allowed: integers >= 2")
        text = parameters["spectrum"]
        spectrum = tuple(float(v) for v in text.split(",")) if text else ()
        if spectrum and len(spectrum) != n:
            raise ValueError(f"spectrum: got {len(spectrum)} singular values, allowed: n = {n} of them")
        return cls(n, n + parameters["extra"], parameters["width"], parameters["layers"], spectrum)

    @property
    def layers(self) -> Layers:
        return Layers(self.rows, self.columns, self.width, self.depth)

    @property
    def rank_bound(self) -> int:
        """The largest rank of a product, and of a critical point."""
        return min(self.width, self.rows)

    @property
    def typical_value(self) -> float:
        """The largest singular value of M, or its limit."""
        return self.spectrum[0] if self.spectrum else 1 + math.sqrt(self.columns / self.rows)

    @property
    def layer_scale(self) -> float:
        """The largest singular value of a layer at a critical point."""
        return self.typical_value ** (1 / self.depth)

    @property
    def manifold(self) -> Euclidean:
        # A Gaussian layer of these shapes then has singular values up to about the layer's scale.
        widest = math.sqrt(self.width) + math.sqrt(max(self.rows, self.columns))
        return Euclidean(self.layers.ambient, 1.5 * self.layer_scale / widest)

    @property
    def symmetry(self) -> Rotations:
        return Rotations(self.layers, CUT * self.layer_scale)

    @property
    def climbs(self) -> bool:
        """False: H has no maximum."""
        return False

    @property
    def typical_points(self) -> float:
        """The number of critical manifolds: choices of at most ``width`` singular values of M."""
        return float(sum(math.comb(self.rows, s) for s in range(self.rank_bound + 1)))

    @property
    def gradient_scale(self) -> float:
        return self.typical_value ** (2 - 1 / self.depth)

    @property
    def curvature_scale(self) -> float:
        """The largest eigenvalue that the loss has at a critical point, L sigma^{2 (L-1)/L}."""
        return self.depth * self.typical_value ** (2 - 2 / self.depth)

    def sample(self, seed: int, landscape: int) -> Couplings:
        """M. With singular values given, its singular vectors are uniform."""
        draw = generator(seed, self.name, self.rows, self.columns, landscape, "couplings")
        gaussian = draw.standard_normal((self.rows, self.columns)) / math.sqrt(self.rows)
        if not self.spectrum:
            return gaussian
        left, _, right = np.linalg.svd(gaussian, full_matrices=False)
        return left @ np.diag(self.spectrum) @ right

    def random_starts(self, draw: np.random.Generator, count: int) -> Float[np.ndarray, "count ambient"]:
        """Random balanced points and Gaussian ones, in turn.

        Singular vectors are uniform, and the singular values of the product independent: half uniform up to
        `typical_value`, half log-uniform down to SMALLEST of it. For points of small rank have basins that
        are small in all directions of the missing units: of 3072 Gaussian starts none reached the origin of
        12 weights (measured).
        """
        values = draw.random((count, self.rank_bound))
        values = np.where(draw.random(values.shape) < 0.5, values, SMALLEST**values)
        strengths = (self.typical_value * values) ** (1 / self.depth)
        ends = [self.columns, *[self.width] * (self.depth - 1), self.rows]
        frames = [
            np.linalg.qr(draw.standard_normal((count, end, self.rank_bound)))[0]
            * strengths[:, None, :] ** 0.5
            for end in ends
        ]
        parts = [(above @ np.swapaxes(below, 1, 2)).reshape(count, -1) for below, above in pairwise(frames)]
        points = np.concatenate(parts, axis=1)
        points[1::2] = self.manifold.random_points(draw, count // 2)
        return points

    def known(self, couplings: Couplings) -> dict[str, np.ndarray]:
        """The singular values of M, descending."""
        return {"target_singular_values": np.linalg.svd(couplings, compute_uv=False)}

    @property
    def known_sizes(self) -> dict[str, int]:
        return {"singular_value": self.rows}

    def loss(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        """1/2 |W_L ... W_1 - M|^2 alone."""
        product, *rest = self.layers.split(x)
        for matrix in rest:
            product = matrix @ product
        return 0.5 * jnp.sum((product - jnp.asarray(couplings)) ** 2)

    def imbalance(self, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        """1/8 of the sum of |W_{k+1}^T W_{k+1} - W_k W_k^T|^2."""
        weights = self.layers.split(x)
        moments = [jnp.sum((above.T @ above - below @ below.T) ** 2) for below, above in pairwise(weights)]
        return BALANCE / 4 * sum(moments, start=jnp.zeros(()))

    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        return self.loss(couplings, x) + self.imbalance(x)

    def hessian_variation(self, couplings: Couplings) -> float:
        """Bounds the third derivative along a unit vector X wherever a radius may reach: there every |W_k| is
        at most b, the L-th root of the largest singular value of M and the largest radius more.

        With P = W_L ... W_1 and e_j the elementary symmetric polynomials of the |X_k|, |D^j P| <= j! e_j
        b^{L-j} <= j! binom(L, j) L^{-j/2} b^{L-j} (Maclaurin), and D^3 of the loss is 3 <DP, D^2P> + <P - M,
        D^3P>. Of the moments mu_k, |D mu_k| <= 2b (|X_k| + |X_{k+1}|) and |D^2 mu_k| <= 2 (|X_k|^2 +
        |X_{k+1}|^2); the sum over k of the products is at most 8 sqrt(2) b.
        """
        count, norms = self.depth, np.linalg.svd(couplings, compute_uv=False)
        reach = norms[0] ** (1 / count) + LARGEST_RADIUS * math.sqrt(self.layers.ambient)

        def derivative(order: int) -> float:
            most = math.factorial(order) * math.comb(count, order) * count ** (-order / 2)
            return most * reach ** max(count - order, 0)

        residual = math.sqrt(self.rank_bound) * reach**count + math.sqrt(float(norms @ norms))
        loss = 3 * derivative(1) * derivative(2) + residual * derivative(3)
        return loss + BALANCE / 4 * 6 * 8 * math.sqrt(2) * reach

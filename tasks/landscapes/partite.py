"""The r-partite spherical spin glass: a random r-linear form on a product of r spheres.

H(x_1, ..., x_r) = sqrt(M) sum J_{k_1...k_r} prod_i x_{i,k_i}/sqrt(n_i) on |x_i|^2 = n_i, with J iid
N(0, 1) and M the mean of the n_i, so that Var H = M everywhere. For r = 3 and equal sizes N it is
H = (1/N) sum J_{ijk} a_i b_j c_k, the tripartite model of Sagun, Guney, Ben Arous and LeCun
(arXiv:1412.6615); for r = 2 it is a random matrix between two vectors.

Energies. Theirs is H/N with the N of *one* sphere; ours is per spin, ``H / (n_1 + ... + n_r)``, smaller by r.

Symmetry. Turning one factor around, x_i -> -x_i, changes the sign of H. So critical points come in classes
of 2^r, one for each singular vector tuple of the tensor J.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes.base import Jet, Landscape
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array, jnp
from morsecensus.tasks.systems.multilinear.count import singular_tuples
from morsecensus.tasks.systems.multilinear.system import MultilinearSystem

Couplings = Float[np.ndarray, "..."]

# Above so many entries of the tensor its singular tuples are not counted: no census gets near their number.
MOST_COUNTED = 100_000

MOST_TUPLES = 2**17
"""Homotopies start from all singular tuples of one tensor, which a worker finds first and keeps."""


@dataclass(frozen=True)
class Partite(Landscape):
    """An r-linear form on spheres of the given sizes n_i, each of radius sqrt(n_i)."""

    sizes: tuple[int, ...]

    name: ClassVar[str] = "partite"

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 2:
            raise ValueError(f"sizes of the spheres: got {self.sizes}, allowed: two or more integers >= 2")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        if n < 1:
            raise ValueError(f"n: got {n}, allowed: integers >= 1")
        sizes = tuple(n * int(size) for size in parameters["sizes"].split(","))
        if min(sizes) < 2:
            raise ValueError(f"sizes: got spheres of sizes {sizes} at n = {n}, allowed: each >= 2; raise n")
        return cls(sizes)

    @property
    def manifold(self) -> ProductOfSpheres:
        return ProductOfSpheres(self.sizes)

    @property
    def factors(self) -> int:
        return len(self.sizes)

    @property
    def parities(self) -> tuple[int, ...]:
        """H with factor i turned around is ``parities[i] * H``."""
        return (-1,) * self.factors

    @property
    def complex_points(self) -> int | None:
        """2^r for each singular tuple: its singular value isn't 0 for generic couplings, and each factor has
        two signs."""
        if math.prod(self.sizes) > MOST_COUNTED:
            return None
        return 2**self.factors * singular_tuples(self.sizes)

    @property
    def homotopy_paths(self) -> int | None:
        """One for each singular tuple, as far as the tuples of a tensor to start from can be kept."""
        if self.complex_points is None:
            return None
        tuples = singular_tuples(self.sizes)
        return tuples if tuples <= MOST_TUPLES else None

    @property
    def path_seconds(self) -> float:
        """Measured: 85 us for three spheres of n = 4, 100 us for n = 5; many variables cost what elimination
        does, large tensors what their contractions do."""
        entries = self.factors * math.prod(self.sizes)
        return 4e-5 + 1e-8 * self.manifold.ambient**3 + 5e-8 * entries

    @property
    def preparation_seconds(self) -> float:
        """Each tuple of the tensor that paths start from takes five or six paths, if there are many."""
        return (self.homotopy_paths or 0) * 6 * self.path_seconds if self.factors > 2 else 0.0

    def polynomial_system(self, couplings: Couplings) -> MultilinearSystem:
        return MultilinearSystem(np.asarray(couplings))

    @property
    def typical_points(self) -> float:
        """The large-N growth of the mean for equal sizes, within a factor of two for r = 3 from N = 2 on."""
        r, ambient = self.factors, self.manifold.ambient
        log_typical = r * math.log(2) + ambient / 2 * math.log(r - 1)
        typical = max(math.exp(min(log_typical, 690.0)), float(2**r * min(self.sizes)))
        most = self.complex_points
        return typical if most is None else float(min(typical, most))

    @property
    def variance(self) -> float:
        """M = Var H, the mean of the sizes."""
        return self.manifold.ambient / self.factors

    def gradient_size(self, couplings: Couplings) -> float:
        """|tensor| / sqrt(M): 1 in the mean square of this model's own draws."""
        return float(np.linalg.norm(couplings)) / math.sqrt(self.variance)

    @property
    def curvature_scale(self) -> float:
        """The edge of the bulk of the Hessian for equal sizes, an upper bound on it otherwise."""
        return 2 * math.sqrt((self.factors - 1) * self.variance / min(self.sizes))

    def coupling_bytes(self) -> int:
        # As drawn, as scaled and in JAX.
        return 3 * 8 * math.prod(self.sizes)

    def sample(self, seed: int, landscape: int) -> Couplings:
        draw = generator(seed, self.name, *self.sizes, landscape, "couplings")
        return self.scaled(draw.standard_normal(self.sizes))

    def scaled(self, tensor: Float[np.ndarray, "..."]) -> Couplings:
        """The couplings ``sqrt(M / prod n_i) J`` of a tensor J of shape ``sizes``: H is their contraction."""
        return math.sqrt(self.variance / math.prod(self.sizes)) * tensor

    def _factors(self, x: Float[Array, " ambient"]) -> list[Float[Array, " n_i"]]:
        return [x[part] for part, _ in self.manifold.parts()]

    def _block(
        self, couplings: Couplings, factors: list[Float[Array, " n_i"]], i: int, j: int
    ) -> Float[Array, "n_i n_j"]:
        """d^2 H / dx_i dx_j, i < j: the tensor contracted with all other factors.

        Trailing axes go first, one at a time, and leading ones at last, together: the first contraction is
        then one product of a matrix, the same for all lanes of a batch, with the batch. Contracting a leading
        axis alone would make XLA copy the tensor for each lane (measured at three spheres of 40: the gradient
        took five times as long).
        """
        block = jnp.asarray(couplings)
        for axis in (*reversed(range(j + 1, self.factors)), *reversed(range(i + 1, j))):
            block = jnp.tensordot(block, factors[axis], axes=(axis, 0))
        if i == 0:
            return block
        leading = _outer(factors[:i])
        return (leading @ block.reshape(len(leading), -1)).reshape(self.sizes[i], self.sizes[j])

    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        return self.value_and_gradient(couplings, x)[0]

    def value_and_gradient(
        self, couplings: Couplings, x: Float[Array, " ambient"]
    ) -> tuple[Float[Array, ""], Float[Array, " ambient"]]:
        """One block gives two parts of the gradient; with r odd the last part needs no block."""
        factors = self._factors(x)
        gradient: list[Float[Array, " n_i"]] = []
        for j in range(1, self.factors, 2):
            block = self._block(couplings, factors, j - 1, j)
            gradient += [block @ factors[j], factors[j - 1] @ block]
        if self.factors % 2:
            gradient.append(_outer(factors[:-1]) @ jnp.asarray(couplings).reshape(-1, self.sizes[-1]))
        return factors[0] @ gradient[0], jnp.concatenate(gradient)

    def jet(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Jet:
        factors, r = self._factors(x), self.factors
        blocks = {
            (i, j): self._block(couplings, factors, i, j) for i, j in itertools.combinations(range(r), 2)
        }

        def row(i: int) -> list[Float[Array, "n_i n_j"]]:
            zero = jnp.zeros((self.sizes[i], self.sizes[i]), x.dtype)
            return [blocks[i, j] if i < j else blocks[j, i].T if j < i else zero for j in range(r)]

        # H is linear in each factor: d^2 H/dx_i^2 = 0, and d^2 H/dx_i dx_j applied to x_j is dH/dx_i.
        gradient = [blocks[0, 1] @ factors[1], *(factors[0] @ blocks[0, j] for j in range(1, r))]
        return Jet(factors[0] @ gradient[0], jnp.concatenate(gradient), jnp.block([row(i) for i in range(r)]))

    def hessian_variation(self, couplings: Couplings) -> float:
        """The third derivative along unit vectors a, b, c is a sum over different factors i, j, k.

        Each term is at most the injective norm of the tensor, times |a_i| |b_j| |c_k|, times the lengths of
        the remaining factors; the sum of |a_i| |b_j| |c_k| is largest for a = b = c (Banach) with equal parts
        (Maclaurin), r(r-1)(r-2)/r^{3/2}. The norm of any flattening bounds the injective norm.
        """
        r = self.factors
        if r < 3:
            return 0.0
        tensor = np.asarray(couplings)
        flat = [np.moveaxis(tensor, i, 0).reshape(self.sizes[i], -1) for i in range(r)]
        norm = math.sqrt(min(float(np.linalg.eigvalsh(matrix @ matrix.T)[-1]) for matrix in flat))
        longest = sorted(self.sizes)[3:]
        others = math.prod(1.1 * math.sqrt(size) for size in longest)
        return r * (r - 1) * (r - 2) / r**1.5 * norm * others


def _outer(factors: list[Float[Array, " n_i"]]) -> Float[Array, " product"]:
    """All products of one entry of each factor, the last factor's index running fastest."""
    product = factors[0]
    for factor in factors[1:]:
        product = (product[:, None] * factor[None, :]).reshape(-1)
    return product

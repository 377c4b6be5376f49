"""Spherical p-spin landscapes, pure and mixed, with or without a random field.

H(x) = sum_p sqrt(c_p) N^{-(p-1)/2} sum_{i_1..i_p} J^{(p)}_{i_1..i_p} x_{i_1}...x_{i_p} on |x|^2 = N, with J
iid N(0,1) over *all ordered tuples*, so that E H(x) H(y) = N xi(x.y/N) with xi(q) = sum_p c_p q^p, exactly
and isotropically at finite N (Auffinger, Ben Arous and Cerny, arXiv:1003.1129, eq. 1.1). Sums over i < j < k
only, which also circulate, aren't isotropic.

Storage. Only the symmetrised J enters; its entry at a sorted multi-index of multiplicity m is N(0, 1/m), and
is drawn as such. For each degree p >= 2 we keep the matrix M[(ij), alpha] = S_{ij alpha} *
multiplicity(alpha) over pairs and packed (p-2)-indices alpha, so that one GEMM ``W = M @ monomials(x)``
gives everything: with W as a symmetric matrix, H = x.W x, grad H = p W x, Hess H = p(p-1) W. Keeping the
pairs i <= j alone halves the flops of the GEMM but costs a gather; measured, that pays from about n = 40 on
(`PACKED_FROM`).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.covariance import Covariance, total_degree_bound
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres, sphere
from morsecensus.tasks.landscapes.base import Jet, Landscape
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array, jax, jnp
from morsecensus.tasks.systems import circular, symmetric
from morsecensus.tasks.systems.polynomial import PolynomialSystem

Couplings = dict[str, Float[np.ndarray, "..."]]


PACKED_FROM = 40


def _pairs(n: int) -> Int[np.ndarray, "pairs 2"]:
    """The rows of the coupling matrices: each pair once for large n, all ordered pairs for small n."""
    if n >= PACKED_FROM:
        return circular.pairs(n)
    return np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), axis=-1).reshape(-1, 2)


@cache
def _once(n: int) -> Int[np.ndarray, " pairs"]:
    """Rows of coupling matrices that say it all: each pair once."""
    if n >= PACKED_FROM:
        return np.arange(len(circular.pairs(n)))
    return np.flatnonzero(np.triu(np.ones((n, n), dtype=bool)))


@cache
def _positions(n: int) -> Int[np.ndarray, "n n"]:
    """The row of `_once` in which each entry of a Hessian stands."""
    if n >= PACKED_FROM:
        return circular.unpacking(n)
    table = np.zeros((n, n), dtype=np.int64)
    first, second = np.divmod(_once(n), n)
    table[first, second] = table[second, first] = np.arange(len(first))
    return table


@cache
def _contraction_table(n: int, degree: int) -> Int[np.ndarray, "pairs rest"]:
    """Position of the packed entry (i, j, alpha) for each pair (i, j) and each packed (degree-2)-index
    alpha."""
    pairs = _pairs(n)
    rest = symmetric.multi_indices(n, degree - 2) if degree > 2 else np.zeros((1, 0), dtype=np.int32)
    shape = (len(pairs), len(rest))
    joined = np.concatenate(
        [
            np.broadcast_to(pairs[:, None, :], (*shape, 2)),
            np.broadcast_to(rest[None, :, :], (*shape, degree - 2)),
        ],
        axis=-1,
    )
    return symmetric.ranks(joined, n)


def _monomials(x: Float[Array, "n ..."], order: int) -> Float[Array, "packed ..."]:
    """All monomials of the given order, in the order of `symmetric.multi_indices`."""
    if order == 0:
        return jnp.ones((1, *x.shape[1:]), x.dtype)
    if order == 1:
        return x
    indices = symmetric.multi_indices(x.shape[0], order)
    return jnp.prod(x[indices], axis=1)


def _degree(key: str) -> int:
    return int(key.removeprefix("degree_"))


@dataclass(frozen=True)
class MixedSpin(Landscape):
    """The spherical model with covariance N xi(q) on S^{N-1}(sqrt N).

    The couplings of degree p of one instance depend on (seed, N, landscape, p) but not on the coefficients,
    so cells of one study that differ in xi or in the field share them: differences between such cells are
    less noisy than the cells.
    """

    covariance: Covariance
    n: int

    name: ClassVar[str] = "pspin"

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"n: got {self.n}, allowed: integers >= 2")

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        unknown = set(parameters) - {"xi", "field"}
        if unknown:
            raise ValueError(f"parameters of pspin: got {sorted(unknown)}, allowed: xi, field")
        covariance = Covariance.parse(parameters["xi"]).with_field(parameters.get("field", 0.0))
        return cls(covariance, n)

    @property
    def manifold(self) -> ProductOfSpheres:
        return sphere(self.n)

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degrees of the forms that H is a sum of, lowest first."""
        return tuple(degree for degree, _ in self.covariance.terms)

    @property
    def parities(self) -> tuple[int, ...]:
        return (-1 if self.covariance.is_odd else 1 if self.covariance.is_even else 0,)

    @property
    def complex_points(self) -> int | None:
        return total_degree_bound(self.covariance, self.n)

    @property
    def typical_points(self) -> float:
        """Fyodorov's large-N form of the mean, arXiv:1307.2379, within a factor of two from N = 2 on; 2N at
        least for p = 2."""
        x1, x2 = self.covariance.x1, self.covariance.x2
        b = (x2 - x1) / (x2 + x1)
        if b <= 0:
            return 2.0 * self.n
        log_growth = (self.n - 1) / 2 * math.log((1 + b) / (1 - b))
        log_typical = math.log(4 * math.sqrt(self.n / math.pi * (1 + b) / b)) + log_growth
        # Beyond this it overflows, and no budget reaches it anyway.
        most = min(total_degree_bound(self.covariance, self.n), 10**300)
        return min(math.exp(min(log_typical, 700.0)) + 2, most)

    def low_points(self, max_index: int) -> float:
        """Minima are about a share exp(-N (x2 - x1)/(x2 + x1)) of all points (docs/theory.md), and each
        further index has N/8 times as many (exact numbers of q^3, N = 20 to 100, within a factor of two)."""
        x1, x2 = self.covariance.x1, self.covariance.x2
        minima = self.typical_points * math.exp(-self.n * max(x2 - x1, 0.0) / (x2 + x1))
        return min(minima * (1 + self.n / 8) ** max_index * (1 + self.flips.odd), self.typical_points)

    @property
    def homotopy_paths(self) -> int | None:
        """Classes of a pure form, points of a mixture."""
        bound = self.generic_points
        return None if bound is None else bound // 2 if len(self.degrees) == 1 else bound

    @property
    def path_seconds(self) -> float:
        """Measured for p = 3: 19 us at n = 8, 25 at n = 10, 59 at n = 14, 164 at n = 20; the convolutions of
        higher degrees grow with the number of monomials."""
        return 1e-5 + 3.6e-8 * self.n * symmetric.packed_size(self.n, self.covariance.degree - 1)

    def polynomial_system(self, couplings: Couplings) -> PolynomialSystem:
        return PolynomialSystem(self.n, self.tensors(couplings))

    def gradient_size(self, couplings: Couplings) -> float:
        """sqrt(sum_p p c_p), with c_p the coefficient for which Gaussian couplings of degree p would have the
        mean square of these."""
        squares = (
            degree * float(np.sum(flat**2)) * self.n ** (degree - 1) / symmetric.packed_size(self.n, degree)
            for degree, flat in self._flattened(couplings)
        )
        return math.sqrt(sum(squares))

    @property
    def curvature_scale(self) -> float:
        """2 sqrt(xi''(1)/xi'(1)) of a pure form of the top degree; that of a mixture is smaller."""
        return 2 * math.sqrt(max(*self.degrees, 2) - 1)

    def coupling_bytes(self) -> int:
        # An entry is held as a double in NumPy, in JAX and once in between, and while its table is made, as
        # 32-bit multi-indices, twice, and two 64-bit ranks.
        pairs = symmetric.packed_size(self.n, 2) if self.n >= PACKED_FROM else self.n**2
        return sum(
            pairs * symmetric.packed_size(self.n, p - 2) * (40 + 8 * p) for p in self.degrees if p >= 2
        )

    def entries(self, seed: int, landscape: int, degree: int) -> Float[np.ndarray, " packed"]:
        """Independent standard normals, one for each sorted multi-index: what the couplings are made of."""
        # MixedSpin.name, not self.name: models that only change the law start from the same numbers.
        draw = generator(seed, MixedSpin.name, self.n, landscape, "couplings", degree)
        return draw.standard_normal(symmetric.packed_size(self.n, degree))

    def sample(self, seed: int, landscape: int) -> Couplings:
        couplings: Couplings = {}
        for degree, coefficient in self.covariance.terms:
            scale = math.sqrt(coefficient) * self.n ** (-(degree - 1) / 2)
            entries = self.entries(seed, landscape, degree)
            tensor = scale * entries / np.sqrt(symmetric.multiplicities(self.n, degree))
            couplings[f"degree_{degree}"] = self.pack(tensor, degree)
        return couplings

    def pack(self, tensor: Float[np.ndarray, " packed"], degree: int) -> Float[np.ndarray, "..."]:
        """From a packed symmetric tensor, ``H = sum over ordered tuples``, to the matrix that `jet`
        contracts."""
        if degree == 1:
            return tensor
        matrix = tensor[_contraction_table(self.n, degree)]
        return matrix * symmetric.multiplicities(self.n, degree - 2) if degree > 2 else matrix

    def tensors(self, couplings: Couplings) -> dict[int, Float[np.ndarray, " packed"]]:
        """Degree -> packed symmetric tensor: what `pack` was given, but for the rounding of multiplicities
        that aren't powers of two (degree 5 and higher)."""
        found = {}
        for key, matrix in couplings.items():
            degree = _degree(key)
            tensor = np.asarray(matrix)
            if degree > 1:
                if degree > 2:
                    tensor = tensor / symmetric.multiplicities(self.n, degree - 2)
                tensor, entries = np.zeros(symmetric.packed_size(self.n, degree)), tensor
                tensor[_contraction_table(self.n, degree)] = entries.reshape(
                    _contraction_table(self.n, degree).shape
                )
            found[degree] = tensor
        return found

    def _contract(self, couplings: Couplings, key: str, x: Float[Array, " n"]) -> Float[Array, "n n"]:
        contracted = jnp.asarray(couplings[key]) @ _monomials(x, _degree(key) - 2)
        if self.n >= PACKED_FROM:
            return contracted[circular.unpacking(self.n)]
        return contracted.reshape(self.n, self.n)

    def value(self, couplings: Couplings, x: Float[Array, " n"]) -> Float[Array, ""]:
        return self.value_and_gradient(couplings, x)[0]

    def value_and_gradient(
        self, couplings: Couplings, x: Float[Array, " n"]
    ) -> tuple[Float[Array, ""], Float[Array, " n"]]:
        if self.n < PACKED_FROM:
            jet = self.jet(couplings, x)
            return jet.value, jet.gradient
        value = jnp.zeros((), x.dtype)
        gradient = jnp.zeros_like(x)
        for key in sorted(couplings):
            degree = _degree(key)
            if degree == 1:
                image = couplings[key]
            elif degree == 3:
                # Over pairs of x, so that the product gives the gradient and no matrix need be unpacked.
                image = circular.products(x) @ jnp.asarray(couplings[key])
            else:
                image = self._contract(couplings, key, x) @ x
            value, gradient = value + image @ x, gradient + degree * image
        return value, gradient

    def jet(self, couplings: Couplings, x: Float[Array, " n"]) -> Jet:
        value = jnp.zeros((), x.dtype)
        gradient = jnp.zeros_like(x)
        hessian = jnp.zeros((self.n, self.n), x.dtype)
        for key in sorted(couplings):
            degree = _degree(key)
            if degree == 1:
                value, gradient = value + couplings[key] @ x, gradient + couplings[key]
                continue
            matrix = self._contract(couplings, key, x)
            image = matrix @ x
            value = value + image @ x
            gradient = gradient + degree * image
            hessian = hessian + degree * (degree - 1) * matrix
        return Jet(value, gradient, hessian)

    @property
    def hessian_table(self) -> Int[np.ndarray, "n n"]:
        return _positions(self.n)

    @property
    def gradient_share(self) -> float:
        """Forms of the highest degree P have gradient Hess x/(P - 1)."""
        highest = max(self.degrees)
        return 1 / (highest - 1) if highest > 1 else 0.0

    def hessian_rows(
        self, couplings: Couplings, x: Float[Array, "n lanes"]
    ) -> tuple[Float[Array, "rows lanes"], Float[Array, "n lanes"]]:
        rows, rest, once = [], jnp.zeros_like(x), _once(self.n)
        for key in sorted(couplings):
            degree = _degree(key)
            if degree == 1:
                rest = rest + couplings[key][:, None]
                continue
            # Scaled before the product: rows are many.
            right = degree * (degree - 1) * _monomials(x, degree - 2)
            matrix = jnp.asarray(couplings[key])
            rows.append((matrix[once] if self.n < PACKED_FROM else matrix) @ right)
            left = degree * (1 - (degree - 1) * self.gradient_share)
            if degree == 2:
                rest = rest + left * (self._contract(couplings, key, x[:, 0]) @ x)
            elif degree < max(self.degrees):
                image = jax.vmap(lambda y, key=key: self._contract(couplings, key, y) @ y, 1, 1)(x)
                rest = rest + left * image
        if not rows:
            return jnp.zeros((len(once), x.shape[1]), x.dtype), rest
        return sum(rows[1:], rows[0]), rest

    def _flattened(self, couplings: Couplings) -> Iterator[tuple[int, Float[np.ndarray, "..."]]]:
        """Each degree's symmetric tensor as a matrix (i j)(alpha) over orthonormal bases: with its Frobenius
        norm, and of p > 2 with the spectral norm of that flattening."""
        whole = self.n < PACKED_FROM
        rows = np.ones(self.n**2) if whole else np.sqrt(circular.multiplicities(self.n))
        for key in sorted(couplings):
            degree, matrix = _degree(key), np.asarray(couplings[key])
            if degree > 1:
                matrix = matrix * rows[:, None]
            if degree > 2:
                matrix = matrix / np.sqrt(symmetric.multiplicities(self.n, degree - 2))[None, :]
            yield degree, matrix

    def hessian_variation(self, couplings: Couplings) -> float:
        """Spectral norms of the flattenings (i j)(alpha) bound the injective norms of the tensors."""
        radius = 1.1 * math.sqrt(self.n)
        total = 0.0
        for degree, flat in self._flattened(couplings):
            if degree < 3:
                continue
            gram = flat.T @ flat if flat.shape[1] <= flat.shape[0] else flat @ flat.T
            norm = math.sqrt(float(np.linalg.eigvalsh(gram)[-1]))
            total += degree * (degree - 1) * (degree - 2) * norm * radius ** (degree - 3)
        return total

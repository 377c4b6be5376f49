"""From couplings to the polynomial system that is tracked, and its start solutions."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Complex, Float, Int

from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems import quadratic, symmetric
from morsecensus.tasks.systems.monomials import monomials, offset, recurrence
from morsecensus.tasks.systems.rotate import rotate
from morsecensus.tasks.systems.system import Weights

MOST_TURNED = 10**7
"""Entries of a full tensor that is turned."""


class Equations(NamedTuple):
    """The system at a point, as compiled code takes it.

    Monomials of degrees 0 to p-2 are *low*, those of degrees 2 to p-1 *high*; see `equations`. Rows of
    matrices are padded to multiples of 4, and a pure form's matrices hold their one degree only.
    """

    hessian: Float[np.ndarray, "pairs low"]
    """Of H, from low monomials."""
    rest: Float[np.ndarray, "rows low"]
    """What (Hess H) x/(p-1) lacks of grad H, from low monomials; no columns for pure forms."""
    recurrence: Int[np.ndarray, "high two"]
    powers: Int[np.ndarray, " n"]
    """Places of x_a^{p-1} among the high monomials."""
    weights: Complex[np.ndarray, " n"]
    radius2: float
    n: int
    degree: int


class Packed(NamedTuple):
    """What the compiled tracker takes. Equations are of one type, whatever their series are made of, so
    that what they are compiled to is shared."""

    equations: Equations
    gradient: Float[np.ndarray, "rows high"]
    """The nonlinear part of grad H, from high monomials."""


class PackedCubic(NamedTuple):
    """The same for a cubic, whose series take its Hessian alone: see `cubic_orders`."""

    equations: Equations
    slope: Float[np.ndarray, "pairs n"]
    """Of the Hessian of the form of degree 3, from the variables."""


@dataclass(frozen=True)
class PolynomialSystem:
    """grad H(x) = mu x for a polynomial H of top degree p.

    Solutions have x.x = n, and mu as their last unknown. A pure form is homogeneous: its solutions are
    classes of multiples of each other, x and -x one of them. At infinity are isotropic x alone, none of them
    real. (To scale mu to 1 instead saves an unknown, and puts the classes of energy 0 at infinity.)

    Attributes:
        tensors: degree -> packed symmetric tensor S_d, H = sum_d sum over ordered tuples S_d x...x.
    """

    n: int
    tensors: Mapping[int, Float[np.ndarray, " packed"]]

    @cached_property
    def degree(self) -> int:
        return max(self.tensors)

    @property
    def homogeneous(self) -> bool:
        return len(self.tensors) == 1

    @property
    def unknowns(self) -> int:
        return self.n + 1

    @property
    def single(self) -> bool:
        return True

    @property
    def spheres(self) -> tuple[int, ...]:
        return (self.n,)

    @property
    def paths(self) -> int:
        """The number of solutions of a generic system: classes of a homogeneous one, else points."""
        return solution_count(self.n, self.degree) * (1 if self.homogeneous else 2)

    def closed_form(self) -> Complex[np.ndarray, "found unknowns"] | None:
        """Eigenvectors for p = 2, without those that rounding has lost."""
        if self.degree != 2:
            return None
        solutions = quadratic.solve(self.n, self.tensors[2], self.tensors.get(1))
        return solutions[np.isfinite(solutions).all(axis=1)]

    def start(self, *labels: str | int) -> Weights:
        return start_weights(self.n, *labels)

    def directions(
        self, solutions: Complex[np.ndarray, "found unknowns"]
    ) -> Float[np.ndarray, "found two_n"]:
        """Unit vectors, as real numbers, that tell solutions apart: real parts of x, then imaginary parts.

        Multiples of each other are one class of a homogeneous system: its phase is fixed by making the
        product with a fixed real vector positive, which leaves real classes real and conjugates conjugate. On
        the sphere no two solutions are positive multiples of each other.
        """
        x = solutions[:, : self.n]
        if self.homogeneous:
            x = without_phase(x)
        vectors = np.concatenate([np.real(x), np.imag(x)], axis=1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def on_spheres(self, directions: Float[np.ndarray, "found n"]) -> Float[np.ndarray, "found n"]:
        return directions * math.sqrt(self.n) / np.linalg.norm(directions, axis=1, keepdims=True)

    @cached_property
    def rotation(self) -> Float[np.ndarray, "n n"]:
        return np.linalg.qr(generator("coordinates", self.n).standard_normal((self.n, self.n)))[0]

    @cached_property
    def turned(self) -> "PolynomialSystem":
        """The system in the coordinates in which paths are followed, turned at random: special forms have
        solutions on the axes, where a leading minor of the Jacobian vanishes. Forms whose full tensor is too
        large for that stay as they are, and generic ones don't need it."""
        if self.n**self.degree > MOST_TURNED:
            return self
        return PolynomialSystem(self.n, {d: self._turn(d, tensor) for d, tensor in self.tensors.items()})

    def _turn(self, degree: int, tensor: Float[np.ndarray, " packed"]) -> Float[np.ndarray, " packed"]:
        full = symmetric.unpack(np.asarray(tensor)[None], self.n, degree)[0]
        for axis in range(degree):
            full = np.moveaxis(np.tensordot(self.rotation, full, axes=(1, axis)), 0, axis)
        return full[tuple(symmetric.multi_indices(self.n, degree).T)]

    def hessian_table(
        self, degree: int
    ) -> tuple[Float[np.ndarray, "pairs monomials"], Int[np.ndarray, " monomials"]]:
        """The packed Hessian of H_degree as couplings, unrounded, and the whole numbers that multiply their
        columns: together its coefficients in the monomials of two degrees less."""
        n, rest = self.n, degree - 2
        pairs, others = monomials(n, 2), monomials(n, rest)
        joined = np.concatenate(
            [np.repeat(pairs, len(others), axis=0), np.tile(others, (len(pairs), 1))], axis=1
        )
        entries = self.tensors[degree][symmetric.ranks(joined, n)].reshape(len(pairs), len(others))
        orders = np.ones(1) if rest == 0 else symmetric.multiplicities(n, rest)[symmetric.ranks(others, n)]
        return entries, orders.astype(np.int64) * (degree * (degree - 1))

    def coefficients(self, degree: int, derivatives: int) -> Float[np.ndarray, "derived monomials"]:
        """Of the gradient (1) or the packed Hessian (2) of H_degree in the monomials that remain."""
        derived = monomials(self.n, derivatives)
        rest = monomials(self.n, degree - derivatives)
        shape = (len(derived), len(rest))
        joined = np.concatenate(
            [
                np.broadcast_to(derived[:, None, :], (*shape, derivatives)),
                np.broadcast_to(rest[None, :, :], (*shape, degree - derivatives)),
            ],
            axis=-1,
        )
        entries = self.tensors[degree][symmetric.ranks(joined, self.n)]
        factor = degree if derivatives == 1 else degree * (degree - 1)
        if degree == derivatives:
            return factor * entries
        order = symmetric.ranks(rest, self.n)
        return factor * entries * symmetric.multiplicities(self.n, degree - derivatives)[order]

    def untracked(
        self, endpoints: Complex[np.ndarray, "paths unknowns"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        if self.turned is self:
            return endpoints
        x = rotate(endpoints[:, : self.n], self.rotation)
        return np.concatenate([x, endpoints[:, self.n :]], axis=1)

    def packed(self, weights: Complex[np.ndarray, " n"], number: type = np.float64) -> Packed | PackedCubic:
        """What the compiled tracker takes, for a start form with these weights and series of such numbers;
        p > 2."""
        return self.turned._packed(weights, number)

    def _packed(self, weights: Complex[np.ndarray, " n"], number: type) -> Packed | PackedCubic:
        n, p = self.n, self.degree
        pairs = n * (n + 1) // 2
        first = p if self.homogeneous else 2
        hessian = np.zeros((_padded(pairs), offset(n, p - 1, first - 2)))
        rest = np.zeros((_padded(n), 0 if self.homogeneous else hessian.shape[1]))
        gradient = np.zeros((_padded(n), offset(n, p, max(first - 1, 2))))
        for d in self.tensors:
            if d >= 2:
                column = offset(n, d - 2, first - 2)
                second = self.coefficients(d, 2)
                hessian[:pairs, column : column + second.shape[1]] = second
            first_order = self.coefficients(d, 1)
            if d < p:
                column = offset(n, d - 1, 0)
                rest[:n, column : column + first_order.shape[1]] = (p - d) / (p - 1) * first_order
            if d >= 3:
                column = offset(n, d - 1, max(first - 1, 2))
                gradient[:n, column : column + first_order.shape[1]] = first_order
        high = monomials(n, p - 1)
        powers = np.flatnonzero((high == high[:, :1]).all(axis=1)) + offset(n, p - 1, 2)
        equations = Equations(hessian, rest, recurrence(n, p - 1), powers, weights, float(n), n, p)
        if p == 3:
            return PackedCubic(equations, np.ascontiguousarray(hessian[:, -n:], dtype=number))
        return Packed(equations, gradient.astype(number))

    def room(self, order: int) -> tuple[tuple[int, ...], Any]:
        """Vectors in each array that `series` works in; its room has what all degrees need and their own."""
        n, m, p = self.n, self.unknowns, self.degree
        pairs = n * (n + 1) // 2
        high, parents, low = offset(n, p, 2), offset(n, p - 1, 2), 2 * offset(n, p - 1, 0)
        work = (2 * (pairs + 4), m * (m + 1), 2 * n, 2 * m, 2 * m, 2 * m, low, 2 * n)
        point = 2 * n
        common = (point + 8, point, point, 2 * m, point, point, 2 * m * (order + 1))
        common += (n * (n + 1), m * (m + 1), point, 2)
        own = (2 * high, low, 2 * parents * order, 2 * parents)
        return work, (common, (2 * (pairs + 4) * (order // 2),) if p == 3 else own)

    def starts(
        self, weights: Complex[np.ndarray, " n"], paths: Int[np.ndarray, " paths"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        """The start solutions of the paths with these numbers, 0 to `paths` - 1.

        d_a x_a^{p-1} = mu x_a: x_a is 0 or one of the p-2 roots (mu/d_a)^{1/(p-2)}. The number in base p-1,
        after its count of leading classes is taken off, has a digit for each component below the highest one
        that isn't 0, which takes its principal root: the others differ from it by a root of unity. On the
        sphere the lowest bit is a sign.
        """
        p, n = self.degree, self.n
        numbers = paths if self.homogeneous else paths >> 1
        below = np.array([solution_count(k, p) for k in range(n + 1)])
        top = np.searchsorted(below, numbers, side="right") - 1
        left = numbers - below[top]
        roots = weights ** (-1 / (p - 2))
        turn = np.exp(2j * np.pi * np.arange(p - 2) / (p - 2))
        x = np.zeros((len(paths), n), dtype=complex)
        for a in range(n):
            left, digit = np.divmod(left, p - 1)
            x[:, a] = np.where(digit > 0, roots[a] * turn[digit - 1], 0)
        x[np.arange(len(paths)), top] = roots[top]
        scale = np.sqrt(n / np.sum(x**2, axis=1))
        if not self.homogeneous:
            scale = scale * np.where(paths & 1, -1.0, 1.0)
        return np.concatenate([x * scale[:, None], scale[:, None] ** (p - 2)], axis=1)


def start_weights(n: int, *labels: str | int) -> Complex[np.ndarray, " n"]:
    """Random complex weights of the start form, of length near one."""
    draw = generator("start form", n, *labels)
    return np.exp(2j * np.pi * draw.random(n)) * draw.uniform(0.8, 1.25, n)


@cache
def _gauge(n: int) -> Float[np.ndarray, " n"]:
    return generator("gauge", n).standard_normal(n)


def without_phase(x: Complex[np.ndarray, "found n"]) -> Complex[np.ndarray, "found n"]:
    """Vectors turned by a phase each so that their product with a fixed real vector is positive."""
    product = x @ _gauge(x.shape[1])
    return x * (np.conj(product) / np.abs(product))[:, None]


def solution_count(n: int, degree: int) -> int:
    """((p-1)^n - 1)/(p-2), and n for p = 2: eigenvectors of a generic symmetric tensor over the complex
    numbers (Cartwright and Sturmfels, arXiv:1004.4953)."""
    return n if degree == 2 else ((degree - 1) ** n - 1) // (degree - 2)


def _padded(rows: int) -> int:
    return -(-rows // 4) * 4

"""The singular vector tuples of a tensor as solutions of a polynomial system.

A singular tuple of a multilinear form H is a class of critical points of H on a product of spheres: grad_i H
is a multiple of x_i for each factor i. Scaled so that grad H(x) = x, its factors have equal x_i.x_i = H(x);
over the complex numbers and for generic couplings no tuple has x_i.x_i = 0 or the value 0 (Friedland and
Ottaviani, arXiv:1210.8316, theorem 1, quoted from memory; that `monodromy` finds as many finite solutions as
there are tuples checks it for each shape). So for r > 2 factors the solutions of grad H(x) = x other than 0
are all tuples, each as often as it has scalings: x_i -> s_i x_i with s_i^2 the product of all s_k. Nothing
else solves it, and the Jacobian Hess H - 1 is symmetric.

Start systems. c H_0 with a fixed form H_0 whose solutions are known (`monodromy`) and a random complex number
c: the segment from c H_0 to H lies in the plane of complex tensors that H_0 and H span, and there, for all
but finitely many arguments of c, it avoids the tensors with fewer tuples. Its paths then lead one to one to
all tuples of H.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Complex, Float, Int

from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.multilinear.count import singular_tuples
from morsecensus.tasks.systems.multilinear.packed import PackedForms
from morsecensus.tasks.systems.multilinear.tables import Tables
from morsecensus.tasks.systems.polynomial import without_phase
from morsecensus.tasks.systems.rotate import rotate
from morsecensus.tasks.systems.system import Weights


@dataclass(frozen=True)
class Start:
    """A form and its singular tuples, scaled to grad H(x) = x: all of them, or those that are to be
    followed."""

    tensor: Float[np.ndarray, "..."]
    solutions: Complex[np.ndarray, "found n"]


StartOf = Callable[[tuple[int, ...]], Start]
"""From the shape of a tensor to a form of this shape and its tuples."""


@dataclass(frozen=True)
class MultilinearSystem:
    """grad H(x) = x for H = sum T_{k_1...k_r} x_{1,k_1} ... x_{r,k_r}, up to the scalings of x.

    Attributes:
        tensor: T.
        known: where paths start: a form of this shape, or what gives one when it is asked. Without it
            the system has solutions but no paths to them.
    """

    tensor: Float[np.ndarray, "..."]
    known: Start | StartOf | None = None

    @property
    def spheres(self) -> tuple[int, ...]:
        return self.tensor.shape

    @property
    def factors(self) -> int:
        return self.tensor.ndim

    @property
    def n(self) -> int:
        return sum(self.spheres)

    @property
    def unknowns(self) -> int:
        return self.n

    @property
    def homogeneous(self) -> bool:
        return True

    @property
    def paths(self) -> int:
        return singular_tuples(self.spheres)

    @cached_property
    def tables(self) -> Tables:
        return Tables(self.spheres)

    @cached_property
    def base(self) -> Start:
        if self.known is None:
            raise ValueError("known: got None, allowed where paths are followed: a start, or what gives one")
        return self.known(self.spheres) if callable(self.known) else self.known

    def closed_form(self) -> Complex[np.ndarray, "found unknowns"] | None:
        """Singular vectors of a matrix, one of both signs."""
        if self.factors > 2:
            return None
        left, _, right = np.linalg.svd(self.tensor, full_matrices=False)
        return np.concatenate([left.T, right], axis=1).astype(complex)

    def start(self, *labels: str | int) -> Weights:
        """c, of length near one and at least pi/4 from the real axis: there lie the real tensors, and with
        them much of what paths must avoid."""
        draw = generator("start form", *self.spheres, *labels)
        angle = np.pi * draw.uniform(0.25, 0.75)
        return np.array([draw.uniform(0.8, 1.25) * np.exp(1j * angle)])

    def starts(
        self, weights: Weights, paths: Int[np.ndarray, " paths"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        """The solutions of c H_0; nan for numbers of solutions that aren't known, so that their paths
        fail."""
        known = self.base.solutions
        x = np.full((len(paths), self.n), np.nan, dtype=complex)
        there = paths < len(known)
        x[there] = known[paths[there]] * weights[0] ** (-1 / (self.factors - 2))
        return self._by_factor(x, self.rotations)

    def untracked(
        self, endpoints: Complex[np.ndarray, "paths unknowns"]
    ) -> Complex[np.ndarray, "paths unknowns"]:
        return self._by_factor(endpoints, [q.T for q in self.rotations])

    @cached_property
    def rotations(self) -> list[Float[np.ndarray, "n_i n_i"]]:
        """Paths are followed in coordinates turned at random: on an axis of a factor, where special tensors
        have their tuples, a leading minor of the Jacobian vanishes."""
        draw = generator("coordinates", *self.spheres)
        return [np.linalg.qr(draw.standard_normal((size, size)))[0] for size in self.spheres]

    def _by_factor(self, x: np.ndarray, matrices: list[Float[np.ndarray, "n_i n_i"]]) -> np.ndarray:
        """Each factor of each row times its matrix."""
        ends = np.cumsum(self.spheres)[:-1]
        parts = np.split(x, ends, axis=1)
        return np.concatenate([rotate(part, q.T) for part, q in zip(parts, matrices, strict=True)], axis=1)

    def turned(self) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
        """The form that paths start from and the target, in these coordinates."""
        return self._turned(self.base.tensor), self._turned(self.tensor)

    def _turned(self, tensor: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        for axis, q in enumerate(self.rotations):
            tensor = np.moveaxis(np.tensordot(q, tensor, axes=(1, axis)), 0, axis)
        return np.ascontiguousarray(tensor)

    @property
    def single(self) -> bool:
        return False

    def packed(self, weights: Weights, number: type = np.float64) -> PackedForms:
        tables, (start, target) = self.tables, self.turned()
        hessian, gradient = tables.hessian(target), tables.gradient(target)
        return PackedForms(
            tables.hessian(start).entries,
            hessian.entries,
            hessian.shapes,
            tables.hessian_places,
            tables.rolled_places,
            tables.gradient(start).entries,
            gradient.entries,
            gradient.shapes,
            tables.recurrence,
            complex(weights[0]),
            self.n,
            self.factors,
        )

    def room(self, order: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        n, tables = self.n, self.tables
        # One row more than there are: contractions write rows by twos.
        blocks, parents = 2 * (len(tables.hessian_places) + 1), 2 * tables.parents
        packed, point, image = n * (n + 1), 2 * n, 2 * (n + 1)
        work = (blocks, packed, blocks, point, point, point, parents, packed)
        room = (2 * tables.monomials, image, image, point, point, point, parents * order, parents)
        return work, room

    def directions(
        self, solutions: Complex[np.ndarray, "found unknowns"]
    ) -> Float[np.ndarray, "found two_n"]:
        """Each factor without its length and phase: that takes all scalings away."""
        parts = []
        for first, size in zip(self._firsts, self.spheres, strict=True):
            x = without_phase(solutions[:, first : first + size])
            parts.append(x / (np.linalg.norm(x, axis=1, keepdims=True) * math.sqrt(self.factors)))
        x = np.concatenate(parts, axis=1)
        return np.concatenate([np.real(x), np.imag(x)], axis=1)

    def on_spheres(self, directions: Float[np.ndarray, "found n"]) -> Float[np.ndarray, "found n"]:
        points = directions.copy()
        for first, size in zip(self._firsts, self.spheres, strict=True):
            part = points[:, first : first + size]
            part *= math.sqrt(size) / np.linalg.norm(part, axis=1, keepdims=True)
        return points

    @property
    def _firsts(self) -> list[int]:
        return [sum(self.spheres[:i]) for i in range(self.factors)]

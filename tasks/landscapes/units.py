"""K hidden units on a product of spheres: one dial from K independent spin glasses to a committee machine.

    H(u_1, ..., u_K) = sum_i h(u_i) + coupling n sum_{i<j} kappa(u_i.u_j/n),   |u_i|^2 = n,

which is, for coupling 1 and up to constants, the mean squared error 1/2 E (sum_i s(u_i.z) - teacher(z))^2 of
a soft committee machine on Gaussian inputs, with fixed output weights and lengths (Saad and Solla,
Phys. Rev. E 52 (1995) 4225; Goldt et al., arXiv:1906.08632); kappa is the kernel of the activation s
(`tasks.landscapes.kernels`). The teacher gives h:

* "field": the spherical p-spin of `tasks.landscapes.spin` with xi = kappa, a random function of that kernel;
* "random": h(u) = -n sum_m kappa(u.b_m/sqrt n), M teachers b_m uniform on the unit sphere, over sqrt(M) if
  ``normalised``;
* "orthonormal": the same with M = n teachers e_m.

Symmetry. Units may be exchanged, and points in which some coincide are of smaller orbits and lie in strata
(`tasks.geometry.permutations`). Where all units are one critical point of h, H is critical at any coupling.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.geometry.permutations import Permutations
from morsecensus.tasks.landscapes.base import Jet, Landscape
from morsecensus.tasks.landscapes.kernels import ERF, Kernel
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array, jax, jnp

Couplings = dict[str, Float[np.ndarray, "..."]]

MOST_POINTS = 1e5
"""Critical points of one landscape, typically, above which no census is begun."""


@dataclass(frozen=True)
class Units(Landscape):
    """A frozen teacher and K = ``units`` students of size n; ``teachers`` is M, 0 for a field."""

    n: int
    units: int
    coupling: float
    kernel: Kernel
    teacher: str
    teachers: int
    normalised: bool

    name: ClassVar[str] = "units"

    def __post_init__(self) -> None:
        """Refuse what can't be searched; ValueError says what to do."""
        if self.n < 2:
            raise ValueError(f"n: got {self.n}, allowed: integers >= 2")
        if self.teacher == "field":
            if not self.kernel.polynomial:
                raise ValueError(
                    f"kernel: got {ERF} with teacher field, allowed: a polynomial, or another teacher"
                )
            Covariance(self.kernel.coefficients)
        elif self.teachers <= self.n - 2:
            raise ValueError(
                f"teachers: got {self.teachers} at n = {self.n}, allowed: n - 1 or more, for with fewer "
                "rotations of what no teacher sees make spheres of critical points"
            )
        if self.typical_points > MOST_POINTS:
            raise ValueError(
                f"units: got {self.units} at n = {self.n}, with about {self.typical_points:.1g} critical "
                f"points, allowed: up to {MOST_POINTS:g}; lower units or n"
            )

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        given = parameters
        kernel, teacher = Kernel.parse(given["kernel"]), given["teacher"]
        number = {"field": 0, "random": given["teachers"], "orthonormal": n}[teacher]
        return cls(
            n, given["units"], given["coupling"], kernel, teacher, number, given["normalised"] == "yes"
        )

    @property
    def manifold(self) -> ProductOfSpheres:
        return ProductOfSpheres((self.n,) * self.units)

    @property
    def symmetry(self) -> Permutations:
        return Permutations(self.units, self.n)

    @property
    def spin(self) -> MixedSpin:
        """The landscape h of one unit, of a field."""
        return MixedSpin(Covariance(self.kernel.coefficients), self.n)

    @property
    def strength(self) -> float:
        """What -n kappa is multiplied with, of a teacher that is a sum."""
        return 1 / math.sqrt(self.teachers) if self.normalised else 1.0

    @property
    def typical_points(self) -> float:
        """N^K with N that of one unit: of a field's own; of teachers that of the form of the kernel's
        degree, which has most; of erf, which is nearly linear, a few."""
        if self.kernel.polynomial and len(self.kernel.coefficients) > 2:
            return self.spin.typical_points**self.units
        return 6.0**self.units

    @property
    def gradient_scale(self) -> float:
        pair = abs(self.coupling) * (self.units - 1) * self.kernel.at_one(1)
        return self._own_scale(1) + pair

    @property
    def curvature_scale(self) -> float:
        pair = abs(self.coupling) * self.units * (self.kernel.at_one(1) + self.kernel.at_one(2))
        return self._own_scale(1) + 2 * self._own_scale(2) + pair

    def _own_scale(self, order: int) -> float:
        """Of a derivative of h, in its own units."""
        if self.teacher == "field":
            return math.sqrt(self.kernel.at_one(order))
        return self.strength * self.kernel.at_one(order)

    def coupling_bytes(self) -> int:
        own = self.spin.coupling_bytes() if self.teacher == "field" else 8 * self.n * self.teachers
        return own + 8 * self.manifold.ambient**2

    def sample(self, seed: int, landscape: int) -> Couplings:
        """Those of the p-spin with this seed and number, or the teachers as rows of ``teachers``."""
        if self.teacher == "field":
            return self.spin.sample(seed, landscape)
        if self.teacher == "orthonormal":
            return {"teachers": np.eye(self.n)}
        draw = generator(seed, self.name, self.n, landscape, "teachers")
        rows = draw.standard_normal((self.teachers, self.n))
        return {"teachers": rows / np.linalg.norm(rows, axis=1, keepdims=True)}

    def own(self, couplings: Couplings, u: Float[Array, " n"]) -> Jet:
        """h of one unit, with its Euclidean derivatives."""
        if self.teacher == "field":
            return self.spin.jet(couplings, u)
        rows = jnp.asarray(couplings["teachers"])
        q, root = rows @ u / math.sqrt(self.n), math.sqrt(self.n)
        value, first, second = (self.kernel(q, order) for order in range(3))
        return Jet(
            -self.strength * self.n * jnp.sum(value),
            -self.strength * root * first @ rows,
            -self.strength * (rows.T * second[None]) @ rows,
        )

    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        return self.value_and_gradient(couplings, x)[0]

    def value_and_gradient(
        self, couplings: Couplings, x: Float[Array, " ambient"]
    ) -> tuple[Float[Array, ""], Float[Array, " ambient"]]:
        units = x.reshape(self.units, self.n)
        own = jax.vmap(lambda u: self.own(couplings, u))(units)
        overlaps, others = units @ units.T / self.n, 1 - np.eye(self.units)
        pairs = self.coupling * self.n / 2 * jnp.sum(others * self.kernel(overlaps))
        pull = self.coupling * (others * self.kernel(overlaps, 1)) @ units
        return jnp.sum(own.value) + pairs, (own.gradient + pull).reshape(-1)

    def jet(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Jet:
        """Blocks of the Hessian: Hess h + coupling/n sum_j kappa''(q_ij) u_j u_j^T on the diagonal, coupling
        (kappa''(q_ij) u_j u_i^T/n + kappa'(q_ij)) beside it."""
        count, n = self.units, self.n
        units = x.reshape(count, n)
        own = jax.vmap(lambda u: self.own(couplings, u))(units)
        overlaps, others = units @ units.T / n, 1 - np.eye(count)
        value, first, second = (others * self.kernel(overlaps, order) for order in range(3))
        diagonal = own.hessian + self.coupling / n * jnp.einsum("ij,jk,jl->ikl", second, units, units)
        beside = self.coupling / n * jnp.einsum("ij,jk,il->ikjl", second, units, units)
        beside += self.coupling * jnp.einsum("ij,kl->ikjl", first, jnp.eye(n))
        hessian = beside + jnp.einsum("ikl,ij->ikjl", diagonal, jnp.eye(count))
        pairs = self.coupling * n / 2 * jnp.sum(value)
        gradient = (own.gradient + self.coupling * first @ units).reshape(-1)
        return Jet(jnp.sum(own.value) + pairs, gradient, hessian.reshape(count * n, count * n))

    def hessian_variation(self, couplings: Couplings) -> float:
        """That of h, of which every unit has its own, and of the pairs.

        n kappa(u.v/n) along (a, b), |a|^2 + |b|^2 = 1, has third derivative n (kappa''' q'^3 + 3 kappa'' q'
        q'') with |q'| <= (|a||v| + |b||u|)/n <= 1.1 sqrt(2/n) and |q''| = 2 |a.b|/n <= 1/n: at most n^{-1/2}
        (3.77 |kappa'''| + 4.67 |kappa''|). Each unit is in K - 1 pairs, and the cubes of the lengths of
        directions add up to less than their squares. For teachers, |b.v| <= 1 for a unit v, and the squares
        add up to the largest eigenvalue of sum_m b_m b_m^T.
        """
        step = 1.1 * math.sqrt(2)
        pair = step**3 * self.kernel.most(3) + 3 * step * self.kernel.most(2)
        pairs = abs(self.coupling) * (self.units - 1) * pair / math.sqrt(self.n)
        if self.teacher == "field":
            return self.spin.hessian_variation(couplings) + pairs
        rows = np.asarray(couplings["teachers"])
        together = float(np.linalg.eigvalsh(rows.T @ rows)[-1])
        return self.strength * together * self.kernel.most(3) / math.sqrt(self.n) + pairs

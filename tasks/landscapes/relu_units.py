"""The landscape of Safran and Shamir: ReLU students of ReLU teachers on Gaussian inputs.

    F(W) = 1/2 E (sum_{i<=m} relu(w_i.x) - sum_{j<=k} relu(v_j.x))^2,   v_j = e_j in R^k,  W of m x k,

arXiv:1712.08968. With g(p, q) = E relu(p.x) relu(q.x) = |p||q| (sin t + (pi - t) cos t)/(2 pi), t the angle
between p and q (Cho and Saul, 2009), F is half of sum g(w, w') - 2 sum g(w, v) + sum g(v, v').

Derivatives in closed form, for autodiff divides by sin t where students coincide with each other or with a
teacher: with u = p/|p|, z = q/|q|, a the unit part of q across p and b that of p across q,

    2 pi dg/dp     = |q| sin t u + (pi - t) q,
    2 pi d2g/dp2   = |q|/|p| sin t (1 - u u^T + a a^T),
    2 pi d2g/dpdq  = u a^T + z b^T + (pi - t),

and g(p, p) = |p|^2/2. Third derivatives are unbounded at t = 0 and at w = 0, so no radius tells points apart
and nothing here has a ledger: minima are found by descent, and told apart by what labels don't change
(`tasks.points.families`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.geometry.manifolds import Euclidean
from morsecensus.tasks.landscapes.base import Jet, Landscape
from morsecensus.tasks.runtime.lazy_jax import Array, jnp

Couplings = Float[np.ndarray, "k k"]


class _Pairs(NamedTuple):
    """Of each p with each q: sin t, pi - t, and lengths and directions of both."""

    sine: Float[Array, "p q"]
    rest: Float[Array, "p q"]
    cosine: Float[Array, "p q"]
    lengths: Float[Array, " p"]
    others: Float[Array, " q"]
    u: Float[Array, "p k"]
    z: Float[Array, "q k"]


@dataclass(frozen=True)
class ReluUnits(Landscape):
    """m = ``units`` students of k teachers."""

    k: int
    units: int

    name: ClassVar[str] = "relu-units"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        if n < 2:
            raise ValueError(f"k: got {n}, allowed: integers >= 2, for one teacher has no angle to another")
        return cls(n, parameters["units"] or n)

    @property
    def manifold(self) -> Euclidean:
        return Euclidean(self.units * self.k, 1 / math.sqrt(self.k))

    @property
    def climbs(self) -> bool:
        """False: F has no maximum."""
        return False

    @property
    def typical_points(self) -> float:
        """Refused, with every census: ValueError says what there is instead."""
        raise ValueError(
            "model: got relu-units, whose third derivatives are unbounded where units are parallel, so that "
            "no radius tells its points apart; allowed: morsecensus shares, which descends"
        )

    @property
    def curvature_scale(self) -> float:
        """Students that all point one way add up."""
        return self.units / 2

    def sample(self, seed: int, landscape: int) -> Couplings:
        """The teachers as rows: the same for all."""
        return np.eye(self.k)

    def value(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, ""]:
        return self.value_and_gradient(couplings, x)[0]

    def gradient(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        return self.value_and_gradient(couplings, x)[1]

    def value_and_gradient(
        self, couplings: Couplings, x: Float[Array, " ambient"]
    ) -> tuple[Float[Array, ""], Float[Array, " ambient"]]:
        w, v = x.reshape(self.units, self.k), jnp.asarray(couplings)
        students, teachers = _pull(_pairs(w, w), w), _pull(_pairs(w, v), v)
        # Euler's theorem: the sum over pairs of students has degree 2 in W, that over their teachers 1.
        value = (w * (students / 2 - teachers)).sum() + (v * _pull(_pairs(v, v), v)).sum() / 2
        return value / (2 * math.pi), (students - teachers).reshape(-1) / (2 * math.pi)

    def jet(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Jet:
        w, v = x.reshape(self.units, self.k), jnp.asarray(couplings)
        students, teachers = _sharp(_pairs(w, w)), _sharp(_pairs(w, v))
        own = _own_blocks(students) - _own_blocks(teachers) + math.pi * jnp.eye(self.k)[None]
        same = np.eye(self.units)
        cross = _cross_blocks(students) * (1 - same)[:, :, None, None]
        blocks = cross + same[:, :, None, None] * own[:, None]
        hessian = blocks.transpose(0, 2, 1, 3).reshape(self.units * self.k, -1) / (2 * math.pi)
        value, gradient = self.value_and_gradient(couplings, x)
        return Jet(value, gradient, hessian)


def _pairs(p: Float[Array, "p k"], q: Float[Array, "q k"]) -> _Pairs:
    """Angles by their cosines, which lose digits at 0 and pi. Value and gradient don't feel it: their change
    with an angle t is in sin t, as small there as the cosine is blind."""
    lengths, others = jnp.linalg.norm(p, axis=1), jnp.linalg.norm(q, axis=1)
    u, z = p / lengths[:, None], q / others[:, None]
    cosine = jnp.clip(u @ z.T, -1, 1)
    sine = jnp.sqrt((1 - cosine) * (1 + cosine))
    return _Pairs(sine, jnp.arccos(-cosine), cosine, lengths, others, u, z)


def _sharp(pairs: _Pairs) -> _Pairs:
    """With angles by the lengths of sum and difference, which keep their digits: for Hessians."""
    apart, along = (jnp.linalg.norm(pairs.u[:, None] + sign * pairs.z[None], axis=2) for sign in (-1, 1))
    return pairs._replace(sine=apart * along / 2, rest=2 * jnp.arctan2(along, apart))


def _pull(pairs: _Pairs, q: Float[Array, "q k"]) -> Float[Array, "p k"]:
    """2 pi dg/dp, summed over q."""
    return (pairs.sine @ pairs.others)[:, None] * pairs.u + pairs.rest @ q


def _across(pairs: _Pairs) -> tuple[Float[Array, "p q k"], Float[Array, "p q k"]]:
    """The unit parts of q across p, and of p across q; zero where the two are parallel."""
    u, z = pairs.u[:, None], pairs.z[None]
    parts = (z - pairs.cosine[:, :, None] * u, u - pairs.cosine[:, :, None] * z)
    safe = jnp.where(pairs.sine > 0, pairs.sine, 1.0)[:, :, None]
    a, b = (jnp.where(pairs.sine[:, :, None] > 0, part / safe, 0.0) for part in parts)
    return a, b


def _own_blocks(pairs: _Pairs) -> Float[Array, "p k k"]:
    """2 pi d2g/dp2, summed over q; zero for q = p."""
    a, _ = _across(pairs)
    weight = pairs.others[None] / pairs.lengths[:, None] * pairs.sine
    flat = jnp.eye(pairs.u.shape[1])[None] - pairs.u[:, :, None] * pairs.u[:, None, :]
    return weight.sum(axis=1)[:, None, None] * flat + jnp.einsum("pq,pqi,pqj->pij", weight, a, a)


def _cross_blocks(pairs: _Pairs) -> Float[Array, "p q k k"]:
    """2 pi d2g/dpdq of each pair."""
    a, b = _across(pairs)
    straight = pairs.rest[:, :, None, None] * jnp.eye(pairs.u.shape[1])[None, None]
    first = pairs.u[:, None, :, None] * a[:, :, None, :]
    return first + pairs.z[None, :, :, None] * b[:, :, None, :] + straight

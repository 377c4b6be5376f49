"""A spin glass of N planar spins in a random field: a landscape on the torus of their angles.

    H(theta) = z.J z / sqrt(N) + sqrt(S2) h.z,    z = (cos theta, sin theta) in R^{2N},

J and h of independent standard normals, so E H H' = N xi(q) with xi(q) = q^2 + S2 q, q the mean cosine of the
angles between two configurations. Morse: the signs of all critical points sum up to 0, the Euler
characteristic of the torus. `python -m morsecensus run examples/torus.toml --plugin examples/torus.py`.
"""

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from morsecensus.analysis.theory.base import Theory
from morsecensus.analysis.theory.draws import means_of_draws
from morsecensus.tasks.geometry.manifolds import Euclidean
from morsecensus.tasks.landscapes.base import Landscape
from morsecensus.tasks.landscapes.parameters import Model, Parameter, variance
from morsecensus.tasks.runtime.keys import generator


@dataclass(frozen=True)
class Torus(Euclidean):
    """(R / 2 pi)^n: flat, as R^n, and closed."""

    scale: float = math.pi
    euler_characteristic = 0

    def retract(self, x, v):
        return jnp.mod(x + v, 2 * jnp.pi)

    def on_spheres(self, points):
        return np.mod(points, 2 * np.pi)

    def random_points(self, generator, count):
        return generator.uniform(0, 2 * np.pi, (count, self.ambient))


@dataclass(frozen=True)
class PlanarGlass(Landscape):
    n: int
    field: float
    name = "planar-glass"

    @classmethod
    def from_parameters(cls, parameters, n):
        return cls(n, parameters["field"])

    @property
    def manifold(self):
        return Torus(self.n)

    def sample(self, seed, landscape):
        draw = generator(seed, self.name, self.n, landscape)
        pairs = draw.standard_normal((2 * self.n, 2 * self.n)) / math.sqrt(self.n)
        return pairs, math.sqrt(self.field) * draw.standard_normal(2 * self.n)

    def value(self, couplings, x):
        z = jnp.concatenate([jnp.cos(x), jnp.sin(x)])
        return z @ couplings[0] @ z + couplings[1] @ z


@dataclass(frozen=True)
class PlanarGlassTheory(Theory):
    """Kac and Rice: H is stationary on the torus, so gradient and Hessian at a point are independent."""

    field: float

    def means(self, n, edges, draws=50_000):
        x0, x1, x2 = 1 + self.field, 2 + self.field, 2.0  # xi and its derivatives at q = 1
        law = np.zeros((n + 1, n + 1))  # of the energy and the Hessian's diagonal
        law[0, 0], law[0, 1:], law[1:, 0] = x0 / n, -x1 / n, -x1 / n
        law[1:, 1:] = x2 / n + (x1 + 2 * x2 / n) * np.eye(n)
        random = np.random.Generator(np.random.Philox(n))
        drawn = random.multivariate_normal(np.zeros(n + 1), law, draws)
        upper = np.triu(random.standard_normal((draws, n, n)) * math.sqrt(x2 / n), 1)
        hessian = upper + upper.transpose(0, 2, 1) + drawn[:, 1:, None] * np.eye(n)
        values = np.linalg.eigvalsh(hessian)
        weight = (2 * np.pi / x1) ** (n / 2) * np.abs(values.prod(axis=1))
        return means_of_draws(edges, n + 1, (values < 0).sum(axis=1), drawn[:, 0], weight)

    def log_total(self, n):
        return math.log(self.means(n, np.array([-1.0, 1.0]), 2000).total)


FIELD = Parameter(variance, 1.0, "variance S2 of the random field", float)
MODELS = {"planar-glass": Model(PlanarGlass, {"field": FIELD}, PlanarGlassTheory)}

"""Isotropic landscapes on one sphere at any N, without couplings: what is not looked at is not drawn.

H = sum of P independent Gaussian fields (`summand`), each of covariance N xi/P, and of a mean. Means are
polynomials of the overlap with given directions: -N xi_s(m) of a signal, and -N xi(q)/T around a start that
is planted as if in equilibrium at T: given the energy that such a start has, the field around it is Gaussian
with this mean. That is the law of couplings and start in the planted ensemble at every N, and that of the
Gibbs measure for N to infinity above the static temperature.

Cost of a look for p = 3: d^3/2 multiply-adds for the explicit part, and up to 2 d^3/3 for what is known
outside of it; N does not enter.
"""

import math

import numpy as np

from morsecensus.tasks.covariance import Covariance, Polynomial
from morsecensus.tasks.dynamics.fields.base import Look, Vector
from morsecensus.tasks.dynamics.fields.frame import Frame
from morsecensus.tasks.dynamics.fields.means import Mean, hessian_product, value_and_gradient
from morsecensus.tasks.dynamics.fields.spheres import OnSpheres
from morsecensus.tasks.dynamics.fields.summand import Summand
from morsecensus.tasks.runtime.keys import generator


class FreeField(OnSpheres):
    """A landscape as in `base.Field`, on S^{N-1}, drawn as it is met.

    Args:
        n: N, of any size.
        seed, landscape: what all random numbers of the field are keyed by.
        signal: polynomial of the overlap with a direction that is there from the start.
        summands: number of independent fields whose sum H is.
        size: directions to have room for, at most N are needed.
        memory: bytes that the fields may take together.
    """

    def __init__(
        self,
        covariance: Covariance,
        n: int,
        seed: int,
        landscape: int,
        *,
        signal: Polynomial | None = None,
        summands: int = 1,
        tolerance: float = 1e-6,
        size: int = 2048,
        memory: float = 2**30,
    ) -> None:
        self.covariance, self.n, self.summands = covariance, n, summands
        self.frame = Frame(n, size)
        self.size = self.frame.size
        self.parts = [(slice(0, self.size), 1.0)]
        self.gradients = self.products = 0
        self._planted: Vector | None = None
        terms = tuple((k, c / summands) for k, c in covariance.terms)
        self.fields = [
            Summand(
                terms,
                self.frame,
                generator(seed, "free", n, landscape, "field", p),
                tolerance,
                memory / summands,
            )
            for p in range(summands)
        ]
        self.means: list[Mean] = []
        if signal is not None:
            self.means.append(Mean(self.frame.axis(), signal, 1.0))
        self._signal = self.means[0].direction if self.means else None

    @property
    def dimension(self) -> int:
        return max(field.dimension for field in self.fields)

    @property
    def rank(self) -> int:
        return self.n - 1

    def look(self, x: Vector, summand: int | None = None) -> Look:
        chosen = self.fields if summand is None else [self.fields[summand]]
        self.gradients += len(chosen)
        energy, gradient = value_and_gradient(self.means, x)
        share, root = len(chosen) / self.summands, math.sqrt(self.n)
        energy, gradient = share * energy, share * gradient
        for field in chosen:
            e, g = field.look(x)
            energy, gradient = energy + e / root, gradient + g / root
        return Look(float(energy), gradient)

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        self.products += 1
        noise = sum(field.hessian_product(x, u) for field in self.fields)
        return noise / math.sqrt(self.n) + hessian_product(self.means, x, u)

    def _normal(self, draw: np.random.Generator) -> Vector:
        return self.frame.normal(draw)

    def uniform_start(self, draw: np.random.Generator) -> Vector:
        """A uniform point of the sphere."""
        return self.retract(self._normal(draw))

    def planted_start(self, draw: np.random.Generator, temperature: float) -> Vector:
        """A start as in equilibrium at this temperature: before the first look."""
        del draw  # every point is alike as long as nothing was looked at
        if self._planted is not None:
            return self._planted
        self._planted = start = self.frame.axis()
        self.means.append(Mean(start, self.covariance, 1 / temperature))
        return start

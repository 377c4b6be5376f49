"""Landscapes with couplings, on one sphere, several, or in R^N, as algorithms see them.

The couplings are those of a census of the same seed and landscape. A signal, and the mean around a planted
start, are added as `means`, so that P summands can share them: H is then the sum of P independent fields of
covariance xi/P, the first of which are not a census's.
"""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from morsecensus.tasks.covariance import Polynomial
from morsecensus.tasks.dynamics.fields import columns
from morsecensus.tasks.dynamics.fields.base import Look, Vector
from morsecensus.tasks.dynamics.fields.means import Mean, hessian_product, value_and_gradient
from morsecensus.tasks.dynamics.fields.spheres import OnSpheres
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.spiked import Spiked
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lanes import filled


@partial(jax.jit, static_argnames="landscape")
def _look(landscape: Landscape, couplings: Couplings, x: Any) -> tuple[Any, Any]:
    root = math.sqrt(landscape.manifold.ambient)
    value, gradient = landscape.value_and_gradient(couplings, root * x)
    return value / root**2, gradient / root


@partial(jax.jit, static_argnames="landscape")
def _look_all(landscape: Landscape, couplings: Couplings, rows: Any) -> tuple[Any, Any]:
    """Points stand in the last axis, so that the contractions of all of them are one matrix product."""
    many = jax.vmap(_look, in_axes=(None, None, 1), out_axes=(0, 1))
    values, gradients = many(landscape, couplings, rows.T)
    return values, gradients.T


@partial(jax.jit, static_argnames="landscape")
def _product(landscape: Landscape, couplings: Couplings, x: Any, u: Any) -> Any:
    root = math.sqrt(landscape.manifold.ambient)
    return jax.jvp(lambda y: landscape.value_and_gradient(couplings, y)[1], (root * x,), (u,))[1]


def noise_of(landscape: Landscape) -> tuple[Landscape, Polynomial | None]:
    """A landscape without its signal, and the signal."""
    if isinstance(landscape, Spiked):
        return MixedSpin(landscape.covariance, landscape.n), landscape.signal
    return landscape, None


class DenseField(OnSpheres):
    """A landscape as in `base.Field`, with couplings.

    Args:
        seed, instance: of the couplings, as in a study.
        summands: number of independent fields whose sum H is; each is the landscape over sqrt(summands).
    """

    def __init__(self, landscape: Landscape, seed: int, instance: int, *, summands: int = 1) -> None:
        self.landscape, signal = noise_of(landscape)
        manifold = landscape.manifold
        self.n = self.size = manifold.ambient
        self.summands = summands
        self.gradients = self.products = 0
        self.parts = [(part, math.sqrt(size / self.size)) for part, size in manifold.parts()]
        self.means: list[Mean] = []
        if signal is not None:
            axis = np.eye(1, self.size)[0]
            self._signal = axis
            self.means.append(Mean(axis, signal, 1.0))
        self._planted: Vector | None = None
        self.couplings = [self._drawn(seed, instance, p) for p in range(summands)]
        self._forms = [columns.Forms(c) for c in self.couplings if columns.fits(self.landscape)]

    def _drawn(self, seed: int, instance: int, p: int) -> Couplings:
        if self.summands == 1:
            return jax.tree.map(jnp.asarray, self.landscape.sample(seed, instance))
        own = int(generator(seed, "summand", p).integers(2**62))
        scale = 1 / math.sqrt(self.summands)
        return jax.tree.map(lambda a: scale * jnp.asarray(a), self.landscape.sample(own, instance))

    @property
    def dimension(self) -> int:
        return self.size

    @property
    def rank(self) -> int:
        return self.landscape.manifold.dimension

    def look(self, x: Vector, summand: int | None = None) -> Look:
        """At a point, or at the rows of a matrix: energies are then an array."""
        chosen = range(self.summands) if summand is None else [summand]
        looks = [self._seen(p, x) for p in chosen]
        if self.means:
            share = len(chosen) / self.summands
            energy, gradient = value_and_gradient(self.means, x)
            looks.append((share * energy, share * gradient))
        energy = sum((e for e, _ in looks[1:]), looks[0][0])
        gradient = sum((g for _, g in looks[1:]), looks[0][1])
        self.gradients += len(chosen) * x.size // self.size
        return Look(energy if x.ndim > 1 else float(energy), gradient)

    def _seen(self, p: int, x: Vector) -> tuple[Any, Vector]:
        """Of one summand, without means."""
        if x.ndim == 1:
            energy, gradient = _look(self.landscape, self.couplings[p], x)
        elif self._forms:
            root = math.sqrt(self.n)
            energy, gradient = self._forms[p].look(np.ascontiguousarray(root * x.T))
            return energy / self.n, np.ascontiguousarray(gradient.T) / root
        else:
            count = len(x)
            rows = x[filled(np.arange(count), 1)]
            energy, gradient = _look_all(self.landscape, self.couplings[p], rows)
            energy, gradient = energy[:count], gradient[:count]
        return np.asarray(energy), np.asarray(gradient)

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        self.products += 1
        product = hessian_product(self.means, x, u)
        for couplings in self.couplings:
            product = product + np.asarray(_product(self.landscape, couplings, x, u))
        return product

    def _normal(self, draw: np.random.Generator) -> Vector:
        return draw.standard_normal(self.size)

    def uniform_start(self, draw: np.random.Generator) -> Vector:
        """A uniform point of the manifold."""
        return self.landscape.random_starts(draw, 1)[0] / math.sqrt(self.size)

    def planted_start(self, draw: np.random.Generator, temperature: float) -> Vector:
        """A start as in equilibrium at this temperature: before the first look."""
        assert isinstance(self.landscape, MixedSpin), "the options ask for isotropic landscapes"
        if self._planted is not None:
            return self._planted
        self._planted = start = self.uniform_start(draw)
        self.means.append(Mean(start, self.landscape.covariance, 1 / temperature))
        return start

"""JAX as the workers run it: one thread, double precision, and nothing promoted silently."""

import os
from dataclasses import dataclass
from types import SimpleNamespace

import pytest


def _configure() -> None:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")

    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_numpy_dtype_promotion", "strict")


def _keep_compiled_code() -> None:
    """What a study drops from cell to cell is kept: tests come back to the same few landscapes."""
    from morsecensus.tasks.runtime import compiled

    compiled.jax = SimpleNamespace(clear_caches=lambda: None)


_configure()
_keep_compiled_code()


@pytest.fixture(scope="session")
def bilinear():
    """x.A y on two spheres of different sizes, written as a user would write it: only `value`."""
    from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
    from morsecensus.tasks.landscapes.base import Landscape
    from morsecensus.tasks.runtime.keys import generator

    @dataclass(frozen=True)
    class Bilinear(Landscape):
        sizes: tuple[int, int]
        name = "bilinear-of-the-tests"

        @classmethod
        def from_parameters(cls, parameters, n):
            return cls((n, n + 1))

        @property
        def manifold(self):
            return ProductOfSpheres(self.sizes)

        @property
        def parities(self):
            return (-1, -1)

        def sample(self, seed, landscape):
            return generator(seed, self.name, *self.sizes, landscape).standard_normal(self.sizes)

        def value(self, couplings, x):
            return x[: self.sizes[0]] @ couplings @ x[self.sizes[0] :]

        def hessian_variation(self, couplings):
            return 0.0

    return Bilinear((3, 4))


@pytest.fixture(scope="session")
def instance_of():
    """A p-spin landscape, the couplings of one of its instances, and their polynomial system."""
    from morsecensus.tasks.finders.homotopy.start import polynomial_system
    from morsecensus.tasks.landscapes.base import build

    def make(n, landscape=0, xi="q^3"):
        model = build("pspin", {"xi": xi}, n)
        couplings = model.sample(5, landscape)
        return model, couplings, polynomial_system(model, couplings)

    return make


@pytest.fixture(scope="session")
def nearly_folded():
    """A cubic form on the circle, a relative `excess` away from where a minimum and a maximum merge.

    H = A cos 3t + B cos(t - f) has H' = H'' = 0 at t0 for one B and f; a larger B takes the pair
    apart in the complex direction, a smaller one in the real direction.
    """
    import math

    import numpy as np

    from morsecensus.tasks.finders.homotopy.start import polynomial_system
    from morsecensus.tasks.landscapes.base import build

    def make(excess, t0=0.4):
        model = build("pspin", {"xi": "q^3"}, 2)
        sine, cosine = 3 * math.sin(3 * t0), 9 * math.cos(3 * t0)
        b, f = math.hypot(sine, cosine) * (1 + excess), t0 - math.atan2(-sine, -cosine)
        cos, sin = b * math.cos(f), b * math.sin(f)
        # x^3, x^2 y, x y^2, y^3, the mixed ones with multiplicity 3.
        tensor = np.array([1 + cos, sin / 3, (cos - 3) / 3, sin])
        couplings = {"degree_3": model.pack(tensor, 3)}
        return model, couplings, polynomial_system(model, couplings)

    return make

"""JAX as the workers run it: one thread, double precision, and nothing promoted silently."""

import os
from dataclasses import dataclass

import pytest


def _configure() -> None:
    """Set the threads before JAX is loaded: it reads them once."""
    for name in ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("JAX_PLATFORMS", "cpu")

    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_numpy_rank_promotion", "raise")
    jax.config.update("jax_numpy_dtype_promotion", "strict")


_configure()


@pytest.fixture(scope="session")
def bilinear():
    """x.A y on two spheres of different sizes, written as a user would write it: only `value`."""
    from tasks.geometry import ProductOfSpheres
    from tasks.keys import generator
    from tasks.landscapes.base import Landscape

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
        def parity(self):
            return 1

        def sample(self, seed, landscape):
            return generator(seed, self.name, *self.sizes, landscape).standard_normal(self.sizes)

        def value(self, couplings, x):
            return x[: self.sizes[0]] @ couplings @ x[self.sizes[0] :]

        def hessian_variation(self, couplings):
            return 0.0

    return Bilinear((3, 4))

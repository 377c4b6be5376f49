"""Kernels of hidden units: kappa(q), the mean of s(z) s(z') for unit Gaussians of correlation q.

As a function that can be differentiated three times on |q| <= REACH. Free of JAX until it is evaluated.
"""

import math
from dataclasses import dataclass
from typing import Any

from morsecensus.tasks.covariance import Polynomial
from morsecensus.tasks.runtime.lazy_jax import jnp

REACH = 1.21
"""Overlaps of vectors up to 1.1 x the radius of their sphere (`tasks.geometry.manifolds.LARGEST_RADIUS`)."""
ERF = "erf"


@dataclass(frozen=True)
class Kernel:
    """A polynomial with coefficients >= 0, as a covariance has; or, without any, (2/pi) arcsin(q/2), the
    kernel of s(z) = erf(z/sqrt 2) (Saad and Solla, Phys. Rev. E 52 (1995) 4225)."""

    coefficients: tuple[float, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Kernel":
        """Read "erf" or a polynomial such as "q^3".

        Raises:
            ValueError: it is neither.
        """
        return cls() if text == ERF else cls(Polynomial.parse(text).coefficients)

    @property
    def polynomial(self) -> bool:
        return bool(self.coefficients)

    def __call__(self, q: Any, order: int = 0) -> Any:
        """The derivative of this order, 0 to 3, at q: a float, or an array of JAX."""
        return self._erf(q, order) if not self.polynomial else self._power_sum(q, order)

    def _power_sum(self, q: Any, order: int) -> Any:
        total = 0.0 * q
        for degree in range(len(self.coefficients) - 1, order - 1, -1):
            total = total * q + self.coefficients[degree] * math.perm(degree, order)
        return total

    def _erf(self, q: Any, order: int) -> Any:
        left = 4 - q**2
        forms = (
            lambda: math.asin(q / 2) if isinstance(q, float) else jnp.arcsin(q / 2),
            lambda: left**-0.5,
            lambda: q * left**-1.5,
            lambda: left**-1.5 + 3 * q**2 * left**-2.5,
        )
        return 2 / math.pi * forms[order]()

    def most(self, order: int) -> float:
        """The largest size of a derivative on |q| <= REACH: all of them are largest at the end."""
        return float(self(REACH, order))

    def at_one(self, order: int) -> float:
        return float(self(1.0, order))

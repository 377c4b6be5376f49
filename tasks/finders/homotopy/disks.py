"""Complex disks in doubles, many at a time, with proven bounds on rounding.

A disk is a midpoint and a radius; the sum or product of two disks lies in the disk computed for it (circular
arithmetic: Gargantini and Henrici, Numer. Math. 18 (1972) 305; with a priori bounds on rounding: Rump, Acta
Numerica 19 (2010) 287). With u = 2^-53 a complex product errs by at most sqrt(5) u of its modulus, and a sum
of m products, in any order and with or without fused multiply-adds, by sqrt(2) gamma_2m of the sum of their
moduli, gamma_k = k u/(1 - k u). The constants below are larger, and radii, sums of few nonnegative numbers,
are raised by more than their own rounding. What overflows gets a radius that is infinite or nan, and proves
nothing.

That a product of complex matrices is four real ones, each of sums of products, holds for the BLAS that NumPy
calls (``gemm``; the three-product variant has a name of its own).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

ROUNDING = 2.0**-52
TINY = 1e-290
"""Added to radii for what underflows."""


def _up(radius: np.ndarray, terms: int = 16) -> np.ndarray:
    return radius * (1 + (terms + 16) * ROUNDING) + TINY


@dataclass(frozen=True)
class Disks:
    """An array of disks."""

    mid: Complex[np.ndarray, "..."]
    rad: Float[np.ndarray, "..."]

    @classmethod
    def exact(cls, values: np.ndarray) -> "Disks":
        values = np.asarray(values, dtype=complex)
        return cls(values, np.zeros(values.shape))

    def modulus(self) -> Float[np.ndarray, "..."]:
        """An upper bound on the modulus in each disk."""
        return _up(np.abs(self.mid) + self.rad)

    def __getitem__(self, key) -> "Disks":
        return Disks(self.mid[key], self.rad[key])

    def __add__(self, other: "Disks") -> "Disks":
        mid = self.mid + other.mid
        return Disks(mid, _up(self.rad + other.rad + ROUNDING * np.abs(mid)))

    def __neg__(self) -> "Disks":
        return Disks(-self.mid, self.rad)

    def __sub__(self, other: "Disks") -> "Disks":
        return self + -other

    def __mul__(self, other: "Disks") -> "Disks":
        one, two = np.abs(self.mid), np.abs(other.mid)
        spread = one * other.rad + self.rad * (two + other.rad)
        return Disks(self.mid * other.mid, _up(spread + 2 * ROUNDING * one * two))

    def __matmul__(self, other: "Disks") -> "Disks":
        """Products of matrices, stacked as those of `numpy.matmul`."""
        terms = self.mid.shape[-1]
        one, two = np.abs(self.mid), np.abs(other.mid)
        spread = one @ other.rad + self.rad @ (two + other.rad)
        spread = spread + (2 * terms + 4) * ROUNDING * (one @ two)
        return Disks(self.mid @ other.mid, _up(spread, 2 * terms))

    def over(self, number: float) -> "Disks":
        """Divided by an exact number."""
        mid = self.mid / number
        return Disks(mid, _up(self.rad / number + ROUNDING * np.abs(mid)))

    def total(self) -> "Disks":
        """Sums over the last axis."""
        terms = self.mid.shape[-1]
        error = (terms + 2) * ROUNDING * np.abs(self.mid).sum(axis=-1)
        return Disks(self.mid.sum(axis=-1), _up(self.rad.sum(axis=-1) + error, terms))


def joined(parts: list[Disks], axis: int = -1) -> Disks:
    return Disks(
        np.concatenate([part.mid for part in parts], axis=axis),
        np.concatenate([part.rad for part in parts], axis=axis),
    )

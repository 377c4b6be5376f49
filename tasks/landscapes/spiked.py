"""Spherical p-spin landscapes with a planted direction: spiked tensors, and a matrix and a tensor together.

H has covariance N xi(x.y/N) around the mean -N xi_s(m), m = x.x*/N the overlap with the signal x* of length
sqrt(N). The noise is isotropic, so the direction of x* doesn't matter: here x* = sqrt(N) e_1, and m =
x_1/sqrt(N) is the first coordinate of a stored position. A term r q^k of xi_s is a rank-one tensor, -r
N^{1-k/2} times the k-th power of e_1: H stays a sum of symmetric forms, and what knows `MixedSpin` knows
these landscapes.

Families. The spiked tensor (p, k) has xi = q^p and xi_s = r q^k/k (V. Ros, G. Ben Arous, G. Biroli, C.
Cammarota, arXiv:1804.02686). The spiked matrix-tensor model has xi = xi_s = q^2/(2 D2) + q^p/(p Dp), D2 and
Dp the variances of the noise on the matrix and on the tensor (S. Sarao Mannelli, F. Krzakala, P. Urbani, L.
Zdeborova, arXiv:1902.00139). There the sums run over i < j only, which isn't isotropic; ours run over all
tuples, which is the same at N -> infinity.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from morsecensus.tasks.covariance import Covariance, Signal, matrix_tensor
from morsecensus.tasks.landscapes.spin import Couplings, MixedSpin
from morsecensus.tasks.systems import symmetric


@dataclass(frozen=True)
class Spiked(MixedSpin):
    """Noise of covariance N xi and mean -N xi_s(x_1/sqrt(N)) on S^{N-1}(sqrt N); energies per spin are H/N.

    The noise of one instance is that of the pspin landscape of the same seed, N and number, scaled by its
    coefficients: cells of one study that differ in the signal or in the strength of the noise share it.
    """

    signal: Signal

    name: ClassVar[str] = "spiked"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        unknown = set(parameters) - {"xi", "signal"}
        if unknown:
            raise ValueError(f"parameters of spiked: got {sorted(unknown)}, allowed: xi, signal")
        return cls(Covariance.parse(parameters["xi"]), n, Signal.parse(parameters["signal"]))

    @property
    def degrees(self) -> tuple[int, ...]:
        return tuple(sorted({degree for degree, _ in self.covariance.terms + self.signal.terms}))

    @property
    def parities(self) -> tuple[int, ...]:
        """A symmetry needs noise and signal of one parity: q^3 with the signal q^2 has none."""
        return (-1 if all(d % 2 for d in self.degrees) else 1 if not any(d % 2 for d in self.degrees) else 0,)

    @property
    def complex_points(self) -> int | None:
        """That of the noise, whose top degree is generic; None if the signal's degree is higher, for a
        rank-one top degree isn't."""
        return None if self.signal.degree > self.covariance.degree else super().complex_points

    @property
    def typical_points(self) -> float:
        """That of the noise: a signal removes points."""
        noise = super().typical_points
        return noise if self.complex_points is None else min(noise, self.complex_points)

    def sample(self, seed: int, landscape: int) -> Couplings:
        couplings = MixedSpin(self.covariance, self.n).sample(seed, landscape)
        for degree, strength in self.signal.terms:
            tensor = np.zeros(symmetric.packed_size(self.n, degree))
            tensor[0] = -strength * self.n ** (1 - degree / 2)  # entry (0, ..., 0) is the first one
            key = f"degree_{degree}"
            couplings[key] = couplings.get(key, 0.0) + self.pack(tensor, degree)
        return couplings


@dataclass(frozen=True)
class MatrixTensor(Spiked):
    """The spiked matrix-tensor model: a matrix and a tensor of degree p observe the same direction."""

    name: ClassVar[str] = "matrix-tensor"

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], n: int) -> Self:
        unknown = set(parameters) - {"p", "delta2", "deltap"}
        if unknown:
            raise ValueError(
                f"parameters of matrix-tensor: got {sorted(unknown)}, allowed: p, delta2, deltap"
            )
        covariance, signal = matrix_tensor(parameters["p"], parameters["delta2"], parameters["deltap"])
        return cls(covariance, n, signal)

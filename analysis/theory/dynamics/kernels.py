"""What the equations of the dynamics at N -> infinity are made of: covariances, signal, bath and start."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial as Series
from numpy.typing import NDArray

from morsecensus.tasks.covariance import Polynomial

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kernels:
    """The functions of the equations. Tests replace one by what it is not."""

    noise: Series
    noise_first: Series
    noise_second: Series
    signal: Series
    signal_first: Series
    memory_sign: float = 1.0

    @classmethod
    def of(cls, noise: Polynomial, signal: Polynomial | None = None) -> "Kernels":
        """xi and its derivatives; xi_s and its derivative, zero if there is none."""
        xi = Series(noise.coefficients)
        xi_s = Series(signal.coefficients if signal is not None else [0.0])
        return cls(xi, xi.deriv(), xi.deriv(2), xi_s, xi_s.deriv())

    def __hash__(self) -> int:
        parts = (self.noise, self.noise_first, self.noise_second, self.signal, self.signal_first)
        return hash((*(tuple(part.coef) for part in parts), self.memory_sign))

    @property
    def rate(self) -> float:
        """Of what changes fastest: sqrt(xi''(1)), or the pull of the signal."""
        pull = max(float(self.signal_first(1.0)), float(self.signal_first.deriv()(1.0)))
        return max(float(self.noise_second(1.0)) ** 0.5, pull / 2)

    def pulls(self, overlap: float) -> bool:
        """Whether the signal moves starts at this overlap; at 0 it does by its linear term alone."""
        return float(self.signal_first(overlap)) != 0.0


@dataclass(frozen=True)
class Setting:
    """The bath and the start.

    Attributes:
        temperature: T of the bath; 0 is gradient flow.
        start_temperature: T' of the equilibrium that the start is drawn from; None for a start that knows
            nothing of the noise (T' = infinity).
        overlap: m(0) with the signal.

    Raises:
        ValueError: one of them is out of range.
    """

    temperature: float = 0.0
    start_temperature: float | None = None
    overlap: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < np.inf:
            raise ValueError(f"temperature: got {self.temperature:g}, allowed: numbers from 0")
        if self.start_temperature is not None and not 0 < self.start_temperature < np.inf:
            raise ValueError(f"start_temperature: got {self.start_temperature:g}, allowed: numbers > 0")
        if not -1 <= self.overlap <= 1:
            raise ValueError(f"overlap: got {self.overlap:g}, allowed: numbers from -1 to 1")

    @property
    def start_beta(self) -> float:
        """b' = 1/T', 0 for a start that knows nothing."""
        return 0.0 if self.start_temperature is None else 1 / self.start_temperature


FLOW = Setting()
"""Gradient flow from a uniform start."""

"""The theory of landscapes with a signal: numbers by overlap, sampled at finite N, and the limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.base import Energies, NoiseAxis, Symmetry, Theory, symmetry_by_degrees
from morsecensus.analysis.theory.models.spiked.finite_n import FiniteSpiked
from morsecensus.analysis.theory.models.spiked.limits import descent_line
from morsecensus.analysis.theory.models.spiked.predict import limits_spiked, predict_spiked
from morsecensus.analysis.theory.models.spiked.triviality import triviality_line
from morsecensus.tasks.covariance import Covariance, Signal, matrix_tensor

# Draws for a plan, a few percent; and the spins up to which they take no time to speak of.
PLAN_SAMPLES, MOST_PLANNED = 64, 30


class _WithSignal(Theory):
    """What follows from noise and signal alone."""

    @property
    def dynamics(self) -> tuple[Covariance, Signal]:
        raise NotImplementedError

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        found = predict_spiked(*self.dynamics, n, energies)
        found[0]["limits"] = limits_spiked(*self.dynamics)
        return found

    def symmetry(self, n: int) -> Symmetry:
        """Of noise and signal of one parity."""
        return symmetry_by_degrees(*self.dynamics)

    def log_total(self, n: int) -> float | None:
        """To a few percent; None where it takes long."""
        return None if n > MOST_PLANNED else _log_total(*self.dynamics, n)


@lru_cache(maxsize=256)
def _log_total(noise: Covariance, signal: Signal, n: int) -> float | None:
    """A tenth of a second of processor, and studies are planned again and again; None of a signal that is too
    strong for the quadrature."""
    model = FiniteSpiked(noise, signal, n, PLAN_SAMPLES)
    return log(model.total()[0]) if model.reachable else None


@dataclass(frozen=True)
class SpikedTheory(_WithSignal):
    """Any noise and any signal.

    Attributes:
        xi: covariance polynomial of the noise.
        signal: polynomial of the signal.
    """

    xi: str
    signal: str

    @property
    def dynamics(self) -> tuple[Covariance, Signal]:
        return Covariance.parse(self.xi), Signal.parse(self.signal)


@dataclass(frozen=True)
class MatrixTensorTheory(_WithSignal):
    """The spiked matrix-tensor model; its limits have the lines in 1/delta2 at this deltap.

    Attributes:
        p: degree of the tensor.
        delta2, deltap: variances of the noise on the matrix and on the tensor.
    """

    p: int
    delta2: float
    deltap: float

    @property
    def dynamics(self) -> tuple[Covariance, Signal]:
        return matrix_tensor(self.p, self.delta2, self.deltap)

    @property
    def noise_axis(self) -> NoiseAxis:
        return NoiseAxis(r"$1/\Delta_2$", 1 / self.delta2, descent_line(self.p, self.deltap))

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        parameters: dict[str, Json] = {"p": self.p, "delta2": self.delta2, "deltap": self.deltap}
        named = {"model": "matrix-tensor"} | parameters
        found = [row | named for row in predict_spiked(*self.dynamics, n, energies)]
        limits: dict[str, Json] = limits_spiked(*self.dynamics)
        known = limits["lines"]
        assert isinstance(known, dict)
        limits["lines"] = known | self._lines()
        found[0]["limits"] = limits
        return found

    def _lines(self) -> dict[str, Json]:
        return {
            "1/delta2": 1 / self.delta2,
            "1/delta2_descent": descent_line(self.p, self.deltap),
            "1/delta2_trivial": triviality_line(self.p, self.deltap),
        }

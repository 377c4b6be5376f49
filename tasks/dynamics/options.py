"""What a trajectory is asked for: plain values that a study can hold and check without JAX."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from morsecensus.tasks.covariance import Covariance, Polynomial
from morsecensus.tasks.dynamics import refusals
from morsecensus.tasks.dynamics.words import ADAPTIVE, FREE, ISOTROPIC, NOISY
from morsecensus.tasks.landscapes.base import Landscape, build

DENSE_SHARE = 0.25
"""Of the memory, up to which ``auto`` draws couplings: they are read at every look."""


@dataclass(frozen=True)
class TrajectoryOptions:
    """One cell of trajectories. Ready for JSON: ``TrajectoryOptions(**json.loads(...))`` gives it back.

    Raises:
        ValueError: one line that names the option, what it is, what is allowed.
    """

    n: int
    algorithm: str
    model: str = "pspin"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of the model, as in a census: ``{"xi": "q^3"}``."""
    start: str = "uniform"
    start_temperature: float | None = None
    """Of an equilibrium start, which is planted."""
    overlap: float | None = None
    """Of the start with the signal."""
    step: float | str | None = None
    """None: adaptive for flow, 0.05 for others that need one."""
    summands: int = 1
    sampling: str = "replacement"
    temperature: float | None = None
    until: float | None = None
    """Time of the last look, where an algorithm has a time (`has_time`)."""
    stop: float | None = None
    """Gradient norm over sqrt(N) at which a run has converged."""
    most_steps: int = 100_000
    looks: int | Sequence[float] = 40
    """How many, log-spaced from the first step on and one at 0; or times, or steps without a time."""
    sampler: str = "auto"
    tolerance: float = 1e-6
    """Of free sampling: the relative length of what is neglected of a look. For 1/N corrections it must be
    well below 1/N times the accuracy wanted of them."""
    accuracy: float = 1e-6
    """Of one step of an adaptive flow, |x| = 1."""
    memory: float = 2.0**30
    """Bytes that a free field may take; a run that needs more ends with the status "dimension"."""
    correlations: bool = False
    """Whether all C(t, t') among looks are kept."""
    epsilon: float = 1e-3
    """Of pgd: the gradient norm, over sqrt(N), of a second-order point."""
    perturbation: Mapping[str, float] = field(default_factory=dict)
    """Of pgd: `words.PERTURBATION`, in place of what the model suggests and the paper computes."""
    products: int = 200
    """Hessian products of one step of Newton, or of one lowest eigenvalue, at most."""
    lowest: bool = False
    """Whether the lowest eigenvalue of the Riemannian Hessian is computed at every look."""
    index: bool = False
    """Whether the index at the end is computed; with couplings alone."""

    def __post_init__(self) -> None:
        if isinstance(self.looks, list):
            object.__setattr__(self, "looks", tuple(self.looks))
        refusals.check(self)

    @property
    def landscape(self) -> Landscape:
        return build(self.model, self.parameters, self.n)

    @property
    def covariance(self) -> Covariance:
        """Of the noise of a model that can be sampled free."""
        return self.landscape.covariance  # type: ignore[attr-defined]

    @property
    def signal(self) -> Polynomial | None:
        return getattr(self.landscape, "signal", None)

    @property
    def step_size(self) -> float:
        """The step as a number; for an adaptive one, what to begin with."""
        if isinstance(self.step, int | float):
            return float(self.step)
        return 0.05

    @property
    def is_adaptive(self) -> bool:
        return self.step == ADAPTIVE or (self.step is None and self.algorithm == "flow")

    @property
    def has_time(self) -> bool:
        """Whether looks are at times; else they are at numbers of steps."""
        return self.algorithm in ("flow", *NOISY) or (self.algorithm == "gd" and not self.is_adaptive)

    @property
    def time_of_step(self) -> float | None:
        """Of an algorithm whose steps are all as long; None for others."""
        if not self.has_time:
            return 1.0
        if self.algorithm == "flow":
            return None
        return self.step_size / self.summands

    @property
    def last_time(self) -> float:
        """Of the last look, of an algorithm that has a time."""
        assert self.until is not None, "the options were checked"
        return float(self.until if isinstance(self.looks, int) else self.looks[-1])

    @property
    def products_of_look(self) -> int:
        """Vectors of the Krylov space of a look, the random one that it begins with among them."""
        return 1 + min(self.products, self.landscape.manifold.dimension) if self.lowest else 0

    @property
    def uses_couplings(self) -> bool:
        """Whether the sampler is ``tensor``, asked for or chosen."""
        if self.sampler != "auto":
            return self.sampler == "tensor"
        small = self.summands * self.landscape.coupling_bytes() <= DENSE_SHARE * self.memory
        return self.model not in FREE or small

    def warnings(self) -> list[str]:
        """What is allowed but may not be meant, a line each."""
        found = []
        if (
            self.model in ISOTROPIC
            and isinstance(self.step, int | float)
            and self.algorithm in ("gd", *NOISY)
        ):
            most = 2 / (4 * math.sqrt(self.covariance.x2 / self.summands))
            if self.step > most:
                found.append(
                    f"step: {self.step:g} is above {most:.3g}, 2 over the largest curvature at large N: "
                    "steps along it grow"
                )
        return found + self._too_few_steps()

    @property
    def too_few_steps(self) -> bool:
        """Whether steps of one length are over before the last look."""
        unit = self.time_of_step
        return self.has_time and unit is not None and round(self.last_time / unit) > self.most_steps

    def _too_few_steps(self) -> list[str]:
        if not self.too_few_steps:
            return []
        assert self.time_of_step is not None, "all steps are as long"
        end = self.most_steps * self.time_of_step
        last = f"before the last look at {self.last_time:g}"
        return [f"most_steps: {self.most_steps} steps end at time {end:g}, {last}"]

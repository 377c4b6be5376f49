"""N to infinity of a cell of trajectories, where equations say it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.dynamics.late_curve import curve_to
from morsecensus.analysis.theory.dynamics.recursion import descend
from morsecensus.analysis.theory.registry import theory_of
from morsecensus.analysis.topics.dynamics.read import Runs

MOST_STEPS = 4000
"""Of a recursion, or of equations on the uniform grid, for a report: a minute. Arbitrary."""
TOLERANCE = 1e-7
DEGREE = 5
"""Of the splines between the nodes: errors are far below those of samples."""


@dataclass(frozen=True, eq=False)
class LimitCurve:
    """Energy per spin, overlap with the start and with the signal at N to infinity.

    Attributes:
        error: of all of them, at the same times.
        kind: "equations" of continuous time, "recursion" of finite steps; "short steps": continuous time
            beside a flow whose step is fixed; "temperature": Langevin dynamics at the temperature that stands
            for the noise of SGD, which holds for short steps; "overlap 0": no overlap with the signal, which
            finite N leaves after a time of order log N.
    """

    times: Floats
    energy: Floats
    correlation: Floats
    overlap: Floats
    error: Floats
    kind: str

    def at(self, times: Floats, name: str = "energy") -> Floats:
        """One of them at other times, between the nodes by a spline; NaN outside."""
        inside = (times >= 0) & (times <= self.times[-1] * (1 + 1e-12))
        degree = DEGREE if len(self.times) > DEGREE else 1
        spline = make_interp_spline(self.times, getattr(self, name), k=degree)
        return np.where(inside, spline(np.where(inside, times, 0.0)), np.nan)

    @property
    def exact(self) -> bool:
        """Whether it is the limit of just this algorithm, of a flow that controls its error up to that."""
        return self.kind in ("equations", "recursion")


def noise_temperature(runs: Runs) -> float | None:
    """T_eff = step xi'(1) (1 - 1/P)/2 of SGD with replacement on P summands; None for others."""
    options, known = runs.options, theory_of(runs.spec["model"], runs.spec["parameters"]).dynamics
    step = runs.step
    if options["algorithm"] != "sgd" or options["sampling"] != "replacement" or known is None:
        return None
    assert isinstance(step, int | float), "that of SGD is a number"
    return step * known[0].x1 * (1 - 1 / options["summands"]) / 2


def limit_of(runs: Runs) -> LimitCurve | None:
    """The limit of a cell's runs; None where there is no theory, or where it would take too long."""
    known = theory_of(runs.spec["model"], runs.spec["parameters"]).dynamics
    if known is None or not runs.has_time:
        return None
    noise, signal = known
    kernels, options = Kernels.of(noise, signal), runs.options
    planted = any(signal.coefficients)
    if options["algorithm"] == "flow":
        return _equations(kernels, options, 0.0, _kind(runs, planted))
    step = runs.step
    if planted or options["start"] == "equilibrium" or not isinstance(step, int | float):
        return None
    if options["algorithm"] == "sgd":
        temperature = noise_temperature(runs)
        return None if temperature is None else _equations(kernels, options, temperature, "temperature")
    return _recursion(kernels, options, step)


def _kind(runs: Runs, planted: bool) -> str:
    """Of the limit of a flow."""
    if planted and not runs.options["overlap"]:
        return "overlap 0"
    return "short steps" if isinstance(runs.step, int | float) else "equations"


def _equations(
    kernels: Kernels, options: Mapping[str, Any], temperature: float, kind: str
) -> LimitCurve | None:
    setting = Setting(temperature, options["start_temperature"], options["overlap"] or 0.0)
    until = float(options["until"])
    found = curve_to(kernels, until, setting, tolerance=TOLERANCE, most_steps=MOST_STEPS)
    if found is None:
        return None
    return LimitCurve(
        found.times, found.energy, found.correlation, found.overlap, found.errors.max(axis=0), kind
    )


def _recursion(kernels: Kernels, options: Mapping[str, Any], step: float) -> LimitCurve | None:
    steps = math.floor(options["until"] / step + 1e-6)
    if steps > MOST_STEPS:
        return None
    try:
        found = descend(kernels, step, [0] * steps, 1, options["temperature"] or 0.0)
    except ValueError:  # the step is too long, and the runs diverge or turn in circles
        return None
    none = np.zeros(steps + 1)
    times = step * np.arange(steps + 1)
    return LimitCurve(times, found.energy, found.correlation[:, 0], none, none, "recursion")

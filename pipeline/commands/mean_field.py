"""The command ``mean-field``: dynamics at N -> infinity, in continuous time or of finite steps."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morsecensus.pipeline.commands.looks import parse_looks
from morsecensus.pipeline.commands.sequences import read_fields
from morsecensus.pipeline.commands.two_time import check_pairs, continuous_pairs, discrete_pairs, pair_times
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.phases import phase
from morsecensus.pipeline.study.parameters import read_parameters

if TYPE_CHECKING:
    from morsecensus.analysis.theory.dynamics.kernels import Setting
    from morsecensus.analysis.theory.dynamics.recursion import Recursion
    from morsecensus.tasks.covariance import Covariance, Signal

MODELS_ALLOWED = ("pspin", "spiked", "matrix-tensor")


@dataclass(frozen=True)
class MeanField:
    """What was computed.

    Attributes:
        rows: ``t`` (a time, or a number of steps), ``energy``, ``energy_error``, ``radial``, ``correlation``
            (C(t, 0)), ``overlap`` (None without signal).
        method: by what, in a sentence.
        notes: what the user should know.
        title: model and parameters in words.
        stepwise: whether ``t`` counts steps.
        two_time: matrices over pairs of times, as `pipeline.commands.two_time` gives them; None if not asked
            for.
    """

    rows: list[dict[str, Any]]
    method: str
    notes: list[str]
    title: str
    stepwise: bool = False
    two_time: dict[str, Any] | None = None

    def json(self) -> dict[str, Any]:
        more = {} if self.two_time is None else {"two_time": self.two_time}
        return {"rows": self.rows, "method": self.method} | more


def mean_field(
    model: str | None,
    given: Mapping[str, Any],
    *,
    until: float | None = None,
    looks: str | None = None,
    two_time: str | None = None,
    temperature: float = 0.0,
    start_temperature: float | None = None,
    overlap: float | None = None,
    step: float | None = None,
    summands: int | None = None,
    sequence: str | None = None,
    sampling: str | None = None,
    seed: int | None = None,
) -> MeanField:
    """Solve the equations for one set of options; raises UsageError for what cannot be.

    Args:
        model: pspin, spiked (that if None and a signal is given) or matrix-tensor.
        given: its parameters.
        until: the last time or step; the last look if None.
        looks: times or steps, "1,2,5"; some spaced logarithmically if None.
        two_time: times or steps between all pairs of which C and R are wanted, "1,2,5".
        temperature, start_temperature, overlap: see `analysis.theory.dynamics.kernels.Setting`.
        step: of an algorithm; None for continuous time.
        summands, sequence, sampling, seed: of SGD: see `pipeline.commands.sequences`.
    """
    model = model or ("spiked" if given.get("signal") is not None else "pspin")
    noise, signal, title = _landscape(model, given)
    setting = _setting(temperature, start_temperature, overlap, any(signal.coefficients))
    asked = [] if two_time is None else pair_times(two_time, whole=step is not None)
    last, times = parse_looks(until, _looks(until, looks, two_time), whole=step is not None)
    check_pairs(asked, last)
    notes = _start_notes(noise, signal, setting)
    phase("solving the equations")
    if step is None:
        if any(value is not None for value in (summands, sequence, sampling, seed)):
            raise UsageError(
                "--summands, --sequence, --sampling, --seed: given without --step, which SGD needs"
            )
        # First, for it refuses times without a common step at once.
        between = continuous_pairs(noise, signal, setting, asked) if asked else None
        late = "looks" if until is None else "until"
        rows, method = _continuous(noise, signal, setting, last, times, late)
    else:
        _check_algorithm(step, setting, signal)
        _check_steps(last, "looks" if until is None else "until")
        fields, words = read_fields(int(last), summands, sequence, sampling, seed)
        found = _descended(noise, setting, step, fields, summands or 1)
        rows, method = _discrete(found, setting, step, times, words)
        between = discrete_pairs(found, step, asked) if asked else None
        notes += _step_notes(noise, step, summands or 1)
    return MeanField(rows, method, notes, title, step is not None, between)


def _looks(until: float | None, looks: str | None, two_time: str | None) -> str | None:
    """Pairs of times are looks too, where nothing else says at what."""
    return two_time if looks is None and until is None else looks


def _landscape(model: str, given: Mapping[str, Any]) -> "tuple[Covariance, Signal, str]":
    from morsecensus.analysis.theory.registry import theory_of

    if model not in MODELS_ALLOWED:
        raise UsageError(f"--model: got {shown(model)}, allowed: {', '.join(MODELS_ALLOWED)}")
    parameters = read_parameters(model, given)
    known = theory_of(model, parameters).dynamics
    assert known is not None
    words = ", ".join(f"{name} = {value}" for name, value in parameters.items() if value not in ("", 0.0))
    return *known, f"{model}, {words}"


def _setting(
    temperature: float, start_temperature: float | None, overlap: float | None, planted: bool
) -> "Setting":
    from morsecensus.analysis.theory.dynamics.kernels import Setting

    if overlap is not None and not planted:
        raise UsageError(
            f"--overlap: got {overlap:g} without a signal, allowed: with --signal or --model matrix-tensor"
        )
    try:
        return Setting(temperature, start_temperature, overlap or 0.0)
    except ValueError as error:
        raise _as_option(error) from error


def _as_option(error: ValueError, late: str = "until") -> UsageError:
    """With the option's name; ``late`` is the one that said until when."""
    name, colon, rest = str(error).partition(":")
    return UsageError(f"--{late if name == 'until' else name.replace('_', '-')}{colon}{rest}")


def _start_notes(noise: "Covariance", signal: "Signal", setting: "Setting") -> list[str]:
    """Refuse planted starts that are no equilibrium; say where that of a glass is."""
    from morsecensus.tasks.temperatures import dynamic_transition, static_transition

    start = setting.start_temperature
    if start is None:
        return []
    if any(signal.coefficients):
        raise UsageError(f"--start-temperature: got {start:g} with a signal, allowed: without one")
    try:
        lowest, glass = (found(noise).temperature for found in (static_transition, dynamic_transition))
    except ValueError:
        raise UsageError(
            f"--start-temperature: got {start:g} with a term of degree 1, allowed: xi without one, no field"
        ) from None
    if start <= lowest:
        raise UsageError(
            f"--start-temperature: got {start:g}, allowed: above T_s = {lowest:.8g}; a planted start is "
            "no equilibrium below"
        )
    if start < glass:
        return [f"T' = {start:g} lies between T_s = {lowest:.7g} and T_d = {glass:.7g}: one state of many"]
    return []


def _continuous(
    noise: "Covariance", signal: "Signal", setting: "Setting", last: float, times: list[float], late: str
) -> tuple[list[dict[str, Any]], str]:
    from morsecensus.analysis.theory.dynamics.kernels import Kernels
    from morsecensus.analysis.theory.dynamics.late_curve import EARLY, late_looks
    from morsecensus.analysis.theory.dynamics.romberg import curve

    kernels = Kernels.of(noise, signal)
    at, planted = np.array(times), any(signal.coefficients)
    early = min(last, EARLY / kernels.rate) if not planted else last
    near = at <= early
    try:
        # First, for it refuses what is too late at once.
        later = None if near.all() else late_looks(kernels, at[~near], setting)
        found = curve(kernels, early, setting, looks=at[near].tolist() or [early])
        values, errors = found.looks(at[near])
        steps = len(found.times) - 1
        method = f"two-time equations, implicit trapezoid, Romberg to steps of {early / steps:.3g}"
        if later is not None:
            values = np.concatenate([values, later[0]], axis=1)
            errors = np.concatenate([errors[0], later[1][0]])[None]
            method += f"; after t = {early:.3g} a logarithmic grid of two resolutions"
    except ValueError as error:
        raise _as_option(error, late) from error
    return _rows(times, values, errors[0], planted), method


def _rows(times: list[float], values: Any, errors: Any, planted: bool) -> list[dict[str, Any]]:
    energy, radial, correlation, overlap = values
    return [
        {
            "t": t,
            "energy": float(energy[k]),
            "energy_error": float(errors[k]),
            "radial": float(radial[k]),
            "correlation": float(correlation[k]),
            "overlap": float(overlap[k]) if planted else None,
        }
        for k, t in enumerate(times)
    ]


def _check_algorithm(step: float, setting: "Setting", signal: "Signal") -> None:
    if not 0 < step < math.inf:
        raise UsageError(f"--step: got {step:g}, allowed: numbers > 0")
    if any(signal.coefficients):
        raise UsageError("--step: got one with a signal, allowed: without; continuous time takes signals")
    if setting.start_temperature is not None:
        raise UsageError(
            "--start-temperature: got one with --step, allowed: in continuous time, without --step"
        )


def _check_steps(last: float, option: str) -> None:
    """Before anything is as long as that."""
    from morsecensus.analysis.theory.dynamics.recursion import MOST_STEPS

    if last > MOST_STEPS:
        raise UsageError(f"--{option}: got {last:g} steps, allowed: to {MOST_STEPS}")


def _descended(
    noise: "Covariance", setting: "Setting", step: float, fields: Any, summands: int
) -> "Recursion":
    from morsecensus.analysis.theory.dynamics.kernels import Kernels
    from morsecensus.analysis.theory.dynamics.recursion import descend

    try:
        return descend(Kernels.of(noise), step, fields, summands, setting.temperature)
    except ValueError as error:
        raise _as_option(error) from error


def _discrete(
    found: "Recursion", setting: "Setting", step: float, times: list[float], sgd: str
) -> tuple[list[dict[str, Any]], str]:
    at = np.array(times, dtype=np.int64)
    values = np.stack([found.energy[at], found.radial[at], found.correlation[at, 0], np.zeros(len(at))])
    words = sgd or ("Langevin-Euler" if setting.temperature else "gradient descent")
    if sgd and setting.temperature:
        words += " with noise"
    method = f"exact recursion of {words}, step {step:g}; t counts steps, no error of a step"
    return _rows([int(t) for t in times], values, np.zeros(len(at)), planted=False), method


def _step_notes(noise: "Covariance", step: float, summands: int) -> list[str]:
    stable = 2 / (4 * math.sqrt(noise.x2 / summands))
    if step <= stable:
        return []
    return [f"a step of {step:g} is above 2/(largest curvature), about {stable:.3g}: descent may not settle"]


def readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a line of a table, with the digits that its error allows."""
    error = row["energy_error"]
    digits = min(10, max(2, -math.floor(math.log10(error)))) if error > 0 else 10
    shown_row = {"t": f"{row['t']:g}", "energy": f"{row['energy']:.{digits}f}", "error": f"{error:.1g}"}
    for name in ("radial", "correlation", "overlap"):
        if row[name] is not None:
            shown_row[name] = f"{row[name]:.{digits}f}"
    return shown_row


def write_mean_field(found: MeanField, out: Path) -> list[Path]:
    """Write mean-field.csv and the figure; raises UsageError where the folder can't be written."""
    from morsecensus.analysis.topics.flow.mean_field import write_curves

    try:
        return write_curves(found.rows, found.title, "steps" if found.stepwise else "time", out)
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error

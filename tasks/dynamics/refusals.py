"""What a trajectory can't be asked for, each with a line that says what to do."""

import math
from typing import TYPE_CHECKING, Any, NoReturn

from morsecensus.tasks.dynamics import words
from morsecensus.tasks.dynamics.words import FREE, ISOTROPIC, NOISY, SECOND_ORDER, SUMS
from morsecensus.tasks.temperatures import static_transition

if TYPE_CHECKING:
    from morsecensus.tasks.dynamics.options import TrajectoryOptions as _Options


def _refuse(name: str, got: object, allowed: str) -> NoReturn:
    raise ValueError(f"{name}: got {got}, allowed: {allowed}")


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def check(options: Any) -> None:
    """Raise ValueError for the first thing that is wrong."""
    for one in (_words, _numbers, _step, _perturbation, _noise, _times, _looks, _model, _sampler, _start):
        one(options)


def _words(options: "_Options") -> None:
    for name, allowed in (
        ("algorithm", words.ALGORITHMS),
        ("start", words.STARTS),
        ("sampler", words.SAMPLERS),
        ("sampling", words.SAMPLINGS),
    ):
        if getattr(options, name) not in allowed:
            _refuse(name, repr(getattr(options, name)), ", ".join(allowed))


def _numbers(options: "_Options") -> None:
    for name, least in (("n", 1), ("summands", 1), ("most_steps", 1), ("products", 1)):
        value = getattr(options, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            _refuse(name, repr(value), f"integers >= {least}")
    for name, least, most in (("tolerance", 1e-12, 1e-2), ("accuracy", 1e-12, 1e-2)):
        value = getattr(options, name)
        if not _positive(value) or not least <= value <= most:
            _refuse(name, repr(value), f"numbers from {least:g} to {most:g}")
    if not _positive(options.memory):
        _refuse("memory", repr(options.memory), "bytes, > 0")
    if not _positive(options.epsilon):
        _refuse("epsilon", repr(options.epsilon), "a gradient norm > 0")


def _perturbation(options: "_Options") -> None:
    given, allowed = options.perturbation, sum(words.PERTURBATION, ())
    if given and options.algorithm != "pgd":
        _refuse("perturbation", f"{dict(given)} with {options.algorithm}", "with algorithm pgd")
    for name, value in given.items():
        if name not in allowed or not _positive(value):
            _refuse(f"perturbation.{name}", repr(value), f"numbers > 0 for {', '.join(allowed)}")


def _step(options: "_Options") -> None:
    if options.step is None:
        return
    may_adapt = options.algorithm in ("flow", "gd")
    if _positive(options.step) or (may_adapt and options.step == words.ADAPTIVE):
        return
    what = "the longest step over sqrt(N), > 0" if options.algorithm in SECOND_ORDER else "numbers > 0"
    _refuse("step", repr(options.step), f'{what}, or "{words.ADAPTIVE}"' if may_adapt else what)


def _noise(options: "_Options") -> None:
    if options.algorithm == "sgd" and options.summands == 1:
        _refuse("summands", "1 with algorithm sgd, which is gd then", "integers >= 2; or algorithm gd")
    if options.algorithm != "sgd" and options.summands != 1:
        _refuse("summands", f"{options.summands} with algorithm {options.algorithm}", "1; or algorithm sgd")
    if options.algorithm == "langevin":
        value = options.temperature
        if value is None or not (value == 0 or _positive(value)):
            _refuse("temperature", repr(value), "numbers >= 0 for langevin")
    elif options.temperature is not None:
        _refuse(
            "temperature", f"{options.temperature} with {options.algorithm}", "with algorithm langevin alone"
        )


def _times(options: "_Options") -> None:
    if options.stop is not None:
        if not _positive(options.stop):
            _refuse("stop", repr(options.stop), "a gradient norm > 0")
        if options.algorithm in NOISY:
            _refuse(
                "stop",
                f"{options.stop} with {options.algorithm}",
                "with algorithms without noise; give until",
            )
    if not options.has_time and options.until is not None:
        _refuse("until", f"{options.until} with {options.algorithm}, whose steps take no time", "most_steps")
    if options.has_time and options.until is None:
        _refuse("until", "nothing", "the time of the last look, > 0")
    if options.until is not None and not _positive(options.until):
        _refuse("until", repr(options.until), "numbers > 0")


def _looks(options: "_Options") -> None:
    end = options.until if options.has_time else options.most_steps
    assert end is not None
    if isinstance(options.looks, int) and not isinstance(options.looks, bool):
        if options.looks < 2:
            _refuse("looks", options.looks, "2 or more, or a list")
        return
    values = list(options.looks) if isinstance(options.looks, tuple) else []
    if not values or any(not (v == 0 or _positive(v)) for v in values) or sorted(set(values)) != values:
        _refuse(
            "looks", repr(options.looks)[:60], "how many, or increasing times (steps without a time) >= 0"
        )
    what = "until" if options.has_time else "most_steps"
    if values[-1] > end * (1 + 1e-12):
        _refuse("looks", f"{values[-1]:g}", f"up to {what} = {end:g}")
    unit = options.time_of_step
    if unit is None:
        return
    off = [v for v in values if abs(v / unit - round(v / unit)) > 1e-6]
    if off:
        _refuse("looks", f"{off[0]:g}", f"multiples of {unit:g}, the time of a step")


def _model(options: "_Options") -> None:
    landscape = options.landscape  # refuses what the model hasn't, and what is missing
    if options.summands > 1 and options.model not in SUMS:
        _refuse("summands", f"{options.summands} with model {options.model}", "1: its couplings are no sum")
    planted = getattr(landscape, "signal", None) is not None
    if options.overlap is not None:
        if not planted:
            _refuse("overlap", f"{options.overlap} with model {options.model}", "models with a signal")
        if not isinstance(options.overlap, int | float) or not -1 <= options.overlap <= 1:
            _refuse("overlap", repr(options.overlap), "numbers from -1 to 1")


def _sampler(options: "_Options") -> None:
    if options.sampler == "free" and options.model not in FREE:
        _refuse(
            "sampler", f"free with model {options.model}", f"tensor, or one of the models {', '.join(FREE)}"
        )
    if options.model in ISOTROPIC and options.n < 2:
        _refuse("n", options.n, "integers >= 2")
    if options.index and not options.uses_couplings:
        _refuse("index", "true with a free field", 'with sampler = "tensor"')
    if options.uses_couplings:
        needed = options.summands * options.landscape.coupling_bytes()
        if needed > max(options.memory, 2**28):
            free = 'sampler = "free"' if options.model in FREE else "a smaller n"
            _refuse(
                "sampler", f"tensor at n = {options.n}, {needed / 2**30:.3g} GiB", f"{free}; or more memory"
            )


def _start(options: "_Options") -> None:
    if options.start != "equilibrium":
        if options.start_temperature is not None:
            _refuse("start_temperature", options.start_temperature, 'with start = "equilibrium"')
        return
    if options.model not in ISOTROPIC or options.signal is not None:
        _refuse("start", f"equilibrium with model {options.model}", "equilibrium with model pspin")
    covariance = options.covariance
    if covariance.coefficients[1]:
        _refuse("start", f"equilibrium with xi = {covariance}", "xi without degree 1")
    value, least = options.start_temperature, static_transition(covariance).temperature
    if value is None or not _positive(value):
        _refuse("start_temperature", repr(value), "numbers > 0 for an equilibrium start")
    if value <= least:
        _refuse(
            "start_temperature",
            f"{value:g}, at or below the static temperature, where a planted start is no equilibrium",
            f"above {least:.6g}",
        )

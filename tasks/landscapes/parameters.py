"""How a study writes the parameters of a model: readers from TOML values to canonical JSON values. Free of
JAX."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tasks.covariance import MAX_COEFFICIENT, MAX_DEGREE, Covariance, Signal

Reader = Callable[[object], Any]

LEAST_NOISE = 1e-9


@dataclass(frozen=True)
class Parameter:
    """One parameter: ``read`` gives its canonical value or raises ValueError; None as default means
    required. ``help`` and ``kind`` are for options of the command line, where values are text first."""

    read: Reader
    default: Any = None
    help: str = ""
    kind: type[str] | type[int] | type[float] = str


@dataclass(frozen=True)
class Model:
    """A model of the registry: where its `Landscape` class is (``module:Class``), and its parameters by
    name."""

    path: str
    parameters: dict[str, Parameter]


def _shown(value: object) -> str:
    """A value for a message; what is too long or too deep for `str`, by its type."""
    try:
        return str(value)[:60]
    except (ValueError, RecursionError):
        return f"{type(value).__name__} too long to be shown"


def covariance(value: object) -> str:
    """The canonical text of a covariance polynomial."""
    if not isinstance(value, str):
        raise ValueError(f'got {_shown(value)!r}, allowed: text such as "q^3" or "0.5*q^2+0.5*q^3"')
    return str(Covariance.parse(value))


def noise(value: object) -> str:
    """The canonical text of the covariance of a noise, which a signal can't do without."""
    try:
        return covariance(value)
    except ValueError as error:
        raise ValueError(f"{error}; a signal needs noise") from None


def signal(value: object) -> str:
    """The canonical text of a signal polynomial."""
    if not isinstance(value, str):
        raise ValueError(f'got {_shown(value)!r}, allowed: text such as "2*q^3" or "q^2/3+q^3"')
    return str(Signal.parse(value))


def noise_variance(value: object) -> float:
    """A variance above 0."""
    found = variance(value)
    if not LEAST_NOISE <= found <= 1 / LEAST_NOISE:
        allowed = f"from {LEAST_NOISE:g} to {1 / LEAST_NOISE:g} (a signal needs noise)"
        raise ValueError(f"got {found:g}, allowed: a noise variance {allowed}")
    return found


def tensor_degree(value: object) -> int:
    """The degree of a tensor beside a matrix."""
    if isinstance(value, bool) or not isinstance(value, int) or not 3 <= value <= MAX_DEGREE:
        raise ValueError(f"got {_shown(value)!r}, allowed: integers from 3 to {MAX_DEGREE}")
    return value


def variance(value: object) -> float:
    """A variance, from 0."""
    allowed = f"a variance from 0 to {MAX_COEFFICIENT:g}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    # An int too large for a float: compare before converting. NaN compares as false.
    if not 0 <= value <= MAX_COEFFICIENT:
        shown = f"{value:.6g}" if isinstance(value, float) else _shown(value)
        raise ValueError(f"got {shown}, allowed: {allowed}")
    return float(value) + 0.0


def one_of(*allowed: int, why: str) -> Reader:
    """A reader of integers that accepts these only."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise ValueError(f"got {_shown(value)!r}, allowed: {', '.join(map(str, allowed))} ({why})")
        return value

    return read


MOST_FACTORS, LARGEST_RATIO = 8, 1000


def partite_sizes(value: object) -> str:
    """The canonical text of the sizes of several spheres relative to n."""
    allowed = f'text such as "1,1,1": 2 to {MOST_FACTORS} whole numbers from 1 to {LARGEST_RATIO}'
    if not isinstance(value, str) or len(value) > 60:
        raise ValueError(f"got {_shown(value)!r}, allowed: {allowed}")
    sizes = [text.strip() for text in value.split(",")]
    whole = all(text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_RATIO for text in sizes)
    if not whole or not 2 <= len(sizes) <= MOST_FACTORS:
        raise ValueError(f"got {value!r}, allowed: {allowed}")
    return ",".join(str(int(text)) for text in sizes)

"""How a study writes the parameters of a model: readers from TOML values to canonical JSON values. Free of
JAX."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tasks.covariance import MAX_COEFFICIENT, Covariance

Reader = Callable[[object], Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter: ``read`` gives its canonical value or raises ValueError; None as default means
    required."""

    read: Reader
    default: Any = None


@dataclass(frozen=True)
class Model:
    """A model of the registry: where its `Landscape` class is (``module:Class``), and its parameters by
    name."""

    path: str
    parameters: dict[str, Parameter]


def covariance(value: object) -> str:
    """The canonical text of a covariance polynomial."""
    if not isinstance(value, str):
        raise ValueError(f'got {str(value)[:60]!r}, allowed: text such as "q^3" or "0.5*q^2+0.5*q^3"')
    return str(Covariance.parse(value))


def variance(value: object) -> float:
    """A variance, from 0."""
    allowed = f"a variance from 0 to {MAX_COEFFICIENT:g}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"got {str(value)[:60]!r}, allowed: {allowed}")
    if not math.isfinite(value) or not 0 <= value <= MAX_COEFFICIENT:
        raise ValueError(f"got {value:.6g}, allowed: {allowed}")
    return float(value) + 0.0


def one_of(*allowed: int, why: str) -> Reader:
    """A reader of integers that accepts these only."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            raise ValueError(f"got {str(value)[:60]!r}, allowed: {', '.join(map(str, allowed))} ({why})")
        return value

    return read

"""Parameters of a model as a command line gives them: read, completed by defaults, refused with one line."""

from collections.abc import Mapping
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.tasks.landscapes.parameters import Parameter
from morsecensus.tasks.landscapes.registry import MODELS

FLOWING = tuple(name for name, model in MODELS.items() if not model.columns and model.content_of is None)
"""Models whose gradient flow is that of points on spheres, with couplings drawn from a seed."""


def read_parameters(model: str, given: Mapping[str, str | float | None]) -> dict[str, Any]:
    """Return the canonical parameters of a model from what the options of a command gave.

    Raises UsageError for a wrong value, one that is missing, and one that belongs to another model.
    """
    parameters = MODELS[model].parameters
    for name, value in given.items():
        if name not in parameters and value is not None:
            mine = ", ".join(f"--{known}" for known in parameters)
            raise UsageError(f"--{name}: got {shown(value)} with --model {model}, allowed: {mine}")
    return {name: _read(name, parameters[name], given.get(name)) for name in parameters}


def _read(name: str, parameter: Parameter, value: str | float | None) -> Any:
    if value is None:
        if parameter.default is None:
            raise UsageError(f"--{name}: missing, it has no default")
        return parameter.default
    try:
        return parameter.read(value)
    except ValueError as error:
        raise UsageError(f"--{name}: {' '.join(str(error).split())}") from error

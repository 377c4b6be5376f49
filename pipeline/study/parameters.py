"""Parameters of a model as a command line gives them: read, completed by defaults, refused with one line."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.tasks.landscapes.parameters import Parameter
from morsecensus.tasks.landscapes.registry import MODELS


def trained() -> tuple[str, ...]:
    """Return the models, plugins too, whose minima are found by descent and told apart by invariants."""
    return tuple(name for name, model in MODELS.items() if model.trained)


def flowing() -> tuple[str, ...]:
    """Return the models, plugins too, whose flow is that of points on spheres, with couplings from a seed."""
    return tuple(
        name
        for name, model in MODELS.items()
        if model.content_of is None and not model.columns and not model.trained
    )


def check_flowing(model: str, source: str) -> None:
    """Raise UsageError, naming the option or table, for a model on whose landscapes nothing can flow."""
    if model not in flowing():
        raise UsageError(f"{source}: got {shown(model)}, allowed: {', '.join(sorted(flowing()))}")


def check_trained(model: str, source: str, body: str = "") -> None:
    """Raise UsageError, naming the option or table, for a model whose minima aren't sought by descent."""
    if model not in trained():
        raise UsageError(f"{source}: got {shown(model)}{body}, allowed: {', '.join(trained())}")


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


def read_settings(texts: Sequence[str], option: str = "--set") -> dict[str, str]:
    """Return what ``NAME=VALUE`` texts of an option set, as text; raises UsageError."""
    pairs = [text.partition("=") for text in texts]
    found = {name: value for name, equals, value in pairs if equals}
    if len(found) < len(texts):
        raise UsageError(f"{option}: got {shown(' '.join(texts))}, allowed: NAME=VALUE, each name once")
    return found


def _read(name: str, parameter: Parameter, value: str | float | None) -> Any:
    if value is None:
        if parameter.default is None:
            raise UsageError(f"--{name}: missing, it has no default")
        return parameter.default
    if isinstance(value, str):
        with suppress(ValueError):  # text that isn't of its kind is for the reader to refuse
            value = parameter.kind(value)
    try:
        return parameter.read(value)
    except ValueError as error:
        raise UsageError(f"--{name}: {' '.join(str(error).split())}") from error

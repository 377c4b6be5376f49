"""Options of the command line for the parameters of models with a theory, made from the registries."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import typer

from analysis.theories import THEORIES
from pipeline.errors import UsageError, shown
from tasks.landscapes import MODELS
from tasks.landscapes.parameters import Parameter

_PREDICTED = {name: MODELS[name] for name in THEORIES}


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each parameter of each such model, in place of its argument ``given``.

    ``given`` is a dictionary then: name -> what the user wrote, None where nothing.
    """
    names = list(dict.fromkeys(name for model in _PREDICTED.values() for name in model.parameters))
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "given"]
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_option(name), annotation=_kind(name))
        for name in names
    ]

    @wraps(command)
    def with_options(**values: Any) -> Any:
        given = {name: values.pop(name) for name in names}
        return command(given=given, **values)

    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    with_options.__signature__ = inspect.Signature([*keyword, *options])  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in [*keyword, *options]}
    return with_options


def _kind(name: str) -> Any:
    kinds = {model.parameters[name].kind for model in _PREDICTED.values() if name in model.parameters}
    assert len(kinds) == 1, f"models differ in the kind of {name}"
    return kinds.pop() | None


def _option(name: str) -> Any:
    """The help of each model that has it, and what it is if not given."""
    texts: dict[str, list[str]] = {}
    for model, known in _PREDICTED.items():
        if name in known.parameters:
            parameter = known.parameters[name]
            default = "" if parameter.default is None else f"; {parameter.default} if not given"
            texts.setdefault(f"{parameter.help}{default}.", []).append(model)
    shown = " ".join(f"{', '.join(models)}: {text}" for text, models in texts.items())
    return typer.Option(None, f"--{name.replace('_', '-')}", help=shown)


def read_parameters(model: str, given: Mapping[str, str | float | None]) -> dict[str, Any]:
    """Return the canonical parameters of a model from what `model_options` gave.

    Raises UsageError for a wrong value, one that is missing, and one that belongs to another model.
    """
    parameters = MODELS[model].parameters
    for name, value in given.items():
        if name not in parameters and value is not None:
            mine = ", ".join(f"--{known}" for known in parameters)
            raise UsageError(f"--{name}: got {shown(value)} with --model {model}, allowed: {mine}")
    return {name: _read(name, parameters[name], given[name]) for name in parameters}


def _read(name: str, parameter: Parameter, value: str | float | None) -> Any:
    if value is None:
        if parameter.default is None:
            raise UsageError(f"--{name}: missing, it has no default")
        return parameter.default
    try:
        return parameter.read(value)
    except ValueError as error:
        raise UsageError(f"--{name}: {' '.join(str(error).split())}") from error

"""Options of the command line for the parameters of models, made from the registries."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import typer

from morsecensus.pipeline.cli.console import user_errors
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.parameters import read_settings
from morsecensus.tasks.landscapes.parameters import Model
from morsecensus.tasks.landscapes.registry import MODELS

_MORE = typer.Option(None, "--set", metavar="NAME=VALUE", help="A parameter of a plugin's model.")


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`options_of` the models with a theory."""
    return options_of(name for name, model in MODELS.items() if model.theory is not None)(command)


def options_of(models: Iterable[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command an option for each parameter of each of these models, in place of its argument
    ``given``.

    ``given`` is a dictionary then: name -> what the user wrote, None where nothing.
    """
    known = {name: MODELS[name] for name in models}
    return lambda command: _with_options(command, known)


def _with_options(command: Callable[..., Any], models: dict[str, Model]) -> Callable[..., Any]:
    names = list(dict.fromkeys(name for model in models.values() for name in model.parameters))
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "given"]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_option(name, models),
            annotation=_kind(name, models),
        )
        for name in names
    ]
    if any(p.name == "plugin" for p in own):
        kind = list[str] | None
        options.append(
            inspect.Parameter("more", inspect.Parameter.KEYWORD_ONLY, default=_MORE, annotation=kind)
        )

    @wraps(command)
    def with_options(**values: Any) -> Any:
        given = {name: values.pop(name) for name in names}
        with user_errors():
            more = read_settings(values.pop("more", None) or [])
            for name in more:
                if given.get(name) is not None:
                    raise UsageError(f"--{name}: given, and again by --set, allowed: once")
        given |= more
        return command(given=given, **values)

    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    with_options.__signature__ = inspect.Signature([*keyword, *options])  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in [*keyword, *options]}
    return with_options


def _kind(name: str, models: dict[str, Model]) -> Any:
    kinds = {model.parameters[name].kind for model in models.values() if name in model.parameters}
    assert len(kinds) == 1, f"models differ in the kind of {name}"
    return kinds.pop() | None


def _option(name: str, models: dict[str, Model]) -> Any:
    """The help of each model that has it, and what it is if not given."""
    texts: dict[str, list[str]] = {}
    for model, known in models.items():
        if name in known.parameters:
            parameter = known.parameters[name]
            default = "" if parameter.default in (None, "") else f"; {parameter.default} if not given"
            texts.setdefault(f"{parameter.help}{default}.", []).append(model)
    shown = " ".join(f"{', '.join(models)}: {text}" for text, models in texts.items())
    return typer.Option(None, f"--{name.replace('_', '-')}", help=shown)

"""What there is to choose from: models with their parameters, finders with their options."""

import dataclasses
from typing import Any

from morsecensus.pipeline.study.census import AUTO
from morsecensus.pipeline.study.docs import field_docs
from morsecensus.pipeline.study.parameters import flowing
from morsecensus.tasks.finders.choose import FINDERS
from morsecensus.tasks.landscapes.registry import MODELS

Row = dict[str, Any]


def models() -> list[Row]:
    """Return, of each registered model, its parameters, whether there is a theory, and its bodies."""
    return [
        {
            "model": name,
            "theory": model.theory is not None,
            "dynamics": name in flowing(),
            "least_n": model.least_n,
            "parameters": [
                {
                    "name": each,
                    "type": one.kind.__name__,
                    "default": one.default,
                    "required": one.default is None,
                    "help": one.help,
                }
                for each, one in model.parameters.items()
            ],
        }
        for name, model in MODELS.items()
    ]


def model_rows(found: list[Row]) -> list[Row]:
    """Return `models` as lines of a table, one a parameter."""
    return [
        {
            "model": one["model"],
            "parameter": each["name"],
            "if not given": "required" if each["required"] else default_text(each["default"]),
            "meaning": each["help"],
        }
        for one in found
        for each in one["parameters"]
    ]


def finders() -> list[Row]:
    """Return, of each finder, what it does and its options."""
    return [
        {
            "finder": name,
            "about": _about(finder.options),
            "options": [
                {
                    "name": one.name,
                    "type": getattr(one.type, "__name__", str(one.type)),
                    "default": one.default,
                    "meaning": field_docs(finder.options).get(one.name, ""),
                }
                for one in dataclasses.fields(finder.options)
            ],
        }
        for name, finder in FINDERS.items()
    ]


def _about(options: type[Any]) -> str:
    """The first sentence of what is said of a finder's options."""
    return f"{' '.join((options.__doc__ or '').split()).partition('. ')[0].rstrip('.')}."


def option_rows(found: Row) -> list[Row]:
    """Return the options of a finder as lines of a table."""
    return [
        {"option": one["name"], "if not given": default_text(one["default"]), "meaning": one["meaning"]}
        for one in found["options"]
    ]


AUTO_LINE = (
    f"{AUTO}: the finder that is worth its cost, chosen for each model and n; `morsecensus plan` says which"
)


def default_text(value: object) -> str:
    """A default as a study would have it."""
    return '""' if value == "" else f"{value:g}" if isinstance(value, float) else str(value)

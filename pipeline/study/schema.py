"""The JSON Schema of a study, from the tables that check it: editors complete and check with it.

A table is one object: what any model and body may have, for completion, and below it a condition for each of
them, so that what is wrong is said of the table that was meant.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from morsecensus.pipeline.study.about import ORCID, About, Creator
from morsecensus.pipeline.study.cells import table_of
from morsecensus.pipeline.study.census import FINDERS, KNOWN_FINDERS
from morsecensus.pipeline.study.checked import Checked
from morsecensus.pipeline.study.docs import field_docs
from morsecensus.pipeline.study.faults import KINDS
from morsecensus.pipeline.study.networks import INNER, NETWORKS, NetworkTable
from morsecensus.pipeline.study.parameters import flowing, trained
from morsecensus.pipeline.study.study import TABLES, Head
from morsecensus.pipeline.study.trajectories import CONCERNS, TRAJECTORIES
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.words import ALGORITHMS, SAMPLERS, SAMPLINGS, STARTS
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.words import ACTIVATIONS, DATA, LABELS, PRECISIONS
from morsecensus.tasks.networks.words import ALGORITHMS as TRAINED_BY

Schema = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"
"""What Taplo and VS Code's TOML extension read."""
TITLE = "A study of morsecensus"
USUAL_MODEL, USUAL_FINDER = "pspin", "multistart"


def study_schema() -> Schema:
    """Return the schema of a study, with every model that is registered."""
    head = _plain(Head.model_json_schema())
    names = {"name": {**head["properties"]["name"], "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"}}
    items = {kind: network_schema() if kind == NETWORKS else _table(kind) for kind in TABLES}
    tables = {kind: {"type": "array", "minItems": 1, "items": one} for kind, one in items.items()}
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "type": "object",
        "properties": _described(head["properties"] | names | tables | {"about": _about()}, field_docs(Head)),
        "required": ["name", "seed"],
        "anyOf": [{"required": [kind]} for kind in TABLES],
        "additionalProperties": False,
    }


def _about() -> Schema:
    """Of ``[about]``."""
    about, creator = _closed(About), _closed(Creator)
    creator["properties"]["orcid"]["pattern"] = f"^{ORCID.pattern}$"
    about["properties"]["creators"]["items"] = creator | {"required": ["name"]}
    return about


def _closed(kind: type[Checked]) -> Schema:
    # one by one, for a key may be called title
    made = {name: _plain(one) for name, one in kind.model_json_schema()["properties"].items()}
    described = _described(made, field_docs(kind))
    return {"type": "object", "properties": described, "additionalProperties": False}


def network_schema() -> Schema:
    """Of ``[[networks]]``."""
    table = _closed(NetworkTable)
    properties = _described(table["properties"], field_docs(NetworkOptions) | field_docs(NetworkTable))
    allowed = {"data": DATA, "labels": LABELS, "algorithm": TRAINED_BY, "activation": ACTIVATIONS}
    for name, choices in (allowed | {"precision": PRECISIONS}).items():
        properties[name] = properties[name] | {"enum": list(choices)}
    for name, kind in INNER.items():
        properties[name] = _closed(kind) | {"description": properties[name]["description"]}
    required = [name for name, field in NetworkTable.model_fields.items() if field.is_required()]
    return table | {"properties": properties, "required": required}


def _table(kind: str) -> Schema:
    """Of ``[[cells]]`` or ``[[trajectories]]``."""
    usual, bodies = TABLES[kind]
    whole: Schema = {}
    conditions = []
    for body in bodies:
        for model in _models(body):
            own = table_schema(body, model)
            whole = own["properties"] | whole
            words = {"model": (model, USUAL_MODEL), "body": (body, usual)}
            conditions.append({"if": _is(words), "then": own | {"additionalProperties": False}})
    # A model of a plugin isn't among those, and its parameters are for the program to check.
    whole["model"] = {"anyOf": [{"enum": list(MODELS)}, {"type": "string"}], "default": USUAL_MODEL}
    whole["body"] = {"enum": list(bodies), "default": usual}
    words = {name: whole[name] for name in ("model", "body")}
    if "census" in bodies:
        conditions.append({"if": _is({"body": ("census", usual)}), "then": {"allOf": list(_finders())}})
    said = {name: {key: one[key] for key in ("description",) if key in one} for name, one in whole.items()}
    return {
        "type": "object",
        "properties": said | _described(words, field_docs(KINDS[usual])),
        "required": ["n", "landscapes"],
        "allOf": conditions,
    }


def _models(body: str) -> tuple[str, ...]:
    return {"census": tuple(MODELS), "shares": trained()}.get(body) or flowing()


def _is(words: Mapping[str, tuple[str, str]]) -> Schema:
    """That keys have these values; a key may be left out where its value is the usual one."""
    return {
        "properties": {name: {"const": word} for name, (word, _) in words.items()},
        "required": [name for name, (word, usual) in words.items() if word != usual],
    }


def table_schema(body: str, model: str) -> Schema:
    """The table of a body and a model."""
    kind = KINDS[body]
    made = _plain(table_of(kind, model).model_json_schema())
    properties = made["properties"] | {"model": {"const": model}, "body": {"const": body}}
    if body == TRAJECTORIES:
        properties |= _trajectory_words(properties)
    docs = _trajectory_docs() if body == TRAJECTORIES else {}
    docs |= field_docs(kind) | {name: one.help for name, one in MODELS[model].parameters.items()}
    properties = _described(properties, docs)
    required = [name for name in made["required"] if name != "model"]
    if body == "census":
        properties["finder"] |= {"enum": list(FINDERS)}
    return {"properties": properties, "required": required}


def _finders() -> Iterator[Schema]:
    """For each finder the options that it has."""
    for finder, known in KNOWN_FINDERS.items():
        options = {
            "type": "object",
            "properties": option_schemas(known.options),
            "additionalProperties": False,
        }
        yield {"if": _is({"finder": (finder, USUAL_FINDER)}), "then": {"properties": {"options": options}}}


NAMES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def option_schemas(kind: type[Any]) -> dict[str, Schema]:
    """Of each option of a finder: its type, what it is if not given, what is said of it."""
    docs = field_docs(kind)
    return _described(
        {one.name: {"type": NAMES[one.type], "default": one.default} for one in dataclasses.fields(kind)},
        docs,
    )


def _trajectory_words(properties: Mapping[str, Schema]) -> dict[str, Schema]:
    """Values that `TrajectoryOptions` judges; the table itself only unpacks them."""
    number: Schema = {"type": "number"}
    words = {"algorithm": ALGORITHMS, "sampling": SAMPLINGS}
    swept = {name: _swept({"enum": list(values)}) for name, values in words.items()}
    swept |= {name: _swept(number) for name in ("start_temperature", "overlap", "temperature")}
    swept |= {"step": _swept({"type": ["number", "string"]}), "summands": _swept({"type": "integer"})}
    swept |= {"start": {"enum": list(STARTS)}, "sampler": {"enum": list(SAMPLERS)}}
    swept |= {"looks": {"anyOf": [{"type": "integer"}, {"type": "array", "items": number}]}}
    swept |= {"n": _swept({"type": ["number", "string"]})}
    return {name: _keep(properties[name], one) for name, one in swept.items()}


def _swept(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _keep(made: Schema, one: Schema) -> Schema:
    return one | ({"default": made["default"]} if "default" in made else {})


def _trajectory_docs() -> dict[str, str]:
    docs = field_docs(TrajectoryOptions)
    several = {name: algorithms for name, algorithms in CONCERNS.items() if algorithms != ALGORITHMS}
    only = {name: f"With {', '.join(algorithms)}." for name, algorithms in several.items()}
    return only | {
        name: " ".join(dict.fromkeys((text, only.get(name, "")))).strip() for name, text in docs.items()
    }


def _described(properties: Mapping[str, Schema], docs: Mapping[str, str]) -> dict[str, Schema]:
    return {
        name: one | ({"description": docs[name]} if docs.get(name) else {})
        for name, one in properties.items()
    }


def _plain(value: Any) -> Any:
    """A schema of pydantic without titles, and without null, which TOML has not."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(one) for key, one in value.items() if key not in ("title", "description", "$defs")}
    if isinstance(kept.get("default"), list) and len(kept["default"]) == 1:  # of a sweep of one value
        (kept["default"],) = kept["default"]
    if kept.get("default", 0) is None:
        del kept["default"]
    choices = [one for one in kept.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1 and "anyOf" in kept:
        del kept["anyOf"]
        return choices[0] | kept
    return kept | ({"anyOf": choices} if choices else {})

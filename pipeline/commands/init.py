"""``morsecensus init``: a commented study to begin with, written from the schema that checks it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError, require_new, shown
from morsecensus.pipeline.plugins import is_known
from morsecensus.pipeline.study.cells import table_of
from morsecensus.pipeline.study.checked import NAME, meant
from morsecensus.pipeline.study.schema import KINDS, TITLE, Schema, study_schema, table_schema
from morsecensus.tasks.landscapes.registry import MODELS

SCHEMA_FILE = "study.schema.json"
HEAD_LINE = f"#:schema ./{SCHEMA_FILE}\n"
"""What editors look for in the first line of a TOML file."""
FIRST: dict[str, Any] = {
    "n": "4:6",
    "landscapes": 100,
    "xi": "q^3",
    "signal": "q^3",
    "kernel": "q^3",
    "law": "rademacher",
    "delta2": 0.5,
    "deltap": 1.0,
    "file": "couplings.npz",
}
"""What a first study has where there is no default."""
GIVEN_N = 4
OPTION = "max_rounds = 48"
ABOUT = {
    "title": '"Critical points of ..."',
    "creators": '[{ name = "Given Family", orcid = "0000-0002-1825-0097" }]',
    "licence": '"CC-BY-4.0"',
    "funding": '["Agency, grant number"]',
    "keywords": '["spin glass"]',
    "references": '["https://doi.org/..."]',
}
"""Of ``[about]``; the ORCID is the example of orcid.org's own documentation."""


def study_text(name: str, model: str) -> str:
    """Return a study of one model: what its cells must say, and what they may say as comments.

    Raises UsageError for a name or a model that can't be.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"--out: got the name {shown(name)}, allowed: 64 letters, digits, '.', '_' or '-'")
    if not is_known(model):
        known = ", ".join(sorted(MODELS))
        raise UsageError(f"--model: got {shown(model)}, allowed: {known}{meant(model, MODELS)}")
    lines = [
        f"name = {json.dumps(name)}  # its store is runs/{name}",
        "seed = 1  # everything random follows from it",
        "",
        *_about(),
        "",
        "[[cells]]  # one table or more; a list of values is a sweep",
        *_keys(model),
    ]
    return HEAD_LINE + "\n".join(lines) + "\n"


def _about() -> Iterator[str]:
    yield "# [about]  # what a published dataset says of itself; none of it changes a number"
    for name, schema in study_schema()["properties"]["about"]["properties"].items():
        yield f"# {name} = {ABOUT[name]}  # {schema['description']}"


def _keys(model: str) -> Iterator[str]:
    body = "shares" if MODELS[model].trained else "census"
    table, fields = table_schema(body, model), table_of(KINDS[body], model).model_fields
    order = ["model", *MODELS[model].parameters, "n", "landscapes"]
    if body != "census":
        yield f"body = {json.dumps(body)}"
    for name in [*order, *(name for name in fields if name not in order)]:
        if name not in ("body", "options"):
            yield _key(name, table["properties"][name], model, needed=name in ("model", *table["required"]))
    if body == "census":
        yield f"# options = {{ {OPTION} }}  # of the finder: `morsecensus finders` lists what each has"


def _key(name: str, schema: Schema, model: str, *, needed: bool) -> str:
    said = f"  # {schema['description']}" if "description" in schema else ""
    if needed:
        first = {**FIRST, "model": model}
        if MODELS[model].content_of is not None:
            first["n"] = GIVEN_N
        return f"{name} = {json.dumps(first.get(name, 'FILL IN'))}{said}"
    value = schema.get("default")
    return f"# {name} = {'...' if value is None else json.dumps(value)}{said}"


def write_study(out: Path, model: str) -> list[Path]:
    """Write a study and its schema beside it; raises UsageError if it is there already."""
    check_schema(out.parent)
    return [*write_texts({out: study_text(out.stem, model)}), write_schema(out.parent)]


def write_texts(texts: dict[Path, str]) -> list[Path]:
    """Write files that aren't there yet, all or none; raises UsageError."""
    for path in texts:
        require_new(path)
    for path, text in texts.items():
        _write(path, text)
    return list(texts)


def check_schema(folder: Path) -> Path:
    """Return where the schema of studies goes; raises UsageError if something else has its name."""
    path = folder / SCHEMA_FILE
    if path.exists() and not (path.is_file() and TITLE in path.read_text(errors="replace")[:500]):
        raise UsageError(f"--out: {path} is there already and isn't ours: choose another folder")
    return path


def write_schema(folder: Path) -> Path:
    """Write the schema of studies into a folder, in place of an earlier one; raises as `check_schema`."""
    path = check_schema(folder)
    _write(path, schema_text())
    return path


def schema_text() -> str:
    """Return the schema as a file."""
    return json.dumps(study_schema(), indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out: cannot write {path}: {error.strerror or error}") from error

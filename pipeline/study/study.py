"""A study as the user writes it in TOML: validated, expanded into cells, refused with one line."""

import dataclasses
import functools
import itertools
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model
from pydantic_core import ErrorDetails

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity, is_known
from morsecensus.pipeline.study.inputs import check_held, resolve
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.tasks.finders.options import OPTIONS
from morsecensus.tasks.landscapes.parameters import Parameter
from morsecensus.tasks.landscapes.registry import MODELS

MAX_BYTES = 2**17
MAX_KEY_PARTS = 16
"""The parser takes time that grows with the square of a key's parts, as in a.b.c."""
MAX_CELLS = 1000
MAX_LANDSCAPES = 10**7
MAX_BLOCK = 2**15  # the slot of a row within its block is 16 bits
MAX_OPTION = 2**53  # far beyond any budget, and every integer up to it is a double
AUTO = "auto"
"""Not a finder: stands for the one that `tasks.finders.choose.choose` takes for each model and n."""
FINDERS = (AUTO, *sorted(OPTIONS))
_Kind = TypeVar("_Kind", bound=BaseModel)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# Also seen inside texts and comments, where nobody writes so many. Without the look-behind, a long word
# would be tried from each of its letters.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_KEY_PARTS}}}", re.ASCII)


def _name(value: object) -> object:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"got {shown(value)}, allowed: 1 to 64 letters, digits, '.', '_' or '-'")
    return value


def _integers(least: int) -> Callable[[object], tuple[int, ...]]:
    return lambda value: parse_integers(value, minimum=least)


def _several(value: object) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_CELLS:
        raise ValueError(f"got a list of {len(values)}, allowed: 1 to {MAX_CELLS} values")
    return values


def _topology(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if value == "components":
        return "components"
    raise ValueError(f'got {shown(value)}, allowed: true, false, or "components" for H_0 and its dual')


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CellTable(_Table):
    """What every model's ``[[cells]]`` table has; a model adds its parameters, see `table_of`."""

    model: str
    n: Annotated[tuple[int, ...], BeforeValidator(_integers(2))]
    landscapes: int = Field(ge=1, le=MAX_LANDSCAPES)
    block: int | None = Field(default=None, ge=1, le=MAX_BLOCK)
    finder: str = "multistart"
    positions: bool = False
    spectra: bool = True
    topology: Annotated[bool | str, BeforeValidator(_topology)] = False
    options: dict[str, Any] = Field(default_factory=dict)


def table_of(model: str) -> type[CellTable]:
    """The ``[[cells]]`` table of a model: its parameters, each one value or a list to sweep."""
    return _table(model, MODELS[model].digest)


@functools.cache
def _table(model: str, digest: str) -> type[CellTable]:

    def field(parameter: Parameter) -> Any:
        kind = Annotated[tuple[Any, ...], BeforeValidator(_swept(parameter))]
        return (kind, Field()) if parameter.default is None else (kind, (parameter.default,))

    fields = {name: field(parameter) for name, parameter in MODELS[model].parameters.items()}
    fields["n"] = (Annotated[tuple[int, ...], BeforeValidator(_integers(MODELS[model].least_n))], Field())
    return create_model(f"{model}_table", __base__=CellTable, **fields)


def _swept(parameter: Parameter) -> Callable[[object], tuple[Any, ...]]:
    return lambda value: tuple(parameter.read(each) for each in _several(value))


def _grid(cell: CellTable) -> Iterator[dict[str, Any]]:
    """Yield the model's parameters, one dictionary per point of the sweep."""
    names = list(MODELS[cell.model].parameters)
    for values in itertools.product(*(getattr(cell, name) for name in names)):
        yield dict(zip(names, values, strict=True))


class _Head(_Table):
    name: Annotated[str, BeforeValidator(_name)]
    seed: int = Field(ge=0, lt=2**63)
    cells: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_CELLS)


@dataclasses.dataclass(frozen=True)
class StudyCell:
    """One point of a study's grid. ``where`` is what the user wrote it in, for messages.

    ``finder_choice`` says why an `AUTO` finder became the one of the spec; it is no part of what the cell
    is, so that naming the finder gives the same cell.
    """

    where: str
    spec: Mapping[str, Any]
    landscapes: int
    finder_choice: str | None = None


@dataclasses.dataclass(frozen=True)
class Study:
    """A validated study."""

    name: str
    seed: int
    cells: tuple[StudyCell, ...]
    source: str = "study"

    def to_record(self) -> dict[str, Any]:
        """Return the study in normal form, as run.json keeps it."""
        cells = [
            {"spec": dict(cell.spec), "landscapes": cell.landscapes}
            | ({} if cell.finder_choice is None else {"finder_choice": cell.finder_choice})
            for cell in self.cells
        ]
        return {"name": self.name, "seed": self.seed, "cells": cells}


def read_study(path: Path) -> Study:
    """Read a study; raises UsageError, one line, for everything that may be wrong with it."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot read the study: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: got more than {MAX_BYTES} bytes, allowed: a study of at most that size")
    try:
        text = data.decode()
        if _LONG_KEY.search(text):
            raise ValueError(f"a key of more than {MAX_KEY_PARTS} parts")
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {' '.join(str(error).split())[:200]}") from error
    return parse_study(content, str(path), path.parent)


def parse_study(content: Mapping[str, Any], source: str = "study", folder: Path = Path()) -> Study:
    """Return the study of a dictionary such as TOML gives; raises UsageError.

    Args:
        source: what messages call it.
        folder: where relative names of files begin.
    """
    head = _validated(_Head, content, source, "")
    cells: list[StudyCell] = []
    seen: dict[str, str] = {}
    for number, table in enumerate(head.cells):
        where = f"cells[{number}]"
        for cell in _cells_of(table, head.seed, f"{source}: {where}", where, folder):
            key = repr(sorted(cell.spec.items(), key=str))
            if key in seen:
                raise UsageError(
                    f"{source}: {where}: the same cell as in {seen[key]}, allowed: each one once"
                )
            seen[key] = where
            cells.append(cell)
            if len(cells) > MAX_CELLS:
                raise UsageError(f"{source}: cells: got more than {MAX_CELLS}, allowed: at most {MAX_CELLS}")
    return Study(head.name, head.seed, tuple(cells), source)


def _cells_of(table: dict[str, Any], seed: int, source: str, where: str, folder: Path) -> Iterator[StudyCell]:
    model = table.get("model", "pspin")
    if not isinstance(model, str) or not is_known(model):
        raise UsageError(f"{source}.model: got {shown(model)}, allowed: {', '.join(sorted(MODELS))}")
    cell = _validated(table_of(model), {"model": model, **table}, source, ".")
    if cell.finder not in FINDERS:
        raise UsageError(f"{source}.finder: got {shown(cell.finder)}, allowed: {', '.join(FINDERS)}")
    if cell.finder == AUTO and cell.options:
        raise UsageError(
            f"{source}.options: got {_listed(cell.options)}, allowed: none with finder {AUTO}; name the "
            "finder that they are for"
        )
    for written, n in itertools.product(_grid(cell), cell.n):
        parameters, block = _content(cell, written, n, source, folder)
        finder, why = cell.finder, None
        if finder == AUTO:
            finder, why = _chosen(model, parameters, n, source)
        spec = {
            "model": model,
            "parameters": parameters,
            "n": n,
            "seed": seed,
            "finder": finder,
            "finder_options": finder_options(finder, cell.options, f"{source}.options"),
            "block_size": block,
            "positions": cell.positions,
            "spectra": cell.spectra,
            "topology": cell.topology,
            **identity(model),
        }
        yield StudyCell(where, spec, cell.landscapes, why)


def _content(
    cell: CellTable, written: Mapping[str, Any], n: int, source: str, folder: Path
) -> tuple[Mapping[str, Any], int]:
    """The parameters as a cell has them, a file's content in place of its name, and its block."""
    try:
        parameters = resolve(cell.model, written, n, folder)
        if "held" in parameters:
            check_held(parameters["held"], cell.landscapes)
        return parameters, cell.block or default_block(mean_size(cell.model, parameters, n))
    except ValueError as error:
        raise UsageError(f"{source}.{' '.join(str(error).split())}") from error


def _chosen(model: str, parameters: Mapping[str, Any], n: int, source: str) -> tuple[str, str]:
    """The finder that `AUTO` stands for, and why. Loads JAX, and nothing else here does."""
    from morsecensus.tasks.finders.choose import choose
    from morsecensus.tasks.landscapes.base import build

    try:
        return choose(build(model, parameters, n))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{source}: n = {n}: {' '.join(str(error).split())}") from error


def mean_size(model: str, parameters: Mapping[str, Any], n: int) -> int:
    """Return the mean size of a cell's spheres, rounded up: n, unless they differ or n is only their unit."""
    sizes = [int(size) for size in parameters["sizes"].split(",")] if "sizes" in parameters else [1]
    # What a file's content is like has its own sizes already.
    unit = 1 if "sizes" in parameters and MODELS[model].content_of else n
    return -(-unit * sum(sizes) // len(sizes))


def default_block(n: int) -> int:
    """Return the landscapes per block: a fixed table of n, never of how many landscapes there are.

    Measured to take 1 to 3 s for p = 3 and its mixtures, in sizes that divide round numbers of landscapes.
    """
    return next((size for limit, size in ((6, 50), (8, 25), (10, 10), (12, 4), (16, 2)) if n <= limit), 1)


def finder_options(finder: str, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return all options of a finder, defaults included; raises UsageError for unknown or wrong ones."""
    kind = OPTIONS[finder]
    known = {field.name: field for field in dataclasses.fields(kind)}
    for key, value in given.items():
        if key not in known:
            raise UsageError(f"{where}: unknown key {shown(key)}, allowed: {', '.join(known)}")
        wanted = known[key].type
        if type(value) is int and abs(value) > MAX_OPTION:
            raise UsageError(f"{where}.{key}: got {shown(value)}, allowed: integers up to {MAX_OPTION}")
        if wanted is float and type(value) is int:
            value = float(value)
        if wanted is str:
            continue  # one of a few words, which its finder knows
        if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
            name = getattr(wanted, "__name__", wanted)
            raise UsageError(f"{where}.{key}: got {shown(value)}, allowed: {name}")
    converted: dict[str, Any] = {k: float(v) if known[k].type is float else v for k, v in given.items()}
    try:
        return dataclasses.asdict(kind(**converted))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{where}.{' '.join(str(error).split())}") from error


def _validated(kind: type[_Kind], content: Any, source: str, separator: str) -> _Kind:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UsageError(f"{source}{_line(found[0], kind, separator)}{more}") from None


def _line(error: ErrorDetails, kind: type[BaseModel], separator: str) -> str:
    """Return one pydantic error as ``.field: got ..., allowed: ...``."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{shown_key(p)}" for p in error["loc"]).lstrip(".")
    start = f"{separator}{path}" if separator else f": {path}"
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(kind.model_fields)
        return f"{start}: unknown key, allowed: {allowed}"
    if error["type"] == "missing":
        return f"{start}: missing, it has no default"
    message = " ".join(str(error["msg"]).removeprefix("Value error, ").split())
    if error["type"] == "value_error":
        return f"{start}: {message}"
    message = message.removeprefix("Input should be ").removeprefix("a valid ")
    return f"{start}: got {shown(error['input'])}, allowed: {message}"


def _listed(keys: Collection[str], most: int = 5) -> str:
    more = ", ..." if len(keys) > most else ""
    return ", ".join(map(shown_key, itertools.islice(keys, most))) + more


def shown_key(key: str) -> str:
    """Return a key as it may stand in a message."""
    return key if _NAME.fullmatch(key) else shown(key)

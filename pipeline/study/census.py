"""Cells of a study whose body is the census: finders with their options, and what is kept."""

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.study.cells import CellTable, StudyCell, grid, table_of
from morsecensus.pipeline.study.checked import Fault, StudyError, faults_of, listed, meant, validated
from morsecensus.pipeline.study.inputs import check_held, resolve
from morsecensus.tasks.finders.choose import FINDERS as KNOWN_FINDERS
from morsecensus.tasks.finders.options import BOUNDARIES
from morsecensus.tasks.landscapes.registry import MODELS

MAX_OPTION = 2**53  # far beyond any budget, and every integer up to it is a double
AUTO = "auto"
"""Not a finder: stands for the one that `tasks.finders.choose.choose` takes for each model and n."""
FINDERS = (AUTO, *sorted(KNOWN_FINDERS))


Topology = bool | Literal["components"]


def _topology(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if value == "components":
        return "components"
    raise ValueError(f'got {shown(value)}, allowed: true, false, or "components" for H_0 and its dual')


def _finder(value: object) -> object:
    if value not in FINDERS:
        raise ValueError(f"got {shown(value)}, allowed: {', '.join(FINDERS)}{meant(value, FINDERS)}")
    return value


class CensusTable(CellTable):
    """A ``[[cells]]`` table of the census."""

    finder: Annotated[str, BeforeValidator(_finder)] = "multistart"
    """How points are found: `morsecensus finders` lists them; auto chooses by cost."""
    positions: bool = False
    """Whether the positions of points are kept."""
    spectra: bool = True
    """Whether the Hessian's spectrum at every point is kept."""
    topology: Annotated[bool | str, BeforeValidator(_topology, json_schema_input_type=Topology)] = False
    """Gradient lines and persistence: all, or "components" for H_0 and its dual alone."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Budgets and tolerances of the finder: `morsecensus finders` lists them."""


def census_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    try:
        cell = validated(table_of(CensusTable, model), {"model": model, **table}, source, ".")
    except StudyError as error:
        raise StudyError([*error.faults, *_faults_of_options(table, source)]) from None
    if cell.finder == AUTO and cell.options:
        raise UsageError(
            f"{source}.options: got {listed(cell.options)}, allowed: none with finder {AUTO}; name the "
            "finder that they are for"
        )
    for parameters, n in _places(cell, source, folder):
        finder, why = cell.finder, None
        if finder == AUTO:
            finder, why = chosen(model, parameters, n, f"{source}: n = {n}")
        options = finder_options(finder, cell.options, f"{source}.options")
        _check_topology(cell.topology, finder, options, source)
        spec = {
            "model": model,
            "parameters": parameters,
            "n": n,
            "seed": seed,
            "finder": finder,
            "finder_options": options,
            "block_size": cell.block or default_block(mean_size(model, parameters, n)),
            "positions": cell.positions,
            "spectra": cell.spectra,
            "topology": cell.topology,
            **identity(model),
        }
        yield StudyCell(where, spec, cell.landscapes, why)


def _faults_of_options(table: Mapping[str, Any], source: str) -> tuple[Fault, ...]:
    """What is wrong with the options of a table in which something else is wrong too."""
    finder, options = table.get("finder", "multistart"), table.get("options", {})
    if not isinstance(finder, str) or finder not in KNOWN_FINDERS or not isinstance(options, Mapping):
        return ()
    try:
        finder_options(finder, options, f"{source}.options")
    except UsageError as error:
        return faults_of(error)
    return ()


def _places(cell: CensusTable, source: str, folder: Path) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The points of a table's grid: parameters and n."""
    for written in grid(cell):
        for n in cell.n:
            yield _content(cell, written, n, source, folder), n


def chosen(model: str, parameters: Mapping[str, Any], n: int, where: str) -> tuple[str, str]:
    """The finder that `AUTO` stands for, and why. Loads JAX, and nothing else here does."""
    from morsecensus.tasks.finders.choose import choose
    from morsecensus.tasks.landscapes.base import build

    try:
        return choose(build(model, parameters, n))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{where}: {' '.join(str(error).split())}") from error


def _check_topology(topology: bool | str, finder: str, options: Mapping[str, Any], source: str) -> None:
    """Boundary d_k takes all points of index 0 to k: refuse what a search of low indices leaves without."""
    if not KNOWN_FINDERS[finder].bottom or BOUNDARIES[topology] <= options["max_index"]:
        return
    highest = options["max_index"]
    allowed = ", ".join(json.dumps(known) for known, degree in BOUNDARIES.items() if degree <= highest)
    raise UsageError(
        f"{source}.topology: got {json.dumps(topology)} with max_index = {highest}, allowed: {allowed}; "
        f"{json.dumps(topology)} needs max_index {BOUNDARIES[topology]}"
    )


def _content(
    cell: CellTable, written: Mapping[str, Any], n: int, source: str, folder: Path
) -> Mapping[str, Any]:
    """Return the parameters as a cell has them, a file's content in place of its name."""
    try:
        parameters = resolve(cell.model, written, n, folder)
        if "held" in parameters:
            check_held(parameters["held"], cell.landscapes)
        return parameters
    except ValueError as error:
        raise UsageError(f"{source}.{' '.join(str(error).split())}") from error


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


def finder_options(finder: str, given: Mapping[str, Any], where: str, dot: str = ".") -> dict[str, Any]:
    """Return all options of a finder, defaults included; raises UsageError for unknown or wrong ones.

    Args:
        where: what messages call the table that they stand in, ``dot`` what joins that and a name.
    """
    kind = KNOWN_FINDERS[finder].options
    known = {field.name: field for field in dataclasses.fields(kind)}
    if faults := [f for key, value in given.items() if (f := _fault(key, value, known, where, dot))]:
        raise StudyError(faults)
    converted: dict[str, Any] = {k: float(v) if known[k].type is float else v for k, v in given.items()}
    try:
        return dataclasses.asdict(kind(**converted))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{where}{dot}{' '.join(str(error).split())}") from error


def _fault(key: str, value: Any, known: Mapping[str, Any], where: str, dot: str) -> Fault | None:
    """What is wrong with one option; None if nothing is."""
    if key not in known:
        allowed = ", ".join(known)
        return Fault(f"{where}: unknown key {shown(key)}{meant(key, known)}, allowed: {allowed}", True)
    wanted = known[key].type
    if type(value) is int and abs(value) > MAX_OPTION:
        return Fault(f"{where}{dot}{key}: got {shown(value)}, allowed: integers up to {MAX_OPTION}")
    if wanted is float and type(value) is int:
        value = float(value)
    if wanted is str:
        return None  # one of a few words, which its finder knows
    if type(value) is not wanted or (wanted is float and not math.isfinite(value)):
        name = getattr(wanted, "__name__", wanted)
        return Fault(f"{where}{dot}{key}: got {shown(value)}, allowed: {name}")
    return None


def options_from_text(finder: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Options of a finder as `finder_options` takes them; text that isn't of its kind is for it to refuse."""
    kinds: dict[str, Any] = {
        field.name: field.type for field in dataclasses.fields(KNOWN_FINDERS[finder].options)
    }
    found: dict[str, Any] = dict(texts)
    for name, text in texts.items():
        with suppress(ValueError):
            found[name] = kinds.get(name, str)(text)
    return found

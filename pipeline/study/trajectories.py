"""The ``[[trajectories]]`` tables of a study: algorithms on landscapes, swept as the user lists values."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.study.cells import (
    MAX_CELLS,
    MAX_LANDSCAPES,
    CellTable,
    StudyCell,
    grid,
    several,
    table_of,
)
from morsecensus.pipeline.study.checked import number, validated
from morsecensus.pipeline.study.parameters import check_flowing
from morsecensus.pipeline.study.ranges import parse_integers
from morsecensus.pipeline.worker.bodies import BODIES
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.words import ADAPTIVE, ALGORITHMS

MOST_STARTS, MOST_LOOKS = 100_000, 10_000
RUNS_OF_BLOCK = 16
LARGEST_N = 10**15
"""Up to which every integer is a double with room to spare: N - d must be exact."""
TRAJECTORIES = "trajectories"

CONCERNS: Mapping[str, tuple[str, ...]] = {
    "until": ("flow", "gd", "sgd", "langevin"),
    "stop": ("flow", "gd", "pgd", "newton", "saddle-free-newton"),
    "step": ALGORITHMS,
    "summands": ("sgd",),
    "sampling": ("sgd",),
    "temperature": ("langevin",),
    "accuracy": ("flow",),
    "epsilon": ("pgd",),
    "perturbation": ("pgd",),
}
"""Keys that some algorithms alone have; a table of several algorithms gives each of them its own."""
STEPPED = ("gd", "sgd", "langevin", "pgd")
"""Algorithms that take a step which is a number, in a table of several; there one summand is gd."""


def _sizes(value: object) -> tuple[int, ...]:
    """As everywhere, and whole numbers of any size, also as 1e6."""
    values = value if isinstance(value, list) else [value]
    found: list[int] = []
    for one in values:
        if isinstance(one, float) and one.is_integer():
            one = int(one)
        if type(one) is int and one > 10_000:
            if one > LARGEST_N:
                raise ValueError(f"got {shown(one)}, allowed: integers from 2 to {LARGEST_N:.0e}")
            found.append(one)
        elif isinstance(one, float):
            raise ValueError(f'got {shown(one)}, allowed: integers >= 2, such as 20, 1e6 or "8:12"')
        else:
            found += parse_integers(one)
    if not found:
        raise ValueError("got an empty list, allowed: integers >= 2")
    return tuple(dict.fromkeys(found))


def _swept(value: object) -> tuple[Any, ...]:
    return tuple(number(one) for one in several(value))


def _words(value: object) -> tuple[Any, ...]:
    return tuple(several(value))


def _looks(value: object) -> Any:
    if isinstance(value, list) and len(value) > MOST_LOOKS:
        raise ValueError(f"got a list of {len(value)}, allowed: at most {MOST_LOOKS} looks")
    if type(value) is int and value > MOST_LOOKS:
        raise ValueError(f"got {value}, allowed: at most {MOST_LOOKS} looks")
    return [number(one) for one in value] if isinstance(value, list) else value


_Sweep = Annotated[tuple[Any, ...], BeforeValidator(_swept)]
_Words = Annotated[tuple[Any, ...], BeforeValidator(_words)]
_Float = Annotated[float | None, BeforeValidator(number)]


class TrajectoryTable(CellTable):
    """A ``[[trajectories]]`` table. Values that `TrajectoryOptions` judges are only unpacked here."""

    body: str = TRAJECTORIES
    landscapes: int = Field(ge=1, le=MAX_LANDSCAPES)
    starts: int = Field(default=1, ge=1, le=MOST_STARTS)
    """Starts on each landscape."""
    algorithm: _Words
    """What moves; several give a cell each."""
    start: str = "uniform"
    """Uniform on the sphere, or in equilibrium at ``start_temperature``."""
    start_temperature: _Sweep = (None,)
    overlap: _Sweep = (None,)
    step: _Sweep = (None,)
    summands: Annotated[tuple[Any, ...], BeforeValidator(_words)] = (1,)
    sampling: _Words = ("replacement",)
    temperature: _Sweep = (None,)
    until: _Float = None
    stop: _Float = None
    most_steps: int = 100_000
    """After which a run ends, wherever it is."""
    looks: Annotated[Any, BeforeValidator(_looks)] = 40
    sampler: str = "auto"
    """Couplings at once (tensor), the field as runs meet it (free), or the cheaper one."""
    tolerance: Annotated[float, BeforeValidator(number)] = 1e-6
    accuracy: Annotated[float, BeforeValidator(number)] = 1e-6
    memory: Annotated[float, BeforeValidator(number)] = 2.0**30
    correlations: bool = False
    epsilon: Annotated[float, BeforeValidator(number)] = 1e-3
    perturbation: dict[str, Any] = Field(default_factory=dict)
    products: int = Field(default=200, ge=1, le=10**6)
    lowest: bool = False
    index: bool = False


SWEPT = ("algorithm", "step", "summands", "sampling", "temperature", "start_temperature", "overlap")
PLAIN = ("start", "until", "stop", "most_steps", "looks", "sampler", "tolerance", "accuracy", "memory")
PLAIN += ("correlations", "epsilon", "perturbation", "products", "lowest", "index")


def trajectory_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    del folder
    check_flowing(model, f"{source}.model")
    content = {"model": model, **table}
    sizes = content.pop("n", None)
    kind = table_of(TrajectoryTable, model)
    if sizes is None:
        raise UsageError(f"{source}.n: missing, it has no default")
    try:
        n = _sizes(sizes)
    except ValueError as error:
        raise UsageError(f"{source}.n: {error}") from error
    cell = validated(kind, content | {"n": 2}, source, ".")
    for parameters, size, options in itertools.product(grid(cell), n, _asked(cell, table, source)):
        try:
            asked = TrajectoryOptions(n=size, model=model, parameters=parameters, **options)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"{source}.{' '.join(str(error).split())}") from error
        spec = {
            "model": model,
            "parameters": parameters,
            "n": size,
            "seed": seed,
            "starts": cell.starts,
            "trajectory": {name: getattr(asked, name) for name in options},
            "block_size": cell.block or max(1, RUNS_OF_BLOCK // cell.starts),
            **identity(model),
        }
        yield StudyCell(where, spec, cell.landscapes, body=BODIES[TRAJECTORIES].recorded)


def _asked(cell: TrajectoryTable, table: Mapping[str, Any], source: str) -> list[dict[str, Any]]:
    """Options of every point of the sweep but the model's and n, each once."""
    for name in cell.algorithm:
        if name not in ALGORITHMS:
            raise UsageError(f"{source}.algorithm: got {shown(name)}, allowed: {', '.join(ALGORITHMS)}")
    for key, algorithms in CONCERNS.items():
        if key in table and not set(algorithms) & set(cell.algorithm):
            raise UsageError(
                f"{source}.{key}: given with algorithm {', '.join(map(str, cell.algorithm))}, allowed: with "
                f"{', '.join(algorithms)}"
            )
    found: dict[str, dict[str, Any]] = {}
    mixed = len(cell.algorithm) > 1
    for values in itertools.product(*(getattr(cell, name) for name in SWEPT)):
        options = dict(zip(SWEPT, values, strict=True)) | {name: getattr(cell, name) for name in PLAIN}
        if mixed and not _meant(options):
            continue
        own = _own(options, mixed)
        found.setdefault(repr(own), own)
        if len(found) > MAX_CELLS:
            raise UsageError(f"{source}: got more than {MAX_CELLS} cells, allowed: at most {MAX_CELLS}")
    if not found:
        raise UsageError(f"{source}.step: got {shown(table.get('step'))}, allowed: one for each algorithm")
    return list(found.values())


def _meant(options: Mapping[str, Any]) -> bool:
    """In a table of several algorithms: whether a step and a number of summands are this algorithm's."""
    algorithm, step = options["algorithm"], options["step"]
    if algorithm == "sgd" and options["summands"] == 1:
        return False
    return step != ADAPTIVE or algorithm in ("flow", "gd")


def _own(options: Mapping[str, Any], mixed: bool) -> dict[str, Any]:
    """The options that concern the algorithm; those of others are as if nobody had given them."""
    algorithm = options["algorithm"]
    own = {
        name: value if algorithm in CONCERNS.get(name, ALGORITHMS) else _default(name)
        for name, value in options.items()
    }
    if mixed and algorithm not in STEPPED:
        own["step"] = None
    if algorithm == "flow" and own["step"] is None:
        own["step"] = ADAPTIVE  # one name for one thing: the same cell, the same line of a figure
    if mixed and (algorithm, own["step"]) == ("gd", ADAPTIVE):
        own["until"] = None  # a search along the line has no time
    return own


def _default(name: str) -> Any:
    field = TrajectoryOptions.__dataclass_fields__[name]
    return field.default if field.default_factory is MISSING else field.default_factory()

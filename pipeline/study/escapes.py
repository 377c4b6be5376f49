"""Cells of a study whose body is escapes: saddles of low index, kicked."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.study.cells import CellTable, StudyCell, grid, table_of
from morsecensus.pipeline.study.census import finder_options
from morsecensus.pipeline.study.checked import number, validated
from morsecensus.pipeline.study.parameters import check_flowing
from morsecensus.pipeline.worker.bodies import BODIES

MOST_RADII, SMALLEST, FARTHEST = 20, 1e-9, 0.1
"""Kicks below some 1e-9 are no larger than what a saddle's place is known to, against its softest mode; from
a tenth of the radius on no landscape is quadratic."""

LEAST_RATIO = 5.0
"""Of the distance to a kick, so that a Gaussian kick never begins outside: in two dimensions one of e^25."""


def _radii(value: object) -> tuple[float, ...]:
    values: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    if not 1 <= len(values) <= MOST_RADII:
        raise ValueError(f"got {len(values)} of them, allowed: 1 to {MOST_RADII}")
    for one in values:
        if type(one) not in (int, float) or not SMALLEST <= one <= FARTHEST:
            raise ValueError(f"got {shown(one)}, allowed: numbers from {SMALLEST:g} to {FARTHEST:g}")
    return tuple(sorted({float(one) for one in values}))


class EscapesTable(CellTable):
    """A ``[[cells]]`` table of the body escapes."""

    finder: Literal["low-index", "multistart"] = "low-index"
    """How saddles are found: multistart takes all points of a small landscape, low-index the lowest."""
    max_index: int = Field(default=2, ge=1, le=20)
    """Saddles of index 1 to this are kicked."""
    saddles: int = Field(default=4, ge=1, le=1000)
    """Most saddles of each index that are kicked on a landscape; which ones is random."""
    radii: Annotated[
        tuple[float, ...], BeforeValidator(_radii, json_schema_input_type=float | list[float])
    ] = (1e-6, 1e-5, 1e-4, 1e-3)
    """Root mean square lengths of the kicks, which are Gaussian, over sqrt(N)."""
    kicks: int = Field(default=16, ge=1, le=10_000)
    """Kicks of each length that a saddle gets."""
    distance: Annotated[float, BeforeValidator(number)] = Field(default=0.01, gt=SMALLEST, le=FARTHEST)
    """From the saddle, over sqrt(N), at which a run has left."""


def escapes_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    del folder
    check_flowing(model, f"{source}.model")
    cell = validated(table_of(EscapesTable, model), {"model": model, **table}, source, ".")
    if cell.radii[-1] * LEAST_RATIO > cell.distance:
        most = f"{cell.distance / LEAST_RATIO:g}, the distance over {LEAST_RATIO:g}"
        raise UsageError(f"{source}.radii: got {cell.radii[-1]:g}, allowed: up to {most}")
    sought = {"max_index": cell.max_index} if cell.finder == "low-index" else {}
    for parameters, n in itertools.product(grid(cell), cell.n):
        spec = {
            "model": model,
            "parameters": parameters,
            "n": n,
            "seed": seed,
            "search": {"finder": cell.finder, "options": finder_options(cell.finder, sought, source)},
            "max_index": cell.max_index,
            "saddles": cell.saddles,
            "radii": list(cell.radii),
            "kicks": cell.kicks,
            "distance": cell.distance,
            "block_size": cell.block or 1,
            **identity(model),
        }
        yield StudyCell(where, spec, cell.landscapes, body=BODIES["escapes"].recorded)

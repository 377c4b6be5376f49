"""Cells of a study whose body is gradient flow, or the states that flow without signal gets to."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from morsecensus.pipeline.errors import shown
from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.study.cells import CellTable, StudyCell, grid, table_of
from morsecensus.pipeline.study.checked import number, validated
from morsecensus.pipeline.study.parameters import check_flowing
from morsecensus.pipeline.worker.bodies import BODIES

MOST_STRENGTHS, MOST_STARTS, MOST_TIMES = 50, 100_000, 1000
LARGEST_STRENGTH = 1000.0
SHORTEST, LONGEST = 1e-3, 1e4


def _strengths(value: object) -> tuple[float, ...]:
    values: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    if not 1 <= len(values) <= MOST_STRENGTHS:
        raise ValueError(f"got {len(values)} of them, allowed: 1 to {MOST_STRENGTHS}")
    for one in values:
        if type(one) not in (int, float) or not 0 <= one <= LARGEST_STRENGTH:
            raise ValueError(f"got {shown(one)}, allowed: numbers from 0 to {LARGEST_STRENGTH:g}")
    return tuple(sorted({float(one) for one in values}))


class _Flows(CellTable):
    starts: int = Field(default=32, ge=1, le=MOST_STARTS)
    """Starts on each landscape."""
    until: Annotated[float, BeforeValidator(number)] = Field(default=20.0, ge=SHORTEST, le=LONGEST)
    """Time of the flow; its end then descends to a minimum."""


_Kind = TypeVar("_Kind", bound=_Flows)


class FlowTable(_Flows):
    """A ``[[cells]]`` table of the body flow."""

    overlap: Annotated[float | None, BeforeValidator(number)] = Field(default=None, ge=-1, le=1)
    """Of the starts with the signal; uniform starts if not given."""
    looks: int = Field(default=40, ge=2, le=MOST_TIMES)
    """Times at which energy and overlap are noted."""


class ThresholdTable(_Flows):
    """A ``[[cells]]`` table of the body threshold."""

    strengths: Annotated[
        tuple[float, ...], BeforeValidator(_strengths, json_schema_input_type=float | list[float])
    ]
    """Strengths theta of the rank-one terms that are added to Hessians."""


def flow_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    del folder
    cell = _checked(FlowTable, table, model, source)
    yield from _cells(cell, flow_terms(cell.overlap, cell.until, cell.looks), seed, where)


def flow_terms(overlap: float | None, until: float, looks: int) -> dict[str, Any]:
    """What the spec of a flow has beside its landscape and its starts."""
    from morsecensus.analysis.theory.dynamics.limits import look_times

    return {"overlap": overlap, "until": until, "times": look_times(until, looks)}


def threshold_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    del folder
    cell = _checked(ThresholdTable, table, model, source)
    yield from _cells(cell, {"until": cell.until, "strengths": list(cell.strengths)}, seed, where)


def _checked(kind: type[_Kind], table: dict[str, Any], model: str, source: str) -> _Kind:
    check_flowing(model, f"{source}.model")
    return validated(table_of(kind, model), {"model": model, **table}, source, ".")


def _cells(cell: _Flows, more: dict[str, Any], seed: int, where: str) -> Iterator[StudyCell]:
    for parameters, n in itertools.product(grid(cell), cell.n):
        spec = {
            "model": cell.model,
            "parameters": parameters,
            "n": n,
            "seed": seed,
            "starts": cell.starts,
            **more,
            "block_size": cell.block or 1,
            **identity(cell.model),
        }
        yield StudyCell(where, spec, cell.landscapes, body=BODIES[cell.body].recorded)

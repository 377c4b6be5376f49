"""Cells of a study whose body is shares: where descents of a network's landscape end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from morsecensus.pipeline.plugins import identity
from morsecensus.pipeline.study.cells import MAX_BLOCK, MAX_LANDSCAPES, CellTable, StudyCell, grid, table_of
from morsecensus.pipeline.study.checked import validated
from morsecensus.pipeline.study.parameters import check_trained
from morsecensus.pipeline.worker.bodies import BODIES

RUNS_OF_BLOCK = 100


class SharesTable(CellTable):
    """A ``[[cells]]`` table of the body shares."""

    landscapes: int = Field(ge=1, le=MAX_LANDSCAPES)
    """How many runs: the landscape is one, each run has a start of its own."""
    block: int | None = Field(default=None, ge=1, le=MAX_BLOCK)
    """Runs of one task, 100 by default. Blocks are always whole."""


def shares_cells(
    table: dict[str, Any], model: str, seed: int, source: str, where: str, folder: Path
) -> Iterator[StudyCell]:
    """Yield the cells of a table; raises UsageError."""
    del folder
    check_trained(model, f"{source}.model", " with body shares")
    cell = validated(table_of(SharesTable, model), {"model": model, **table}, source, ".")
    for parameters in grid(cell):
        for n in cell.n:
            spec = {
                "model": model,
                "parameters": parameters,
                "n": n,
                "seed": seed,
                "block_size": cell.block or RUNS_OF_BLOCK,
                **identity(model),
            }
            yield StudyCell(where, spec, cell.landscapes, body=BODIES["shares"].recorded)

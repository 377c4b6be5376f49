"""``morsecensus train``: a study that trains networks, and what came of each of them."""

from collections.abc import Sequence
from math import isfinite, nan
from typing import Any

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.networks import NETWORKS
from morsecensus.pipeline.study.study import Study
from morsecensus.pipeline.worker.bodies import BODIES, describe

Row = dict[str, Any]
_SHOWN = ("network", "layers", "runs", "diverged", "end_cost", "floor", "excess", "end_test_errors")


def check_trains(study: Study) -> list[str]:
    """Return what the numbers of a study's networks may be misread for, a line each.

    Raises UsageError if it has none.
    """
    cells = [cell for cell in study.cells if cell.body == BODIES[NETWORKS].recorded]
    if not cells:
        raise UsageError(f"{study.source}: networks: missing, allowed: one or more tables [[{NETWORKS}]]")
    said = [(cell, describe(cell.body, cell.spec).attrs["warnings"]) for cell in cells]
    return [f"{cell.spec['parameters']['network']}: {text}" for cell, texts in said for text in texts]


def trained(store: str) -> list[Row]:
    """Return a row for each network of a store: means over its runs, their errors, standard deviations."""
    from morsecensus.analysis.dataset.cells import open_study
    from morsecensus.analysis.topics.networks.measure import run_row
    from morsecensus.analysis.topics.networks.read import find_networks

    rows = [run_row(one) for one in find_networks(open_study(store)) if one.runs]
    return [{name: _known(value) for name, value in row.items()} for row in rows]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value


def readable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows as a terminal shows them."""
    from morsecensus.analysis.page.rounding import estimate

    def text(row: Row, name: str) -> Any:
        if f"{name}_se" not in row:
            return row[name]
        return estimate(row[name], nan if row[f"{name}_se"] is None else row[f"{name}_se"])

    return [{name.removeprefix("end_"): text(row, name) for name in _SHOWN} for row in rows]

"""Everything that the report says of the topology of one family: measured, written as CSV, drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from morsecensus.analysis.drawing import Drawn
from morsecensus.analysis.open import Cell
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topology.euler_section import draw_euler, euler_rows
from morsecensus.analysis.topology.euler_tests import EulerResult, measure_euler
from morsecensus.analysis.topology.homology import HomologyResult, measure_homology
from morsecensus.analysis.topology.homology_draw import draw_homology
from morsecensus.analysis.topology.homology_tables import homology_rows
from morsecensus.analysis.topology.outcomes import outcome_rows
from morsecensus.analysis.topology.tree_draw import draw_trees
from morsecensus.analysis.topology.tree_tables import tree_rows
from morsecensus.analysis.topology.trees import TreeResult, measure_trees


@dataclass(frozen=True, eq=False)
class TopologyResult:
    """One family; parts that can't be measured are None."""

    outcomes: tuple[Row, ...]
    homology: HomologyResult | None
    trees: TreeResult | None
    euler: EulerResult | None


def measure_topology(cells: Sequence[Cell]) -> TopologyResult | None:
    """Measure the cells of one family; None where none has topology."""
    outcomes = outcome_rows(cells)
    if not outcomes:
        return None
    return TopologyResult(
        tuple(outcomes), measure_homology(cells), measure_trees(cells), measure_euler(cells)
    )


def topology_rows(results: Sequence[TopologyResult]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table, all families together."""
    tables: dict[str, list[Row]] = {"topology": []}
    for result in results:
        tables["topology"] += result.outcomes
        for name, rows in _rows(result):
            tables.setdefault(name, []).extend(rows)
    yield from tables.items()


def _rows(result: TopologyResult) -> Iterator[tuple[str, list[Row]]]:
    if result.homology is not None:
        yield from homology_rows([result.homology])
    if result.trees is not None:
        yield from tree_rows(result.trees)
    if result.euler is not None:
        yield from euler_rows(result.euler)


def draw_topology(result: TopologyResult, folder: Path, prefix: str) -> list[Drawn]:
    """Draw and save every figure that the data allow."""
    figures: list[Drawn] = []
    if result.homology is not None:
        figures += draw_homology(result.homology, folder, prefix)
    if result.trees is not None:
        figures += draw_trees(result.trees, folder, prefix)
    if result.euler is not None:
        figures += draw_euler(result.euler, folder, prefix)
    return figures

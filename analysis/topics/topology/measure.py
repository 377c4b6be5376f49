"""Everything that the report says of the topology of one family: measured, written as CSV, drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.drawing import Drawn
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.topology.euler.measure import EulerResult, measure_euler
from morsecensus.analysis.topics.topology.euler.section import draw_euler, euler_rows
from morsecensus.analysis.topics.topology.homology.figure import draw_homology
from morsecensus.analysis.topics.topology.homology.measure import HomologyResult, measure_homology
from morsecensus.analysis.topics.topology.homology.tables import homology_rows
from morsecensus.analysis.topics.topology.outcomes import outcome_rows
from morsecensus.analysis.topics.topology.trees.figure import draw_trees
from morsecensus.analysis.topics.topology.trees.measure import TreeResult, measure_trees
from morsecensus.analysis.topics.topology.trees.tables import tree_rows


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

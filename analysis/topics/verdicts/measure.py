"""Every test of a study as rows, and which p-values are independent."""

from collections.abc import Sequence

from morsecensus.analysis.agreement.verdicts import Verdict
from morsecensus.analysis.dataset.cells import Cell, Family
from morsecensus.analysis.estimates.counts import COMPLETE
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.rows import head

COUNTS = "counts by index"


def verdict_rows(verdicts: Sequence[Verdict]) -> list[Row]:
    """One row for each test; of one that several cells share the names of all of them."""
    return [_row(verdict) for verdict in verdicts]


def _row(verdict: Verdict) -> Row:
    test = verdict.test
    result, cells = test.judged.result, test.cells
    row = head(cells[0]) if cells else dict(test.named)
    if len(cells) > 1:  # what they differ in says nothing of the test
        own = [head(cell) for cell in cells]
        row = {key: value if all(one[key] == value for one in own) else "" for key, value in row.items()}
        row["cell"] = " ".join(cell.name for cell in cells)
    row |= {"test": result.name, "landscapes": result.landscapes, "statistic": result.statistic}
    row |= {"dof": result.dof, "p_value": result.p_value, "p_value_if_missing": result.p_missing}
    row |= {"p_value_holm": verdict.adjusted, "verdict": verdict.word, "section": test.topic}
    row |= {"detectable": test.judged.detectable, "detectable_unit": test.judged.unit}
    return row | {"note": result.note, "certain": test.certain}


def repeated_cells(cells: Sequence[Cell]) -> set[str]:
    """Names of cells whose landscapes another cell has too: of those, all but the most complete one.

    Their tests say what each finder is worth, but p-values of the same landscapes aren't independent.
    """
    groups: dict[tuple[Family, str, int], list[Cell]] = {}
    for cell in cells:
        seed = str(cell.dataset.attrs.get("seed", ""))
        groups.setdefault((cell.family, seed, cell.n), []).append(cell)
    best = {max(group, key=_completeness).name for group in groups.values()}
    return {cell.name for cell in cells} - best


def _completeness(cell: Cell) -> int:
    return int((cell.dataset["status"].values == COMPLETE).sum())


def is_repeated(row: Row, repeated: set[str]) -> bool:
    """Whether a test is of such a cell."""
    return not repeated.isdisjoint(row["cell"].split())


def independent_p_values(rows: Sequence[Row], cells: Sequence[Cell]) -> list[float]:
    """P-values of the count tests, of one cell for each set of couplings: the first one that was tested.

    Cells of a field sweep, and all spherical models of one seed and N, are made of the same normal numbers
    (see `tasks.landscapes.spin`): taken as independent they make a right theory look wrong far too often.

    Args:
        rows: of `verdict_rows`, each landscape by one finder only.
        cells: of the study.
    """
    draws = {cell.name: cell.draw for cell in cells}
    first: dict[tuple[str, ...], float] = {}
    for row in rows:
        if row["test"] == COUNTS and row["p_value"] is not None:
            first.setdefault(draws[row["cell"]], row["p_value"])
    return list(first.values())

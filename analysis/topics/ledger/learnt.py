"""What the ledger says on the first screen: what is open, and what that could change."""

from collections.abc import Sequence
from math import isfinite

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.results import CellResult
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.tasks.measurables.words import STATUSES


def open_books(results: Sequence[CellResult], bare: Sequence[Cell] = ()) -> Finding:
    """The landscapes that aren't complete, and by how much they may bias a mean number of points.

    Args:
        results: of cells with landscapes that have a number of points.
        bare: cells without any.
    """
    whole = [result for result in results if result.cell.sought is None]
    low = [result for result in results if result.cell.sought is not None]
    cells = [*(result.cell for result in results), *bare]
    degenerate = sum(cell.left_out for cell in cells)
    texts = [_without_number(cells)] if degenerate else []
    texts += [_of_whole(whole, bool(degenerate))] if whole else []
    texts += [_of_low(low)] if low else []
    settled = all(_complete(result) for result in whole) and not low and not degenerate
    return Finding(Question.OPEN, " ".join(texts), "good" if settled else "")


def _without_number(cells: Sequence[Cell]) -> str:
    """Their points are known or not, but they have no number that could be in a mean."""
    left, held = (sum(values) for values in zip(*((c.left_out, c.held) for c in cells), strict=True))
    none = [cell.name for cell in cells if not cell.landscapes]
    every = f", in {', '.join(none)} all" if none else ""
    return (
        f"{left:,} of {held:,} landscapes have no number of critical points{every}: degenerate points or "
        "continuous sets. Means leave them out."
    )


def _numbers(result: CellResult) -> dict[str, int]:
    """By status, of the landscapes that have a number."""
    status = result.cell.dataset["status"].values
    return {name: int((status == code).sum()) for code, name in enumerate(STATUSES)}


def _complete(result: CellResult) -> bool:
    return _numbers(result)["complete"] == result.cell.landscapes


def _of_whole(results: Sequence[CellResult], some_without: bool) -> str:
    held = sum(result.cell.landscapes for result in results)
    numbers = {name: sum(_numbers(result)[name] for result in results) for name in STATUSES}
    left, which = held - numbers["complete"], " that have one" if some_without else ""
    if not left:
        opening = "All" if some_without else "Nothing: all"
        return f"{opening} {held:,} landscapes{which} are complete{_how_sure(results)}."
    parts = ", ".join(f"{n:,} {name}" for name, n in numbers.items() if n and name != "complete")
    return f"{left:,} of {held:,} landscapes{which} aren't complete ({parts}). {_at_most(results)}"


def _how_sure(results: Sequence[CellResult]) -> str:
    limits = [float(result.ledger["coverage_lower"]) for result in results]
    known = [limit for limit in limits if isfinite(limit)]
    if not known:
        return ""
    return (
        f", by every check and a coverage of at least {r.percent(min(known))} (lower 95% limit, cell by cell)"
    )


def _at_most(results: Sequence[CellResult]) -> str:
    """The cell whose mean number could change most, by the bound and by estimates."""
    worst = max((result for result in results if not _complete(result)), key=_relative)
    bias, total = float(worst.counts["missing_total"]), float(worst.counts["total"])
    where = f"in {worst.cell.name} (N = {worst.n})"
    plausible = float(worst.counts["plausible_missing"])
    guess = f"; estimates say {r.number(plausible, 2)}" if isfinite(plausible) else ""
    if not isfinite(bias):
        return f"By how much {where} its mean number of {r.number(total, 4)} is too low no bound says{guess}."
    return (
        f"They could raise the mean number most {where}: {r.number(total, 4)} by at most "
        f"{r.number(bias, 3)}{guess}."
    )


def _relative(result: CellResult) -> float:
    bias, total = float(result.counts["missing_total"]), float(result.counts["total"])
    return bias / total if total > 0 else float("inf")


def _of_low(results: Sequence[CellResult]) -> str:
    """Of searches of low indices: the share of landscapes in which all that was sought is closed."""
    held = sum(result.cell.landscapes for result in results)
    closed = sum(int(result.cell.closed[:, result.cell.known].all(axis=1).sum()) for result in results)
    cells = ", ".join(result.cell.name for result in results)
    return (
        f"Of {cells} points of low index alone were sought: all sought indices are closed in {closed:,} of "
        f"{held:,} landscapes."
    )

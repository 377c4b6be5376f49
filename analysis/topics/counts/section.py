"""Mean numbers of critical points in the report, all and by index."""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import CellResult, FamilyResult, at_index
from morsecensus.analysis.topics.counts.figure import draw_counts
from morsecensus.analysis.topics.families import ABC, FamilyTopic
from morsecensus.analysis.topics.rows import HEAD, freedom, head, in_words, score


def _exact(row: Row) -> str:
    """Theory, with its error where it was sampled."""
    if row["exact_se"]:
        return r.estimate(row["exact"], row["exact_se"])
    return r.against(row["exact"], row["se"])


def _bias(value: float | None) -> str:
    return "unknown" if value == float("inf") else r.number(value, 2)


COUNTS = Table(
    "counts",
    "Mean numbers of critical points: one row for all points of a cell, and one for each index.",
    (
        *HEAD,
        Column("index", 'Morse index, or "all"', title="index", left=True),
        *measured("mean", "se", "mean number in a landscape", "points", "measured"),
        Column("exact", "mean number in theory at this N", "points", title="exact", shown=_exact),
        Column("exact_se", "standard error of theory; 0 where it is exact", "points"),
        Column("z", "(mean - exact) / error, the error of both", title="z", form=r.score),
        Column(
            "open_fraction",
            "share of landscapes that may lack some of these points",
            title="not complete",
            form=r.percent,
        ),
        Column(
            "missing_bound",
            "most points by which the mean may be too low, by the bound on their number",
            "points",
            title="bias at most",
            form=_bias,
        ),
        Column(
            "missing_plausible",
            "the same by estimates: of all points by Chao1; by index where only low ones were sought, by the "
            "larger of Chao1 and recapture's upper limit",
            "points",
            title="bias by estimates",
            shown=lambda row: "" if row["missing_plausible"] is None else _bias(row["missing_plausible"]),
        ),
    ),
    "Means over every planned landscape that has a number of critical points; open and failed ones count "
    "with what was found in them. Bias: how much the mean may be too low for that reason, by the bound on "
    "the number of points and by estimates from hits; those are of all points together, unless low indices "
    "alone were sought. Indices that a finder didn't look for have no mean.",
)


class Counts(FamilyTopic):
    """Numbers of points against the exact means."""

    anchor, declared = "counts", (COUNTS,)
    title = "Numbers of critical points"
    text = (
        "Mean numbers of critical points on the whole manifold, all signs counted, over all landscapes of "
        "each cell, against the exact mean at the same N from the Kac-Rice formula, index by index (p-spin: "
        f"{ABC}, Theorem 2.1; mixtures and fields: Auffinger, Ben Arous, arXiv:1110.5872, and Fyodorov, "
        "arXiv:1307.2379; products of spheres: analysis/theory/models/partite/finite_n.py). Nothing is "
        "fitted."
    )
    caption = (
        "Mean counts, with one standard error (often smaller than the symbol), and where theory knows them "
        "at several N the relative departure from the exact numbers."
    )

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        return {COUNTS: count_rows(found.cells)}

    def figure(self, family: FamilyResult) -> Figure | None:
        return draw_counts(family.cells) if self.shown(family) else None

    def more(self, family: FamilyResult) -> list[Part]:
        highest = {result.cell.name: _last_shown(result.cell) for result in family.cells}
        shown = [
            row
            for row in count_rows(family.cells)
            if (isfinite(row["mean"]) if row["index"] == "all" else row["index"] <= highest[row["cell"]])
        ]
        words = in_words(shown)
        return [COUNTS.part(shown), *([paragraph(words)] if words else []), *_absent(family)]


def _last_shown(cell: Cell) -> int:
    """The last index on the page: those above the middle are like those below."""
    middle = max(1, (cell.levels - 1) // 2)
    return middle if cell.sought is None else min(middle, cell.sought)


def count_rows(results: Sequence[CellResult]) -> list[Row]:
    """Mean counts, one row per cell and index, and one for all indices together."""
    rows = []
    for result in results:
        counts = result.counts
        for index in ("all", *range(result.cell.levels)):
            whole = index == "all"
            mean = float(counts["total"] if whole else counts["mean"][index])
            se = float(counts["total_se"] if whole else counts["se"][index])
            exact, exact_se = _theory(result, None if whole else int(index))
            row = head(result.cell) | {"index": index, "mean": mean, "se": se}
            row |= {"exact": exact, "exact_se": exact_se}
            row |= {"z": score(mean, float(np.hypot(se, exact_se or 0.0)), exact)}
            row |= {"freedom": freedom(result.cell.landscapes, se, exact_se)}
            row |= {"open_fraction": 1 - float(counts["complete"] if whole else counts["closed"][index])}
            row |= {"missing_bound": float(counts["missing_total"] if whole else counts["missing"][index])}
            rows.append(row | {"missing_plausible": _plausible(result, None if whole else int(index))})
    return rows


def _plausible(result: CellResult, index: int | None) -> float | None:
    if index is None:
        return float(result.counts["plausible_missing"])
    return None if result.cell.sought is None else float(result.counts["plausible"][index])


def _theory(result: CellResult, index: int | None) -> tuple[float | None, float | None]:
    """Mean number in theory and its standard error (0 where exact): of an index, or of all if None."""
    means = result.expected
    if means is None:
        return None, None
    if index is None:
        return means.total, means.total_se
    return at_index(means.by_index, index), at_index(means.by_index_se, index)


def _absent(family: FamilyResult) -> list[Part]:
    parts = []
    for result in family.cells:
        cell = result.cell
        if cell.planned > cell.held:
            text = (
                f"{cell.name}: the dataset holds {cell.held:,} of {cell.planned:,} planned "
                "landscapes: run the study again to compute the others."
            )
            parts.append(note(text, "bad"))
        if cell.computed < cell.landscapes:
            text = (
                f"{cell.name}: {cell.landscapes - cell.computed:,} of {cell.landscapes:,} landscapes were "
                "not computed (their block failed or is missing). They count as failed, with no points: "
                "its means are lower bounds until the study is run again."
            )
            parts.append(note(text, "bad"))
    return parts

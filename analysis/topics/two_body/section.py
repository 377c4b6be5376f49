"""The report's section on simple and complex landscapes: figure, text and table."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.verdicts import CellTest, check
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import CellResult, StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL, ENERGY, FIELD, LANDSCAPES, MODEL, PARAMETERS, SIZE, N
from morsecensus.analysis.topics.two_body.figure import draw_growth
from morsecensus.analysis.topics.two_body.measure import (
    Comparison,
    comparison_rows,
    find_comparison,
    two_of_each,
)

TITLE = "Simple and complex landscapes"
_TEXT = (
    "The landscape of ξ = q² is a quadratic form. Its critical points are the eigenvectors of a random "
    "matrix, both signs: exactly 2N in every landscape, two of each index, at energies that are the ordered "
    "eigenvalues of the GOE, per √N. So every landscape, not only a mean, can be held against what must "
    "be there. With ξ″(1) > ξ′(1) the mean number grows as exp(N Σ) instead, Σ = log(ξ″(1)/ξ′(1))/2 "
    "(Fyodorov, arXiv:1307.2379)."
)
_CAPTION = (
    "Mean number of critical points on the whole sphere, both signs counted, with one standard error (none "
    "where every landscape has the same number), and exact curves. Nothing is fitted."
)
SIMPLE_AND_COMPLEX = Table(
    "simple_and_complex",
    "Two-body landscapes beside those with exponentially many points: one row for each cell.",
    (
        SIZE,
        CELL,
        MODEL,
        Column("xi", "covariance polynomial", title="ξ", left=True),
        FIELD,
        PARAMETERS,
        N,
        Column("finder", "name of the finder", title="finder", left=True),
        LANDSCAPES,
        Column("complete", "share of complete landscapes"),
        Column(
            "two_of_each",
            "two-body landscapes with exactly two points of every index",
            "landscapes",
            "two of each",
            r.whole,
        ),
        Column("excused", "others that are not complete, whose missing points may be why", "landscapes"),
        *measured("total", "total_se", "mean number of points", "points", "points"),
        Column(
            "exact_total", "mean number in theory", "points", "exact", shown=exact("exact_total", "total_se")
        ),
        Column("rate", "log(total) / N", "natural logarithm per spin"),
        Column("limiting_rate", "the same as N grows", "natural logarithm per spin", "limit Σ", r.digits(4)),
        *measured(
            "minimum_energy",
            "minimum_energy_se",
            "mean energy of minima, each counted once",
            ENERGY,
            "energy of minima",
        ),
        Column(
            "exact_minimum_energy",
            "the mean in theory",
            ENERGY,
            "exact",
            shown=exact("exact_minimum_energy", "minimum_energy_se"),
        ),
        Column("z", "(minimum_energy - exact_minimum_energy) / minimum_energy_se", title="z", form=r.score),
        Column("edge", "mean lowest eigenvalue by the Tracy-Widom law", ENERGY),
        Column("limiting_energy", "energy of minima as N grows", ENERGY, "limit", r.digits(5)),
    ),
    "Two of each: landscapes with exactly two points of every index, as a two-body landscape must have. "
    "Energy of minima per spin, each counted once: for the two-body model the lowest eigenvalue of the "
    "GOE. Limits: N to infinity. Rates log(points)/N, and the mean of the lowest eigenvalue by the "
    "Tracy-Widom law, are in simple_and_complex.csv.",
)


class TwoBody(Topic[Comparison]):
    """Where all is known, landscape by landscape."""

    anchor, declared = "simple-and-complex", (SIMPLE_AND_COMPLEX,)
    whole = True

    def find(self, study: StudyResult) -> list[Comparison]:
        found = find_comparison(study.families)
        return [] if found is None else [found]

    def tables(self, found: Comparison) -> Mapping[Table, Sequence[Row]]:
        return {SIMPLE_AND_COMPLEX: comparison_rows(found)}

    def figures(self, found: Comparison) -> Mapping[str, Figure]:
        return {"": draw_growth(found)}

    def tests(self, found: Comparison) -> list[CellTest]:
        """Every two-body landscape must have two points of each index, or be known to lack some."""
        return [_two_of_each(result) for family in found.simple for result in family.cells]

    def section(self, found: Comparison) -> Section:
        rows = comparison_rows(found)
        kinds = ["bad" if row["two_of_each"] is not None and _wrong(row) else "" for row in rows]
        table = SIMPLE_AND_COMPLEX.part(rows, kinds=kinds)
        return Section(TITLE, [paragraph(_TEXT), Picture("", TITLE, _CAPTION), _verdict(rows), table])


def _two_of_each(result: CellResult) -> CellTest:
    planned = result.cell.landscapes
    right, excused = two_of_each(result)
    name = "two points of each index"
    return check([result.cell], name, planned - right, excused, planned, TwoBody.anchor)


def _wrong(row: Row) -> int:
    """Complete landscapes with other numbers."""
    return row["landscapes"] - row["two_of_each"] - row["excused"]


def _verdict(rows: list[Row]) -> Part:
    simple = [row for row in rows if row["two_of_each"] is not None]
    right, excused, everything = (
        sum(row[name] for row in simple) for name in ("two_of_each", "excused", "landscapes")
    )
    text = f"Two-body landscapes with exactly two points of each index: {right:,} of {everything:,}"
    if right == everything:
        return note(text + ".", "good")
    if right + excused == everything:
        return note(text + "; the others are not complete, and may lack points.")
    return note(text + ".", "bad")

"""The report's section on escapes from saddles."""

from collections.abc import Iterable, Mapping, Sequence

from morsecensus.analysis.agreement.judged import Judged
from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.escapes.figure import draw_escapes
from morsecensus.analysis.topics.escapes.learnt import how_long_saddles_hold
from morsecensus.analysis.topics.escapes.measure import (
    escape_tests,
    index_rows,
    linear_enough,
    radius_rows,
    slope_row,
)
from morsecensus.analysis.topics.escapes.read import BODY, EscapeCell, find_escapes
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL

Found = tuple[EscapeCell, ...]
_TEXT = (
    "Saddles of low index get Gaussian kicks of rms length r, and gradient flow takes a time T to come to "
    "the distance R, both over √N. Linear theory: one growing mode has |lambda_min| T = log(R/r) + "
    "log(√d/|g|), g standard normal, so the time is logarithmic in the kick, with a constant (log(2 d) + "
    "0.577)/2 that is the law of the component along the mode, and a standard deviation of pi/√8. The exact"
    " column counts all modes of each saddle. Errors are of the kicks alone, by that law."
)
_CAPTION = (
    "Left: mean times in units of 1/|lambda_min|, less log(R/r); lines: linear theory of these very "
    "saddles. Middle: mean time of each saddle of the last cell, smallest kicks; line: one mode. Right: "
    "times less their logarithm; line: the density where one mode grows. Saddles with several negative "
    "curvatures leave a little earlier, the more so the nearer these are to the lowest."
)
_SIZE = (
    CELL,
    Column("setting", "model and parameters", title="model", left=True),
    Column("n", "number of spins N, or of one sphere's", title="N"),
)
RADII = Table(
    "escapes",
    "Mean escape times, in units of 1/|lambda_min|: one row for each cell and length of the kicks.",
    (
        *_SIZE,
        Column("radius", "rms length r of the kicks over sqrt(N)", title="r", form="{:g}".format),
        Column("escapes", "escapes that were seen", title="escapes", form="{:,}".format),
        *measured("scaled", "scaled_se", "mean of |lambda_min| T", "", "|λ|T"),
        Column("exact", "linear theory, all modes", title="exact", shown=exact("exact", "scaled_se")),
        Column("z", "difference over the standard error", title="z", form=r.score),
        Column("alone", "linear theory, the softest mode alone", title="one mode", form=r.digits(4)),
        Column("z_alone", "z of that", title="z", form=r.score),
        Column("bare", "log(R/r), without the law of the component", title="log(R/r)", form=r.digits(4)),
        Column("z_bare", "control: z of that", title="control z", form=r.score),
        Column("z_half", "control: z of linear theory with lambda_min/2", title="half rate z", form=r.score),
    ),
    "Both controls must be far off.",
)
BY_INDEX = Table(
    "escapes_by_index",
    "Escapes by index, of the smallest kicks: one row for each cell and index.",
    (
        *_SIZE,
        Column("index", "Morse index of the saddles", title="index"),
        Column("saddles", "saddles that were kicked", title="saddles", form="{:,}".format),
        Column("landscapes", "landscapes that they are on", title="landscapes", form="{:,}".format),
        Column("rate", "mean of |lambda_min|", title="|λ|", form=r.digits(3)),
        Column("time", "mean escape time", title="T", form=r.digits(3)),
        *measured("beyond", "beyond_se", "mean of |lambda_min| T less log(R/r)", "", "|λ|T - log(R/r)"),
        Column("exact", "linear theory, all modes", title="exact", shown=exact("exact", "beyond_se")),
        Column("z", "difference over the standard error", title="z", form=r.score),
    ),
)
SLOPES = Table(
    "escapes_slopes",
    "Slope of |lambda_min| T against log(R/r): one row for each cell.",
    (
        *_SIZE,
        *measured("slope", "slope_se", "weighted least squares over the lengths of kicks", "", "slope"),
        Column("exact", "the same of linear theory", title="exact", shown=exact("exact", "slope_se")),
        Column("z", "difference over the standard error", title="z", form=r.score),
    ),
)


class Escapes(Topic[Found]):
    """One section for all cells."""

    anchor, declared = "escapes", (RADII, BY_INDEX, SLOPES)
    bodies = (BODY,)

    def find(self, study: StudyResult) -> list[Found]:
        cells = tuple(find_escapes(study.study))
        return [cells] if cells else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {
            RADII: [row for one in found for row in radius_rows(one)],
            BY_INDEX: [row for one in found for row in index_rows(one)],
            SLOPES: [row for one in found if (row := slope_row(one)) is not None],
        }

    def figures(self, found: Found) -> Mapping[str, Figure]:
        return {"": draw_escapes(found)}

    def tests(self, found: Found) -> Iterable[CellTest]:
        return [
            CellTest((), Judged(result, None, ""), self.anchor, named=one.head)
            for one in found
            for result in escape_tests(one)
        ]

    def findings(self, found: Sequence[Found]) -> Iterable[Finding]:
        return how_long_saddles_hold([one for cells in found for one in cells])

    def section(self, found: Found) -> Section:
        title = "Escapes from saddles"
        parts = [table.part(rows) for table, rows in self.tables(found).items() if rows]
        return Section(title, [paragraph(_TEXT), *_untested(found), Picture("", title, _CAPTION), *parts])


def _untested(found: Found) -> list[Part]:
    """Where linear theory is a guide and no exact theory."""
    kept = [(one, len(linear_enough(one).index)) for one in found]
    left = [
        f"{len(one.index) - n:,} of {len(one.index):,} in {one.cell}" for one, n in kept if n < len(one.index)
    ]
    if not left:
        return []
    return [
        note(
            "Linear theory lacks terms of relative order R², largest for soft saddles. Tests against theory "
            "are of the saddles for which these are far below the error; tables and figures are of all. Left "
            f"out of tests: {', '.join(left)}."
        )
    ]

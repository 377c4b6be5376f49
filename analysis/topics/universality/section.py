"""The report's section on couplings of other laws: figure, text and tables."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, estimate, exact, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL, LANDSCAPES, SIZE, STORED
from morsecensus.analysis.topics.universality.figure import draw_laws
from morsecensus.analysis.topics.universality.measure import (
    SEEN,
    Universality,
    decays,
    find_universality,
    index_rows,
)

TITLE = "Couplings of other laws"
_TEXT = (
    "Every law has the covariance of the Gaussian model at every N: the entries of its symmetric tensors "
    "have the same second moments. Higher cumulants still change mean numbers at small N, so the exact "
    " Gaussian numbers need not hold there; that they do as N grows is universality, and the "
    "difference is what is measured. It is no test of the census."
)
_CAPTION = (
    "Left: mean number of critical points, relative to the exact Gaussian one. Middle: fourth moment of G, "
    "the Hessian plus the radial derivative, over all critical points, beside that of Gaussian couplings, of "
    "a GOE matrix of the same size, and the Catalan number. Right: density of the bulk at the largest N of "
    "each law, in units in which the semicircle is [−2, 2]. One standard error each."
)
_LAW = Column("", title="law", shown=lambda row: row["law"], left=True)
_STORED_LAW = Column("law", "law of the couplings")
_STANDARD = "difference in standard errors, those of both"


def _percents(row: Row) -> str:
    return r.estimate(100 * row["relative"], 100 * row["relative_se"])


UNIVERSALITY = Table(
    "universality",
    "Mean numbers of points with couplings of other laws, beside exact Gaussian ones: one row for each cell.",
    (
        _LAW,
        SIZE,
        CELL,
        *STORED[1:],
        _STORED_LAW,
        Column("finder", "name of the finder", title="finder", left=True),
        LANDSCAPES,
        Column("open", "of these, the share that isn't complete", title="open", form=r.percent),
        Column("left_out", "share of landscapes that have no number", title="left out", form=r.percent),
        *measured("mean", "se", "mean number of points", "points", "mean number"),
        Column(
            "gaussian",
            "exact mean for Gaussian couplings",
            "points",
            "exact Gaussian",
            shown=exact("gaussian", "se"),
        ),
        Column("relative", "mean / gaussian - 1", title="difference, %", shown=_percents),
        Column("relative_se", "its standard error"),
        Column("standard_errors", _STANDARD, title="in standard errors", form=r.score),
    ),
    "Mean numbers on the whole sphere over the landscapes that have a number: discrete and diluted "
    "couplings can have degenerate points, or whole circles of them. Left out: the share of these. Open: "
    "of the others, those that aren't complete. Cells of one seed and N share normal numbers, so "
    "their differences go together. By index: universality_by_index.csv.",
)
BY_INDEX = Table(
    "universality_by_index",
    "The same by Morse index: one row for each cell and index.",
    (
        *STORED,
        _STORED_LAW,
        Column("index", "Morse index"),
        *measured("mean", "se", "mean number of points", "points"),
        Column("gaussian", "exact mean for Gaussian couplings", "points"),
        *measured("relative", "relative_se", "mean / gaussian - 1"),
    ),
)
BULK = Table(
    "universality_bulk",
    "Moments of the Hessian's bulk at critical points: one row for each cell and moment.",
    (
        _LAW,
        SIZE,
        CELL,
        *STORED[1:],
        _STORED_LAW,
        Column("order", "order of the moment", title="moment"),
        *measured(
            "moment",
            "se",
            "moment of the eigenvalues of G, scaled so that the semicircle is [-2, 2]",
            title="at critical points",
        ),
        Column(
            "gaussian",
            "the same for Gaussian couplings",
            title="Gaussian, there",
            shown=estimate("gaussian", "gaussian_se"),
        ),
        Column("gaussian_se", "its sampling error"),
        Column("relative", "moment / gaussian - 1"),
        Column("goe", "moment of a GOE matrix of size N-1", title="GOE, N−1", form=r.digits(5), at=1),
        Column("catalan", "moment of the semicircle", title="Catalan number", at=1),
        Column("standard_errors", _STANDARD, title="difference in standard errors", form=r.score),
    ),
    "Moments of the eigenvalues of G over all critical points, G the Hessian plus the radial derivative, "
    "in units in which the semicircle is [−2, 2]. At critical points even Gaussian couplings give "
    "no plain GOE matrix: Kac and Rice weigh it with the determinant of the Hessian. Both are shown.",
)


class OtherLaws(Topic[Universality]):
    """Differences that are measured: no theory says what they are at finite N, so nothing is tested."""

    anchor, declared, numbered = "universality", (UNIVERSALITY, BY_INDEX, BULK), True
    whole = True

    def find(self, study: StudyResult) -> list[Universality]:
        return find_universality(study.families)

    def tables(self, found: Universality) -> Mapping[Table, Sequence[Row]]:
        return {UNIVERSALITY: found.totals, BY_INDEX: index_rows(found), BULK: found.bulk}

    def figures(self, found: Universality) -> Mapping[str, Figure]:
        return {"": draw_laws(found)}

    def section(self, found: Universality) -> Section:
        title = f"{TITLE}: ξ = {found.covariance}"
        body = [
            paragraph(_TEXT),
            Picture("", title, _CAPTION),
            _decay(found),
            UNIVERSALITY.part(found.totals),
        ]
        return Section(title, [*body, *([BULK.part(found.bulk)] if found.bulk else [])])


def _decay(result: Universality) -> Part:
    fits = decays(result)
    if not fits:
        return note(
            f"No law is {SEEN:g} standard errors off the Gaussian model at three N, in its mean number or "
            "in a moment of the bulk: no exponent is fitted."
        )
    texts = [
        f"{fit.law}, {fit.quantity}: N^({r.MINUS}{r.estimate(fit.exponent, fit.exponent_se)}) over N = "
        f"{', '.join(map(str, fit.sizes))}"
        for fit in fits
    ]
    return note(
        f"How the relative difference falls, fitted where it is {SEEN:g} standard errors or more: "
        f"{'; '.join(texts)}. N where it was too small to be seen are left out, so the exponent is a lower "
        "bound rather than an estimate."
    )

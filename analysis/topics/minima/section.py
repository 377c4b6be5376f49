"""The report's section on how rare minima are: figure, text and table."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, estimate
from morsecensus.analysis.results import CellResult, StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.families import leading, named, with_points
from morsecensus.analysis.topics.findings import Finding, Panel, Question
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.minima.figure import draw_share, plot_shares_of
from morsecensus.analysis.topics.minima.measure import (
    MinimaShare,
    counts_of,
    dimension_of,
    expected_share,
    independent_signs,
    measured,
    measured_share,
    share_rows,
)
from morsecensus.analysis.topics.rows import FINDER, LABELLED, LANDSCAPES, in_words

TITLE = "How rare minima are"
_TEXT = (
    "On a circle every second critical point is a minimum, on a sphere at least every fourth. In high "
    "dimension minima are rare, but not as rare as coins say: independent signs of d eigenvalues would give "
    "2^-d, and a random symmetric matrix without a shift, whose eigenvalues repel, exp(−0.27 d²) (Dean, "
    "Majumdar, cond-mat/0609651). Low energies shift all eigenvalues together, so the fraction of minima "
    "falls as exp(−N (Σ − Σ₀)), with the complexities of all points and of minima; for the pure p-spin the "
    "rate is (p-2)/p (Auffinger, Ben Arous, Černý, arXiv:1003.1129)."
)
_CAPTION = (
    "Mean number of minima over mean number of critical points, with one standard error, on theory at the "
    "same N. Nothing is fitted."
)
SHARE_OF_MINIMA = Table(
    "share_of_minima",
    "Mean number of minima over mean number of points: one row for each cell.",
    (
        *LABELLED,
        FINDER,
        Column("dimension", "dimension d of the manifold", title="dimension"),
        LANDSCAPES,
        Column("complete", "share of complete landscapes", title="complete", form=r.percent),
        Column("share", "measured fraction of minima", title="measured", shown=estimate("share", "share_se")),
        Column("share_se", "its standard error (delta method)"),
        Column("exact", "ratio of the means in theory", title="theory", form=r.digits(5)),
        Column("exact_se", "standard error of theory; 0 where it is exact"),
        Column("z", "(share - exact) / error, the error of both", title="z", form=r.score),
        Column("independent_signs", "2^-d", title="independent signs", form=r.digits(3)),
        Column("z_independent_signs", "(share - 2^-d) / error", title="z of those", form=r.score),
        Column("zero_shift", "fraction for a GOE matrix without a shift", title="no shift", form=r.digits(3)),
        Column(
            "limiting_rate",
            "-log of the fraction per spin as N grows",
            "natural logarithm per spin",
            "limit rate",
            r.digits(4),
        ),
    ),
    "Fractions of minima. No z where every landscape has the same fraction, as on a circle. Limit rate: "
    "-log of the fraction per spin as N grows; for independent signs it is log 2 = 0.693.",
)


class Minima(Topic[MinimaShare]):
    """The share of minima; a function of counts, which are tested cell by cell already."""

    anchor, declared = "share-of-minima", (SHARE_OF_MINIMA,)
    whole = True

    def find(self, study: StudyResult) -> list[MinimaShare]:
        found = measured(study.families)
        return [found] if found.measured else []

    def tables(self, found: MinimaShare) -> Mapping[Table, Sequence[Row]]:
        return {SHARE_OF_MINIMA: share_rows(found)} if found.is_curve else {}

    def figures(self, found: MinimaShare) -> Mapping[str, Figure]:
        return {"": draw_share(found)} if found.is_curve else {}

    def findings(self, found: Sequence[MinimaShare]) -> list[Finding]:
        return [_rarity(one) for one in found if one.measured]

    def section(self, found: MinimaShare) -> Section | None:
        if not found.is_curve:
            return None
        rows = share_rows(found)
        words = in_words(rows)
        below = [SHARE_OF_MINIMA.part(rows), *([paragraph(words)] if words else [])]
        return Section(TITLE, [paragraph(_TEXT), Picture("", TITLE, _CAPTION), *below])


def _rarity(found: MinimaShare) -> Finding:
    """The share at the smallest and the largest N of one family, and what coins would give."""
    family = leading(found.measured)
    assert family is not None
    cells = with_points(family)
    last = cells[-1]
    coins = independent_signs(dimension_of(last))
    text = (
        f"{named(family, found.measured)}{_percent(last)} of all critical points are minima at N = {last.n}"
        f"{_beside(last)}; independent signs of its {dimension_of(last)} eigenvalues would leave "
        f"{r.percent(coins)}."
    )
    if cells[0].n < last.n:
        text += f" At N = {cells[0].n} it is {_percent(cells[0])}."
    several = cells[0].n < last.n
    panel = Panel(f"Share of minima, {family.title}", lambda ax: plot_shares_of(ax, family))
    return Finding(Question.RARITY, text, panel=panel if several else None)


def _percent(cell: CellResult) -> str:
    share, error = measured_share(counts_of(cell))
    if share == 0:
        return f"None of {cell.cell.points:,}"
    return f"{r.estimate(100 * share, 100 * error)}%" if error > 1e-12 else r.percent(share)


def _beside(cell: CellResult) -> str:
    exact = expected_share(cell)
    return "" if exact is None else f" (theory {r.number(100 * exact[0], 4)}%)"

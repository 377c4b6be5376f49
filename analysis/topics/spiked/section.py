"""The report's section on spiked landscapes: overlaps with the signal against exact numbers."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.verdicts import CellTest, plain_test
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, estimate
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL, LANDSCAPES, MODEL, SIZE, STORED, XI, N
from morsecensus.analysis.topics.spiked.figure import draw_overlaps, draw_phases
from morsecensus.analysis.topics.spiked.measure import (
    WRONG,
    SpikedFamily,
    find_spiked,
    overlap_rows,
    overlap_test,
    total_rows,
)

TITLE = "Planted signal"
_TEXT = (
    "The landscape is noise of covariance N ξ around the mean −N ξₛ(m), m the overlap with a planted "
    "direction. Mean numbers by overlap and index are exact at finite N up to the sampling of part of the "
    "Hessian; their standard errors are in the tests. Nothing is fitted."
)
_CAPTION = (
    "Left: mean numbers in 20 bins of the overlap, with one standard error (bars) and exact (steps), at the "
    "largest N. Middle: energy against overlap of measured points by index; dashed: the signal's part of the "
    "energy. Right: annealed rates as N grows; minima are exponentially many where theirs is positive."
)
_PHASES = (
    "Lines as N grows. In between gradient flow finds the signal although minima of overlap 0 are "
    "exponentially many (arXiv:1902.00139, arXiv:1907.08226); their rates are of order 1e-3, far below what "
    "can be seen here."
)
_SIGNAL = Column("signal", "mean of the landscape as a polynomial in the overlap", title="signal", left=True)
_P = "p-value of the numbers in all bins of the overlap at once"


def _mean(name: str, what: str, title: str, at: int) -> tuple[Column, ...]:
    measured = estimate(name, f"{name}_se")
    return (
        Column(name, f"mean number of {what}", "points", title, shown=measured, at=at),
        Column(f"{name}_se", "its standard error", "points"),
    )


def _exact(name: str, what: str, at: int) -> tuple[Column, ...]:
    shown = estimate(f"{name}_exact", f"{name}_exact_se")
    return (
        Column(f"{name}_exact", f"mean number of {what} in theory", "points", "exact", shown=shown, at=at),
        Column(f"{name}_exact_se", "standard error of its draws", "points"),
    )


def _by_overlap(name: str, what: str) -> tuple[Column, ...]:
    return (
        Column(name, f"mean number of {what} in the bin", "points"),
        Column(f"{name}_se", "its standard error", "points"),
        Column(f"{name}_exact", f"mean number of {what} in theory", "points"),
        Column(f"{name}_exact_se", "standard error of its draws", "points"),
    )


SPIKED = Table(
    "spiked",
    "Numbers of points of landscapes with a signal, and the joint test of overlaps: one row for each cell.",
    (
        SIZE,
        CELL,
        MODEL,
        XI,
        _SIGNAL,
        N,
        LANDSCAPES,
        *_mean("total", "all points", "points", at=0),
        *_mean("minima", "minima", "minima", at=1),
        *_exact("total", "all points", at=0),
        *_exact("minima", "minima", at=1),
        Column("dof", "bins tested", title="bins tested", form=r.whole, at=2),
        Column("p_value", _P, title="p", form=r.probability, at=2),
        Column("p_missing", "the largest that any allowed set of missed points gives"),
        Column("dof_wrong", "bins tested, of the negative control"),
        Column(
            "p_value_wrong",
            f"of the negative control: the signal {WRONG:g} times as strong",
            title=f"p if the signal were {WRONG:g} times as strong",
            form=r.probability,
            at=2,
        ),
        Column("p_missing_wrong", "the same with missed points at their best"),
        Column(
            "descent_margin",
            "above 1 the signal gives marginal points of overlap 0 a way down",
            title="descent margin",
            form=r.digits(4),
            at=2,
        ),
        Column(
            "uninformed_minima",
            "rate of minima of overlap 0 as N grows",
            "natural logarithm per spin",
            "rate of minima at m = 0",
            r.digits(3),
            at=2,
        ),
    ),
    "Mean numbers on the whole sphere over every planned landscape; exact ones with the standard error "
    "of their draws. Test: all bins of the overlap with enough points at once (Hotelling's T²), for a "
    "symmetric model one half of them. Descent margin: above 1 the signal gives marginal points of "
    "overlap 0 a way down.",
)
SPIKED_OVERLAPS = Table(
    "spiked_overlaps",
    "Mean numbers of points by overlap with the signal: one row for each cell and bin.",
    (
        STORED[0],
        MODEL,
        XI,
        _SIGNAL,
        N,
        Column("overlap_low", "lower end of the bin"),
        Column("overlap_high", "upper end of the bin"),
        *_by_overlap("all", "points"),
        *_by_overlap("minima", "minima"),
    ),
)


class Spiked(Topic[list[SpikedFamily]]):
    """All spiked models of a study in one section."""

    anchor, declared = "spiked", (SPIKED, SPIKED_OVERLAPS)
    whole = True

    def find(self, study: StudyResult) -> list[list[SpikedFamily]]:
        found = find_spiked(study.families)
        return [found] if found else []

    def tables(self, found: list[SpikedFamily]) -> Mapping[Table, Sequence[Row]]:
        overlaps = [row for family in found for row in overlap_rows(family)]
        return {SPIKED: _totals(found)} | ({SPIKED_OVERLAPS: overlaps} if overlaps else {})

    def figures(self, found: list[SpikedFamily]) -> Mapping[str, Figure]:
        drawn = {str(number): draw_overlaps(family) for number, family in enumerate(found, 1)}
        phases = {f"phases-{p}": draw_phases(p, cells) for p, cells in _diagrams(found).items()}
        return {name: figure for name, figure in drawn.items() if figure is not None} | phases

    def tests(self, found: list[SpikedFamily]) -> list[CellTest]:
        """The numbers by overlap, one test for each cell with positions."""
        made = [(cell.result.cell, overlap_test(cell)) for family in found for cell in family.cells]
        return [plain_test([cell], test, self.anchor) for cell, test in made if test is not None]

    def section(self, found: list[SpikedFamily]) -> Section:
        rows = _totals(found)
        families = [_family(number, family) for number, family in enumerate(found, 1)]
        phases = [Picture(f"phases-{p}", f"Phase diagram, p = {p}", _PHASES) for p in _diagrams(found)]
        return Section(TITLE, [paragraph(_TEXT), *families, *phases, _verdict(rows), SPIKED.part(rows)])


def _family(number: int, family: SpikedFamily) -> Section:
    drawn = any(cell.overlaps is not None for cell in family.cells)
    body = (
        Picture(str(number), family.title, _CAPTION)
        if drawn
        else note("No overlaps: run the cells with positions = true to have them.")
    )
    return Section(family.title, [body, *_unknown(family)], f"spiked-{number}")


def _unknown(family: SpikedFamily) -> list[Part]:
    """Which cells nothing exact stands beside."""
    found: dict[str, list[str]] = {}
    for cell in family.cells:
        if cell.unknown is not None:
            found.setdefault(cell.unknown, []).append(str(cell.n))
    return [
        note(f"N = {', '.join(sizes)}: no exact numbers are computed {why}, and none are tested.")
        for why, sizes in found.items()
    ]


def _totals(found: list[SpikedFamily]) -> list[Row]:
    return [row for family in found for row in total_rows(family)]


def _diagrams(results: Sequence[SpikedFamily]) -> dict[int, list[tuple[float, float]]]:
    """(deltap, 1/delta2) of a matrix beside a tensor, by degree."""
    found: dict[int, list[tuple[float, float]]] = {}
    for result in results:
        known = result.cells[0].result.cell.parameters
        if {"p", "delta2", "deltap"} <= set(known):
            place = float(known["deltap"]), 1 / float(known["delta2"])
            found.setdefault(int(known["p"]), []).append(place)
    return found


def _verdict(rows: list[Row]) -> Part:
    known = [row for row in rows if row["p_value"] is not None]
    if not known:
        return note("No cell has exact numbers and enough landscapes with positions for a test of overlaps.")
    level = LEVEL / len(known)  # Bonferroni
    worst = min(row["p_value"] for row in known)
    text = (
        f"Numbers by overlap against exact ones, {len(known)} cells: smallest p = {r.probability(worst)}, "
        f"rejected below {r.probability(level)}."
    )
    if worst >= level:
        return note(text, "good")
    if all(row["p_missing"] >= level for row in known):
        return note(text + " Undecided: points that may be missing could explain it.")
    return note(text, "bad")

"""Mean Euler curves in the report: figure, text and table."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.verdicts import CellTest, plain_test
from morsecensus.analysis.dataset.complexes import has_topology, on_one_sphere
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import FamilyResult, StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.topology.euler.curves import EVENTS, LANDSCAPES_PER_LEVEL, SCALE_LEVELS
from morsecensus.analysis.topics.topology.euler.figure import MOST_PANELS, draw_euler
from morsecensus.analysis.topics.topology.euler.measure import WRONG_VARIANCE, EulerResult, measure_euler
from morsecensus.analysis.topics.topology.euler.tables import (
    EULER_CURVES,
    EULER_TESTS,
    curve_rows,
    verdict_rows,
)

_TEXT = (
    "χ{H/N ≥ u} of a landscape is the sum of (−1)^(N−1−index) over its critical points at or above u, a "
    "step function of u. Its mean is known exactly at every N: the Gaussian kinematic formula (Adler and "
    "Taylor, Random Fields and Geometry, 2007) with all Lipschitz-Killing curvatures of the sphere, in "
    "which the covariance enters by ξ(1) and ξ′(1) only. The curve of {H/N ≤ u} is its mirror image."
)


class Euler(Topic[EulerResult]):
    """Mean Euler curves against the exact formula, where a study asks for topology."""

    anchor, declared = "euler", (EULER_CURVES, EULER_TESTS)

    def find(self, study: StudyResult) -> list[EulerResult | None]:
        return [_measure(family) for family in study.families]

    def tables(self, found: EulerResult) -> Mapping[Table, Sequence[Row]]:
        return {EULER_CURVES: curve_rows(found), EULER_TESTS: verdict_rows(found)}

    def figures(self, found: EulerResult) -> Mapping[str, Figure]:
        figure = draw_euler(found)
        return {} if figure is None else {"euler": figure}

    def tests(self, found: EulerResult) -> list[CellTest]:
        """Supremum, both ends and variance of each cell; those of all N together are made of the same."""
        return [plain_test([cell.cell], test, self.anchor) for cell in found.cells for test in cell.tests]

    def section(self, found: EulerResult) -> Section:
        figure = Picture("euler", "Mean Euler curves against the exact formula", _caption(found))
        body = [figure, *_joint(found), _table(found), *_missing(found)]
        return Section("Euler characteristic of superlevel sets", body, introduction=_TEXT)


def _measure(family: FamilyResult) -> EulerResult | None:
    cells = [result.cell for result in family.cells if result.cell.sought is None]
    return measure_euler(cells) if any(has_topology(cell) and on_one_sphere(cell) for cell in cells) else None


def _caption(result: EulerResult) -> str:
    drawn = sum(cell.curve is not None for cell in result.cells)
    text = (
        "Mean over all landscapes of a cell (points, one standard error), the exact formula (line), and a "
        "band that holds the whole curve in 95% of samples (bootstrap over landscapes). Below: residuals in "
        "standard errors; a curve that agrees stays in the grey band in 95% of samples. Neighbouring levels "
        "share most of their points, so residuals wander rather than scatter. Levels have at least "
        f"{EVENTS:g} expected caps beyond them on either side."
    )
    return text + (f" {MOST_PANELS} of {drawn} cells are drawn." if drawn > MOST_PANELS else "")


def _joint(result: EulerResult) -> list[Part]:
    bad = [c.cell.name for c, v in zip(result.cells, result.verdicts, strict=True) if v == "disagrees"]
    doubt = [c.cell.name for c, v in zip(result.cells, result.verdicts, strict=True) if v == "undecided"]
    wrong_variance = result.scale is not None and result.scale.p_value < LEVEL
    text = ""
    if result.joint is not None:
        text = (
            f"One supremum over the levels of all cells: {r.number(result.joint.statistic, 3)} standard "
            f"errors, p = {r.probability(result.joint.p_value)}. "
        )
    if not any(cell.tests for cell in result.cells):
        return [note("No cell has enough landscapes for a test of its mean Euler curve.")]
    text += (
        f"Rejected at a joint level of {LEVEL:g} (Holm, over all tests of the table): "
        f"{', '.join(bad) or 'none'}."
    )
    if result.scale is not None:
        seen = result.scale.power(1 + WRONG_VARIANCE, level=LEVEL)
        text += (
            f" Variance of the couplings over the stated one, from the curves of all N together: "
            f"{r.estimate(result.scale.ratio, result.scale.se)}, p = {r.probability(result.scale.p_value)}; "
            f"an error of {r.percent(WRONG_VARIANCE)} is rejected with probability {r.number(seen, 3)}."
        )
    if doubt:
        text += f" Undecided, since points may be missing: {', '.join(doubt)}."
    return [note(text, "bad" if bad or wrong_variance else "" if doubt else "good")]


def _table(result: EulerResult) -> Part:
    caption = EULER_TESTS.caption
    if any(cell.scale is None for cell in result.cells):
        fewest = 2 * LANDSCAPES_PER_LEVEL * SCALE_LEVELS
        caption += f" To measure the variance takes {fewest} landscapes."
    rows = verdict_rows(result)
    kinds = [{"disagrees": "bad", "undecided": "doubt"}.get(row["verdict"], "") for row in rows]
    return EULER_TESTS.part(rows, caption, kinds)


def _missing(result: EulerResult) -> list[Part]:
    lacking = [cell for cell in result.cells if cell.missing > 0]
    if not lacking:
        return []
    names = ", ".join(f"{c.cell.name} {r.number(c.missing, 2)}" for c in lacking)
    text = (
        "A mean landscape may lack points, and each moves the mean curve by 1 at most (all landscapes count "
        f"with what was found in them; bands and p-values above are without this): {names}. A test that they "
        "could explain is undecided, never rejected."
    )
    return [note(text)]

"""The report's section on the geometry between points: overlaps, and variances of counts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from morsecensus.analysis.agreement.verdicts import CellTest, plain_test
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.pairs.figure import draw_overlaps, draw_variances
from morsecensus.analysis.topics.pairs.measure import (
    MOST_N,
    CellPairs,
    FamilyPairs,
    find_pairs,
    overlap_rows,
    overlap_tests,
    tested_rows,
    variance_rows,
    variance_tests,
)
from morsecensus.analysis.topics.rows import HEAD, LANDSCAPES

TITLE = "Geometry between points"
_TEXT = (
    "The Kac-Rice formula at two points gives the mean number of ordered pairs of critical points at each "
    "overlap q = x·y/N, exactly at every N; only a mean over pairs of Hessians is sampled, and its error is "
    "part of every test. The integral over q gives the variance of the counts. Where x → −x is a symmetry, "
    "−x is critical with x: those pairs, at q = −1, are not in the densities. Independent uniform points "
    "would have (1−q²)^((N−3)/2). Nothing is fitted. For pure models with p ≥ 3, at energies between −E_0 "
    "and −E_inf, variance / mean² tends to zero (Subag, arXiv:1504.02251)."
)
_OVERLAPS = (
    "Ordered pairs of a landscape per unit of overlap. Points: measured, with one standard error over "
    "landscapes. Steps: exact, shaded by the error of sampling. Dashes: as many pairs of independent uniform "
    "points."
)
_VARIANCES = (
    "Variance of the number of points over its squared mean. Points: measured; dashes: exact; circles: if "
    "points (with their mirror images) were independent."
)
OVERLAPS = Table(
    "overlaps",
    "Mean numbers of ordered pairs by overlap, without antipodes: one row for each cell, kind and bin.",
    (
        *HEAD,
        Column("kind", "which points"),
        Column("low", "lower end of the bin"),
        Column("high", "upper end of the bin"),
        *measured("pairs", "se", "mean number of pairs in a landscape", "pairs"),
        Column("exact", "mean number in theory", "pairs"),
        Column("exact_se", "its sampling error", "pairs"),
        Column("uniform", "as many pairs of independent uniform points", "pairs"),
    ),
)
OVERLAP_TESTS = Table(
    "overlap_tests",
    "Numbers of pairs in all bins of the overlap at once: one row for each cell and kind.",
    (
        *HEAD,
        Column("kind", "which points", title="pairs of", left=True),
        LANDSCAPES,
        Column("complete", "whether every landscape is complete"),
        *measured("pairs", "se", "mean number of ordered pairs, without antipodes", "pairs", "pairs"),
        Column("exact", "mean number in theory", "pairs", "exact", shown=exact("exact", "se")),
        Column("exact_se", "its sampling error", "pairs", "± of exact", r.digits(2)),
        Column("antipodes", "mean number of ordered pairs x, -x", "pairs", "antipodes", r.digits(4)),
        Column("statistic", "T²", title="T²", form=r.digits(3)),
        Column("dof", "bins tested", title="bins", form=r.whole),
        Column("p_value", "against the exact law", title="p", form=r.probability),
        Column(
            "p_value_uniform",
            "negative control: against uniform points",
            title="p if uniform",
            form=r.probability,
        ),
    ),
    "Mean numbers of ordered pairs of a landscape, both of one kind, without antipodes. T² tests their "
    "numbers in all bins of the overlap at once; p if uniform is the negative control: the same test "
    "against as many pairs of independent uniform points.",
)
COUNT_VARIANCES = Table(
    "count_variances",
    "Variance over landscapes of the number of points: one row for all points of a cell, and for each index.",
    (
        *HEAD,
        Column("kind", "which points", title="points", left=True),
        LANDSCAPES,
        Column("complete", "whether every landscape is complete"),
        Column("mean", "mean number", "points", "mean", r.digits(5)),
        *measured("variance", "se", "variance of the number", "points²", "variance"),
        Column("exact_mean", "mean number in theory", "points"),
        Column("exact", "variance in theory", "points²", "exact", shown=exact("exact", "se")),
        Column("exact_se", "its sampling error", "points²", "± of exact", r.digits(2)),
        Column("relative", "variance over squared mean in theory", title="exact / mean²", form=r.digits(3)),
        Column("z", "(variance - exact) / error, the error of both", title="z", form=r.score),
    ),
    "Variance of the number of points of a landscape. All indices are in count_variances.csv.",
)


class Pairs(Topic[FamilyPairs]):
    """Pairs of points against the two-point formula, a section for each model."""

    anchor, declared, numbered = "pairs", (OVERLAPS, OVERLAP_TESTS, COUNT_VARIANCES), True
    whole = True

    def find(self, study: StudyResult) -> list[FamilyPairs]:
        return find_pairs(study.families)

    def tables(self, found: FamilyPairs) -> Mapping[Table, Sequence[Row]]:
        return {
            OVERLAPS: [row for cell in found.cells for row in overlap_rows(cell)],
            OVERLAP_TESTS: [row for cell in found.cells for row in tested_rows(cell)],
            COUNT_VARIANCES: [row for cell in found.cells for row in variance_rows(cell)],
        }

    def figures(self, found: FamilyPairs) -> Mapping[str, Figure]:
        return {"overlaps": draw_overlaps(found), "variances": draw_variances(found)}

    def tests(self, found: FamilyPairs) -> list[CellTest]:
        """Overlaps of each kind and variances; what missed points do to pairs isn't bounded."""
        made = []
        for cell in found.cells:
            kinds = range(len(cell.overlaps.kinds))
            results = [overlap_tests(cell, pair)[0] for pair in kinds] + [
                (variance_tests(cell) or (None,))[0]
            ]
            for result in results:
                if result is not None:
                    least = result.p_missing if cell.complete or result.p_value is None else 1.0
                    made.append(plain_test([cell.cell], replace(result, p_missing=least), self.anchor))
        return made

    def section(self, found: FamilyPairs) -> Section:
        variances = [
            row
            for cell in found.cells
            for row in variance_rows(cell)
            if row["kind"] in ("all", "index 0", "index 1")
        ]
        overlaps = [row for cell in found.cells for row in tested_rows(cell)]
        body = [paragraph(_TEXT), Picture("overlaps", "Overlaps", _OVERLAPS), OVERLAP_TESTS.part(overlaps)]
        body += [Picture("variances", "Variances", _VARIANCES), COUNT_VARIANCES.part(variances)]
        return Section(f"{TITLE}: {found.title}", [*body, *_notes(found)])


def _notes(family: FamilyPairs) -> list[Part]:
    found = [_tests(cell) for cell in family.cells if cell.theory is not None]
    open_cells = [cell.cell.name for cell in family.cells if not cell.complete]
    if open_cells:
        text = "Not every landscape is complete in {}: missing points would bias both pairs and variances."
        found.append(note(text.format(", ".join(open_cells))))
    if any(cell.theory is None for cell in family.cells):
        found.append(note(f"Exact numbers end at N = {MOST_N}: beyond, their sampling error is too large."))
    return found


def _tests(found: CellPairs) -> Part:
    tests = variance_tests(found)
    if tests is None or tests[0].p_value is None:
        return note(f"N = {found.cell.n}: too few landscapes to test the variances.")
    right, wrong = tests
    return paragraph(
        f"N = {found.cell.n} ({found.cell.name}): variances of all points and of every index jointly, "
        f"p = {r.probability(right.p_value)}; with those of independent points, "
        f"p = {r.probability(wrong.p_value)}."
    )

"""Agreement with exact theory: every test of the study at one joint level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from morsecensus.analysis.agreement.residuals import LEVEL, TestResult, uniformity_test
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.counts.section import count_rows
from morsecensus.analysis.topics.energies.section import energy_rows
from morsecensus.analysis.topics.findings import Finding, Question
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import SIZE, STORED, in_words, label
from morsecensus.analysis.topics.verdicts.figure import draw_p_values
from morsecensus.analysis.topics.verdicts.measure import (
    COUNTS,
    independent_p_values,
    is_repeated,
    repeated_cells,
    verdict_rows,
)

_TEXT = (
    "Counts by index are tested jointly (Hotelling's T² over landscapes, without the direction "
    "that the Morse sum fixes), energies by mean and spread at every index and by their law in "
    "equally likely bins, Hessian spectra by features and by the law of the smallest eigenvalue "
    "against exact samples. Landscapes are the independent units throughout, since the points of "
    "one landscape are correlated. A cell is marked only where a test rejects after Holm's "
    "correction over the whole study, the tests of the sections below included."
)
_CAPTION = (
    "Sorted p-values: near the diagonal if theory holds and the errors are right. Cells that share "
    "couplings, such as those of a field sweep, leave it together."
)
_BY_CELL = (
    "p-values of each test, before correction; coupling variance: from the widths of all Hessians. Loss "
    "seen: the smallest share of all points whose loss the count test would reject at level 0.01 with "
    "power 0.9."
)
_OF_SECTIONS = "The tests of the sections below, each p-value before and after the correction."
TESTS = Table(
    "tests",
    "Every test against exact theory, corrected together: one row for each test.",
    (
        Column("", title="cell", shown=lambda row: row["cell"].replace(" ", ", "), left=True),
        SIZE,
        *STORED,
        Column("test", "what was tested", title="test", left=True),
        Column("landscapes", "sample size", "landscapes"),
        Column("statistic", "T², or the largest deviation in standard units"),
        Column("dof", "dimensions tested; 0 where the statistic has none"),
        Column("p_value", "of what was found; empty if not testable", title="p-value", form=r.probability),
        Column(
            "p_value_if_missing",
            "the largest that any allowed set of missed points gives",
            title="if points are missing",
            form=r.probability,
            at=1,
        ),
        Column(
            "p_value_holm",
            "corrected over all tests of the study (Holm)",
            title="corrected",
            form=r.probability,
        ),
        Column(
            "verdict",
            '"agrees"; "disagrees": rejected even with missed points at their best; "undecided": rejected, '
            'but missed points may explain it; "not testable"',
            title="verdict",
            left=True,
            at=1,
        ),
        Column("detectable", "smallest departure that the test rejects at level 0.01 with power 0.9"),
        Column("detectable_unit", "what the departure is measured in"),
        Column("note", "why it isn't testable, or what was left out"),
        Column("section", "section of the page whose test it is; empty for those that every cell has"),
    ),
    "Undecided: what open or failed landscapes may miss could explain it.",
)


@dataclass(frozen=True, eq=False)
class Found:
    """The rows of all tests, the cells of the study, and rows of its tables that have z-scores."""

    rows: list[Row]
    cells: tuple[Cell, ...]
    scored: Sequence[Row] = ()

    def p_values(self) -> tuple[list[float], list[float]]:
        """Of the count tests and of all others, each landscape once."""
        known = [row for row in self.once() if row["p_value"] is not None and not row["certain"]]
        counts, others = (
            [row["p_value"] for row in known if (row["test"] == COUNTS) == is_count]
            for is_count in (True, False)
        )
        return counts, others

    def once(self) -> list[Row]:
        """The tests without those of cells whose landscapes another cell has too."""
        repeated = repeated_cells(self.cells)
        return [row for row in self.rows if not is_repeated(row, repeated)]


class Agreement(Topic[Found]):
    """The verdicts."""

    anchor, declared, last = "agreement", (TESTS,), True

    def find(self, study: StudyResult) -> list[Found]:
        if not study.verdicts and not study.cells:
            return []  # of runs without a law to be tested against: nothing to say
        results = [result for family in study.families for result in family.cells]
        scored = [*count_rows(results), *energy_rows(results)]
        return [Found(verdict_rows(study.verdicts), study.cells, scored)]

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {TESTS: found.rows}

    def figures(self, found: Found) -> Mapping[str, Figure]:
        figure = draw_p_values(*found.p_values())
        return {} if figure is None else {"p-values": figure}

    def findings(self, found: Sequence[Found]) -> list[Finding]:
        return [_headline(one) for one in found if one.rows or one.cells]

    def section(self, found: Found) -> Section:
        title = "Agreement with exact theory"
        if not found.rows:
            return Section(title, [note("No cell has exact theory to be tested against.")])
        figure = Picture("p-values", "Sorted p-values of all tests against uniform quantiles", _CAPTION)
        uniform = uniformity_test(independent_p_values(found.once(), found.cells))
        words = in_words(found.scored)
        scores = [paragraph(f"counts.csv and energies.csv: {words}")] if words else []
        body = [paragraph(_TEXT), figure, paragraph(_uniform_text(uniform)), *scores, *_left_out(found)]
        return Section(
            title, [*body, *_rejected(found.rows), *_by_cell(found.rows), *_of_sections(found.rows)]
        )


def _left_out(found: Found) -> list[Part]:
    repeated = repeated_cells(found.cells)
    text = (
        f"Left out of both: {', '.join(sorted(repeated))}, whose landscapes another cell found more "
        "completely (or as completely): their p-values would count the same landscapes again."
    )
    return [note(text)] if repeated else []


def _uniform_text(found: TestResult) -> str:
    if found.p_value is None:
        return f"Uniformity of the p-values over cells is not testable: {found.note}."
    return (
        f"Uniformity of the count tests' p-values over {found.landscapes} cells, one of each set of "
        "couplings that cells share (Kolmogorov-Smirnov): "
        f"p = {r.probability(found.p_value)}."
    )


def _rejected(rows: Sequence[Row]) -> list[Part]:
    """The tests that reject after Holm's correction, if any."""
    bad = [row for row in rows if row["verdict"] in ("disagrees", "undecided")]
    return [TESTS.part(bad, kinds=[_kind([row]) for row in bad])] if bad else []


def _kind(rows: Sequence[Row]) -> str:
    verdicts = {row["verdict"] for row in rows}
    return "bad" if "disagrees" in verdicts else "doubt" if "undecided" in verdicts else ""


def _by_cell(rows: Sequence[Row]) -> list[Part]:
    """One line per cell: the p-values of its tests, and what the count test would have seen."""
    rows = [row for row in rows if not row["section"]]
    names = list(dict.fromkeys(row["test"] for row in rows))
    by_cell: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_cell.setdefault(row["cell"], {})[row["test"]] = row
    texts = []
    for cell, own in by_cell.items():
        first = next(iter(own.values()))
        p_values = [r.probability(own[name]["p_value"]) if name in own else r.DASH for name in names]
        seen = r.percent(own[COUNTS]["detectable"] if COUNTS in own else None)
        texts.append((label(first), cell, str(first["n"]), *p_values, seen))
    titles = ("model", "cell", "N", *names, "loss seen")
    kinds = [_kind(list(own.values())) for own in by_cell.values()]
    return [HtmlTable(titles, texts, _BY_CELL, (0, 1), kinds).part()] if texts else []


def _of_sections(rows: Sequence[Row]) -> list[Part]:
    own = [row for row in rows if row["section"]]
    return [TESTS.part(own, _OF_SECTIONS, [_kind([row]) for row in own])] if own else []


def _headline(found: Found) -> Finding:
    """How all tests together came out, in one sentence."""
    rows = found.rows
    tested = [row for row in rows if row["p_value"] is not None and not row["certain"]]
    wrong = [row for row in rows if row["certain"] and row["verdict"] == "disagrees"]
    if wrong:
        names = ", ".join(f"{row['test']} ({row['cell'].replace(' ', ', ')})" for row in wrong)
        return _said(f"Contradicted, though it must hold in every landscape: {names}.", "bad")
    unseen = sum(row["certain"] and row["p_value"] is None for row in rows)
    sure = sum(row["certain"] for row in rows) - unseen
    if not tested and sure:
        text = f"All {sure} checks of what must hold in every landscape hold."
        nothing = f" {unseen} more had no landscape to look at." if unseen else ""
        return _said(text + nothing, "" if unseen else "good")
    if not tested:
        return _said("No test against exact theory could be made: too few landscapes, or no theory.")
    bad = sum(row["verdict"] == "disagrees" for row in tested)
    doubt = sum(row["verdict"] == "undecided" for row in tested)
    least = min(row["p_value"] for row in tested)
    text = (
        f"{len(tested)} tests against exact theory at a joint level of {LEVEL:g} (Holm): {bad} disagree, "
        f"{doubt} undecided. Smallest p-value {r.probability(least)}, "
        f"{r.probability(min(1.0, least * len(tested)))} after Bonferroni's correction."
    )
    repeated = repeated_cells(found.cells)
    again = sum(is_repeated(row, repeated) and row["verdict"] != "agrees" for row in tested)
    if again:
        text += (
            f" {again} of those in doubt are of cells whose landscapes another cell found more completely."
        )
    return _said(text, "bad" if bad else "" if doubt else "good")


def _said(text: str, kind: str = "") -> Finding:
    return Finding(Question.AGREEMENT, text, kind)

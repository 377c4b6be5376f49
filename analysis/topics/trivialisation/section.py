"""The report's section on topology trivialisation: figure, text and tables."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.agreement.verdicts import CellTest, plain_test
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL, LANDSCAPES, MODEL, PARAMETERS, SIZE, XI, N
from morsecensus.analysis.topics.trivialisation.figure import draw_sweeps
from morsecensus.analysis.topics.trivialisation.measure import (
    POWER,
    WRONG,
    Trivialisation,
    find_sweeps,
    joint_test,
    sweep_rows,
    sweep_test,
    total_rows,
)

_CAPTION = (
    "Left: mean number of critical points against the variance of the field, measured with one standard "
    "error and the exact curve at each N; the dashed line is the transition, circles are 2N there, the "
    "dotted line is the limit beyond. Right: the rate of growth with N and its limit, which has a kink at "
    "the transition."
)
TOTALS = Table(
    "trivialisation",
    "Mean numbers of points along a sweep of the field: one row for each cell.",
    (
        SIZE,
        CELL,
        MODEL,
        XI,
        Column("field", "variance of the random field", title="field σ²"),
        PARAMETERS,
        N,
        Column(
            "field_over_transition",
            "variance of the field over that of the transition; empty where there is none",
            title="σ² / transition",
            form=r.digits(3),
        ),
        LANDSCAPES,
        *measured("mean", "se", "mean number of points", "points", "measured"),
        Column("exact", "mean number in theory at this N", "points", "exact", shown=exact("exact", "se")),
        Column("z", "(mean - exact) / se", title="z", form=r.score),
        Column(
            "limit",
            "(1/N) log of the mean as N grows",
            "natural logarithm per spin",
            "limit rate",
            r.digits(4),
        ),
        Column("missing_bound", "most points by which the mean may be too low, by the bound", "points"),
    ),
    "Mean numbers on the whole sphere over every planned landscape. Cells of one N share their "
    "couplings, so their z-scores go together. Limit rate: (1/N) log of the mean number as N grows.",
)
SWEEPS = Table(
    "trivialisation_tests",
    "The mean numbers at all variances of one N against the exact curve at once: one row for each N.",
    (
        SIZE,
        MODEL,
        XI,
        Column("finder", "finder, where the study has several at one N"),
        N,
        LANDSCAPES,
        Column("cells", "cells of the sweep"),
        Column(
            "tested",
            "cells whose mean is tested",
            title="variances tested",
            shown=lambda row: f"{row['tested']} of {row['cells']}",
            left=True,
        ),
        Column("statistic", "T²", title="T²", form=r.digits(3)),
        Column("p_value", "of what was found", title="p", form=r.probability),
        Column("p_value_if_missing", "the largest that any allowed set of missed points gives"),
        Column("wrong_variance", "of the negative control: the field's variance over what it is"),
        Column(
            "p_value_wrong",
            "of the negative control",
            title=f"p if σ² were {WRONG:g} times as large",
            form=r.probability,
        ),
        Column(
            "power_wrong",
            f"probability to reject that at level {LEVEL:g}",
            title="power against that",
            form=r.probability,
        ),
        Column(
            "smallest_seen",
            f"smallest relative error of the variance rejected at level {LEVEL:g} with power {POWER:g}",
            title="error of σ² seen",
            form=r.percent,
        ),
    ),
    "The means at all variances against the exact curve at once (Hotelling's T² over landscapes, which "
    "knows that cells share couplings). Not tested: variances at which few landscapes are expected to "
    "have more than two points. Error seen: the smallest that is rejected at level "
    f"{LEVEL:g} with power {POWER:g}.",
)


class Triviality(Topic[Trivialisation]):
    """Sweeps of the field, a section for each model."""

    anchor, declared, numbered = "trivialisation", (TOTALS, SWEEPS), True
    whole = True

    def find(self, study: StudyResult) -> list[Trivialisation]:
        return find_sweeps(study.families)

    def tables(self, found: Trivialisation) -> Mapping[Table, Sequence[Row]]:
        return {TOTALS: total_rows(found), SWEEPS: sweep_rows(found)}

    def figures(self, found: Trivialisation) -> Mapping[str, Figure]:
        return {"": draw_sweeps(found)}

    def tests(self, found: Trivialisation) -> list[CellTest]:
        """One for each N; Fisher's joint one is made of the same p-values."""
        return [
            plain_test([result.cell for result in sweep.cells], sweep_test(sweep), self.anchor)
            for sweep in found.sweeps
        ]

    def section(self, found: Trivialisation) -> Section:
        title = f"Topology trivialisation: {found.title}"
        opening = [paragraph(_text(found)), Picture("", title, _CAPTION), _verdict(found)]
        return Section(title, [*opening, TOTALS.part(total_rows(found)), SWEEPS.part(sweep_rows(found))])


def _text(result: Trivialisation) -> str:
    text = (
        "A random linear field of variance σ² adds σ² to ξ′(1) and leaves ξ″(1) alone. Points are "
        "exponentially many in N while σ² < ξ″(1) − ξ′(1), and two, a minimum and a maximum, beyond "
        "(Fyodorov, arXiv:1307.2379; Belius, Černý, Nakajima, Schmidt, arXiv:2104.06345). "
    )
    if result.transition <= 0:
        return text + f"For ξ = {result.base} that is at σ² ≤ 0: it is trivial without any field."
    return text + (
        f"For ξ = {result.base} the transition is at σ² = {r.number(result.transition, 6)}. Exactly there "
        "the mean number is 2N at every N, as for the eigenvectors of a random matrix. Nothing is fitted."
    )


def _verdict(result: Trivialisation) -> Part:
    tests = [sweep_test(sweep) for sweep in result.sweeps]
    joint, kindest = joint_test(tests), joint_test(tests, missing=True)
    if joint is None or kindest is None:
        return note("No sweep has enough landscapes, that all of its cells have, for a test of its curve.")
    statistic, dof, p_value = joint
    text = (
        f"All N together (Fisher's method): χ² = {r.number(statistic, 4)} with {dof} degrees of freedom, "
        f"p = {r.probability(p_value)}."
    )
    if p_value >= LEVEL:
        return note(text, "good")
    if kindest[2] >= LEVEL:
        return note(text + " Undecided: points that may be missing could explain it.")
    return note(text, "bad")

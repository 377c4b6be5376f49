"""The report's section on topology trivialisation: figure, text and tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.trivialisation.figure import plot_rates, plot_totals
from morsecensus.analysis.topics.trivialisation.measure import (
    LEVEL,
    POWER,
    WRONG,
    Trivialisation,
    find_sweeps,
    joint_test,
    sweep_rows,
    sweep_test,
    total_rows,
)

TITLE = "Topology trivialisation"
ANCHOR = "trivialisation"


find = find_sweeps


def tables(results: Sequence[Trivialisation]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table; nothing for a study that sweeps no field."""
    if results:
        yield "trivialisation", [row for result in results for row in total_rows(result)]
        yield "trivialisation_tests", [row for result in results for row in sweep_rows(result)]


def draw_trivialisation(result: Trivialisation, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the figure of one model: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 2, 3.3)
        plot_totals(axes[0], result)
        plot_rates(axes[1], result)
        return save(figure, folder, name)


def entries(results: Sequence[Trivialisation]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(_anchor(number), _title(result)) for number, result in enumerate(results)]


def _anchor(number: int) -> str:
    return f"{ANCHOR}-{number + 1}"


def _title(result: Trivialisation) -> str:
    return f"{TITLE}: {result.title}"


def parts(results: Sequence[Trivialisation], folder: Path) -> list[Part]:
    """The section, with its figures drawn into ``folder``; empty for a study that sweeps no field."""
    found: list[Part] = []
    for number, result in enumerate(results):
        name = _anchor(number)
        vector, _ = draw_trivialisation(result, folder, name)
        found += [heading(_title(result), 2, name), paragraph(_text(result))]
        found.append(picture(vector, _title(result), _CAPTION))
        found += [_verdict(result), _totals(result), _tests(result)]
    return found


_CAPTION = (
    "Left: mean number of critical points against the variance of the field, measured with one standard "
    "error and the exact curve at each N; the dashed line is the transition, circles are 2N there, the "
    "dotted line is the limit beyond. Right: the rate of growth with N and its limit, which has a kink at "
    "the transition."
)


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
        return note("No sweep has enough landscapes for a test of its curve.")
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


def _totals(result: Trivialisation) -> Part:
    titles = (
        "N",
        "cell",
        "field σ²",
        "σ² / transition",
        "landscapes",
        "measured",
        "exact",
        "z",
        "limit rate",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            str(row["field"]),
            r.number(row["field_over_transition"], 3),
            f"{row['landscapes']:,}",
            r.estimate(row["mean"], row["se"]),
            r.against(row["exact"], row["se"]),
            r.signed(row["z"], 1),
            r.number(row["limit"], 4),
        )
        for row in total_rows(result)
    ]
    caption = (
        "Mean numbers on the whole sphere over every planned landscape. Cells of one N share their "
        "couplings, so their z-scores go together. Limit rate: (1/N) log of the mean number as N grows."
    )
    return HtmlTable(titles, texts, caption, (1,)).part()


def _tests(result: Trivialisation) -> Part:
    titles = ("N", "landscapes", "variances tested", "T²", "p", f"p if σ² were {WRONG:g} times as large")
    titles += ("power against that", "error of σ² seen")
    texts = [
        (
            str(row["n"]),
            f"{row['landscapes']:,}",
            f"{row['tested']} of {row['cells']}",
            r.number(row["statistic"], 3),
            r.probability(row["p_value"]),
            r.probability(row["p_value_wrong"]),
            r.probability(row["power_wrong"]),
            r.percent(row["smallest_seen"]),
        )
        for row in sweep_rows(result)
    ]
    caption = (
        "The means at all variances against the exact curve at once (Hotelling's T² over landscapes, which "
        "knows that cells share couplings). Not tested: variances at which few landscapes are expected to "
        "have more than two points. Error seen: the smallest that is rejected at level "
        f"{LEVEL:g} with power {POWER:g}."
    )
    return HtmlTable(titles, texts, caption, (2,)).part()

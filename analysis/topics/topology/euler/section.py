"""Mean Euler curves in the report: CSV rows, figure, text and table."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from morsecensus.analysis.drawing import Drawn
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import Axes, Figure, new_figure, save, style
from morsecensus.analysis.tables import LEVEL, Row, head
from morsecensus.analysis.topics.topology.euler.curves import (
    EVENTS,
    EXTREME,
    LANDSCAPES_PER_LEVEL,
    SCALE_LEVELS,
)
from morsecensus.analysis.topics.topology.euler.measure import (
    MOST_EXTREME,
    POWER,
    WRONG_VARIANCE,
    EulerCell,
    EulerResult,
)
from morsecensus.analysis.topics.topology.euler.measure import measure_euler as measure_euler
from morsecensus.analysis.topics.topology.panels import plot_euler, plot_euler_residuals

MOST_PANELS = 6


def curve_rows(result: EulerResult) -> list[Row]:
    """Mean curve of each cell at each level; ``band`` is without ``missing``, which adds to it."""
    rows = []
    for found in result.cells:
        curve = found.curve
        if curve is None:
            continue
        for at in range(len(curve.levels)):
            mean, error, exact = (float(x[at]) for x in (curve.mean, curve.error, curve.exact))
            row = head(found.cell) | {"level": float(curve.levels[at]), "mean": mean, "se": error}
            row |= {"exact": exact, "z": (mean - exact) / error, "band": found.critical * error}
            rows.append(row | {"missing": found.missing})
    return rows


def euler_test_rows(result: EulerResult) -> list[Row]:
    """The tests of each cell, what they would have seen, and the verdict."""
    return [
        _test_row(found) | {"verdict": verdict}
        for found, verdict in zip(result.cells, result.verdicts, strict=True)
    ]


def _test_row(found: EulerCell) -> Row:
    by_name = {test.name: test for test in found.tests}
    row = head(found.cell) | {"landscapes": found.cell.landscapes, "missing": found.missing}
    row["levels"] = 0 if found.curve is None else len(found.curve.levels)
    supremum = by_name.get("Euler curve")
    row["supremum"] = None if supremum is None else supremum.statistic
    row["critical"] = found.critical
    for column, name in (
        ("supremum", "curve"),
        ("top", "top"),
        ("bottom", "bottom"),
        ("variance", "variance"),
    ):
        test = by_name.get(f"Euler {name}")
        row[f"p_{column}"] = None if test is None else test.p_value
        row[f"p_{column}_if_missing"] = None if test is None else test.p_missing
    for side, above in (("top", True), ("bottom", False)):
        ends = [test for test in found.extremes if test.above == above]
        row[f"{side}_level"] = ends[0].level if ends else None
        row[f"{side}_expected"] = ends[0].expected if ends else None
        row[f"{side}_caps"] = ends[0].caps if ends else None
    row["variance"] = None if found.scale is None else found.scale.ratio
    row["variance_se"] = None if found.scale is None else found.scale.se
    return row | {"detectable": found.detectable, "landscapes_for_2_percent": found.landscapes_needed}


def euler_rows(result: EulerResult) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table."""
    yield "euler_curves", curve_rows(result)
    yield "euler_tests", euler_test_rows(result)


def draw_euler(result: EulerResult, folder: Path, prefix: str) -> list[Drawn]:
    """Draw and save "euler", a panel with residuals below it for each of some cells; nothing without curves.

    Args:
        result: of one family.
        folder: to write SVG and PNG to.
        prefix: of the names of the files.
    """
    shown = [cell for cell in result.cells if cell.curve is not None]
    if not shown:
        return []
    if len(shown) > MOST_PANELS:
        shown = [shown[round(i)] for i in np.linspace(0, len(shown) - 1, MOST_PANELS)]
    with style():
        return [Drawn("euler", save(_figure(shown), folder, f"{prefix}-euler")[0])]


def _figure(cells: list[EulerCell]) -> Figure:
    columns = 2 if len(cells) == 4 else min(3, len(cells))
    rows = -(-len(cells) // columns)
    figure, axes = new_figure(2 * rows, columns, 0.5 + 3.1 * rows)
    grid = axes[0].get_gridspec()
    if grid is not None:
        grid.set_height_ratios([2.4, 1.0] * rows)
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        upper, lower = axes[2 * row * columns + column], axes[(2 * row + 1) * columns + column]
        if place < len(cells):
            _panel(upper, lower, cells[place], first=column == 0)
        else:
            upper.set_visible(False)
            lower.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _panel(upper: Axes, lower: Axes, found: EulerCell, first: bool) -> None:
    curve = found.curve
    assert curve is not None
    band = found.critical * curve.error
    plot_euler(upper, curve.levels, curve.mean, curve.error, curve.exact, band, legend=False)
    plot_euler_residuals(lower, curve.levels, (curve.mean - curve.exact) / curve.error, found.critical)
    upper.set(xlabel="", title=f"N = {found.n}, {found.cell.landscapes:,} landscapes")
    upper.set_ylabel("mean χ{H/N ≥ u}" if first else "")
    upper.tick_params(labelbottom=False)
    lower.set_xlim(*upper.get_xlim())
    if not first:
        lower.set_ylabel("")


def euler_parts(result: EulerResult, figures: Mapping[str, Path], title: str = "") -> list[Part]:
    """The section on Euler curves of one family.

    Args:
        result: what was measured.
        figures: topic -> SVG, those that `draw_euler` drew.
        title: of the family, for the heading; may be empty.
    """
    name = "Euler characteristic of superlevel sets" + (f": {title}" if title else "")
    text = (
        "χ{H/N ≥ u} of a landscape is the sum of (−1)^(N−1−index) over its critical points at or above u, a "
        "step function of u. Its mean is known exactly at every N: the Gaussian kinematic formula (Adler and "
        "Taylor, Random Fields and Geometry, 2007) with all Lipschitz-Killing curvatures of the sphere, in "
        "which the covariance enters by ξ(1) and ξ′(1) only. The curve of {H/N ≤ u} is its mirror image."
    )
    parts = [heading(name, 3), paragraph(text)]
    if "euler" in figures:
        parts.append(
            picture(figures["euler"], "Mean Euler curves against the exact formula", _caption(result))
        )
    return [*parts, *_joint(result), _table(result), *_missing(result)]


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
    titles = ["N", "cell", "landscapes", "levels", "supremum", "p", "p, top", "p, bottom"]
    titles += [
        "variance / stated",
        "p",
        "seen from",
        f"landscapes for {r.percent(WRONG_VARIANCE)}",
        "verdict",
    ]
    rows = euler_test_rows(result)
    texts = [
        (
            str(row["n"]),
            row["cell"],
            f"{row['landscapes']:,}",
            str(row["levels"]) if row["levels"] else r.DASH,
            r.number(row["supremum"], 3),
            *(r.probability(row[f"p_{name}"]) for name in ("supremum", "top", "bottom")),
            r.DASH if row["variance"] is None else r.estimate(row["variance"], row["variance_se"]),
            r.probability(row["p_variance"]),
            r.percent(row["detectable"]),
            r.DASH if row["landscapes_for_2_percent"] is None else f"{row['landscapes_for_2_percent']:,}",
            row["verdict"],
        )
        for row in rows
    ]
    caption = (
        "Supremum: largest |mean − exact| in standard errors over the levels, and its bootstrap p-value. "
        f"Top and bottom: caps beyond the level where {EXTREME:g} to {MOST_EXTREME:g} are expected in all, "
        "Poisson and binomial (twice the smaller p-value; for odd H the bottom is the mirror image). "
        "Variance: that of the couplings over the stated one, from the curve alone. Seen from: the smallest "
        f"error of the variance that the cell rejects at level {LEVEL:g} with power {POWER:g}; beside it the "
        f"landscapes that would see {r.percent(WRONG_VARIANCE)}."
    )
    if any(cell.scale is None for cell in result.cells):
        fewest = 2 * LANDSCAPES_PER_LEVEL * SCALE_LEVELS
        caption += f" To measure the variance takes {fewest} landscapes."
    kinds = [{"disagrees": "bad", "undecided": "doubt"}.get(row["verdict"], "") for row in rows]
    return HtmlTable(titles, texts, caption, (1, 12), kinds).part()


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

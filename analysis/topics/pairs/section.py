"""The report's section on the geometry between points: overlaps, and variances of counts."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import Figure, new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.pairs.figure import plot_overlaps, plot_relative_variance
from morsecensus.analysis.topics.pairs.measure import (
    MOST_N,
    CellPairs,
    FamilyPairs,
    find_pairs,
    overlap_rows,
    tested_rows,
    variance_rows,
    variance_tests,
)

TITLE = "Geometry between points"
ANCHOR = "pairs"
MOST_COLUMNS = 4
"""Values of N in the figure of overlaps."""
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

find = find_pairs


def tables(results: Sequence[FamilyPairs]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table; nothing for a study without positions."""
    if results:
        cells = [cell for family in results for cell in family.cells]
        yield "overlaps", [row for cell in cells for row in overlap_rows(cell)]
        yield "overlap_tests", [row for cell in cells for row in tested_rows(cell)]
        yield "count_variances", [row for cell in cells for row in variance_rows(cell)]


def entries(results: Sequence[FamilyPairs]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(_anchor(number), _title(family)) for number, family in enumerate(results)]


def parts(results: Sequence[FamilyPairs], folder: Path) -> list[Part]:
    """The section, with its figures drawn into ``folder``; empty for a study without positions."""
    found: list[Part] = []
    for number, family in enumerate(results):
        name = _anchor(number)
        found += [heading(_title(family), 2, name), paragraph(_TEXT)]
        found.append(picture(draw_overlaps(family, folder, f"{name}-overlaps")[0], "Overlaps", _OVERLAPS))
        found.append(_overlap_table(family))
        found.append(picture(draw_variances(family, folder, f"{name}-variances")[0], "Variances", _VARIANCES))
        found += [_variance_table(family), *_notes(family)]
    return found


def draw_overlaps(family: FamilyPairs, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the overlaps of up to `MOST_COLUMNS` cells: SVG and PNG."""
    with style():
        return save(_overlap_figure(family), folder, name)


def draw_variances(family: FamilyPairs, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the variances against N: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 2, 2.9)
        for place, ax in enumerate(axes):
            plot_relative_variance(ax, family, place)
        axes[0].legend(loc="upper right")
        return save(figure, folder, name)


def _overlap_figure(family: FamilyPairs) -> Figure:
    chosen = list(family.cells)
    if len(chosen) > MOST_COLUMNS:
        chosen = [chosen[round(i)] for i in np.linspace(0, len(chosen) - 1, MOST_COLUMNS)]
    kinds = chosen[0].overlaps.kinds
    figure, axes = new_figure(len(kinds), len(chosen), 0.9 + 1.75 * len(kinds))
    for row in range(len(kinds)):
        for column, found in enumerate(chosen):
            ax = axes[row * len(chosen) + column]
            plot_overlaps(ax, found, row)
            kind = found.overlaps.kinds[row][0]
            ax.set_title(f"N = {found.cell.n}, {kind.name}", fontsize=7)
    figure.supxlabel("overlap q", fontsize=8.5)
    figure.supylabel("pairs per unit of q", fontsize=8.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _anchor(number: int) -> str:
    return f"{ANCHOR}-{number + 1}"


def _title(family: FamilyPairs) -> str:
    return f"{TITLE}: {family.title}"


def _overlap_table(family: FamilyPairs) -> Part:
    titles = ("N", "cell", "pairs of", "landscapes", "pairs", "exact", "± of exact", "antipodes", "T²")
    titles += ("bins", "p", "p if uniform")
    rows = [row for found in family.cells for row in tested_rows(found)]
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["kind"],
            f"{row['landscapes']:,}",
            r.estimate(row["pairs"], row["se"]),
            r.against(row["exact"], row["se"]),
            r.number(row["exact_se"], 2),
            r.number(row["antipodes"], 4),
            r.number(row["statistic"], 3),
            r.DASH if row["dof"] is None else str(row["dof"]),
            r.probability(row["p_value"]),
            r.probability(row["p_value_uniform"]),
        )
        for row in rows
    ]
    caption = (
        "Mean numbers of ordered pairs of a landscape, both of one kind, without antipodes. T² tests their "
        "numbers in all bins of the overlap at once; p if uniform is the negative control: the same test "
        "against as many pairs of independent uniform points."
    )
    return HtmlTable(titles, texts, caption, (1, 2)).part()


def _variance_table(family: FamilyPairs) -> Part:
    titles = (
        "N",
        "cell",
        "points",
        "landscapes",
        "mean",
        "variance",
        "exact",
        "± of exact",
        "exact / mean²",
        "z",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["kind"],
            f"{row['landscapes']:,}",
            r.number(row["mean"], 5),
            r.estimate(row["variance"], row["se"]),
            r.against(row["exact"], row["se"]),
            r.number(row["exact_se"], 2),
            r.number(row["relative"], 3),
            r.signed(row["z"], 1),
        )
        for found in family.cells
        for row in variance_rows(found)
        if row["kind"] in ("all", "index 0", "index 1")
    ]
    caption = "Variance of the number of points of a landscape. All indices are in count_variances.csv."
    return HtmlTable(titles, texts, caption, (1, 2)).part()


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
    exact, wrong = tests
    return paragraph(
        f"N = {found.cell.n} ({found.cell.name}): variances of all points and of every index jointly, "
        f"p = {r.probability(exact.p_value)}; with those of independent points, "
        f"p = {r.probability(wrong.p_value)}."
    )

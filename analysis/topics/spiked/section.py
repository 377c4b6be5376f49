"""The report's section on spiked landscapes: overlaps with the signal against exact numbers."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.spiked.figure import plot_overlaps, plot_phases, plot_points, plot_rates
from morsecensus.analysis.topics.spiked.measure import (
    WRONG,
    SpikedFamily,
    find_spiked,
    overlap_rows,
    total_rows,
)

TITLE = "Planted signal"
ANCHOR = "spiked"
LEVEL = 0.01
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


find = find_spiked


def tables(results: Sequence[SpikedFamily]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of every CSV table; nothing for a study without spiked landscapes."""
    if results:
        yield "spiked", [row for result in results for row in total_rows(result)]
        overlaps = [row for result in results for row in overlap_rows(result)]
        if overlaps:
            yield "spiked_overlaps", overlaps


def draw_family(result: SpikedFamily, folder: Path, name: str) -> tuple[Path, Path] | None:
    """Draw and save the figure of one family at its largest N with positions: SVG and PNG."""
    cell = next((cell for cell in reversed(result.cells) if cell.overlaps is not None), None)
    if cell is None:
        return None
    with style():
        figure, axes = new_figure(1, 3, 2.9)
        plot_overlaps(axes[0], cell)
        plot_points(axes[1], cell)
        plot_rates(axes[2], cell.limit)
        return save(figure, folder, name)


def draw_phases(p: int, cells: list[tuple[float, float]], folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the phase diagram of the matrix-tensor model: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 1, 3.0)
        plot_phases(axes[0], p, cells)
        return save(figure, folder, name)


def entries(results: Sequence[SpikedFamily]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(ANCHOR, TITLE)] if results else []


def parts(results: Sequence[SpikedFamily], folder: Path) -> list[Part]:
    """The section, its figures drawn into ``folder``; empty for a study without spiked landscapes."""
    if not results:
        return []
    found = [heading(TITLE, 2, ANCHOR), paragraph(_TEXT)]
    for number, result in enumerate(results):
        name = f"{ANCHOR}-{number + 1}"
        found.append(heading(result.title, 3, name))
        drawn = draw_family(result, folder, name)
        if drawn is None:
            found.append(note("No overlaps: run the cells with positions = true to have them."))
        else:
            found.append(picture(drawn[0], result.title, _CAPTION))
    for p, cells in _diagrams(results).items():
        vector, _ = draw_phases(p, cells, folder, f"{ANCHOR}-phases-{p}")
        found.append(picture(vector, f"Phase diagram, p = {p}", _PHASES))
    rows = [row for result in results for row in total_rows(result)]
    return [*found, _verdict(rows), _table(rows)]


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
    tested = [row for row in rows if row["p_value"] is not None]
    if not tested:
        return note("No cell has enough landscapes with stored positions for a test of its overlaps.")
    level = LEVEL / len(tested)  # Bonferroni
    worst = min(row["p_value"] for row in tested)
    text = (
        f"Numbers by overlap against exact ones, {len(tested)} cells: smallest p = {r.probability(worst)}, "
        f"rejected below {r.probability(level)}."
    )
    if worst >= level:
        return note(text, "good")
    if all(row["p_missing"] >= level for row in tested):
        return note(text + " Undecided: points that may be missing could explain it.")
    return note(text, "bad")


def _table(rows: list[Row]) -> Part:
    titles = ("N", "cell", "signal", "landscapes", "points", "exact", "minima", "exact", "bins tested", "p")
    titles += (f"p if the signal were {WRONG:g} times as strong",)
    titles += ("descent margin", "rate of minima at m = 0")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["signal"],
            f"{row['landscapes']:,}",
            r.estimate(row["total"], row["total_se"]),
            _exact(row, "total"),
            r.estimate(row["minima"], row["minima_se"]),
            _exact(row, "minima"),
            r.DASH if row["dof"] is None else str(row["dof"]),
            r.probability(row["p_value"]),
            r.probability(row["p_value_wrong"]),
            r.number(row["descent_margin"], 4),
            r.number(row["uninformed_minima"], 3),
        )
        for row in rows
    ]
    caption = (
        "Mean numbers on the whole sphere over every planned landscape; exact ones with the standard error "
        "of their draws. Test: all bins of the overlap with enough points at once (Hotelling's T²), for a "
        "symmetric model one half of them. Descent margin: above 1 the signal gives marginal points of "
        "overlap 0 a way down."
    )
    return HtmlTable(titles, texts, caption, (1, 2)).part()


def _exact(row: Row, name: str) -> str:
    value = row.get(f"{name}_exact")
    return r.DASH if value is None else r.estimate(value, row[f"{name}_exact_se"])

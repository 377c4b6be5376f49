"""The report's section on factorised landscapes: found against closed form, manifold by manifold."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.factorised.figure import plot_manifolds
from morsecensus.analysis.topics.factorised.measure import (
    CheckedCell,
    cell_row,
    find_checked,
    is_right,
    manifold_rows,
)

TITLE = "Factorised landscapes"
ANCHOR = "factorised"
MOST_PANELS = 6
_TEXT = (
    "Matrix factorisation and deep linear networks, 1/2 |W_L ... W_1 - M|² with the balancing term. Every "
    "critical point is a product that keeps a set S of at most r singular values of M, so each landscape has "
    "a known list of critical manifolds, with known values, indices and dimensions, and all minima are one "
    "manifold. Two layers: every saddle is strict. Three or more: the Hessian is singular wherever fewer "
    "than r singular values are kept, and where these are the largest ones the saddle is not strict "
    "(Kawaguchi, arXiv:1605.07110; Achour, Malgouyres, Gerchinovitz, arXiv:2107.13289)."
)
_CAPTION = (
    "Critical manifolds of all landscapes of a cell: value of H and index in closed form (circles) and found "
    "(dots). Degenerate: more zero eigenvalues than the manifold has dimensions. The index of those counts "
    "negative eigenvalues alone."
)

find = find_checked


def tables(found: Sequence[CheckedCell]) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of each CSV table; nothing for a study without such cells."""
    if found:
        yield "factorised", [cell_row(checked) for checked in found]
        yield "factorised_manifolds", [row for checked in found for row in manifold_rows(checked)]


def entries(found: Sequence[CheckedCell]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(ANCHOR, TITLE)] if found else []


def parts(found: Sequence[CheckedCell], folder: Path) -> list[Part]:
    """The section, its figure drawn into ``folder``; empty for a study without such cells."""
    if not found:
        return []
    rows = [cell_row(checked) for checked in found]
    vector, _ = draw_manifolds(found, folder, ANCHOR)
    opening = [heading(TITLE, 2, ANCHOR), paragraph(_TEXT), _verdict(rows)]
    return [*opening, picture(vector, TITLE, _CAPTION), _table(rows), *_saddles(found)]


def draw_manifolds(found: Sequence[CheckedCell], folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the figure, a panel for each of the first cells: SVG and PNG."""
    shown = [checked for checked in found if checked.landscapes][-MOST_PANELS:] or list(found[:1])
    columns = min(3, len(shown))
    with style():
        figure, axes = new_figure(-(-len(shown) // columns), columns, 2.4 * -(-len(shown) // columns) + 0.4)
        for ax, checked in zip(axes, shown, strict=False):
            plot_manifolds(ax, checked)
        for ax in axes[len(shown) :]:
            ax.set_axis_off()
        labels = {
            label: mark for ax in axes for mark, label in zip(*ax.get_legend_handles_labels(), strict=True)
        }
        figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=len(labels))
        return save(figure, folder, name)


def _verdict(rows: Sequence[Row]) -> Part:
    manifolds, found = (sum(row[name] for row in rows) for name in ("manifolds", "found"))
    spurious, minima = (sum(row[name] for row in rows) for name in ("spurious", "spurious_minima"))
    text = (
        f"{found:,} of {manifolds:,} critical manifolds found, {spurious:,} points that are none of them "
        f"({minima:,} of these minima)."
    )
    contradicted = sum(not is_right(row) for row in rows)
    if contradicted:
        return note(f"{text} Contradicted in {contradicted} of {len(rows)} cells.", "bad")
    return note(text, "good" if found == manifolds else "")


def _table(rows: Sequence[Row]) -> Part:
    titles = ("cell", "layers", "r", "M", "landscapes", "manifolds", "found", "entire", "none of them")
    titles += ("largest error of H", "wrong: index", "nullity", "dimension", "index of other depth")
    titles += ("not strict", "found", "called complete", "wrongly", "rest caught by Morse check")
    texts = [
        (
            row["cell"],
            str(row["layers"]),
            str(row["width"]),
            f"{row['n']} × {row['columns']}",
            f"{row['landscapes']:,}",
            f"{row['manifolds']:,}",
            f"{row['found']:,}",
            f"{row['entire_landscapes']:,}",
            str(row["spurious"]),
            r.DASH if row["largest_error"] is None else f"{row['largest_error']:.1e}",
            str(row["index_wrong"]),
            str(row["nullity_wrong"]),
            str(row["dimension_wrong"]),
            str(row["index_wrong_with_other_depth"]),
            str(row["non_strict"]),
            str(row["non_strict_found"]),
            str(row["called_complete"]),
            str(row["wrongly_called_complete"]),
            f"{row['partial_caught_by_morse_check']} of {row['landscapes'] - row['entire_landscapes']}",
        )
        for row in rows
    ]
    caption = (
        "Entire: landscapes of which every critical manifold was found. Error of H: in units of |M|²/2. "
        "Index of other depth: the negative control, indices by the formula for three layers where there are "
        "two, and the other way round. Rest: landscapes that aren't entire."
    )
    kinds = ["" if is_right(row) else "bad" for row in rows]
    return HtmlTable(titles, texts, caption, (0,), kinds).part()


def _saddles(found: Sequence[CheckedCell]) -> list[Part]:
    rows = [row for checked in found for row in manifold_rows(checked) if not row["strict"]]
    if not rows:
        return [note("No saddle of these landscapes is without a direction of negative curvature.")]
    titles = ("cell", "kept singular values", "index", "zero eigenvalues", "dimension", "mean H", "found")
    texts = [
        (
            row["cell"],
            row["chosen"] or "none",
            str(row["index"]),
            str(row["nullity"]),
            str(row["dimension"]),
            r.number(row["mean_value"], 4),
            f"{row['found']} of {row['landscapes']}",
        )
        for row in rows
    ]
    caption = "Saddles without a direction of negative curvature. Singular values by rank, 1 the largest."
    return [HtmlTable(titles, texts, caption, (0, 1)).part()]
